"""What one step comes to, told as lives of tickets: on the boundary, late, corrected, closed."""

from datetime import timedelta

import pytest

from sla.publication import Channel
from tests.sla.lives_of_events import ACCEPTED, TO_CITY, TO_PROVINCE, Life, event, instant

# -- the boundary, warnings, silence ---------------------------------------------------------------------------


def test_at_exactly_due_a_clock_still_runs():
    """Silence proven through the due time itself breaks nothing; both warnings are out."""
    life = Life()
    life.tell(ACCEPTED)
    life.quiet_until("08:03:00")
    assert life.verdicts() == [("running", "awaited")]
    assert life.statuses() == {"warning-50": "firing", "warning-80": "firing"}


def test_a_microsecond_after_due_a_clock_is_breached():
    """The first instant beyond the due time is a breach, and it fires."""
    life = Life()
    life.tell(ACCEPTED)
    life.quiet_until("08:03:00", microseconds=1)
    assert life.verdicts() == [("running", "awaited"), ("breached", "not_done")]
    assert life.statuses()["breach"] == "firing"


@pytest.mark.parametrize(("stop", "outcome"), [("08:03:00", "met"), ("08:03:00.000001", "late")])
def test_a_stop_counts_at_full_precision(stop, outcome):
    """A stop at the due time is in time, one a microsecond later is not."""
    life = Life()
    life.tell(ACCEPTED, f"{stop} e2 {TO_CITY}")
    assert life.verdict()["outcome"] == outcome


def test_a_warning_is_told_once():
    """Each level fires when its share of the term is used, and no passing of time repeats it."""
    life = Life()
    life.tell(ACCEPTED)
    for text in ("08:02:00", "08:02:00.000001", "08:02:20", "08:02:36", "08:02:36.000001", "08:02:50", "08:03:00"):
        life.quiet_until(text)
        expected = {"warning-50"} if text > "08:02:00" else set()
        assert set(life.statuses()) == expected | ({"warning-80"} if text > "08:02:36" else set())
    assert {data["revision"] for data in life.alerts().values()} == {1}


def test_silence_through_an_earlier_instant_changes_nothing():
    """The proven instant only grows."""
    life = Life()
    life.tell(ACCEPTED)
    life.quiet_until("08:02:10")
    stepped = life.quiet_until("08:01:00")
    assert not stepped.changed
    assert stepped.ticket.horizon == instant("08:02:10")


def test_without_proof_of_silence_nothing_is_overdue():
    """Events alone, however late they are told, never say that nothing came."""
    life = Life()
    life.tell(ACCEPTED, "2026-11-25T08:00:00 e2 urged")
    assert life.verdicts() == [("running", "awaited")]
    assert life.alerts() == {}


def test_a_batch_may_bring_its_own_silence():
    """Events and proven silence in one step are both folded in, for a new ticket too."""
    life = Life()
    life.step([event(ACCEPTED)], instant("08:10:00"))
    assert life.verdict()["outcome"] == "breached"


# -- what arrives late -----------------------------------------------------------------------------------------


def test_a_late_stop_resolves():
    """A dispatch after the due time ends the breach; the overrun is told."""
    life = Life()
    life.tell(ACCEPTED)
    life.quiet_until("08:03:05")
    life.tell(f"08:03:10 e2 {TO_CITY}")
    assert life.verdicts() == [("running", "awaited"), ("breached", "not_done"), ("late", "after_due")]
    breach = life.alerts()["breach"]
    assert (breach["status"], breach["revision"], breach["overrun_seconds"]) == ("resolved", 2, 10)
    assert life.verdict()["used_seconds"] == 130


def test_a_stop_in_time_that_arrives_late_retracts():
    """What was raised beyond the stop is taken back; the warning that was right is resolved."""
    life = Life()
    life.tell(ACCEPTED)
    life.quiet_until("08:10:00")
    life.tell(f"08:02:30 e2 {TO_CITY}")
    assert life.verdict()["outcome"] == "met"
    assert life.statuses() == {"warning-50": "resolved", "warning-80": "retracted", "breach": "retracted"}


def test_a_breach_learned_with_its_end_is_born_resolved():
    """Late start and stop in one batch are one revision each, and nothing ever fired."""
    life = Life()
    life.tell(ACCEPTED, f"08:05:00 e2 {TO_CITY}")
    assert life.verdicts() == [("late", "after_due")]
    assert life.statuses() == {"warning-50": "resolved", "warning-80": "resolved", "breach": "resolved"}
    assert {data["revision"] for data in life.alerts().values()} == {1}


def test_a_clock_started_past_due_fires_once_its_start_was_in_the_log():
    """Silence counts from when the broker took the start, never from before; then the overrun is told."""
    life = Life()
    life.tell(ACCEPTED, appended_at="09:00:00")
    for text in ("08:30:00", "09:00:00"):
        life.quiet_until(text)
        assert life.verdicts() == [("running", "awaited")]
        assert life.alerts() == {}
    life.quiet_until("09:00:00", microseconds=1)
    assert life.verdict()["outcome"] == "breached"
    assert set(life.statuses().values()) == {"firing"}
    assert life.alerts()["breach"]["overrun_seconds"] == timedelta(minutes=57).total_seconds()


