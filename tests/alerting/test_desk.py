"""The desk of a partition: whatever order its topics are read in, it knows the same."""

from __future__ import annotations

from datetime import timedelta

import msgspec
import pytest

from alerting.audit import missing, unreached
from alerting.case import Acknowledged
from alerting.command import Command, Verb
from alerting.desk import CANARY_KEPT, Desk
from alerting.ladder import Rung
from alerting.message import Occasion
from alerting.record import FIRST, Key, Notification, Outcome
from tests.alerting.making import NOW, alert, plan, record

ONCE = plan((FIRST, 0, ("robot",)))
STEPS = plan((FIRST, 0, ("robot",)), ("all/2", 10, ("boss",)))
MINUTE = timedelta(minutes=1)


def desk(told=ONCE, acks=None) -> Desk:
    """An empty one."""
    return Desk(lambda _: told, frozenset(), timedelta(days=1), tuple, {} if acks is None else acks)


def due(found: Desk, name: str = "t1", at=NOW) -> list[str]:
    """What is due for the breach of a ticket: receivers."""
    return [task.key.receiver for task in found.decide(alert(name).alert_id, at).tasks]


def settle(found: Desk, name: str) -> None:
    """Let everything that is due be sent, or be kept."""
    decision = found.decide(name, NOW)
    for task in decision.tasks:
        found.note(record(task, Outcome.SENT, NOW))
    for muffled in decision.muffled:
        key = muffled.key
        status = str(found.cases[name].latest.status)
        found.note(
            Notification(
                alert_id=key.alert_id, revision=key.revision, receiver=key.receiver, step=key.step,
                outcome=Outcome.MUTED, reason=str(muffled.why), status=status, at=NOW,
            )
        )  # fmt: skip


def told_first(found: Desk) -> None:
    """The breach of t1 was told."""
    found.take(alert())
    settle(found, alert().alert_id)


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
    told_first(found)
    assert due(found, at=NOW + 10 * MINUTE) == ["boss"]


def test_nobody_further_up_is_called_before_somebody_was_told():
    """After a silence, or while nobody was there to tell, times count from when it is told."""
    found = desk(STEPS)
    found.take(alert())
    assert due(found, at=NOW + 60 * MINUTE) == ["robot"]
    [task] = found.decide(alert().alert_id, NOW + 60 * MINUTE).tasks
    found.note(record(task, Outcome.SENT, NOW + 60 * MINUTE))
    assert due(found, at=NOW + 69 * MINUTE) == []
    assert due(found, at=NOW + 70 * MINUTE) == ["boss"]


def test_the_first_message_does_not_wait_for_our_own_clock():
    """It may be behind that of the brokers."""
    found = desk()
    found.take(alert())
    assert due(found, at=NOW - 5 * MINUTE) == ["robot"]


def test_what_reaches_nobody_goes_to_the_fallback():
    """Also past the last step of its route."""
    steps = msgspec.structs.replace(
        STEPS, rungs=(*STEPS.rungs, Rung("fallback", None, Occasion.ESCALATED, lambda _: ("backup",)))
    )
    found = desk(steps)
    found.take(alert())
    found.note(dead(NOW))
    [task] = found.decide(alert().alert_id, NOW).tasks
    assert task.key.receiver == "boss"
    found.note(record(task, Outcome.DEAD, NOW + MINUTE))
    assert due(found, at=NOW + MINUTE) == ["backup"]
    assert unreached(found.cases[alert().alert_id])
    [task] = found.decide(alert().alert_id, NOW + MINUTE).tasks
    found.note(record(task, Outcome.SENT, NOW + MINUTE))
    assert not unreached(found.cases[alert().alert_id])


@pytest.mark.parametrize("level", ["warning", "breach"])
def test_what_fires_again_is_told_again_also_where_its_end_was_kept(level):
    """People are not told that a warning is over, and yet the next one is news."""
    found = desk()
    name = alert(level=level).alert_id
    term = timedelta(hours=2)
    found.take(alert(level=level, term=term))
    settle(found, name)
    found.take(alert(level=level, term=term, revision=2, status="resolved"))
    settle(found, name)
    found.take(alert(level=level, term=term, revision=3))
    assert [task.key.receiver for task in found.decide(name, NOW).tasks] == ["robot"]


def test_what_fires_again_while_its_end_is_on_its_way_is_told_after_it():
    """Else its receiver would think that it is over."""
    found = desk()
    told_first(found)
    found.take(alert(revision=2, status="resolved"))
    [end] = found.decide(alert().alert_id, NOW).tasks
    found.under_way.add(end.key)
    found.take(alert(revision=3))
    decision = found.decide(alert().alert_id, NOW)
    assert (decision.tasks, decision.muffled) == ([], [])
    found.under_way.discard(end.key)
    found.note(record(end, Outcome.SENT, NOW))
    assert due(found) == ["robot"]


