"""How clocks stand by what was published of them: the last word counts, what was taken back was never said."""

import json

from cli.standing import standings
from sla.publication import Channel, Output


def verdict(clock_id, outcome, reason="in_time", **more):
    """A verdict of a clock as it is published."""
    data = {"rule": "repair/dispatch", "clause": "1", "outcome": outcome, "reason": reason, "excused": False, **more}
    return Output(Channel.VERDICTS, clock_id, json.dumps({"data": data}).encode())


def alert(clock_id, level, status):
    """An alert of a clock as it is published."""
    data = {"alert_id": f"{clock_id}/{level}", "clock_id": clock_id, "status": status}
    return Output(Channel.ALERTS, "T1", json.dumps({"data": data}).encode())


def test_the_last_revision_counts():
    """A clock that was running and is late now is late; it keeps its place."""
    found = standings([verdict("a", "running"), verdict("b", "met", owner="3201"), verdict("a", "late")])
    assert [(clock, stands.outcome, stands.who) for clock, stands in found.items()] == [
        ("a", "late", "-"),
        ("b", "met", "3201"),
    ]


def test_a_withdrawn_clock_was_never_started():
    """A clock whose start was taken back is not there at all; one cancelled for another reason is."""
    taken_back = verdict("a", "cancelled", "start_withdrawn")
    found = standings([verdict("a", "running"), taken_back, verdict("b", "cancelled", "closed")])
    assert list(found) == ["b"]


def test_a_retracted_alert_was_never_raised():
    """What fires or fired counts as raised, what was retracted last does not."""
    said = [alert("a", "warning-80", "firing"), alert("a", "warning-50", "resolved"), alert("a", "breach", "firing")]
    found = standings([verdict("a", "met"), *said, alert("a", "breach", "retracted")])
    assert found["a"].raised == ("warning-50", "warning-80")


def test_who_owes_is_a_unit_or_else_a_level():
    """Where the events name no unit, the level is told, and marked as no unit."""
    assert standings([verdict("a", "late", owner_level="city")])["a"].who == "(city)"
