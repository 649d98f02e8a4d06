"""Working time as the regulation and the Civil Code count it, told in dates that a supervisor can check.

The dates are those of the State Council's notices: 2026-10-10 and 2026-02-14 are Saturdays that are worked, the first
week of October and nine days in February are off.
"""

from datetime import UTC, date, timedelta

import pytest

from sla.calendar import (
    DayEnd,
    NonworkingStart,
    Profile,
    after,
    days_due,
    hours_due,
    months_due,
    stretches,
    worked,
)
from tests.sla.calendars import OFFICE, at, calendar, shown

CHINA = calendar()
HOURS = CHINA.default_profile
ALL_DAY = CHINA.profiles["centre"]


def days(start, number, how=CHINA, day_end=DayEnd.CLOSE_OF_BUSINESS, rolls=NonworkingStart.CALENDAR):
    """Ask when a term in working days is due."""
    return days_due(how, how.default_profile, at(start), number, day_end, rolls)


VECTORS = [
    ("2026-09-30 16:30", "2026-10-08 09:30", "2026-10-08 17:30", "2026-10-14 17:30"),
    ("2026-09-30 18:10", "2026-10-08 10:30", "2026-10-08 17:30", "2026-10-14 17:30"),
    ("2026-10-03 10:00", "2026-10-08 10:30", "2026-10-08 17:30", "2026-10-14 17:30"),
    ("2026-10-10 11:30", "2026-10-10 15:00", "2026-10-12 17:30", "2026-10-19 17:30"),
    ("2026-02-13 12:10", "2026-02-13 15:30", "2026-02-14 17:30", "2026-02-28 17:30"),
    ("2026-02-14 17:00", "2026-02-24 10:00", "2026-02-24 17:30", "2026-03-02 17:30"),
    ("2026-11-20 17:00", "2026-11-23 10:00", "2026-11-23 17:30", "2026-11-30 17:30"),
    ("2026-11-21 09:00", "2026-11-23 10:30", "2026-11-23 17:30", "2026-11-30 17:30"),
    ("2026-01-03 23:59", "2026-01-04 10:30", "2026-01-04 17:30", "2026-01-09 17:30"),
    ("2026-12-31 16:00", None, None, None),
]


@pytest.mark.parametrize(("start", "two_hours", "one_day", "six_days"), VECTORS, ids=[row[0] for row in VECTORS])
def test_holidays_make_up_days_and_the_lunch_break_are_counted(start, two_hours, one_day, six_days):
    """Two working hours, one and six working days end where the notices of 2026 put them, or are not known."""
    assert shown(hours_due(CHINA, HOURS, at(start), 2 * 3600).at) == two_hours
    assert shown(days(start, 1).at) == one_day
    assert shown(days(start, 6).at) == six_days


def test_working_time_over_the_national_holiday_adds_up():
    """From the eve of the holiday to the make-up Saturday 16 h 30 min are worked, in six stretches."""
    start, end = at("2026-09-30 16:30"), at("2026-10-10 09:00")
    told = [(shown(opens), shown(closes)[-5:]) for opens, closes in stretches(CHINA, HOURS, start, end)]
    assert told == [
        ("2026-09-30 16:30", "17:30"),
        ("2026-10-08 08:30", "12:00"),
        ("2026-10-08 13:30", "17:30"),
        ("2026-10-09 08:30", "12:00"),
        ("2026-10-09 13:30", "17:30"),
        ("2026-10-10 08:30", "09:00"),
    ]
    assert worked(CHINA, HOURS, start, end) == 16.5 * 3600


@pytest.mark.parametrize(
    ("start", "seconds", "due"),
    [
        ("2026-11-23 08:30", 3.5 * 3600, "2026-11-23 12:00"),
        ("2026-11-23 12:00", 4 * 3600, "2026-11-23 17:30"),
        ("2026-11-20 17:29", 60, "2026-11-20 17:30"),
        ("2026-11-20 17:30", 60, "2026-11-23 08:31"),
    ],
)
def test_within_includes_the_end_of_a_window(start, seconds, due):
    """A term used up as a window closes is due then, not at the next opening; a start at closing has nothing left."""
    assert shown(hours_due(CHINA, HOURS, at(start), seconds).at) == due


