"""After an outage: six hours of events wait, a worker comes up, and what it says is compared with `backtest`.

False: a breach was fired although the offline judgement of the same events has none, retracted afterwards or not.
Missed: a breach of the offline judgement that was not published. Torn: one id and revision with two contents.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from bench import load
from bench.arena import Arena, wait_for
from bench.book import Book
from bench.outputs import messages
from bench.plan import Plan
from cli.backtest import Trial
from cli.rulebook_files import load as load_rulebook
from sla.publication import Channel
from sla.step import Watch

SECTION = "outage"
LIVES_LAST = timedelta(hours=12)  # none of these lives is still going on, so no clock runs out while we look
OUTAGE = timedelta(hours=6)
_decode = msgspec.json.Decoder().decode


def measure(arena: Arena, plan: Plan, _runs: int, book: Book) -> None:
    """Once: it is right or it is not."""
    start = datetime.now(UTC) - OUTAGE - LIVES_LAST
    with arena.scene("outage-") as scene:
        records = load.life_records(plan.outage_events, 9, start, OUTAGE)
        sent = load.send_all(arena.bootstrap, f"{scene}.ticket-events", records)
        arena.say(f"{sent:,} events are waiting")
        worker = arena.worker(scene)
        began = time.monotonic()
        worker.wait_counted(sent, 60 + sent / 1000)
        wait_for("the alerts to end", lambda: _quiet(arena, scene), 300)
        took = time.monotonic() - began
        live, torn = _live(arena, scene)
        arena.say("judging the same offline")
        offline = _offline(plan, start)
    false, missed = live - offline, offline - live
    for metric, value in (("false", len(false)), ("missed", len(missed)), ("ids with two contents", torn)):
        book.note(SECTION, f"{sent:,} events", metric, "breaches" if metric != "ids with two contents" else "ids", value)
    book.note(SECTION, f"{sent:,} events", "breaches", "breaches", len(offline))
    book.note(SECTION, f"{sent:,} events", "until all is out", "s", took)
    arena.say(f"{len(offline):,} breaches; {len(false)} false, {len(missed)} missed, {torn} torn; {took:.0f} s until all is out")


def _quiet(arena: Arena, scene: str) -> bool:
    before = arena.ends(f"{scene}.alerts"), arena.ends(f"{scene}.verdicts")
    time.sleep(4)
    return before == (arena.ends(f"{scene}.alerts"), arena.ends(f"{scene}.verdicts"))


def _live(arena: Arena, scene: str) -> tuple[set[str], int]:
    """Breaches that were ever fired and those that stand; how many were published with two contents."""
    contents: dict[tuple[str, int], bytes] = {}
    torn: set[tuple[str, int]] = set()
    found: set[str] = set()
    for message in messages(arena.bootstrap, f"{scene}.alerts"):
        data = _decode(message.value())["data"]
        key = (data["alert_id"], data["revision"])
        if contents.setdefault(key, message.value()) != message.value():
            torn.add(key)
        _take(found, data)
    return found, len(torn)


def _take(found: set[str], data: dict[str, Any]) -> None:
    if data["level"] == "breach" and not data["rule"].startswith("operator/"):
        if data["status"] == "retracted":
            # Fired and taken back stays false, unless history itself (a void, a correction) took it back offline too.
            found.add(f"{data['alert_id']} retracted")
        else:
            found.add(data["alert_id"])


def _offline(plan: Plan, start: datetime) -> set[str]:
    trial = Trial(Watch(load_rulebook("sgcc-2014")))
    trial.take(value for _, value in load.life_records(plan.outage_events, 9, start, OUTAGE))
    found: set[str] = set()
    for output in trial.outputs(datetime.now(UTC)):
        if output.channel is Channel.ALERTS:
            _take(found, _decode(output.value)["data"])
    return found
