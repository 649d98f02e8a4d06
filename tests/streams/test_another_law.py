"""A partition that is taken over under another rulebook, or with more of a calendar, judges its tickets anew."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime

from cli.rulebook_files import folder, texts
from sla.publication import Channel
from sla.rulebook import OVERRIDE, parse
from sla.watch import Watch
from streams.changelog import microseconds
from streams.clock import LogClock
from streams.partition import Partition

FILES = texts(folder("sgcc-2014"))
SUPPLIED = "[[year]]\nyear = 2027\noff = [2027-01-01]\nworking = []\n"


@dataclass
class Told:
    """A record as Kafka hands it out."""

    offset: int
    timestamp: int
    key: bytes
    value: bytes
    headers: tuple = ()


def told(offset, type_, time, data):
    """One event of ticket t."""
    event = {"specversion": "1.0", "id": f"e{offset}", "source": "test", "type": type_, "subject": "t"}
    value = json.dumps({**event, "time": time, "data": data}).encode()
    return Told(offset, 0, b"t", value)


def partition_under(files, states=None):
    """A partition that judges by these files, with these states taken over."""
    partition = Partition(0, "events", Watch(parse(files)), LogClock(None))
    partition.states = states or {}
    partition.rebuild_timers()
    return partition


def verdicts(partition):
    """What the sealed group has to say of clocks, by rule: the last verdict's outcome and due time."""
    group = partition.seal()
    outputs = [] if group is None else [o for outputs in group.touched.values() for o in outputs]
    data = [json.loads(o.value)["data"] for o in outputs if o.channel is Channel.VERDICTS]
    return {d["rule"]: (d["outcome"], d.get("due_at")) for d in data}


def test_an_unknown_due_time_is_judged_when_the_year_is_supplied():
    """Accepted on 30 December 2026: unknown, kept through a restart, and known once an override holds 2027."""
    before = partition_under(FILES)
    before.apply([told(1, "complaint.accepted", "2026-12-30T09:00:00+08:00", {"unit": "NCSC", "level": "national"})])
    assert verdicts(before)["complaint/answer"] == ("unknown", None)

    again = partition_under(FILES, dict(before.states))
    again.tick(microseconds(datetime(2026, 12, 30, 2, tzinfo=UTC)), 100)
    assert "complaint/answer" not in verdicts(again), "a restart under the same calendar says nothing new"

    after = partition_under({**FILES, OVERRIDE: SUPPLIED}, dict(before.states))
    after.tick(microseconds(datetime(2026, 12, 30, 2, tzinfo=UTC)), 100)
    assert verdicts(after)["complaint/answer"] == ("running", "2027-01-08T09:30:00Z")


def test_a_changed_term_moves_a_running_clock_without_an_event():
    """Whoever restarts with another limit needs no event for the clocks that run."""
    before = partition_under(FILES)
    data = {"unit": "NCSC", "level": "national", "mode": 1}
    before.apply([told(1, "repair.accepted", "2026-11-23T08:00:00+08:00", data)])
    assert verdicts(before)["repair/dispatch"] == ("running", "2026-11-23T00:02:00Z")

    path = "repair/dispatch.toml"
    longer = {**FILES, path: FILES[path].replace('term  = "2 min"', 'term  = "3 min"')}
    after = partition_under(longer, dict(before.states))
    after.tick(microseconds(datetime(2026, 11, 23, 0, 1, tzinfo=UTC)), 100)
    assert verdicts(after)["repair/dispatch"] == ("running", "2026-11-23T00:03:00Z")


def test_so_many_at_a_time():
    """A million tickets are not judged in one breath."""
    before = partition_under(FILES)
    data = {"unit": "NCSC", "level": "national", "mode": 1}
    for number in range(5):
        record = told(number, "repair.accepted", "2026-11-23T08:00:00+08:00", data)
        record.key = f"t{number}".encode()
        record.value = record.value.replace(b'"subject": "t"', f'"subject": "t{number}"'.encode())
        before.apply([record])
    path = "repair/dispatch.toml"
    after = partition_under({**FILES, path: FILES[path] + "\n# another law\n"}, dict(before.states))
    horizon_us = microseconds(datetime(2026, 11, 23, tzinfo=UTC))
    assert after.tick(horizon_us, 3)
    assert not after.tick(horizon_us, 3)


def alerts(partition):
    """The statuses of what the sealed group says of the calendar."""
    group = partition.seal()
    outputs = [o for outputs in (group.touched if group is not None else {}).values() for o in outputs]
    data = [json.loads(o.value)["data"] for o in outputs if o.channel is Channel.ALERTS]
    return [(d["revision"], d["status"]) for d in data if d["rule"] == "operator/calendar_ends"]


def taken_over(files, before):
    """The partition that takes this one over."""
    after = partition_under(files, dict(before.states))
    after.take_conditions("events/0", before.said)
    after.rebuild_timers()
    return after


def test_the_end_of_the_calendar_is_said_until_it_is_supplied():
    """It fires once, goes on under the same calendar whoever takes over, and is over when no clock is unknown."""
    soon = microseconds(datetime(2026, 12, 30, 2, tzinfo=UTC))
    before = partition_under(FILES)
    before.apply([told(1, "complaint.accepted", "2026-12-30T09:00:00+08:00", {"unit": "NCSC", "level": "national"})])
    assert alerts(before) == [(1, "firing")]

    same = taken_over(FILES, before)
    same.tick(soon, 100)
    assert alerts(same) == [], "nothing is over"

    path = "repair/dispatch.toml"
    unmended = taken_over({**FILES, path: FILES[path] + "\n# another law\n"}, same)
    unmended.tick(soon, 100)
    assert alerts(unmended) == [], "another rulebook without the year changes nothing"

    mended = taken_over({**FILES, OVERRIDE: SUPPLIED}, unmended)
    mended.tick(soon, 100)
    assert alerts(mended) == [(2, "resolved")]


def test_half_judged_anew_is_not_over():
    """Interrupted between two portions, the next run does not take the second for all: the first was unknown."""
    soon = microseconds(datetime(2026, 12, 30, 2, tzinfo=UTC))
    before = partition_under(FILES)
    for number, type_ in enumerate(("complaint.accepted", "repair.accepted")):
        record = told(number, type_, "2026-12-30T09:00:00+08:00", {"unit": "NCSC", "level": "national", "mode": 1})
        record.key = f"t{number}".encode()
        record.value = record.value.replace(b'"subject": "t"', f'"subject": "t{number}"'.encode())
        before.apply([record])
    path = "repair/dispatch.toml"
    another = {**FILES, path: FILES[path] + "\n# another law\n"}
    half = taken_over(another, before)
    half.tick(soon, 1)
    rest = taken_over(another, half)
    rest.tick(soon, 100)
    assert alerts(rest) == []
