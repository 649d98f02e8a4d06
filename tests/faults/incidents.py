"""What a fault run must leave of its incidents: escalations that were true when they fired, and the facts of all tickets.

`tests.faults.settle` has compared with `backtest` what was published last; this looks at what fired meanwhile, and at
the state as the next worker would read it.
"""

from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime
from itertools import product
from typing import Any

import msgspec

from cli.incidents import Incidents
from sla.event import Event
from sla.fact import Fact
from sla.fact import read as read_fact
from sla.incident import decode
from sla.publication import Channel
from sla.step import step
from streams.changelog import HEADER_BYTES, instant
from tests.faults.witness import Published, Witness


def check(witness: Witness) -> None:
    """Nothing fired that was not so, and each incident holds what its tickets say of it."""
    told = _told(witness)
    assert told, "the load held no incident"
    known: dict[str, set[str]] = defaultdict(set)
    for key, facts in told.items():
        known[key] = set(facts)
    fired = [found for found in _fired(witness) if not _may_fire(witness, found, known[found.data["incident"]])]
    assert not fired, f"{len(fired)} false: {[(f.raw, f.appended_ms) for f in fired[:3]]}"
    _check_state(witness, told)


def _check_state(witness: Witness, told: dict[str, dict[str, Fact]]) -> None:
    """The state rebuilt from the changelog: nothing owed, and of each ticket the last fact."""
    restored = witness.rebuilt("incidents")
    owed = {number: state.unsent for number, state in restored.items() if state.unsent}
    assert owed == {}, f"incidents still owe outputs: {owed}"
    held = {
        key.decode(): {ticket: _bare(fact) for ticket, fact in decode(raw[HEADER_BYTES:]).facts.items()}
        for state in restored.values()
        for key, raw in state.states.items()
    }
    wrong = [key for key in told.keys() | held.keys() if told.get(key) != held.get(key)]
    assert not wrong, (
        f"{len(wrong)} incidents differ, as {wrong[0]}: held {held.get(wrong[0])}, told {told.get(wrong[0])}"
    )


def _told(witness: Witness) -> dict[str, dict[str, Fact]]:
    """What the tickets of the log say of each incident."""
    found: dict[str, dict[str, Fact]] = defaultdict(dict)
    for subject, log in witness.tickets.items():
        for output in step(None, subject, [arrived.event for arrived in log], witness.watch).outputs:
            if output.channel is Channel.FACTS:
                found[output.key][subject] = _bare(read_fact(output.value))
    return found


def _bare(fact: Fact) -> Fact:
    """A fact without what depends on how its events came in."""
    return msgspec.structs.replace(fact, revision=0, appended_at=None)


def _fired(witness: Witness) -> Iterator[Published]:
    """Each alert of an incident when it begins to fire; one that stood already proves nothing anew."""
    told: dict[str, dict[int, Published]] = defaultdict(dict)
    for found in witness.published["alerts"]:
        if "incident" in found.data:
            told[found.name].setdefault(found.revision, found)
    for revisions in told.values():
        for revision, found in revisions.items():
            before = revisions.get(revision - 1)
            if found.data["status"] == "firing" and (before is None or before.data["status"] != "firing"):
                yield found


def _may_fire(witness: Witness, alert: Published, tickets: set[str]) -> bool:
    """Whether the log lets an alert fire, at some moment after everything it waits for was in it.

    Partitions are read apart, so what followed may have been read of one ticket and not yet of another.
    """
    rests_on = {told.rpartition("/")[::2] for told in alert.data["evidence"]}
    logs = {ticket: [a for a in witness.tickets[ticket] if a.appended_ms <= alert.appended_ms] for ticket in tickets}
    known_ms: dict[tuple[str, str], int] = {}
    for ticket, log in logs.items():
        for arrived in log:
            known_ms.setdefault((ticket, arrived.event.id), arrived.appended_ms)
    if not rests_on <= known_ms.keys():
        return False
    grace_ms = witness.grace.total_seconds() * 1000
    since_ms = int(datetime.fromisoformat(alert.envelope["time"]).timestamp() * 1000)
    silent_ms = max(since_ms, *(known_ms[name] for name in rests_on)) + grace_ms
    parts = []
    for log in logs.values():
        least = sum(arrived.appended_ms < silent_ms for arrived in log)
        parts.append([[arrived.event for arrived in log[:size]] for size in range(len(log), least - 1, -1)])
    return alert.appended_ms >= silent_ms and any(
        alert.name in _fires(witness, alert, dict(zip(logs, part, strict=True))) for part in product(*parts)
    )


def _fires(witness: Witness, alert: Published, logs: dict[str, list[Event]]) -> Iterator[str]:
    """The alerts of an incident that fire by when this one did, if just these events of its tickets had come in."""
    counted = Incidents(witness.watch)
    for ticket, events in logs.items():
        if events:
            counted.take(step(None, ticket, events, witness.watch).outputs)
    for output in counted.judged(alert.data["incident"], instant(alert.appended_ms * 1000)):
        data: dict[str, Any] = msgspec.json.decode(output.value)["data"]
        if data.get("status") == "firing":
            yield data["alert_id"]
