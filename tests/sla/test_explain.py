"""Why a clock stands as it does, and why another never started: the reasons one by one, and how terms pass."""

from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sla.calendar import DayEnd, NonworkingStart
from sla.event import Event, fingerprint
from sla.explain import history
from sla.explain.explained import explain
from sla.kinds import report
from sla.passage import Why, passage
from sla.rulebook import parse
from sla.term import parse_term
from sla.watch import Watch
from tests.sla.calendars import OFFICE, calendar
from tests.sla.lives_of_events import changed, instant, shipped

MICROSECOND = timedelta(microseconds=1)
HANGS_UP = {"channel": "95598", "unit": "NCSC", "level": "national"}
TO_CITY = {"unit": "NCSC", "level": "national", "to_unit": "3201", "to_level": "city"}
BACK = {"unit": "3201", "level": "city", "customer_answered": True}


def told(time, id_, type_, data=None):
    """One event; the business is complaint unless the type names another."""
    at, type_ = instant(time).astimezone(UTC), type_ if "." in type_ else f"complaint.{type_}"
    return Event(at, id_, "s", type_, data or {}, fingerprint(type_, at, data or {}))


def explained(*events, until="20:00:00", rulebook=None, quiet_before=None):
    """Explain ticket T with silence up to a time."""
    return explain(Watch(rulebook or shipped(), quiet_before), "T", list(events), instant(until))


def why_none(rule, *events, until="20:00:00", rulebook=None):
    """Say why a rule put no clock on the ticket."""
    found = explained(*events, until=until, rulebook=rulebook)
    (absence,) = [absence for absence in found.absences if absence.rule == rule]
    return absence


def clock_of(rule, *events, until="20:00:00", rulebook=None):
    """The only clock of a rule."""
    (clock,) = [c for c in explained(*events, until=until, rulebook=rulebook).clocks if c.rule == rule]
    return clock


ACCEPTED = told("08:00:00", "e1", "accepted", {**HANGS_UP, "grade": "general"})
MAJOR = told("08:00:00", "e1", "accepted", {**HANGS_UP, "grade": "major"})
DISPATCHED = told("08:10:00", "e2", "dispatched", TO_CITY)
REPLIED = told("09:00:00", "e3", "replied", BACK)
REPAIR = told("08:00:00", "e1", "repair.accepted", {"unit": "NCSC", "level": "national", "mode": 1})


@pytest.mark.parametrize(
    ("reason", "rule", "events"),
    [
        ("not_accepted", "complaint/redispatch", [DISPATCHED]),
        ("rule_is_off", "complaint/report-up", [ACCEPTED]),
        ("does_not_bind", "complaint/progress", [ACCEPTED, DISPATCHED]),
        ("excepted", "complaint/callback", [told("08:00:00", "e1", "accepted", {**HANGS_UP, "callback_wanted": False})]),
        ("customer_bars", "complaint/contact", [told("08:00:00", "e1", "accepted", {**HANGS_UP, "anonymous": True})]),
        ("no_contradiction", "complaint/grade-special", [ACCEPTED]),
        ("no_start", "complaint/redispatch", [ACCEPTED]),
        ("start_does_not_fit", "complaint/receive-province", [ACCEPTED, DISPATCHED]),
        ("start_voided", "complaint/receive-local", [ACCEPTED, DISPATCHED, told("08:20:00", "e3", "voided", {"event_id": "e2"})]),
        ("done_before", "complaint/kpi-answer", [ACCEPTED, told("08:05:00", "e0", "replied", BACK), DISPATCHED]),
        ("needs", "complaint/close-approval", [ACCEPTED, told("09:00:00", "e3", "closed")]),
        ("ended_before", "complaint/progress", [MAJOR, DISPATCHED, REPLIED]),
        ("lies_ahead", "complaint/progress", [MAJOR, DISPATCHED]),
    ],
)  # fmt: skip
def test_a_rule_without_a_clock_says_why(reason, rule, events):
    """Each reason is told where it holds."""
    assert why_none(rule, *events).reason == reason


