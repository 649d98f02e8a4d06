"""The calendar agrees with counting minute by minute, and obeys the laws of adding time.

A hundred thousand terms of the years 2004 to 2026, in zones with and without a change of the clocks, with and without
a lunch break, in every way to end a day and to begin one.
"""

from datetime import UTC, date, datetime, time, timedelta
from random import Random
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sla.calendar import Calendar, DayEnd, NonworkingStart, after, days_due, hours_due, stretches, worked
from tests.sla.calendars import calendar
from tests.sla.minute_by_minute import FIRST, LAST, MINUTE, Minutes

ZONES = ("Asia/Shanghai", "Europe/Berlin", "Australia/Lord_Howe")
HOURS = {
    "lunch": ("08:30-12:00", "13:30-17:30"),
    "straight": ("09:00-17:00",),
    "night": ("01:15-02:45", "22:00-24:00"),
}
OFFICES = [
    (ZONES[0], "lunch"), (ZONES[0], "straight"), (ZONES[1], "lunch"), (ZONES[1], "night"), (ZONES[2], "night"),
]  # fmt: skip
CASES = 20_000
SPAN_MINUTES = (LAST - FIRST) // MINUTE


def sundays_of_change() -> frozenset[date]:
    """List the Sundays on which Berlin and Lord Howe change their clocks, so that they can be worked on."""
    days = (
        date(year, month, day)
        for year in range(2004, 2027)
        for month in (3, 4, 10)
        for day in range(1, 32 - (month == 4))
    )
    sundays = [on for on in days if on.weekday() == 6]
    return frozenset(on for on in sundays if on.day > 24 or on.day < 8)


SUNDAYS = sundays_of_change()


def office(zone: str, hours: str, roll_after: str = "") -> Calendar:
    """Write the calendar of an office that also works on the Sundays of change."""
    windows = ", ".join(f'"{window}"' for window in HOURS[hours])
    rolling = f'nonworking_start = "roll"\nroll_after = "{roll_after}"\n' if roll_after else ""
    text = f'days = "china"\ndefault = "it"\n{rolling}[profiles.it]\nwindows = [{windows}]\n'
    override = "".join(f"[[day]]\non = {on}\nworking = true\n" for on in sorted(SUNDAYS))
    return calendar(text, override, ZoneInfo(zone))


def minutes_of(zone: str, hours: str) -> Minutes:
    """Lay the same office out minute by minute."""
    read = [tuple(int(edge[:2]) * 60 + int(edge[3:]) for edge in window.split("-")) for window in HOURS[hours]]
    return Minutes(ZoneInfo(zone), read, SUNDAYS)


def starts(chance: Random, number: int) -> list[datetime]:
    """Draw minutes of all years; every fourth lies within three days of a change of the clocks."""
    sundays = sorted(SUNDAYS)
    drawn = []
    for nth in range(number):
        if nth % 4:
            drawn.append(FIRST + chance.randrange(SPAN_MINUTES) * MINUTE)
        else:
            near = datetime.combine(chance.choice(sundays), time(0), UTC)
            drawn.append(min(max(near + chance.randrange(-4320, 2880) * MINUTE, FIRST), LAST - MINUTE))
    return drawn


def sees_changes_of_the_clocks(naive: Minutes) -> bool:
    """Tell whether hours are skipped and repeated while they are worked, so that Sundays are of unlike length."""
    noons = [datetime.combine(on, time(12), naive.zone).astimezone(UTC) for on in SUNDAYS]
    return len({naive.count(noon - timedelta(hours=24), noon) for noon in noons if noon > FIRST + timedelta(2)}) > 2


