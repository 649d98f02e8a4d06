"""What a receiver gets next: singles, digests in a storm, the critical first, and never more than its limits."""

from __future__ import annotations

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from alerting.ladder import Task
from alerting.message import Occasion
from alerting.rates import Allowance
from alerting.receiver import Rate
from alerting.record import END, FIRST, Key
from alerting.stages.digest import SINGLES_MAX, WINDOW, WINDOW_CRITICAL, Outbox
from tests.alerting.making import NOW, alert


def task(name: str, *, critical: bool = False, end: bool = False) -> Task:
    """A message that is due."""
    told = alert(name, 2 if end else 1, "resolved" if end else "firing")
    key = Key(told.alert_id, told.revision, "robot", END if end else FIRST)
    return Task(key, Occasion.RESOLVED if end else Occasion.RAISED, told, critical, NOW)


def names(tasks: list[Task]) -> list[str]:
    """Of which tickets."""
    return [found.alert.subject for found in tasks]


def filled(*tasks: Task, holds: int | None = 100) -> Outbox:
    """An outbox whose receiver takes so many in one message (None: never more than one)."""
    outbox = Outbox(None if holds is None else lambda alerts: min(holds, len(alerts)))
    for one in tasks:
        outbox.add(one)
    return outbox


def test_a_few_alerts_go_out_one_by_one_in_the_order_they_came():
    """As long as a person can read them."""
    outbox = filled(*(task(f"t{n}") for n in range(SINGLES_MAX)))
    assert [names(outbox.next(NOW)) for _ in range(SINGLES_MAX)] == [["t0"], ["t1"], ["t2"]]
    assert outbox.ready_at(NOW) is None


def test_more_than_a_few_become_one_message():
    """It lists all of them."""
    outbox = filled(*(task(f"t{n}") for n in range(50)))
    assert names(outbox.next(NOW)) == [f"t{n}" for n in range(50)]
    assert len(outbox) == 0


def test_while_a_storm_lasts_there_is_one_message_in_a_window():
    """What comes in between waits for its end."""
    outbox = filled(*(task(f"t{n}") for n in range(50)))
    outbox.next(NOW)
    outbox.add(task("later"))
    assert outbox.next(NOW + WINDOW / 2) == []
    assert outbox.ready_at(NOW) == NOW + WINDOW
    assert names(outbox.next(NOW + WINDOW)) == ["later"]


def test_what_did_not_fit_goes_out_at_once():
    """Only the receiver's own limits hold it back."""
    outbox = filled(*(task(f"t{n}") for n in range(25)), holds=10)
    assert [len(outbox.next(NOW)) for _ in range(3)] == [10, 10, 5]


def test_a_critical_alert_does_not_wait_for_the_window():
    """Nor for those that came before it."""
    outbox = filled(*(task(f"t{n}") for n in range(50)))
    outbox.next(NOW)
    outbox.add(task("waits"))
    outbox.add(task("urgent", critical=True))
    assert names(outbox.next(NOW + timedelta(seconds=1))) == ["urgent"]
    assert outbox.next(NOW + timedelta(seconds=1)) == []


def test_many_critical_alerts_are_a_storm_of_their_own_with_a_shorter_window():
    """They are listed before all others."""
    outbox = filled(*(task(f"t{n}") for n in range(50)))
    outbox.next(NOW)
    for number in range(10):
        outbox.add(task(f"other{number}"))
        outbox.add(task(f"urgent{number}", critical=True))
    assert outbox.next(NOW + WINDOW_CRITICAL / 2) == []
    told = names(outbox.next(NOW + WINDOW_CRITICAL))
    assert [name.rstrip("0123456789") for name in told] == ["urgent"] * 10 + ["other"] * 10


def test_alerts_and_ends_of_alerts_are_not_listed_in_one_message():
    """A reader must see at a glance what holds."""
    outbox = filled(*(task(f"t{n}") for n in range(5)), *(task(f"e{n}", end=True) for n in range(5)))
    first = outbox.next(NOW)
    assert {found.key.step for found in first} == {FIRST}
    assert {found.key.step for found in outbox.next(NOW + WINDOW)} == {END}


def test_machines_get_every_message():
    """However many wait."""
    outbox = filled(*(task(f"t{n}") for n in range(50)), holds=None)
    assert [len(outbox.next(NOW)) for _ in range(50)] == [1] * 50


def test_what_is_not_wanted_any_more_does_not_go_out():
    """It was acknowledged, or is another's."""
    outbox = filled(task("t0"), task("t1"))
    outbox.discard(task("t0").key)
    assert task("t0").key not in outbox
    assert names(outbox.next(NOW)) == ["t1"]


Step = st.tuples(st.floats(0, 30), st.integers(0, 40), st.booleans())


@given(st.lists(Step, max_size=40), st.integers(1, 30))
def test_whatever_comes_everything_goes_out_once(steps, holds):
    """Nothing is left behind, and nothing goes out twice."""
    outbox, now, number, told = filled(holds=holds), NOW, 0, []
    for pause, count, critical in steps:
        now += timedelta(seconds=pause)
        for _ in range(count):
            outbox.add(task(f"t{number}", critical=critical))
            number += 1
        told += names(outbox.next(now))
    while (ready_at := outbox.ready_at(now)) is not None:
        now = max(now, ready_at)
        taken = names(outbox.next(now))
        assert taken, "it said it was ready"
        told += taken
    assert sorted(told) == sorted(f"t{n}" for n in range(number))


@given(st.lists(st.floats(0, 5), max_size=200))
def test_no_stretch_holds_more_messages_than_a_rate_allows(pauses):
    """Not one more, however they are bunched."""
    rates = (Rate(18, 60.0), Rate(4, 1.0))
    allowance, now, sent = Allowance(rates), NOW, []
    for pause in pauses:
        now += timedelta(seconds=pause)
        wait = allowance.wait(now)
        if wait > timedelta():
            now += wait
        assert allowance.wait(now) <= timedelta()
        allowance.note(now)
        sent.append(now)
    for rate in rates:
        window = timedelta(seconds=rate.seconds)
        assert all(sum(at <= other < at + window for other in sent) <= rate.messages for at in sent)
