"""After an attempt: the next one, the last one, and a receiver that is left alone."""

from __future__ import annotations

from datetime import timedelta

import pytest

from alerting.answer import Answer, Class, Why
from alerting.breaker import FAILURES, PAUSE, PAUSE_MAX, Breaker
from alerting.record import Outcome
from alerting.schedule import PAUSES_S, WAIT_MAX_S, follows
from tests.alerting.making import NOW

SENT = Answer(Class.SENT, Why.ACCEPTED, 200)
DOWN = Answer(Class.RETRY, Why.SERVER_ERROR, 503)
BUSY = Answer(Class.RETRY, Why.RATE_LIMITED, 429, wait_s=90.0)
REFUSED = Answer(Class.REFUSED, Why.NOT_AUTHORISED, 401)


@pytest.mark.parametrize(("answer", "outcome"), [(SENT, Outcome.SENT), (REFUSED, Outcome.DEAD)])
def test_a_yes_and_a_no_end_it(answer, outcome):
    """Nothing follows."""
    assert follows(answer, 1, NOW) == (outcome, None)


def test_attempts_follow_each_other_in_growing_pauses_and_then_end():
    """Six attempts in three quarters of an hour."""
    found = [follows(DOWN, attempt, NOW) for attempt in range(1, len(PAUSES_S) + 2)]
    assert [outcome for outcome, _ in found] == [Outcome.RETRY] * len(PAUSES_S) + [Outcome.DEAD]
    assert [(at - NOW).total_seconds() for _, at in found if at is not None] == list(PAUSES_S)


def test_a_receiver_that_asks_for_time_gets_it():
    """Within reason."""
    assert follows(BUSY, 1, NOW) == (Outcome.RETRY, NOW + timedelta(seconds=90))
    forever = Answer(Class.RETRY, Why.RATE_LIMITED, 429, wait_s=1e9)
    assert follows(forever, 1, NOW) == (Outcome.RETRY, NOW + timedelta(seconds=WAIT_MAX_S))


def test_a_receiver_that_is_down_is_left_alone_for_longer_and_longer():
    """One attempt in between says whether it is back."""
    breaker, now = Breaker(), NOW
    for _ in range(FAILURES):
        assert breaker.closed(now)
        breaker.tell(DOWN, now)
    pauses = []
    for _ in range(8):
        assert not breaker.closed(now)
        assert breaker.open_until is not None
        pauses.append(breaker.open_until - now)
        now = breaker.open_until
        assert breaker.closed(now)
        breaker.tell(DOWN, now)
    assert pauses[:3] == [PAUSE, 2 * PAUSE, 4 * PAUSE]
    assert pauses[-1] == PAUSE_MAX
    breaker.tell(SENT, now)
    assert breaker.closed(now)
    assert breaker.calm


def test_a_refused_message_says_nothing_bad_of_its_receiver():
    """The next one may well be taken."""
    breaker = Breaker()
    for _ in range(3 * FAILURES):
        breaker.tell(REFUSED, NOW)
    assert breaker.closed(NOW)


def test_a_robot_that_is_told_too_much_is_left_alone_at_once():
    """For as long as it asks."""
    breaker = Breaker()
    breaker.tell(BUSY, NOW)
    assert not breaker.closed(NOW + timedelta(seconds=89))
    assert breaker.closed(NOW + timedelta(seconds=90))