def test_a_contradiction_that_something_before_makes_none_is_told():
    """After enough tries an approved closing contradicts nothing: what was there is named."""
    failed = told("10:00:00", "e3", "callback", {"reached": False, "cause": "customer"})
    waived = told("11:00:00", "e4", "callback_waived", {"approved_by": "NCSC"})
    absence = why_none("complaint/close-approval", ACCEPTED, failed, waived, told("12:00:00", "e5", "closed"))
    assert (absence.reason, absence.because.id) == ("lacks", "e4")


def test_what_does_not_fit_is_named():
    """The attribute, the value it has or None where nobody told it, and those that would fit."""
    (misfits,) = why_none("complaint/progress", ACCEPTED).misfits
    assert [(m.attribute, m.value, m.wanted) for m in misfits] == [("grade", "general", ["important", "major"])]
    nearest = why_none("complaint/grade-special", ACCEPTED).misfits[0]
    assert [(m.attribute, m.value, m.wanted) for m in nearest] == [("supervised_by", None, ["province_or_above"])]


def test_a_term_that_was_not_in_force_is_told():
    """Before its first date a rule puts no clock, nor on tickets that no entry names."""
    later = parse(changed("repair/dispatch.toml", "since = 2014-01-01", "since = 2027-01-01"))
    absence = why_none("repair/dispatch", REPAIR, rulebook=later)
    assert absence.reason == "before_in_force"
    assert absence.at == datetime(2026, 12, 31, 16, tzinfo=UTC)
    other = parse(changed("repair/dispatch.toml", "since = 2014-01-01", "since = 2014-01-01\nwhere = { mode = 3 }"))
    absence = why_none("repair/dispatch", REPAIR, rulebook=other)
    assert absence.reason == "no_term"
    assert absence.misfits[0][0].value == 1


def test_a_start_that_was_voided_takes_its_clock_back():
    """What was published of it is told as taken back, and no clock stands."""
    found = explained(ACCEPTED, DISPATCHED, told("08:20:00", "e3", "voided", {"event_id": "e2"}))
    taken = {clock.rule: clock.told for clock in found.withdrawn}
    assert taken["complaint/receive-local"][-1].reason == "start_withdrawn"
    assert [event.id for event in found.voided] == ["e2"]


def test_another_date_of_a_superior_is_told_beside_the_term():
    """The term leads to its own end; the date that was set after it is the due time."""
    due_at = instant("2026-12-10T12:00:00").astimezone(UTC)
    anew = told("2026-11-24T09:00:00", "e2", "deadline_set", {"due_at": due_at})
    clock = clock_of("complaint/answer", ACCEPTED, anew, until="2026-11-25T00:00:00")
    assert (clock.due_at, clock.anew[0].event.id) == (due_at, "e2")
    assert clock.term_due_at == clock.stretches[-1].to_at == instant("2026-12-01T17:30:00")


def test_a_reply_that_was_sent_back_reopens_the_clock():
    """Both are told: when it had been done, and what undid it."""
    returned = told("10:00:00", "e4", "reply_returned", {"stage": "audit"})
    clock = clock_of("complaint/answer", ACCEPTED, DISPATCHED, REPLIED, returned)
    assert (clock.reopened.id, clock.ended_before) == ("e4", REPLIED.time)
    assert [wanted.event for wanted in clock.awaits] == ["complaint.replied", "complaint.reply_passed"]
    assert [one.state for one in clock.told if one.level is None] == ["running", "running", "met", "running"]


def test_a_notice_that_is_owed_since_a_later_grading_says_so():
    """The clock has its start from one event and runs from another, which is named."""
    graded = told("09:00:00", "e3", "graded", {"grade": "important"})
    to_province = {**TO_CITY, "to_unit": "32", "to_level": "province"}
    dispatched = told("08:10:00", "e2", "dispatched", to_province)
    clock = clock_of("complaint/notify-province", ACCEPTED, dispatched, graded)
    assert (clock.start.id, clock.bound_by.id, clock.started_at) == ("e2", "e3", graded.time)


