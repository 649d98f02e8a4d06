"""Where the wall clock jumps: what is worked is elapsed time, what is granted is wall time.

Offices that work at night on the very Sundays on which clocks change, so that every second of it matters.
"""

from zoneinfo import ZoneInfo

import pytest

from sla.calendar import DayEnd, NonworkingStart, after, days_due, months_due, stretches, worked
from tests.sla.calendars import at, calendar, shown

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