def test_events_before_the_acceptance_count_once_it_is_there():
    """A dispatch that arrives first says nothing alone; with the acceptance it stops the clock and starts another."""
    life = Life()
    assert life.tell(f"08:02:00 e2 {TO_CITY}").outputs == []
    life.tell(ACCEPTED)
    assert life.verdict()["outcome"] == "met"
    assert life.verdict("e2", "repair/receive-local")["outcome"] == "running"


def test_the_first_of_two_acceptances_starts_the_clock():
    """An earlier acceptance that arrives later takes the clock over; the other one is withdrawn."""
    life = Life()
    life.tell("08:05:00 e5 accepted")
    life.tell("08:00:00 e1 accepted")
    assert life.verdicts("e5")[-1] == ("cancelled", "start_withdrawn")
    assert life.verdict("e1")["outcome"] == "running"


def test_a_stop_that_tells_no_unit_stops_any():
    """An attribute absent on either side matches: a source that does not tell units causes no breach."""
    life = Life()
    life.tell(ACCEPTED, f"08:02:00 e2 {TO_CITY}", "08:03:00 e3 received")
    assert life.verdict("e2", "repair/receive-local")["outcome"] == "met"


# -- closing, correcting, voiding ------------------------------------------------------------------------------


@pytest.mark.parametrize("closed", ["08:02:10", "08:03:00"])
def test_closing_cancels_what_is_not_overdue(closed):
    """Up to and including the due time a closing ends the clock without blame, and silence adds nothing."""
    life = Life()
    life.tell(ACCEPTED, f"{closed} e2 closed")
    life.quiet_until("09:00:00")
    assert life.verdicts() == [("cancelled", "closed")]
    assert "breach" not in life.alerts()
    assert life.statuses()["warning-50"] == "resolved"


def test_closing_after_due_leaves_the_breach():
    """A ticket closed without the dispatch it owed is breached, and the alert is resolved, not taken back."""
    life = Life()
    life.tell(ACCEPTED)
    life.quiet_until("08:03:05")
    life.tell("08:04:00 e2 closed")
    assert life.verdicts()[-1] == ("breached", "closed_after_due")
    assert life.statuses()["breach"] == "resolved"


def test_what_comes_after_a_cancelled_clock_is_not_its_stop():
    """Alert and verdict of a clock ended by a closing agree: no stop, no overrun."""
    life = Life()
    life.tell(ACCEPTED, "08:02:10 e2 closed", f"08:10:00 e3 {TO_CITY}")
    assert life.verdict()["outcome"] == "cancelled"
    assert "stopped_at" not in life.verdict()
    warning = life.alerts()["warning-50"]
    assert "stopped_at" not in warning
    assert "overrun_seconds" not in warning


def test_a_cancelled_clock_ends_the_same_told_at_once_or_step_by_step():
    """What comes after the closing leaves no trace in the clock, whether it comes in the same batch or later."""
    lines = (ACCEPTED, "08:02:10 e2 closed", f"08:10:00 e3 {TO_CITY}")
    at_once, by_steps = Life(), Life()
    at_once.tell(*lines)
    for line in lines:
        by_steps.tell(line)
    assert by_steps.alerts() == at_once.alerts()
    assert by_steps.verdicts() == [("running", "awaited"), ("cancelled", "closed")]


def test_a_corrected_hang_up_moves_the_clock():
    """The correction holds as if known from the start: what was raised too early is taken back."""
    life = Life()
    life.tell(ACCEPTED)
    life.quiet_until("08:03:30")
    life.tell("08:20:00 e3 corrected hung_up_at=08:02:00")
    assert life.verdict()["outcome"] == "running"
    assert life.statuses() == {"warning-50": "firing", "warning-80": "retracted", "breach": "retracted"}
    life.quiet_until("08:04:00", microseconds=1)
    assert life.verdict()["outcome"] == "breached"
    assert life.alerts()["breach"]["revision"] == 3


def test_a_corrected_mode_withdraws_the_provinces_clock():
    """A rule that no longer binds takes its clock and its alerts back, and gives them again with the next word."""
    rule = "repair/receive-province"
    life = Life()
    life.tell(ACCEPTED.replace("mode=1", "mode=2"), f"08:01:30 e2 {TO_PROVINCE}")
    life.quiet_until("08:10:00")
    life.tell("09:00:00 e3 corrected mode=1")
    assert life.verdicts("e2", rule)[-1] == ("cancelled", "start_withdrawn")
    assert set(life.statuses("e2", rule).values()) == {"retracted"}
    life.tell("09:10:00 e4 voided event_id=e3")
    assert life.verdicts("e2", rule)[-1] == ("breached", "not_done")
    assert set(life.statuses("e2", rule).values()) == {"firing"}


def test_a_voided_void_brings_the_clock_back():
    """The clock keeps its id and counts its revisions on."""
    life = Life()
    life.tell(ACCEPTED)
    life.tell("08:01:10 e2 voided event_id=e1")
    life.tell("08:01:20 e3 voided event_id=e2")
    outcomes = [("running", "awaited"), ("cancelled", "start_withdrawn"), ("running", "awaited")]
    assert life.verdicts() == outcomes
    assert [data["revision"] for data in life.said(Channel.VERDICTS, "repair/dispatch", "e1")] == [1, 2, 3]
