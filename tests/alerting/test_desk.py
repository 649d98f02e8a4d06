"""The desk of a partition: whatever order its topics are read in, it knows the same."""

from __future__ import annotations

from datetime import timedelta

from alerting.case import Acknowledged
from alerting.command import Command, Verb
from alerting.desk import Desk
from alerting.ladder import FIRST
from alerting.record import Key, Notification, Outcome
from tests.alerting.making import NOW, alert, plan, record

ONCE = plan((FIRST, 0, ("robot",)))
STEPS = plan((FIRST, 0, ("robot",)), ("all/2", 10, ("boss",)))
MINUTE = timedelta(minutes=1)


def desk(told=ONCE, acks=None) -> Desk:
    """An empty one."""
    return Desk(lambda _: told, frozenset(), timedelta(days=1), tuple, acks or {})


def due(found: Desk, name: str = "t1", at=NOW) -> list[str]:
    """What is due for the breach of a ticket: receivers."""
    return [task.key.receiver for task in found.decide(alert(name).alert_id, at).tasks]


def dead(at=NOW) -> Notification:
    """The first step was given up then."""
    told = alert()
    return Notification(
        alert_id=told.alert_id, revision=1, receiver="robot", step=FIRST, outcome=Outcome.DEAD, reason="gone",
        status="firing", at=at, attempt=1,
    )  # fmt: skip


def test_what_was_told_of_an_alert_that_is_read_later_is_not_told_again():
    """A former owner read it, told it and died before it could commit its offset."""
    found = desk()
    before = desk()
    before.take(alert())
    [task] = before.decide(alert().alert_id, NOW).tasks
    found.note(record(task, Outcome.SENT, NOW))
    found.take(alert())
    assert due(found) == []


def test_an_acknowledgement_that_is_read_before_its_alert_counts():
    """By the instants at which both were appended."""
    found = desk(STEPS, {"t1": [Acknowledged(NOW + MINUTE, "Wang")]})
    found.take(alert())
    assert due(found, at=NOW + 20 * MINUTE) == ["robot"]


def test_an_acknowledgement_from_before_it_was_raised_does_not_count():
    """It was about an earlier episode."""
    found = desk(STEPS, {"t1": [Acknowledged(NOW - MINUTE, "Wang")]})
    found.take(alert())
    assert set(due(found, at=NOW + 20 * MINUTE)) == {"robot", "boss"}


def test_what_is_given_up_is_tried_anew_only_where_it_was_given_up_before_somebody_asked():
    """A command that is read again later must not undo what came after it."""
    ask = Command(verb=Verb.REDELIVER, by="Zhao", target="t1")
    key = Key(alert().alert_id, 1, "robot", FIRST)
    found = desk()
    found.take(alert())
    found.note(dead(NOW))
    assert due(found) == []
    assert found.command(ask, NOW + MINUTE) == [key]
    assert due(found) == ["robot"]
    found.note(dead(NOW + 2 * MINUTE))
    assert found.command(ask, NOW + MINUTE) == []
    assert due(found) == []


def test_a_step_that_nobody_gets_lets_the_next_one_go_first():
    """It is refused for good at once."""
    found = desk(STEPS)
    found.take(alert())
    assert due(found) == ["robot"]
    found.note(dead(NOW + MINUTE))
    assert due(found, at=NOW + MINUTE) == ["boss"]


def test_what_is_over_long_ago_is_forgotten_and_what_fires_is_not():
    """Memory is bounded by time; a firing alert may still be told to be over."""
    found = desk()
    found.take(alert("old", status="resolved"))
    found.take(alert("firing"))
    assert found.forget(NOW + MINUTE) == 1
    assert [case.latest.subject for case in found.cases.values()] == ["firing"]
    assert found.meant_by("old") == []


def test_it_is_looked_at_again_exactly_when_something_is_due():
    """However often it was looked at in between."""
    found = desk(STEPS)
    found.take(alert())
    [task] = found.decide(alert().alert_id, NOW).tasks
    found.note(record(task, Outcome.SENT, NOW))
    for second in range(50):
        due(found, at=NOW + timedelta(seconds=second))
    assert found.next_look_at() == NOW + 10 * MINUTE
    assert list(found.to_look_at(NOW + 9 * MINUTE)) == []
    assert list(found.to_look_at(NOW + 10 * MINUTE)) == [alert().alert_id]
    assert found.next_look_at() is None