def test_after_twenty_acknowledgements_the_next_one_counts():
    """The newest are kept."""
    found = desk(STEPS)
    told_first(found)
    case = found.cases[alert().alert_id]
    for number in range(30):
        case.acknowledge(NOW - timedelta(seconds=100 - number), "Wang")
    case.acknowledge(NOW + MINUTE, "Li")
    assert due(found, at=NOW + 20 * MINUTE) == []


def test_however_often_it_flaps_little_is_remembered_and_nothing_is_told_twice():
    """The steps of an episode that is over are of no use any more."""
    found = desk()
    name = alert().alert_id
    found.take(alert())
    for number in range(2, 4_000):
        settle(found, name)
        assert found.decide(name, NOW).tasks == []
        found.take(alert(revision=number, status="firing" if number % 2 else "resolved"))
    case = found.cases[name]
    assert len(case.done) + len(case.tries) + len(case.unreached) < 10


def test_nothing_is_missing_while_an_alert_is_muted():
    """A silence over a later step is no fault of anybody."""
    found = desk(STEPS)
    told_first(found)
    case, late = found.cases[alert().alert_id], NOW + 60 * MINUTE
    assert missing(case, lambda _: STEPS, late, muted=True) == []
    assert [key.receiver for key in missing(case, lambda _: STEPS, late, muted=False)] == ["boss"]


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
    assert found.forget(NOW + MINUTE, NOW + MINUTE) == [], "claims of real alerts end by themselves"
    assert [case.latest.subject for case in found.cases.values()] == ["firing"]
    assert found.meant_by("old") == []


def test_it_is_looked_at_again_exactly_when_something_is_due():
    """However often it was looked at in between."""
    found = desk(STEPS)
    told_first(found)
    for second in range(50):
        due(found, at=NOW + timedelta(seconds=second))
    assert found.next_look_at() == NOW + 10 * MINUTE
    assert list(found.to_look_at(NOW + 9 * MINUTE)) == []
    assert list(found.to_look_at(NOW + 10 * MINUTE)) == [alert().alert_id]
    assert found.next_look_at() is None


def test_who_acknowledges_a_message_that_told_many_acknowledges_each_of_them():
    """Whether the command is read after the records, or before."""
    ack = Command(verb=Verb.ACKNOWLEDGE, by="Wang", target="digest/robot/1")
    acks = {}
    found, restarted = desk(STEPS, acks), desk(STEPS, acks)
    records = []
    for name in ("t1", "t2", "t3"):
        found.take(alert(name))
        [task] = found.decide(alert(name).alert_id, NOW).tasks
        digest = "digest/robot/1" if name != "t3" else None
        records.append(msgspec.structs.replace(record(task, Outcome.SENT, NOW), digest=digest))
        found.note(records[-1])
    acks["digest/robot/1"] = [Acknowledged(NOW + MINUTE, "Wang")]
    found.command(ack, NOW + MINUTE)
    for name in ("t1", "t2", "t3"):
        restarted.take(alert(name))
    for told in records:
        restarted.note(told)
    for one in (found, restarted):
        assert [due(one, name, NOW + 20 * MINUTE) for name in ("t1", "t2", "t3")] == [[], [], ["boss"]]


def canary(name, status="firing", revision=1):
    """An alert of the monitor's own ticket."""
    told = alert(name, revision, status)
    data = msgspec.structs.replace(told.data, rule="canary/heard", kind="canary")
    return msgspec.structs.replace(told, data=data)


@pytest.mark.parametrize("status", ["firing", "resolved"])
def test_a_canary_is_forgotten_after_an_hour_however_it_stands(status):
    """There are thousands a day, and one that nobody closed would fire for ever; others are kept."""
    found = desk()
    found.take(canary("c", status))
    found.take(alert("t1"))
    assert found.forget(NOW - MINUTE, NOW + CANARY_KEPT) == []
    assert {case.latest.subject for case in found.cases.values()} == {"c", "t1"}
    found.forget(NOW - MINUTE, NOW + CANARY_KEPT + MINUTE)
    assert [case.latest.subject for case in found.cases.values()] == ["t1"]


def test_a_canary_that_reaches_nobody_is_counted_nowhere():
    """Whoever sent it misses it; nobody is called for it."""
    found = desk()
    for told in (canary("c"), alert("t1")):
        found.take(told)
        [task] = found.decide(told.alert_id, NOW).tasks
        found.note(record(task, Outcome.DEAD, NOW))
    assert [unreached(found.cases[told.alert_id]) for told in (canary("c"), alert("t1"))] == [False, True]