def test_tries_are_counted_one_by_one():
    """A try too soon after another does not count; the one that makes them enough ends the clock, no closing does."""
    tries = [
        told(f"2026-11-24T{clock}:00", f"e{n}", "callback", {"reached": False, "cause": "customer"})
        for n, clock in enumerate(("09:00", "10:59", "11:00", "13:00"), start=4)
    ]
    closed = told("2026-11-24T15:00:00", "e9", "closed", {"approved_by": "NCSC"})
    events = [ACCEPTED, DISPATCHED, REPLIED, *tries, closed]
    clock = clock_of("complaint/callback-attempts-general", *events, until="2026-11-25T00:00:00")
    assert [one.counts for one in clock.counted] == [True, False, True, True]
    assert (clock.reason, clock.stop.id, clock.cancel, clock.closed_without_at) == (
        "enough_attempts",
        "e7",
        None,
        None,
    )


def test_a_sum_is_told_as_it_grew():
    """Over the cap the clock says of what, and what would put it right."""
    added = [told(f"09:0{n}:00", f"e{n}", "evidence_added", {"bytes": 3_000_000}) for n in (2, 3)]
    clock = clock_of("complaint/evidence", ACCEPTED, *added)
    assert [one.total for one in clock.counted] == [3_000_000, 6_000_000]
    assert (clock.reason, clock.granted.cap) == ("over_quota", 5_242_880)
    assert [wanted.event for wanted in clock.awaits] == ["complaint.evidence_removed"]


def test_closing_what_is_owed_is_told():
    """The clock says that it was closed without it, and still what would have done it."""
    clock = clock_of("complaint/answer", ACCEPTED, told("09:00:00", "e2", "closed"))
    assert (clock.reason, clock.closed_without_at) == ("closed_without", instant("09:00:00"))


def test_beyond_the_calendar_it_says_how_far_it_is_certain():
    """The stretches end where the calendar does."""
    accepted = told("2026-12-30T09:00:00", "e1", "accepted", HANGS_UP)
    clock = clock_of("complaint/answer", accepted, until="2026-12-30T10:00:00")
    assert (clock.outcome, clock.calendar, clock.due_at) == ("unknown", "unknown", None)
    assert clock.stretches[-1].to_at == clock.certain_until
    assert sum(stretch.counts for stretch in clock.stretches) < 6


def test_a_breach_that_a_late_event_takes_back_is_told_in_the_order_of_the_log():
    """Silence had proven the breach when the log went on; then comes what had been done in time."""
    urged = told("12:00:00", "e9", "urged")
    found = clock_of("complaint/dispatch", ACCEPTED, urged, DISPATCHED)
    breach = [(one.state, one.after and one.after.id) for one in found.told if one.level == "breach"]
    assert breach == [("firing", None), ("retracted", "e2")]
    in_order = clock_of("complaint/dispatch", ACCEPTED, DISPATCHED, urged)
    assert [one for one in in_order.told if one.level == "breach"] == []
    assert in_order.outcome == found.outcome == "met"


def test_what_is_kept_out_of_the_ticket_is_told():
    """Another event under an identity that is taken changes nothing, and is named."""
    found = explained(ACCEPTED, told("08:01:00", "e1", "dispatched", TO_CITY))
    assert [(kept.event.type, kept.reason) for kept in found.refused] == [
        ("complaint.dispatched", "conflicting_repeat")
    ]
    assert found.events == 1


def test_a_ticket_of_another_trade_says_so():
    """Without any event the rulebook knows there is nothing to explain."""
    found = explained(told("08:00:00", "e1", "other.accepted"))
    assert (found.business, found.clocks, found.absences) == (None, [], [])


def test_without_proof_of_silence_nothing_is_broken():
    """No horizon: what was not done is awaited."""
    found = explain(Watch(shipped()), "T", [ACCEPTED], None)
    assert {clock.outcome for clock in found.clocks} == {"running"}
    assert found.horizon is None


@given(st.permutations([ACCEPTED, DISPATCHED, REPLIED, told("10:00:00", "e4", "reply_returned", {"stage": "audit"})]))
def test_how_it_ends_does_not_hang_on_the_order_of_the_log(events):
    """Only what was published on the way differs; clocks and reasons are those of the set."""

    def ends(found):
        clocks = [msgspec.structs.replace(clock, told=[]) for clock in found.clocks]
        return clocks, found.absences

    assert ends(explained(*events)) == ends(explained(*sorted(events, key=lambda event: event.time)))


