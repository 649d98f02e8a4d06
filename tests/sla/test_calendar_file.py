"""A calendar with a fault starts nothing: each fault is told with its file, its line, and what to do."""

from datetime import date, time
from zoneinfo import ZoneInfo

import pytest

from sla.calendar import Certainty, DayEnd, NonworkingStart
from sla.calendar_file import read_calendar
from sla.toml_file import Fault
from tests.sla.calendars import OFFICE, at, calendar, faults_of

GOOD = """days             = "china"
beyond           = "unknown"
day_end          = "close_of_business"
nonworking_start = "roll"
roll_after       = "17:30"
default          = "office"

[profiles.office]
windows = ["08:30-12:00", "13:30-17:30"]
closing = "17:30"
units   = ["3201", "3202"]

[profiles.centre]
all_day = true
levels  = ["national", "province"]
"""

BROKEN = [
    ('days             = "china"', 'days = "chinese"', 1, "days is 'chinese'", "write one of: china, weekdays"),
    ('beyond           = "unknown"', 'beyond = "guess"', 2, "beyond is 'guess'", "unknown, estimated"),
    ('"close_of_business"', '"noon"', 3, "day_end is 'noon'", "close_of_business, midnight, same_clock_time"),
    ('"roll"', '"skip"', 4, "nonworking_start is 'skip'", "calendar, roll"),
    ('"roll"', '"calendar"', 5, "roll_after does nothing", "leave roll_after out"),
    ('roll_after       = "17:30"', 'roll_after = "5 pm"', 5, "'5 pm' is no time of day", "as in '17:30'"),
    ('roll_after       = "17:30"', 'roll_after = "08:00"', 5, "before the office has opened", "after the first opening"),
    ('default          = "office"', 'default = "shop"', 6, "'shop' is no profile", "name one of: centre, office"),
    ('default          = "office"', "", 1, "missing required field `default`", "see the rulebook guide"),
    ('default          = "office"', 'default = "office"\ncountry = "CN"', 7, "unknown field `country`", "the keys of"),
    ('"08:30-12:00", "13:30-17:30"', "", 9, "has no working hours", "write windows"),
    ('windows = ["08:30-12:00", "13:30-17:30"]', "all_day = false", 8, "has no working hours", "all_day = true"),
    ("all_day = true", "", 13, "'centre' has no working hours", "write windows"),
    ("all_day = true", 'all_day = true\nwindows = ["08:00-12:00"]', 15, "has windows and is all_day", "leave one"),
    ("all_day = true", 'all_day = true\nclosing = "18:00"', 15, "never closes", "leave closing out"),
    ("08:30-12:00", "8.30 to 12", 9, "is no window", "write opening and closing"),
    ("08:30-12:00", "8:30-12:00", 9, "'8:30' is no time of day", "write opening and closing"),
    ("08:30-12:00", "08:75-12:00", 9, "'08:75' is on no clock", "write opening and closing"),
    ("13:30-17:30", "13:30-25:00", 9, "'25:00' is on no clock", "write opening and closing"),
    ("08:30-12:00", "24:00-12:00", 9, "'24:00' is on no clock", "write opening and closing"),
    ("13:30-17:30", "13:30-00:00", 9, "its end is 24:00", "write opening and closing"),
    ("08:30-12:00", "08:30-08:30", 9, "is empty", "close it after it opens"),
    ("08:30-12:00", "12:00-08:30", 9, "closes before it opens", "turn it round"),
    ("13:30-17:30", "22:00-06:00", 9, "closes before it opens", "split it at midnight"),
    ("13:30-17:30", "11:30-17:30", 9, "opens at 11:30, before the one ahead", "part them or join them"),
    ('"08:30-12:00", "13:30-17:30"', '"13:30-17:30", "08:30-12:00"', 9, "out of order", "the order of the day"),
    ('closing = "17:30"', 'closing = "17:00"', 10, "closes at 17:00, before the last window", "at its end or later"),
    ('closing = "17:30"', 'closing = "late"', 10, "'late' is no time of day", "as in '17:30'"),
    ('["national", "province"]', '["national"]\nunits = ["3202"]', 16, "'3202' is among the units of 'office'", "once"),
    ('"3202"', '"3201"', 11, "'3201' is among the units of 'office'", "name it once"),
    ('"3202"', '" 3202"', 11, "is no name", "without blanks"),
    ('"province"]', '"national"]', 15, "'national' is among the levels of 'centre'", "name it once"),
    ("[profiles.centre]", "[profiles.centre]\nhours = 24", 14, "unknown field `hours`", "the keys of"),
    ('units   = ["3201", "3202"]', "units = 3201", 11, "Expected `array`, got `int`", "their types"),
    ("[profiles.office]", "[profiles.office", 8, "not valid TOML", "mend the syntax"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("old", "new", "line", "what", "remedy"),
    BROKEN,
    ids=[f"{row[3]} ({row[1]!r})" for row in BROKEN],
)
def test_a_broken_calendar_is_told_with_line_and_remedy(old, new, line, what, remedy):
    """One change to a good calendar, one fault."""
    assert GOOD.count(old) == 1
    [fault] = faults_of(GOOD.replace(old, new))
    assert (fault.file, fault.line) == ("calendar.toml", line)
    assert what in fault.what
    assert remedy in fault.remedy


def test_a_calendar_without_profiles_is_told():
    """Nobody's hours are known."""
    [fault] = faults_of('days = "china"\ndefault = "office"\nprofiles = {}\n')
    assert str(fault).startswith("calendar.toml:3: there is no profile of working hours; add [profiles.office]")


def test_plain_weekdays_have_nothing_to_estimate():
    """They never end."""
    [fault] = faults_of('beyond = "estimated"\n' + OFFICE.replace("china", "weekdays"))
    assert str(fault).startswith("calendar.toml:1: plain weekdays never end")


OVERRIDE = """[[day]]
on      = 2027-01-04
working = true
unit    = "65"
windows = ["10:00-14:00", "16:00-20:00"]

[[day]]
on      = 2027-01-05
working = false

[[year]]
year    = 2027
off     = [2027-01-01, 2027-01-02]
working = [2027-01-31]
"""

BROKEN_OVERRIDES = [
    ("on      = 2027-01-04", "on = 1999-01-04", 2, "1999-01-04 is in no year", "from 2000 to 2199"),
    ("on      = 2027-01-04", 'on = "4 January"', 2, "Invalid RFC3339 encoded date", "their types"),
    ("working = false", "", 7, "missing required field `working`", "the keys of"),
    ('unit    = "65"', 'unit = ""', 4, "'' is no unit", "everybody"),
    ('2027-01-04\nworking = true\nunit    = "65"', "2027-01-05\nworking = true", 7, "given twice for everybody", "keep one"),
    ("2027-01-05\nworking = false", '2027-01-04\nworking = false\nunit = "65"', 8, "twice for unit '65'", "keep one"),
    ("working = false", 'working = false\nwindows = ["09:00-10:00"]', 10, "has windows and is not worked", "leave windows"),
    ('["10:00-14:00", "16:00-20:00"]', "[]", 5, "with no window at all", "leave windows out"),
    ("16:00-20:00", "13:00-20:00", 5, "opens at 13:00, before the one ahead", "part them or join them"),
    ("10:00-14:00", "10:00", 5, "is no window", "write opening and closing"),
    ("year    = 2027", "year = 2200", 12, "2200 is no year", "from 2000 to 2199"),
    ("[[year]]", "[[year]]\nyear = 2027\noff = [2027-10-01]\n[[year]]", 15, "2027 is given twice", "join the two"),
    ("[2027-01-01, 2027-01-02]", "[]", 13, "no day off at all", "leave the year out"),
    ("2027-01-02]", "2028-01-02]", 13, "2028-01-02 does not lie in 2027", "its own [[year]]"),
    ("2027-01-02]", "2027-01-01]", 13, "2027-01-01 is listed twice", "keep one"),
    ("2027-01-02]", "2027-01-31]", 14, "as a day off and as a working day", "keep one"),
    ("[2027-01-31]", "[2027-02-01]", 14, "neither Saturday nor Sunday", "check the date"),
    ('unit    = "65"', 'who = "65"', 4, "unknown field `who`", "the keys of"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("old", "new", "line", "what", "remedy"),
    BROKEN_OVERRIDES,
    ids=[f"{row[3]} ({row[1]!r})" for row in BROKEN_OVERRIDES],
)
def test_a_broken_override_is_told_with_line_and_remedy(old, new, line, what, remedy):
    """One change to a good override, one fault, wherever in the file it stands."""
    assert OVERRIDE.count(old) == 1
    faults = faults_of(OFFICE, OVERRIDE.replace(old, new))
    assert [(fault.file, fault.line) for fault in faults] == [("calendar-override.toml", line)] * len(faults)
    assert what in faults[0].what
    assert remedy in faults[0].remedy


def test_all_faults_are_told_at_once():
    """Of both files and of every entry, so that one round mends them all."""
    faults = faults_of(
        GOOD.replace("08:30-12:00", "noon").replace('"china"', '"moon"'),
        OVERRIDE.replace("2027-01-31", "2027-02-01").replace("10:00-14:00", "morning"),
    )
    assert sorted((fault.file, fault.line) for fault in faults) == [
        ("calendar-override.toml", 5),
        ("calendar-override.toml", 14),
        ("calendar.toml", 1),
        ("calendar.toml", 9),
    ]


def test_a_rulebook_may_do_without_a_calendar():
    """No file, no calendar and no fault; an override of nothing is one."""
    faults: list[Fault] = []
    assert read_calendar({}, ZoneInfo("UTC"), faults) is None
    assert faults == []
    assert read_calendar({"calendar-override.toml": ""}, ZoneInfo("UTC"), faults) is None
    assert [str(fault) for fault in faults] == [
        "calendar-override.toml:1: there is no calendar.toml that it could override; add a calendar.toml, or remove this file"
    ]


def test_what_is_written_is_what_is_read():
    """Every key of both files has its effect."""
    told = calendar(GOOD.replace('closing = "17:30"', 'closing = "18:00"'), OVERRIDE)
    assert (told.day_end, told.nonworking_start) == (DayEnd.CLOSE_OF_BUSINESS, NonworkingStart.ROLL)
    assert (told.roll_after, told.default_profile.name) == (time(17, 30), "office")
    assert (told.default_profile.closing, told.profiles["centre"].all_day) == (time(18), True)
    assert told.profile_for("3202", None) == told.default_profile
    assert told.profile_for("32", "province") == told.profiles["centre"]
    worked = {day: told.working(date(2027, 1, day)) for day in (1, 2, 4, 5, 6, 9, 31)}
    assert worked == {1: False, 2: False, 4: True, 5: False, 6: True, 9: False, 31: True}
    assert told.day(date(2027, 1, 4), told.units_of("6501")).windows[0].opens == time(10)
    assert told.day(date(2027, 1, 4), ()).windows == ()


def test_a_calendar_of_few_words_has_the_defaults_of_the_law():
    """Close of business, a start counts where it is, and nothing is guessed."""
    told = calendar(OFFICE)
    assert (told.day_end, told.nonworking_start, told.roll_after) == (
        DayEnd.CLOSE_OF_BUSINESS, NonworkingStart.CALENDAR, None,
    )  # fmt: skip
    assert told.working(at("2027-01-04 09:00").date()) is None
    assert told.day(date(2026, 11, 23)).certainty is Certainty.OFFICIAL
