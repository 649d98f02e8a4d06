"""After an outage: six hours of events wait, a worker comes up, and what it says is compared with `backtest`.

False: a breach that fired although the stop was waiting in the topic, taken back afterwards or not. Missed: a breach
of the offline judgement that does not stand. Otherwise: it stands, but not as offline. Torn: one id and revision with
two contents.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from bench import load
from bench.arena import Arena, wait_for
from bench.book import Book
from bench.outputs import messages
from bench.plan import Plan
from cli.rulebook_files import load as load_rulebook
from cli.trial import Trial
from sla.publication import Channel
from sla.watch import Watch

SECTION = "outage"
LIVES_LAST = timedelta(hours=12)  # none of these lives is still going on, so no clock runs out while we look
OUTAGE = timedelta(hours=6)
_decode = msgspec.json.Decoder().decode


@dataclass(slots=True)
class Breaches:
    """Breach alerts: how each stands (retracted counts as never raised), and which ever fired."""

    standing: dict[str, str] = field(default_factory=dict)
    fired: set[str] = field(default_factory=set)

    def take(self, data: dict[str, Any]) -> None:
        """Note the next revision of an alert."""
        if data["level"] != "breach" or data["rule"].startswith("operator/"):
            return
        name, status = data["alert_id"], data["status"]
        if status == "firing":
            self.fired.add(name)
        if status == "retracted":
            self.standing.pop(name, None)
        else:
            self.standing[name] = status


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
    expected, stands = offline.standing, live.standing
    false = [name for name in live.fired if expected.get(name) != "firing"]
    missed = expected.keys() - stands.keys()
    otherwise = [name for name, status in stands.items() if expected.get(name) != status]
    subject = f"{plan.outage_events:,} events"
    for metric, count in (
        ("breaches", len(expected)),
        ("false", len(false)),
        ("missed", len(missed)),
        ("standing otherwise than offline", len(otherwise)),
        ("with two contents", torn),
    ):
        book.note(SECTION, subject, metric, "alerts", count)
    book.note(SECTION, subject, "until all is out", "s", took)
    arena.say(
        f"{len(expected):,} breaches; {len(false)} false, {len(missed)} missed, {len(otherwise)} otherwise,"
        f" {torn} torn; all out after {took:.0f} s"
    )


def _quiet(arena: Arena, scene: str) -> bool:
    before = arena.ends(f"{scene}.alerts"), arena.ends(f"{scene}.verdicts")
    time.sleep(4)
    return before == (arena.ends(f"{scene}.alerts"), arena.ends(f"{scene}.verdicts"))


def _live(arena: Arena, scene: str) -> tuple[Breaches, int]:
    """The breaches that were published, and how many ids and revisions have two contents."""
    contents: dict[tuple[str, int], bytes] = {}
    torn: set[tuple[str, int]] = set()
    found = Breaches()
    for message in messages(arena.bootstrap, f"{scene}.alerts"):
        data = _decode(message.value())["data"]
        key = (data["alert_id"], data["revision"])
        if contents.setdefault(key, message.value()) != message.value():
            torn.add(key)
        found.take(data)
    return found, len(torn)


def _offline(plan: Plan, start: datetime) -> Breaches:
    trial = Trial(Watch(load_rulebook("sgcc-2014")))
    trial.take(value for _, value in load.life_records(plan.outage_events, 9, start, OUTAGE))
    found = Breaches()
    for output in trial.outputs(datetime.now(UTC)):
        if output.channel is Channel.ALERTS:
            found.take(_decode(output.value)["data"])
    return found
