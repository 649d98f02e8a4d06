"""Working time as the regulation and the Civil Code count it, told in dates that a supervisor can check.

The dates are those of the State Council's notices: 2026-10-10 and 2026-02-14 are Saturdays that are worked, the first
week of October and nine days in February are off.
"""

from datetime import UTC, date, timedelta
from zoneinfo import ZoneInfo

import pytest

from sla.calendar import (
    Certainty,
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
NOTICE_2027 = """
[[year]]
year    = 2027
off     = [2027-01-01, 2027-02-05, 2027-02-08, 2027-02-09, 2027-02-10, 2027-02-11, 2027-02-12]
working = [2027-01-03]
"""


def days(start, number, how=CHINA, day_end=DayEnd.CLOSE_OF_BUSINESS, rolls=NonworkingStart.CALENDAR, unit=None):
    """Ask when a term in working days is due."""
    return days_due(how, how.default_profile, at(start), number, day_end, rolls, unit)


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


def test_a_year_supplied_by_the_operator_answers_what_was_unknown():
    """With the days of 2027 both terms have due times, marked as following from the override."""
    told = calendar(override=NOTICE_2027)
    six, two = days("2026-12-24 10:00", 6, told), hours_due(told, told.default_profile, at("2026-12-31 16:00"), 7200)
    assert (shown(six.at), six.certainty) == ("2027-01-03 17:30", Certainty.OVERRIDE)
    assert (shown(two.at), two.certainty) == ("2027-01-03 09:00", Certainty.OVERRIDE)
    assert days("2026-09-30 16:30", 6, told).certainty is Certainty.OFFICIAL
    assert told.known_until() == date(2027, 12, 31)


def test_a_day_supplied_by_the_operator_goes_before_the_notice():
    """A day made free is skipped; days of an unknown year help as far as there is no gap."""
    free = calendar(override="[[day]]\non = 2026-11-23\nworking = false")
    assert shown(days("2026-11-20 17:00", 1, free).at) == "2026-11-24 17:30"
    assert hours_due(free, free.default_profile, at("2026-11-20 17:00"), 3600).certainty is Certainty.OVERRIDE
    first_days = "[[day]]\non = 2027-01-01\nworking = false\n[[day]]\non = 2027-01-02\nworking = true\n"
    some = calendar(override=first_days + "[[day]]\non = 2027-01-04\nworking = true")
    assert some.known_until() == date(2027, 1, 2)
    assert shown(hours_due(some, some.default_profile, at("2026-12-31 16:00"), 7200).at) == "2027-01-02 09:00"
    assert hours_due(some, some.default_profile, at("2027-01-02 16:00"), 7200).at is None
    assert shown(hours_due(some, some.default_profile, at("2027-01-04 09:00"), 7200).at) == "2027-01-04 11:00"


def test_windows_of_a_single_day_replace_the_usual():
    """A half holiday ends a term in hours later, and the day itself closes at noon."""
    half = calendar(override='[[day]]\non = 2026-11-23\nworking = true\nwindows = ["08:30-12:00"]')
    assert shown(hours_due(half, half.default_profile, at("2026-11-23 11:00"), 7200).at) == "2026-11-24 09:30"
    assert shown(days("2026-11-20 17:00", 1, half).at) == "2026-11-23 12:00"


def test_an_estimate_is_asked_for_and_marked():
    """Beyond the notices, statutory days and weekends count where the operator asks; it is told that it is a guess."""
    guess = calendar('beyond = "estimated"\n' + OFFICE)
    told = days("2026-12-24 10:00", 6, guess)
    assert (shown(told.at), told.certainty) == ("2027-01-04 17:30", Certainty.ESTIMATED)
    assert days("2026-11-20 17:00", 6, guess).certainty is Certainty.OFFICIAL
    assert (guess.working(date(2027, 10, 1)), guess.working(date(2027, 10, 9))) == (False, False)
    assert guess.working(date(2150, 7, 1)) is None
    assert guess.known_until() == date(2026, 12, 31)


def test_an_override_goes_before_an_estimate():
    """The least certain day decides: one overridden among official days, one estimated among all."""
    both = calendar('beyond = "estimated"\n' + OFFICE, "[[day]]\non = 2027-01-04\nworking = false")
    assert shown(days("2026-12-24 10:00", 6, both).at) == "2027-01-05 17:30"
    assert days("2026-12-24 10:00", 6, both).certainty is Certainty.ESTIMATED
    assert days("2027-01-03 10:00", 1, both).certainty is Certainty.ESTIMATED


PROVINCIAL = """
[[day]]
on      = 2026-03-20
working = false
unit    = "65"

[[day]]
on      = 2026-03-20
working = true
unit    = "6501"
windows = ["10:00-14:00"]
"""


@pytest.mark.parametrize(
    ("unit", "due"),
    [
        ("65", "2026-03-23 10:00"),
        ("6502", "2026-03-23 10:00"),
        ("650205", "2026-03-23 10:00"),
        ("6501", "2026-03-20 11:30"),
        ("650102", "2026-03-20 11:30"),
        ("651", "2026-03-20 10:00"),
        ("3201", "2026-03-20 10:00"),
        ("65xx", "2026-03-20 10:00"),
        (None, "2026-03-20 10:00"),
    ],
)
def test_a_provincial_holiday_holds_for_the_units_below(unit, due):
    """A unit's override reaches codes of four digits or more that begin with its own, and the nearest one wins."""
    local = calendar(override=PROVINCIAL)
    told = hours_due(local, local.profile_for(unit, "city"), at("2026-03-19 17:00"), 7200)
    assert shown(told.at) == due


def test_a_provincial_holiday_moves_day_terms_of_its_units_only():
    """Asked for a unit, working days follow its own days; without one they are the country's."""
    local = calendar(override=PROVINCIAL)
    assert (local.working(date(2026, 3, 20), "65"), local.working(date(2026, 3, 20))) == (False, True)
    assert shown(days("2026-03-19 17:00", 1, local).at) == "2026-03-20 17:30"
    assert shown(days("2026-03-19 17:00", 1, local, unit="6502").at) == "2026-03-23 17:30"
    assert shown(days("2026-03-19 17:00", 1, local, unit="6501").at) == "2026-03-20 14:00"


NAMED = (
    OFFICE
    + """
[profiles.west]
windows = ["10:00-14:00", "15:30-19:30"]
units   = ["65"]

[profiles.early]
windows = ["07:00-15:00"]
units   = ["6501"]
"""
)


@pytest.mark.parametrize(
    ("unit", "level", "profile"),
    [
        (None, None, "office"),
        (None, "national", "centre"),
        ("32", "province", "centre"),
        ("3201", "city", "office"),
        ("65", "province", "west"),
        ("6502", "city", "west"),
        ("6501", "city", "early"),
        ("650102", "county", "early"),
    ],
)
def test_hours_are_those_of_the_unit_then_of_its_level(unit, level, profile):
    """The nearest unit that a profile names wins over the level, and the level over the default."""
    assert calendar(NAMED).profile_for(unit, level).name == profile


def test_a_profile_may_close_after_its_last_window():
    """Day terms end with the close of business, where that is named; hours end with the windows."""
    late = calendar(OFFICE.replace("[profiles.centre]", 'closing = "18:00"\n[profiles.centre]'))
    assert shown(days("2026-11-20 17:00", 1, late).at) == "2026-11-23 18:00"
    assert shown(hours_due(late, late.default_profile, at("2026-11-20 17:00"), 3600).at) == "2026-11-23 09:00"


def test_a_profile_without_hours_is_refused():
    """Windows and all day exclude each other, and one of them is needed."""
    for build in (lambda: Profile("none"), lambda: Profile("both", HOURS.windows, all_day=True)):
        with pytest.raises(ValueError, match="either windows or all_day"):
            build()


def test_the_label_tells_what_due_times_depend_on():
    """Source and edition of the data, and the override's content: the same for the same days, whoever wrote them."""
    one = "[[day]]\non = 2026-11-23\nworking = false\n"
    two = "[[day]]\non = 2026-11-24\nworking = false\n"
    assert CHINA.label.startswith("china chinesecalendar-1.")
    labels = [calendar(override=text).label for text in (one + two, "# the same\n" + two + one, one, "")]
    assert labels[0] == labels[1] != labels[2]
    assert labels[3] == CHINA.label
    texts = (OFFICE, 'beyond = "estimated"\n' + OFFICE, OFFICE.replace("china", "weekdays"))
    assert len({calendar(text).label for text in texts}) == 3


def test_due_times_are_told_in_utc():
    """Two times of one zone subtract as the wall shows them; in UTC they subtract as they passed."""
    start = at("2026-11-20 17:00")
    told = [days("2026-11-20 17:00", 1).at, months_due(CHINA, start, 2), hours_due(CHINA, HOURS, start, 60).at]
    told += [after(CHINA, HOURS, start, 60), hours_due(CHINA, ALL_DAY, start, 60).at]
    told += [edge for pair in stretches(CHINA, HOURS, start, start + timedelta(1)) for edge in pair]
    assert {instant.tzinfo for instant in told} == {UTC}


BERLIN = ZoneInfo("Europe/Berlin")
NIGHT = """
days    = "weekdays"
default = "night"

[profiles.night]
windows = ["01:15-02:45", "22:00-24:00"]
"""
SUNDAYS = """
[[day]]
on      = 2026-03-29
working = true

[[day]]
on      = 2026-10-25
working = true
"""


def test_an_hour_that_the_clocks_skip_is_not_worked():
    """On 2026-03-29 in Berlin 02:00 becomes 03:00: of the window to 02:45 only 45 minutes are left."""
    night = calendar(NIGHT, SUNDAYS, BERLIN)
    start = at("2026-03-29 00:00", BERLIN)
    assert worked(night, night.default_profile, start, at("2026-03-29 12:00", BERLIN)) == 45 * 60
    assert shown(after(night, night.default_profile, start, 45 * 60), BERLIN) == "2026-03-29 03:00"
    assert shown(after(night, night.default_profile, start, 46 * 60), BERLIN) == "2026-03-29 22:01"


def test_an_hour_that_the_clocks_repeat_is_worked_twice():
    """On 2026-10-25 in Berlin 02:00 to 03:00 come twice: the window to 02:45 closes, opens again and holds 2 h 15."""
    night = calendar(NIGHT, SUNDAYS, BERLIN)
    start, noon = at("2026-10-25 00:00", BERLIN), at("2026-10-25 12:00", BERLIN)
    assert worked(night, night.default_profile, start, noon) == 135 * 60
    told = stretches(night, night.default_profile, start, noon)
    assert [(edge.hour, edge.minute) for pair in told for edge in pair] == [(23, 15), (0, 45), (1, 0), (1, 45)]


@pytest.mark.parametrize(
    ("start", "due"),
    [("2026-03-27 02:30", "2026-03-29 01:00"), ("2026-10-23 02:30", "2026-10-25 01:30")],
    ids=["skipped", "repeated"],
)
def test_a_clock_time_that_is_skipped_or_repeated_on_the_last_day(start, due):
    """Skipped, the term ends as the clock jumps past it; repeated, when it is shown for the second time."""
    night = calendar(NIGHT, SUNDAYS, BERLIN)
    told = days_due(
        night, night.default_profile, at(start, BERLIN), 1, DayEnd.SAME_CLOCK_TIME, NonworkingStart.CALENDAR
    )
    assert told.at == at(due, ZoneInfo("UTC"))


def test_a_day_without_midnight_still_begins():
    """In Havana 00:00 of 2026-03-08 becomes 01:00: months and midnight terms end as the clock jumps."""
    havana = ZoneInfo("America/Havana")
    there = calendar(NIGHT, zone=havana)
    assert months_due(there, at("2026-02-07 10:00", havana), 1) == at("2026-03-08 05:00", ZoneInfo("UTC"))
