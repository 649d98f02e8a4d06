"""A partition of incidents: facts in, escalations out, in the order of effects of tickets; what is no fact is kept out."""

from dataclasses import dataclass
from datetime import timedelta

import msgspec
import pytest

from sla.watch import Watch
from streams.changelog import microseconds
from streams.clock import WallClock
from streams.matter import Incidents
from streams.partition import Partition
from tests.sla.test_incident import ANCHOR, FIRST, LATER, THREE, WATCH, alerts, facts_of, law
from tests.sla.test_units import UNITS


@dataclass
class Consumed:
    """A record as it was consumed."""

    offset: int
    key: bytes | None
    value: bytes | None
    timestamp: int = int((ANCHOR + timedelta(days=45)).timestamp() * 1000)
    headers: tuple = ()


def partition() -> Partition:
    """A partition of incidents under the shipped rulebook with article 12 on."""
    return Partition(0, "sla.incident-facts", WATCH, WallClock(), Incidents(WATCH))


def records(*tickets):
    """The facts of tickets, as records."""
    return [Consumed(n, key.encode(), value) for n, (key, value) in enumerate(facts_of(*tickets))]


def said(group):
    """The last alert of each level in a group."""
    return alerts([msgspec.json.decode(o.value) for outputs in group.touched.values() for o in outputs])


def test_the_third_escalates_when_silence_is_proven() -> None:
    """Facts start the clock; the escalation goes out with the tick, and a timer waits for the end of the window."""
    kept = partition()
    kept.apply(records(FIRST, *THREE))
    assert said(kept.seal()) == {}
    due_us = kept.next_wake_us()
    kept.tick(microseconds(LATER), 10)
    group = kept.seal()
    assert said(group)["escalation"]["status"] == "firing"
    assert group.fired == [due_us]
    assert kept.next_wake_us() is not None
    assert kept.label == "incidents/0"


def test_facts_again_change_nothing() -> None:
    """Repeats of a worker that took over are read, counted as processed, and store nothing."""
    kept = partition()
    kept.apply(records(FIRST, *THREE))
    kept.seal()
    again = [Consumed(record.offset + 100, record.key, record.value) for record in records(FIRST, *THREE)]
    kept.apply(again)
    assert kept.seal() is None
    assert kept.next_offset == again[-1].offset + 1


@pytest.mark.parametrize(
    ("key", "value", "reason"),
    [
        (b"k/i/r", None, "null_value"),
        (b"k/i/r", b"{", "bad_data"),
        (b"k/i/r", b'{"ticket":7}', "bad_data"),
        (b"\xff", b'{"ticket":"t","revision":1}', "bad_data"),
        (b"", b'{"ticket":"t","revision":1}', "wrong_key"),
        (None, b'{"ticket":"t","revision":1}', "wrong_key"),
        (b"x" * 2000, b'{"ticket":"t","revision":1}', "wrong_key"),
    ],
)
def test_what_is_no_fact_is_a_dead_letter(key: bytes | None, value: bytes | None, reason: str) -> None:
    """Only workers write facts; whatever else lies there is put aside with its reason, and the rest goes on."""
    kept = partition()
    kept.apply([Consumed(0, key, value), Consumed(1, *_first())])
    group = kept.seal()
    assert [letter.reason for letter in group.dead_letters] == [reason]
    assert len(kept.states) == 1


def _first():
    (record,) = records(FIRST)
    return record.key, record.value


def test_another_law_judges_incidents_anew() -> None:
    """States judged under another rulebook are found by their hash; what it says otherwise is said."""
    before = partition()
    before.apply(records(FIRST, *THREE))
    before.tick(microseconds(LATER), 10)
    before.seal()
    wider = Watch(law(units=UNITS.replace('parent = "32"', 'parent = "SGCC"')).rulebook)
    after = Partition(0, "sla.incident-facts", wider, WallClock(), Incidents(wider))
    after.states = dict(before.states)
    after.rebuild_timers()
    after.tick(0, 10)
    escalation = said(after.seal())["escalation"]
    assert (escalation["owner"], escalation["revision"]) == ("SGCC", 2)
