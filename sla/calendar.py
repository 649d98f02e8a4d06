"""Working time: when a term in working hours, working days or months ends, and how much of it has passed.

Rules ask for the due time of every ticket, so it is looked up in years laid out once. What the calendar does not know
is said, never guessed. Everybody may import this, and finds here what they need of the calendar itself.
"""

from __future__ import annotations

from bisect import bisect_right
from calendar import monthrange
from datetime import date, datetime, time

import msgspec

from sla.almanac import MIDNIGHT, Calendar, DayEnd, NonworkingStart
from sla.wall_clock import SECOND_US, at_of, last_at, us_of
from sla.working_days import DAY, FIRST_YEAR, LAST_YEAR, Certainty, Day, Window
from sla.working_hours import Profile

__all__ = [
    "Calendar",
    "Certainty",
    "DayEnd",
    "Due",
    "NonworkingStart",
    "Profile",
    "Window",
    "after",
    "days_due",
    "hours_due",
    "months_due",
    "stretches",
    "worked",
]


class Due(msgspec.Struct, frozen=True):
    """A due instant in UTC; `at` is None where it hangs on days the calendar does not know.

    `not_before` is the instant up to which it is certainly not due: `at` itself where that is known. `certainty` is
    that of the least certain day it follows from.
    """

    at: datetime | None
    not_before: datetime
    certainty: Certainty


def hours_due(calendar: Calendar, profile: Profile, started_at: datetime, seconds: float) -> Due:
    """When so many seconds (0 or more) of working time have passed, counted only inside the profile's windows.

    A start outside them counts from the next opening; reached exactly at a window's end, it is due there ("within" is
    inclusive). ValueError for less than nothing.
    """
    start_us, length_us = us_of(started_at), round(seconds * SECOND_US)
    if length_us < 0:
        raise ValueError("a term is not less than nothing")
    if profile.all_day or not length_us:
        at = at_of(start_us + length_us)
        return Due(at, at, Certainty.OFFICIAL)
    if not _covered(started_at):
        return Due(None, at_of(start_us), Certainty.OFFICIAL)
    start_on = started_at.astimezone(calendar.zone).date()
    year = start_on.year
    hours = calendar.year(year, profile)
    target_us = hours.counted(start_us) + length_us
    while True:
        due_us = hours.reached(target_us) if target_us <= hours.total() else None
        blank = calendar.days_of(year, profile.units).unknown_from(start_on.toordinal())
        if blank is not None:
            blank_on = date.fromordinal(blank)
            blank_us = last_at(calendar.zone, blank_on, MIDNIGHT)
            if due_us is None or due_us > blank_us:
                certainty = calendar.certainty(start_on, blank_on, profile.units)
                return Due(None, at_of(max(start_us, blank_us)), certainty)
        if due_us is not None:
            break
        target_us -= hours.total()
        year += 1
        hours = calendar.year(year, profile)
    at = at_of(due_us)
    return Due(at, at, calendar.certainty(start_on, _local_on(calendar, due_us - 1), profile.units))


def days_due(
    calendar: Calendar,
    profile: Profile,
    started_at: datetime,
    days: int,
    day_end: DayEnd,
    nonworking_start: NonworkingStart,
    unit: str | None = None,
) -> Due:
    """When the last of so many working days (1 or more) after the day of the start ends (Civil Code 201, 203).

    The day of the start never counts. `close_of_business` is the end of that day's last window, or the profile's
    closing; `midnight` its 24:00; `same_clock_time` the wall time of the start, and 24:00 if the start was on a day
    that is not worked, for a whole working day is granted then too. With `roll`, a start on such a day or after
    `roll_after` counts as made at the next working day's opening, and one before the opening as made at it.
    ValueError for less than a day.
    """
    if days < 1:
        raise ValueError("a term in working days is at least one")
    if not _covered(started_at):
        return Due(None, at_of(us_of(started_at)), Certainty.OFFICIAL)
    units = profile.units if unit is None else calendar.units_of(unit)
    local = started_at.astimezone(calendar.zone)
    start_on, clock = local.date(), local.time()
    start_day, from_on, known = calendar.day(start_on, units), start_on, True
    rolls = nonworking_start is NonworkingStart.ROLL
    if rolls:
        late = calendar.roll_after is not None and clock > calendar.roll_after
        if late or start_day.working is False:
            from_on, start_day, known = _working_day_after(calendar, units, start_on, 1)
            clock = MIDNIGHT
        clock = max(clock, profile.opens_on(start_day))
    due_on, due_day, passed = _working_day_after(calendar, units, from_on, days)
    start_counts = rolls or day_end is DayEnd.SAME_CLOCK_TIME
    known = known and passed and not (start_counts and start_day.working is None)
    certainty = calendar.certainty(start_on if start_counts else start_on + DAY, due_on, units)
    if not known:
        return Due(None, at_of(last_at(calendar.zone, due_on, MIDNIGHT)), certainty)
    if day_end is DayEnd.SAME_CLOCK_TIME and start_day.working:
        due_us = last_at(calendar.zone, due_on, clock)
    else:
        due_us = _end(
            calendar, due_on, profile.closes_on(due_day) if day_end is DayEnd.CLOSE_OF_BUSINESS else MIDNIGHT
        )
    at = at_of(due_us)
    return Due(at, at, certainty)


