"""What a step tells those who count: how clocks turned, and which stand open in a stored state."""

from sla.open_clocks import State, open_clocks
from sla.ticket import encode
from sla.turn import Turn
from sla.watch import Watch
from tests.sla.lives_of_events import ACCEPTED, TO_CITY, Life, instant, shipped

RULE = "repair/dispatch"


def turns(stepped):
    """The turns of the rule that these tests are about."""
    return [turn for turn in stepped.turns if turn.rule == RULE]


def states(life):
    """How the clock of these tests is open."""
    return [state for clock_id, state in open_clocks(encode(life.ticket)) if f"/{RULE}/" in clock_id]


def test_a_clock_that_starts_turns_from_nothing():
    """There was nothing said of it before."""
    [turn] = turns(Life().tell(ACCEPTED))
    assert (turn.before, turn.outcome, turn.used) == ("", "running", None)


def test_a_stop_at_exactly_the_due_time_used_the_whole_term():
    """Not a bit more, whatever the numbers are rounded to."""
    life = Life()
    life.tell(ACCEPTED)
    [turn] = turns(life.tell(f"08:03:00 e2 {TO_CITY}"))
    assert (turn.before, turn.outcome, turn.used) == ("running", "met", 1.0)
    assert turn.unit == life.verdict()["owner"]


def test_what_only_says_more_of_a_clock_is_no_turn():
    """A repeat, or a warning that time brings, changes no outcome."""
    life = Life()
    life.tell(ACCEPTED)
    assert turns(life.tell(ACCEPTED)) == []
    assert turns(life.quiet_until("08:02:30")) == []


def test_a_breach_turns_once_and_again_when_it_is_done():
    """First the breach, then what became of it."""
    life = Life()
    life.tell(ACCEPTED)
    assert [turn.outcome for turn in turns(life.quiet_until("08:03:01"))] == ["breached"]
    [turn] = turns(life.tell(f"08:05:00 e2 {TO_CITY}"))
    assert (turn.before, turn.outcome, turn.used) == ("breached", "late", 2.0)


def test_a_clock_that_lost_its_start_turns_to_cancelled():
    """It is no longer open, and nobody owes it."""
    life = Life()
    life.tell(ACCEPTED)
    assert turns(life.tell("08:02:00 e2 voided event_id=e1")) == [Turn(RULE, "running", "cancelled")]
    assert states(life) == []


def test_a_cancelled_clock_used_nothing():
    """Even if it was done after all."""
    life = Life()
    life.tell(ACCEPTED, "08:01:30 e2 closed reason=mistake")
    stepped = life.tell(f"08:02:00 e3 {TO_CITY}")
    assert life.verdict()["outcome"] == "cancelled"
    assert [turn.used for turn in turns(stepped)] == []
    again = Life()
    [turn] = turns(again.tell(ACCEPTED, "08:01:30 e2 closed reason=mistake", f"08:02:00 e3 {TO_CITY}"))
    assert (turn.outcome, turn.used) == ("cancelled", None)


def test_historic_clocks_do_not_turn():
    """What lies before the first start is not the desk's present record."""
    life = Life(Watch(shipped(), quiet_before=instant("09:00:00")))
    assert turns(life.tell(ACCEPTED, f"08:02:00 e2 {TO_CITY}")) == []


def test_a_historic_clock_that_loses_its_start_does_not_turn_either():
    """Whether that is told in the past too, or only now: the clock was never counted."""
    for voided in ("08:02:00", "09:30:00"):
        life = Life(Watch(shipped(), quiet_before=instant("09:00:00")))
        life.tell(ACCEPTED)
        life.quiet_until("08:04:00")
        assert turns(life.tell(f"{voided} e2 voided event_id=e1")) == []


def test_a_rule_fires_once_for_each_alert_that_silence_brings():
    """The two warnings and the breach; then there is nothing more to say, and what is over fires nothing."""
    life = Life()
    assert life.tell(ACCEPTED).fired == []
    assert [life.quiet_until(at).fired for at in ("08:02:01", "08:02:37", "08:03:01")] == [[RULE]] * 3
    assert life.tell(f"08:05:00 e2 {TO_CITY}").fired == []


def test_historic_alerts_fire_for_nobody():
    """They are published and tell no one."""
    life = Life(Watch(shipped(), quiet_before=instant("09:00:00")))
    life.tell(ACCEPTED)
    stepped = life.quiet_until("08:03:01")
    assert stepped.outputs
    assert stepped.fired == []


def test_an_open_clock_is_running_then_at_risk_then_breached():
    """As its warnings and its breach come; done, it is open no more."""
    life = Life()
    life.tell(ACCEPTED)
    assert states(life) == [State.RUNNING]
    life.quiet_until("08:02:30")
    assert states(life) == [State.AT_RISK]
    life.quiet_until("08:03:01")
    assert states(life) == [State.BREACHED]
    life.tell(f"08:05:00 e2 {TO_CITY}")
    assert states(life) == []
