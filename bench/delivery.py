"""How soon somebody is told: from the instant a clock was due to the first attempt at a receiver.

A worker and a notifier, a real Redis where there is one, and a webhook on loopback; breaches at a thousand a minute.
The grace before a breach counts is in the figure. Receiver and benchmark share a clock, as all here do.
"""

from __future__ import annotations

import shutil
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec

from alerting.signing import secret
from bench import load
from bench.arena import PARTITIONS, Arena, Running, wait_for
from bench.book import Book, quantile
from bench.plan import Plan
from bench.sink import Sink
from streams.brokers.local import _free_port
from streams.topics import create, delivery_catalogue

SECTION = "delivery"
LEAD_S = 8.0
SUBJECT = "alerts"

ROUTES = """
fallback = ["hook"]
[[route]]
name = "all"
[[route.steps]]
to = ["receiver:hook"]
"""


class _Data(msgspec.Struct):
    due_at: datetime
    level: str


class _Told(msgspec.Struct):
    data: _Data


_told = msgspec.json.Decoder(_Told)


def measure(arena: Arena, plan: Plan, runs: int, book: Book) -> None:
    for run in range(runs):
        _one(arena, plan, book)
        arena.say(f"run {run + 1} of {runs} done")


def _one(arena: Arena, plan: Plan, book: Book) -> None:
    with arena.scene("tell-") as scene, Sink() as sink:
        create(arena.admin, delivery_catalogue(f"{scene}.", PARTITIONS), 1)
        redis = _redis(arena)
        notifier = _notifier(arena, scene, sink, redis)
        worker = arena.worker(scene).wait_watching()
        dues = load.spread(datetime.now(UTC) + timedelta(seconds=LEAD_S), plan.told_s, plan.told)
        load.send_all(arena.bootstrap, f"{scene}.ticket-events", load.open_tickets(dues, "due"))

        def found() -> list[float]:
            worker.check()
            notifier.check()
            messages = [(at_ms, _told.decode(body).data) for at_ms, body in list(sink.got)]
            late = [at_ms - told.due_at.timestamp() * 1000 for at_ms, told in messages if told.level == "breach"]
            return late if len(late) >= plan.told else []

        late: list[float] = wait_for(f"{plan.told:,} messages", found, LEAD_S + plan.told_s + 120, every=1.0)
        note = f"{plan.told * 60 / plan.told_s:,.0f} breaches a minute, {'with' if redis else 'without'} Redis"
        for metric, value in (("p50", quantile(late, 0.5)), ("p99", quantile(late, 0.99)), ("max", max(late))):
            book.note(SECTION, SUBJECT, f"due to first attempt, {metric}", "ms", value, note)
        book.note(SECTION, SUBJECT, "told", "messages", len(late))
        arena.say(f"{len(late):,} told, {quantile(late, 0.5):.0f} ms p50, {quantile(late, 0.99):.0f} p99 after due")


def _redis(arena: Arena) -> str | None:
    """A Redis of its own, where one is installed; its address."""
    binary = shutil.which("redis-server") or shutil.which("valkey-server")
    if binary is None:
        return None
    port = str(_free_port())
    nothing_kept = ["--save", "", "--appendonly", "no"]
    arena.run("redis", [binary, "--port", port, "--bind", "127.0.0.1", *nothing_kept], measured=False)
    return f"redis://127.0.0.1:{port}/0"


def _notifier(arena: Arena, scene: str, sink: Sink, redis: str | None) -> Running:
    folder = arena.folder / f"{scene}-delivery"
    folder.mkdir()
    _write(folder, sink)
    flags = [
        "notifier",
        f"--bootstrap={arena.bootstrap}",
        f"--prefix={scene}.",
        f"--partitions={PARTITIONS}",
        f"--delivery={folder}",
        f"--group={scene}-notifier",
        f"--redis-url={redis or 'redis://127.0.0.1:1/0'}",
        f"--status-port={_free_port()}",
    ]
    return arena.run("notifier", [sys.executable, "-m", "cli.main", *flags])


def _write(folder: Path, sink: Sink) -> None:
    (folder / "routes.toml").write_text(ROUTES)
    (folder / "receivers.toml").write_text(
        f'[receivers.hook]\nkind = "webhook"\nurl = "{sink.url}"\nsecret = "{secret(b"b" * 32)}"\n'
        'allow_http = true\nallow_networks = ["127.0.0.0/8"]\n'
    )