def test_due_instants_are_kept_to_the_microsecond():
    """Nothing is rounded to minutes: the limit and the verdict compare at full precision."""
    start = at("2026-11-20 17:29:59.999999")
    assert hours_due(CHINA, HOURS, start, 0.000002).at == at("2026-11-23 08:30:00.000001")
    assert worked(CHINA, HOURS, start, at("2026-11-23 08:30:00.000001")) == 0.000002


def test_a_profile_of_all_day_counts_every_minute():
    """Two working hours of a call centre are two hours, by night, on holidays and in years nobody knows yet."""
    for start in ("2026-10-03 23:30", "2026-12-31 23:00", "2199-12-31 23:00"):
        assert hours_due(CHINA, ALL_DAY, at(start), 7200).at == at(start) + timedelta(hours=2)
        assert worked(CHINA, ALL_DAY, at(start), at(start) + timedelta(days=3)) == 3 * 86400
        assert stretches(CHINA, ALL_DAY, at(start), at(start) + timedelta(1)) == [
            (at(start), at(start) + timedelta(1))
        ]


@pytest.mark.parametrize(
    ("day_end", "start", "due"),
    [
        (DayEnd.CLOSE_OF_BUSINESS, "2026-09-30 16:30", "2026-10-08 17:30"),
        (DayEnd.MIDNIGHT, "2026-09-30 16:30", "2026-10-09 00:00"),
        (DayEnd.SAME_CLOCK_TIME, "2026-09-30 16:30", "2026-10-08 16:30"),
        (DayEnd.SAME_CLOCK_TIME, "2026-09-30 23:10", "2026-10-08 23:10"),
        (DayEnd.SAME_CLOCK_TIME, "2026-10-03 10:00", "2026-10-09 00:00"),
    ],
)
def test_a_last_day_ends_as_the_calendar_says(day_end, start, due):
    """At close of business, at 24:00, or at the time of the start; a start on a day off is granted a whole day."""
    assert shown(days(start, 1, day_end=day_end).at) == due


@pytest.mark.parametrize(
    ("start", "roll_after", "due"),
    [
        ("2026-11-21 09:00", None, "2026-11-24 17:30"),
        ("2026-11-20 17:31", "17:30", "2026-11-24 17:30"),
        ("2026-11-20 17:30", "17:30", "2026-11-23 17:30"),
        ("2026-11-20 17:31", None, "2026-11-23 17:30"),
        ("2026-11-20 07:00", "17:30", "2026-11-23 17:30"),
        ("2026-10-03 10:00", "17:30", "2026-10-09 17:30"),
    ],
)
def test_a_start_outside_business_rolls_where_the_calendar_says_so(start, roll_after, due):
    """It counts as made at the next working day's opening, and that day, being the start's, does not count."""
    rolling = 'nonworking_start = "roll"\n' + ("" if roll_after is None else f'roll_after = "{roll_after}"\n')
    how = calendar(rolling + OFFICE)
    assert how.nonworking_start is NonworkingStart.ROLL
    assert shown(days(start, 1, how, rolls=how.nonworking_start).at) == due


def test_a_rolled_start_has_the_clock_time_of_the_opening():
    """With same_clock_time, a start on Saturday counts from Monday 08:30, and so does one before Monday's opening."""
    for start in ("2026-11-21 09:00", "2026-11-23 02:00"):
        told = days(start, 1, day_end=DayEnd.SAME_CLOCK_TIME, rolls=NonworkingStart.ROLL)
        assert shown(told.at) == "2026-11-24 08:30"


@pytest.mark.parametrize(
    ("start", "months", "due"),
    [
        ("2026-08-31 10:00", 6, "2027-03-01 00:00"),
        ("2026-12-30 23:59", 2, "2027-03-01 00:00"),
        ("2023-12-29 10:00", 2, "2024-03-01 00:00"),
        ("2026-10-15 00:00", 2, "2026-12-16 00:00"),
        ("2026-11-30 12:00", 13, "2027-12-31 00:00"),
    ],
)
def test_months_end_at_midnight_of_the_corresponding_day(start, months, due):
    """Or of the month's last day where there is no such day; no calendar has to know the days."""
    assert shown(months_due(CHINA, at(start), months)) == due


def test_a_term_of_nothing():
    """Less than nothing, no working day and no month are refused; no working hours at all are due at once."""
    start = at("2026-11-21 09:00")
    assert hours_due(CHINA, HOURS, start, 0).at == start
    for ask in (
        lambda: hours_due(CHINA, HOURS, start, -1),
        lambda: days("2026-11-21 09:00", 0),
        lambda: months_due(CHINA, start, 0),
    ):
        with pytest.raises(ValueError, match="a term"):
            ask()