def test_a_long_silence_ends_the_same_however_it_is_followed(monkeypatch):
    """Judging only the rules that wait, or taking what lasts too long at one go, changes nothing in the end."""

    def lived(few, most):
        monkeypatch.setattr(history, "WAKES_FEW", few)
        monkeypatch.setattr(history, "WAKES_MAX", most)
        clocks = explained(MAJOR, DISPATCHED, until="2026-12-15T08:00:00").clocks
        last = {clock.clock_id: {one.level: (one.state, one.reason) for one in clock.told} for clock in clocks}
        assert all(last[clock.clock_id][None] == (clock.outcome, clock.reason) for clock in clocks)
        return last, [clock.told for clock in clocks]

    step_by_step = lived(10_000, 10_000)
    assert len(step_by_step[0]) > 20
    assert lived(0, 10_000) == step_by_step
    assert lived(3, 5)[0] == step_by_step[0]


def test_a_long_silence_is_followed_without_judging_what_it_cannot_change(monkeypatch):
    """Rounds of which all is said are not judged again: four times the days are four times the work, not sixteen."""

    def rounds_judged(days):
        told = []
        duty = report._duty
        with monkeypatch.context() as patched:
            patched.setattr(report, "_duty", lambda *of_round: told.append(of_round) or duty(*of_round))
            until = instant("20:00:00") + timedelta(days=days)
            clocks = explained(MAJOR, DISPATCHED, until=until.strftime("%Y-%m-%dT%H:%M:%S")).clocks
        assert len(clocks) > days
        return len(told)

    assert rounds_judged(80) < 4.5 * rounds_judged(20)


def test_a_round_that_is_over_is_judged_anew_when_it_changes_hands():
    """Silence may rest with what is final, an event may not: the last unit that was given the ticket owed the report."""
    replied = told("2026-11-24T09:00:00", "e3", "replied", {"unit": "3201", "level": "city"})
    to_other = {**TO_CITY, "to_unit": "3204"}
    again = told("2026-11-25T09:00:00", "e4", "dispatched", to_other)
    clock = clock_of("complaint/progress", MAJOR, DISPATCHED, replied, again, until="2026-11-26T09:00:00")
    assert (clock.outcome, clock.owner, clock.told[-1].changed) == ("cancelled", "3204", {"owner": "3204"})


TERMS = st.sampled_from(["2 wh", "0.5 wh", "13 wh", "1 wd", "6 wd", "1 mo", "20 min", "3 d"])
FIRST = datetime(2026, 1, 2, tzinfo=UTC)
STARTS = st.one_of(
    st.timedeltas(timedelta(0), timedelta(days=317)),
    st.integers(0, 317 * 48).map(lambda number: number * timedelta(minutes=30)),
).map(lambda since: FIRST + since)
"""Such that no term leaves the year, which is known as a whole."""


@given(TERMS, STARTS, st.sampled_from(DayEnd), st.sampled_from(NonworkingStart))
def test_a_term_passes_without_a_gap_and_adds_up(text, started_at, day_end, nonworking_start):
    """From start to due without a gap; what counts is the term, to the microsecond or the day."""
    choices = f'day_end = "{day_end.value}"\nnonworking_start = "{nonworking_start.value}"\n'
    days = calendar(choices + OFFICE)
    term = parse_term(text, days)
    due_at = term.due(started_at).at
    assert due_at is not None
    found = passage(term, started_at, due_at, None, None)
    at = started_at
    for stretch in found:
        assert stretch.from_at == at
        at += stretch.microseconds * MICROSECOND
        assert stretch.to_at == at
    assert at == due_at
    counted = [stretch for stretch in found if stretch.counts]
    number, _, unit = text.partition(" ")
    if unit == "wd":
        assert [stretch.day for stretch in counted] == list(range(1, int(number) + 1))
    elif unit == "mo":
        assert [stretch.why for stretch in found] == [Why.DAY_OF_START, Why.CALENDAR_MONTHS]
    else:
        seconds = {"wh": 3600, "min": 60, "d": 86400}[unit] * float(number)
        assert sum(stretch.microseconds for stretch in counted) == round(seconds * 1_000_000)
