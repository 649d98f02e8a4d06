"""Only wake-ups that tell somebody of an alert are counted as detections."""

import json
from datetime import datetime

from cli.rulebook_files import folder, texts
from sla.rulebook import parse
from sla.watch import Watch
from streams.changelog import microseconds
from streams.clock import LogClock
from streams.partition import Partition
from streams.sources import CANARY_RULE
from tests.streams.test_another_law import Told

LAW = parse(texts(folder("sgcc-2014")))


def instant_us(time):
    """A time of the day of these tests in China."""
    return microseconds(datetime.fromisoformat(f"2026-11-23T{time}+08:00"))


def partition_told(*told, quiet_before=None):
    """A partition that has heard of ticket t; each of `told` is a time, a type and the data."""
    partition = Partition(0, "events", Watch(LAW, quiet_before), LogClock(None))
    for offset, (time, type_, data) in enumerate(told):
        event = {"specversion": "1.0", "id": f"e{offset}", "source": "s", "type": type_, "subject": "t"}
        value = json.dumps({**event, "time": f"2026-11-23T{time}+08:00", "data": data}).encode()
        partition.apply([Told(offset, 0, b"t", value)])
    partition.seal()
    return partition


REPAIR = ("08:00:00", "repair.accepted", {"unit": "NCSC", "level": "national", "mode": 1})


def test_a_wake_up_that_fires_an_alert_is_counted_by_when_it_was_due():
    """Once, whatever comes with it."""
    partition = partition_told(REPAIR)
    due_us = partition.next_wake_us()
    partition.tick(instant_us("08:10:00"), 100)
    assert partition.seal().fired == [due_us]


def test_forgetting_a_ticket_and_its_marker_tells_nobody_anything():
    """Their timers wake up like any other."""
    partition = partition_told(REPAIR, ("08:00:30", "repair.closed", {"reason": "mistake"}))
    marked = False
    while (wake_us := partition.next_wake_us()) is not None:
        partition.tick(wake_us + 1, 100)
        group = partition.seal()  # None where a timer was stale
        if group is not None:
            assert group.fired == []
            marked = marked or b"t" in partition.states
    assert marked
    assert not partition.states


def test_a_canary_breaks_for_nobody():
    """Its breach is published, and is no measure of the watch over others."""
    partition = partition_told(("08:00:00", "canary.accepted", {"unit": "canary"}))
    partition.tick(instant_us("08:00:10"), 100)
    group = partition.seal()
    assert CANARY_RULE.encode() in b"".join(output.value for outputs in group.touched.values() for output in outputs)
    assert group.fired == []