@pytest.mark.slow
@pytest.mark.parametrize(("zone", "hours"), OFFICES, ids=[f"{zone}-{hours}" for zone, hours in OFFICES])
def test_counting_every_minute_gives_the_same(zone, hours):
    """Working hours due, time worked, and working days due are what a minute-by-minute count finds."""
    naive, chance = minutes_of(zone, hours), Random(f"{zone} {hours}")
    assert (hours == "night") == sees_changes_of_the_clocks(naive), "the proof is blind where it matters"
    plain, rolling = office(zone, hours), office(zone, hours, "22:15" if hours == "night" else "17:30")
    profile = plain.default_profile
    for start in starts(chance, CASES // 2):
        minutes, end = chance.randrange(1, 6000), start + chance.randrange(40_000) * MINUTE
        told, counted = hours_due(plain, profile, start, minutes * 60.0), naive.after(start, minutes)
        if counted is None:  # the calendar itself knows two days more than are counted
            assert told.at is None or told.at > LAST, (start, minutes)
        else:
            assert told.at == counted, (start, minutes)
        if end < LAST:
            assert worked(plain, profile, start, end) == naive.count(start, end) * 60, (start, end)
    for start in starts(chance, CASES // 2):
        number, day_end, rolls = chance.randrange(1, 15), chance.choice(list(DayEnd)), chance.random() < 0.5
        how = rolling if rolls and chance.random() < 0.7 else plain
        start_rule = NonworkingStart.ROLL if rolls else NonworkingStart.CALENDAR
        told = days_due(how, profile, start, number, day_end, start_rule)
        try:
            walked = naive.after_days(start, number, day_end.value, rolls, how.roll_after)
        except NotImplementedError:
            walked = None
        assert told.at == walked, (start, number, day_end, rolls, how.roll_after)
        assert told.not_before >= start


LUNCH, NIGHT = office(ZONES[0], "lunch"), office(ZONES[1], "night")
calendars = st.sampled_from([LUNCH, NIGHT])


def instants_between(first: str, last: str) -> st.SearchStrategy[datetime]:
    """Draw instants to the microsecond."""
    return st.datetimes(datetime.fromisoformat(first), datetime.fromisoformat(last), timezones=st.just(UTC))


instants = instants_between("2005-01-01", "2025-06-01")
terms = st.integers(0, 400 * 3600 * 10**6).map(lambda us: us / 10**6)
laws = settings(max_examples=400, deadline=None)


@laws
@given(calendars, instants, terms)
def test_what_is_worked_until_a_due_time_is_the_term(how, start, seconds):
    """And a microsecond earlier it is less: the due time is the first instant at which the term is used up."""
    due = after(how, how.default_profile, start, seconds)
    assert worked(how, how.default_profile, start, due) == seconds
    if seconds:
        assert worked(how, how.default_profile, start, due - timedelta(microseconds=1)) < seconds


@laws
@given(calendars, instants, st.timedeltas(timedelta(0), timedelta(days=400)))
def test_the_time_worked_is_reached_no_later_than_it_was_worked(how, start, span):
    """Going on for what was worked between two instants comes to the second, or to the last closing before it."""
    profile, end = how.default_profile, start + span
    back = after(how, profile, start, worked(how, profile, start, end))
    assert back <= end
    assert worked(how, profile, back, end) == 0


@laws
@given(calendars, instants, terms, terms)
def test_terms_add_up(how, start, first, second):
    """Two terms one after the other end when one of their sum does."""
    profile, whole = how.default_profile, round((first + second) * 10**6) / 10**6
    assert after(how, profile, after(how, profile, start, first), second) == after(how, profile, start, whole)


@laws
@given(
    calendars,
    instants,
    st.timedeltas(timedelta(0), timedelta(days=60)),
    st.timedeltas(timedelta(0), timedelta(days=60)),
)
def test_time_worked_adds_up_and_stretches_show_it(how, start, first, second):
    """Over any cut the parts make the whole, and the stretches, in order and apart, are as long together."""
    profile, cut, end = how.default_profile, start + first, start + first + second
    whole = worked(how, profile, start, end)
    assert whole == pytest.approx(worked(how, profile, start, cut) + worked(how, profile, cut, end), abs=1e-9)
    told = stretches(how, profile, start, end)
    edges = [edge for pair in told for edge in pair]
    assert edges == sorted(edges)
    assert all(opens < closes for opens, closes in told)
    assert sum((closes - opens for opens, closes in told), timedelta(0)).total_seconds() == whole


@laws
@given(calendars, instants, st.timedeltas(timedelta(0), timedelta(days=30)), st.integers(1, 30), terms)
def test_a_later_start_is_never_due_earlier(how, start, later, number, seconds):
    """In hours, and in days in every way to end one and to begin one; a longer term is never due earlier either."""
    profile = how.default_profile
    assert after(how, profile, start, seconds) <= after(how, profile, start + later, seconds)
    assert after(how, profile, start, seconds) <= after(how, profile, start, seconds + 1)
    for day_end in DayEnd:
        for rule in NonworkingStart:
            due = days_due(how, profile, start, number, day_end, rule).at
            assert start < due <= days_due(how, profile, start + later, number, day_end, rule).at
            assert due < days_due(how, profile, start, number + 1, day_end, rule).at


NOTICES = (
    "[[year]]\nyear = 2027\noff = [2027-12-31]\n",
    "[[year]]\nyear = 2027\noff = [2027-01-01, 2027-02-05, 2027-02-08]\nworking = [2027-01-03, 2027-02-14]\n",
    "".join(f'[[day]]\non = 2027-01-{n:02}\nworking = true\nwindows = ["00:00-24:00"]\n' for n in range(1, 32)),
)
TEXT = 'days = "china"\ndefault = "it"\n[profiles.it]\nwindows = ["08:30-12:00", "13:30-17:30"]\n'
UNTIL_NOW, LATER = calendar(TEXT), [calendar(TEXT, notice) for notice in NOTICES]
turns_of_year = instants_between("2026-12-01", "2027-01-20")


@laws
@given(st.sampled_from(LATER), turns_of_year, st.integers(1, 25), terms, st.sampled_from(DayEnd))
def test_a_notice_completes_what_was_known_and_contradicts_nothing(how, start, number, seconds, day_end):
    """Whatever it will say of the next year: what was due stays, what was unknown is due no earlier than was said."""
    for rule in NonworkingStart:
        for ask in (
            lambda of, rule=rule: days_due(of, of.default_profile, start, number, day_end, rule),
            lambda of: hours_due(of, of.default_profile, start, seconds),
        ):
            now, then = ask(UNTIL_NOW), ask(how)
            if now.at is not None:
                assert then.at == now.at == now.not_before
            else:
                assert start <= now.not_before <= then.not_before