@pytest.mark.parametrize(
    ("start", "number", "not_before"),
    [
        ("2026-12-24 10:00", 6, "2027-01-01 00:00"),
        ("2026-12-24 10:00", 8, "2027-01-03 00:00"),
        ("2027-02-01 10:00", 1, "2027-02-02 00:00"),
    ],
)
def test_a_day_term_beyond_the_calendar_is_unknown(start, number, not_before):
    """Six working days from 2026-12-24 need 2027: no due time, only how long it is certainly not due."""
    told = days(start, number)
    assert (told.at, shown(told.not_before)) == (None, not_before)


def test_an_hour_term_beyond_the_calendar_is_unknown():
    """Two working hours from 2026-12-31 16:00 need 2027; nothing is due before it begins, nor before the start."""
    told = hours_due(CHINA, HOURS, at("2026-12-31 16:00"), 7200)
    assert (told.at, shown(told.not_before)) == (None, "2027-01-01 00:00")
    assert shown(hours_due(CHINA, HOURS, at("2026-12-31 16:00"), 5400).at) == "2026-12-31 17:30"
    assert hours_due(CHINA, HOURS, at("2027-03-01 10:00"), 7200).not_before == at("2027-03-01 10:00")
    assert after(CHINA, HOURS, at("2026-12-31 16:00"), 7200) is None


def test_time_worked_over_an_unknown_day_is_unknown():
    """What is worked until the last known midnight is known; a second longer it is not, and stretches end there."""
    start, midnight = at("2026-12-31 16:00"), at("2027-01-01 00:00")
    assert worked(CHINA, HOURS, start, midnight) == 5400
    assert worked(CHINA, HOURS, start, midnight + timedelta(seconds=1)) is None
    assert stretches(CHINA, HOURS, start, at("2027-02-01 00:00")) == [(start, at("2026-12-31 17:30"))]
    assert stretches(CHINA, HOURS, at("2027-01-05 09:00"), at("2027-01-06 09:00")) == []


def test_the_data_ends_without_an_error():
    """A year that the package lacks is unknown, before its first year and after its last, and so are odd dates."""
    assert [CHINA.working(date(year, 7, 1)) for year in (1850, 2003, 2004, 2026, 2027, 9999)] == [
        None, None, True, True, None, None,
    ]  # fmt: skip
    for year in (2, 1900, 2500, 9998):
        start = at("2026-11-23 09:00").replace(year=year)
        assert days_due(CHINA, HOURS, start, 6, DayEnd.MIDNIGHT, NonworkingStart.ROLL).at is None
        assert hours_due(CHINA, HOURS, start, 7200).at is None
        assert worked(CHINA, HOURS, start, start + timedelta(1)) is None


def test_the_known_calendar_ends_with_the_last_notice():
    """Its last day and the months left are told, none once it has ended; plain weekdays never end."""
    assert CHINA.known_until() == date(2026, 12, 31)
    assert CHINA.months_left(at("2026-10-01 00:00")) == pytest.approx(3.02, abs=0.01)
    assert CHINA.months_left(at("2027-05-01 00:00")) == 0
    weekdays = calendar(OFFICE.replace("china", "weekdays"))
    assert (weekdays.known_until(), weekdays.months_left(at("2026-10-01 00:00"))) == (None, None)
    assert shown(days("2027-09-30 16:30", 1, weekdays).at) == "2027-10-01 17:30"


def test_a_profile_without_hours_is_refused():
    """Windows and all day exclude each other, and one of them is needed."""
    for build in (lambda: Profile("none"), lambda: Profile("both", HOURS.windows, all_day=True)):
        with pytest.raises(ValueError, match="either windows or all_day"):
            build()


def test_due_times_are_told_in_utc():
    """Two times of one zone subtract as the wall shows them; in UTC they subtract as they passed."""
    start = at("2026-11-20 17:00")
    told = [days("2026-11-20 17:00", 1).at, months_due(CHINA, start, 2), hours_due(CHINA, HOURS, start, 60).at]
    told += [after(CHINA, HOURS, start, 60), hours_due(CHINA, ALL_DAY, start, 60).at]
    told += [edge for pair in stretches(CHINA, HOURS, start, start + timedelta(1)) for edge in pair]
    assert {instant.tzinfo for instant in told} == {UTC}
