"""Whose word counts: the operator's before the notices, these before an estimate; and whose hours, by unit and level.

Provincial holidays, half-days and years without a notice come by the override.
"""

from datetime import date

import chinese_calendar
import pytest

from sla.calendar import Certainty, DayEnd, NonworkingStart, days_due, hours_due
from tests.sla.calendars import OFFICE, at, calendar, shown

CHINA = calendar()
NOTICE_2027 = """
[[year]]
year    = 2027
off     = [2027-01-01, 2027-02-05, 2027-02-08, 2027-02-09, 2027-02-10, 2027-02-11, 2027-02-12]
working = [2027-01-03]
"""


def days(start, number, how, unit=None):
    """Ask when a term in working days is due at close of business."""
    return days_due(
        how, how.default_profile, at(start), number, DayEnd.CLOSE_OF_BUSINESS, NonworkingStart.CALENDAR, unit
    )


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


GAPS = "".join(f"[[day]]\non = 2027-01-{n:02}\nworking = true\n" for n in (2, 4, 5))


@pytest.mark.parametrize(
    ("start", "number", "due"),
    [
        ("2026-12-30 10:00", 1, "2026-12-31 17:30"),
        ("2026-12-31 10:00", 1, None),
        ("2027-01-01 10:00", 1, "2027-01-02 17:30"),
        ("2027-01-01 10:00", 2, None),
        ("2027-01-01 10:00", 3, None),
        ("2027-01-03 10:00", 2, "2027-01-05 17:30"),
    ],
)
def test_working_days_are_counted_between_gaps_and_not_over_them(start, number, due):
    """Days known for themselves are enough for a term that needs no other; its own start is not one of them."""
    assert shown(days(start, number, calendar(override=GAPS)).at) == due


def test_a_start_on_an_unknown_day_is_unknown_where_that_day_matters():
    """Whether it rolls, and what its clock time grants, hang on whether the day is worked."""
    gaps, start = calendar(override=GAPS), at("2027-01-03 10:00")
    for day_end, rule, due in [
        (DayEnd.MIDNIGHT, NonworkingStart.CALENDAR, "2027-01-05 00:00"),
        (DayEnd.MIDNIGHT, NonworkingStart.ROLL, None),
        (DayEnd.SAME_CLOCK_TIME, NonworkingStart.CALENDAR, None),
    ]:
        told = days_due(gaps, gaps.default_profile, start, 1, day_end, rule)
        assert shown(told.at) == due
        assert told.not_before >= at("2027-01-04 00:00")


def test_midnight_before_the_unknown_is_known():
    """A term used up as the last known day ends is due then, and no estimate of the next day touches it."""
    night = OFFICE.replace('"08:30-12:00", "13:30-17:30"', '"22:00-24:00"')
    for text in (night, 'beyond = "estimated"\n' + night):
        how = calendar(text)
        told = hours_due(how, how.default_profile, at("2026-12-31 22:00"), 7200)
        assert (shown(told.at), told.certainty) == ("2027-01-01 00:00", Certainty.OFFICIAL)
    gaps = calendar(night, GAPS)
    told = hours_due(gaps, gaps.default_profile, at("2027-01-02 22:00"), 7200)
    assert (shown(told.at), told.certainty) == ("2027-01-03 00:00", Certainty.OVERRIDE)


def test_single_days_of_a_year_are_not_its_notice(monkeypatch):
    """A package that brings the first days of 2027 with a neighbouring year knows nothing of its other days."""
    monkeypatch.setitem(chinese_calendar.holidays, date(2027, 1, 1), "New Year's Day")
    assert chinese_calendar.is_workday(date(2027, 7, 1))
    assert calendar().working(date(2027, 7, 1)) is None


def test_windows_of_a_single_day_replace_the_usual():
    """A half holiday ends a term in hours later, and the day itself closes at noon."""
    half = calendar(override='[[day]]\non = 2026-11-23\nworking = true\nwindows = ["08:30-12:00"]')
    assert shown(hours_due(half, half.default_profile, at("2026-11-23 11:00"), 7200).at) == "2026-11-24 09:30"
    assert shown(days("2026-11-20 17:00", 1, half).at) == "2026-11-23 12:00"


def test_windows_of_a_single_day_also_close_it():
    """They say when business ends on that day, whatever closing the profile names."""
    late = OFFICE.replace("[profiles.centre]", 'closing = "18:00"\n[profiles.centre]')
    half = calendar(late, '[[day]]\non = 2026-11-23\nworking = true\nwindows = ["08:30-12:00"]')
    assert shown(days("2026-11-20 17:00", 1, half).at) == "2026-11-23 12:00"
    assert shown(days("2026-11-20 17:00", 2, half).at) == "2026-11-24 18:00"


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
    old = calendar('beyond = "estimated"\n' + OFFICE, "[[day]]\non = 2026-12-28\nworking = true")
    assert days("2026-12-24 10:00", 3, old).certainty is Certainty.OVERRIDE
    assert days("2026-12-24 10:00", 6, old).certainty is Certainty.ESTIMATED


def test_the_day_of_the_start_leaves_no_doubt():
    """It does not count, so an override of it leaves a term in working days official."""
    told = calendar(override="[[day]]\non = 2026-11-20\nworking = true")
    assert days("2026-11-20 17:00", 1, told).certainty is Certainty.OFFICIAL


PROVINCIAL = """
[[day]]
on      = 2026-03-20
working = true
windows = ["08:00-12:00"]

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
        ("651", "2026-03-20 09:30"),
        ("3201", "2026-03-20 09:30"),
        ("65xx", "2026-03-20 09:30"),
        (None, "2026-03-20 09:30"),
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
    assert shown(days("2026-03-19 17:00", 1, local).at) == "2026-03-20 12:00"
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