def months_due(calendar: Calendar, started_at: datetime, months: int) -> datetime:
    """24:00 of the corresponding day so many calendar months on, in UTC (Civil Code 202, 203).

    Where the month has no such day, of its last. ValueError for less than a month.
    """
    if months < 1:
        raise ValueError("a term in months is at least one")
    start_on = started_at.astimezone(calendar.zone).date()
    year, month = divmod(start_on.year * 12 + start_on.month - 1 + months, 12)
    due_on = date(year, month + 1, min(start_on.day, monthrange(year, month + 1)[1]))
    return at_of(_end(calendar, due_on, MIDNIGHT))


def worked(calendar: Calendar, profile: Profile, from_at: datetime, to_at: datetime) -> float | None:
    """Seconds of working time between two instants, 0 if the second is not later; None over an unknown day."""
    from_us, to_us = us_of(from_at), us_of(to_at)
    if profile.all_day or to_us <= from_us:
        return max(to_us - from_us, 0) / SECOND_US
    first_on, last_on = _local_on(calendar, from_us), _local_on(calendar, to_us - 1)
    if _blank_us(calendar, profile, first_on, last_on) is not None:
        return None
    years = (calendar.year(year, profile) for year in range(first_on.year, last_on.year + 1))
    return sum(year.counted(to_us) - year.counted(from_us) for year in years) / SECOND_US


def stretches(
    calendar: Calendar, profile: Profile, from_at: datetime, to_at: datetime
) -> list[tuple[datetime, datetime]]:
    """The stretches of working time between two instants, in UTC and in order; they end before an unknown day."""
    from_us, to_us = us_of(from_at), us_of(to_at)
    if to_us <= from_us:
        return []
    if profile.all_day:
        return [(at_of(from_us), at_of(to_us))]
    first_on, last_on = _local_on(calendar, from_us), _local_on(calendar, to_us - 1)
    blank_us = _blank_us(calendar, profile, first_on, last_on)
    until_us = to_us if blank_us is None else blank_us
    found: list[tuple[datetime, datetime]] = []
    for year in range(first_on.year, last_on.year + 1):
        if until_us <= from_us:
            break
        cut = calendar.year(year, profile).between(from_us, until_us)
        found += [(at_of(start), at_of(end)) for start, end in cut]
    return found


def after(calendar: Calendar, profile: Profile, from_at: datetime, seconds: float) -> datetime | None:
    """The first instant, in UTC, at which so many seconds have been worked; None beyond what the calendar knows."""
    return hours_due(calendar, profile, from_at, seconds).at


def _covered(at: datetime) -> bool:
    """Whether an instant lies where a calendar can know anything."""
    return FIRST_YEAR <= at.year <= LAST_YEAR


def _end(calendar: Calendar, on: date, closes: time) -> int:
    """The instant at which a day ends that closes at a wall time; 00:00 is 24:00."""
    return last_at(calendar.zone, on + DAY if closes == MIDNIGHT else on, closes)


def _working_day_after(calendar: Calendar, units: tuple[str, ...], on: date, number: int) -> tuple[date, Day, bool]:
    """The day that is so many working days after another, and whether all days up to it are known.

    Unknown days count as worked, so where the last is not certain it is at least not too late.
    """
    ordinal, year, known = on.toordinal(), on.year, True
    while True:
        days = calendar.days_of(year, units)
        number += bisect_right(days.possible, ordinal)
        blank = days.unknown_from(ordinal + 1)
        if number <= len(days.possible):
            found = days.possible[number - 1]
            return date.fromordinal(found), days.day(found), known and (blank is None or blank > found)
        known = known and blank is None
        number -= len(days.possible)
        year += 1


def _blank_us(calendar: Calendar, profile: Profile, first_on: date, last_on: date) -> int | None:
    """When the first day begins that is not known, of those from one to another, both included."""
    for year in range(first_on.year, last_on.year + 1):
        blank = calendar.days_of(year, profile.units).unknown_from(first_on.toordinal())
        if blank is not None:
            blank_on = date.fromordinal(blank)
            return last_at(calendar.zone, blank_on, MIDNIGHT) if blank_on <= last_on else None
    return None


def _local_on(calendar: Calendar, us: int) -> date:
    """The day of an instant where the calendar holds."""
    return at_of(us).astimezone(calendar.zone).date()
