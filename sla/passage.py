"""How the time of a term passes: which stretches of it count, which do not, and why.

It tells what `sla.calendar` has counted; a due time follows from none of this. Only `sla.explain` imports it.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, time
from enum import StrEnum

import msgspec

from sla.calendar import Calendar, Profile, stretches
from sla.term import Months, Term, WorkingDays, WorkingHours
from sla.wall_clock import at_of, last_at, us_of
from sla.working_days import DAY, Certainty


class Why(StrEnum):
    """Why a stretch of time counts, or why it does not."""

    AROUND_THE_CLOCK = "around_the_clock"
    OFFICE_HOURS = "office_hours"
    WORKING_DAY = "working_day"
    MAKE_UP_DAY = "make_up_day"
    CALENDAR_MONTHS = "calendar_months"
    OUTSIDE_OFFICE_HOURS = "outside_office_hours"
    WEEKEND = "weekend"
    HOLIDAY = "holiday"
    DAY_OFF = "day_off"
    DAY_OF_START = "day_of_start"
    ROLLED_START = "rolled_start"
    NOT_KNOWN = "not_known"


class Stretch(msgspec.Struct, omit_defaults=True):
    """A stretch of time that counts as a whole or not at all; `from_at` belongs to it, `to_at` to the next.

    `day` is which working day of the term it is; `name` that of the holiday, by language; a make-up day has one too.
    """

    from_at: datetime
    to_at: datetime
    microseconds: int
    counts: bool
    why: Why
    day: int | None = None
    name: dict[str, str] | None = None


def passage(
    term: Term | None, started_at: datetime, until: datetime, unit: str | None, level: str | None
) -> list[Stretch]:
    """The time from a start up to an instant without a gap, in order, for the unit whose hours count.

    What counts adds up to the term where `until` is when that ends. No term: all of it counts. Nothing where `until`
    is not later.
    """
    start_us, until_us = us_of(started_at), us_of(until)
    if until_us <= start_us:
        return []
    if isinstance(term, WorkingHours):
        profile = term.profile(unit, level)
        if not profile.all_day:
            return _joined(_hours(term.calendar, profile, start_us, until_us))
    if isinstance(term, WorkingDays):
        return _joined(_days(term, started_at, start_us, until_us))
    if isinstance(term, Months):
        return _joined(_months(term.calendar, start_us, until_us))
    return [_stretch(start_us, until_us, Why.AROUND_THE_CLOCK, counts=True)]


def _hours(calendar: Calendar, profile: Profile, start_us: int, until_us: int) -> Iterator[Stretch]:
    """Office hours, and what lies between them day by day."""
    passed_us = start_us
    for opens, closes in stretches(calendar, profile, at_of(start_us), at_of(until_us)):
        yield from _pauses(calendar, profile.units, passed_us, us_of(opens))
        on = opens.astimezone(calendar.zone).date()
        yield _worked(calendar, on, us_of(opens), us_of(closes), Why.OFFICE_HOURS)
        passed_us = us_of(closes)
    yield from _pauses(calendar, profile.units, passed_us, until_us)


def _days(term: WorkingDays, started_at: datetime, start_us: int, until_us: int) -> Iterator[Stretch]:
    """Working days from the first that counts, which is the day on which a term of one day would end."""
    calendar = term.calendar
    units = calendar.default_profile.units
    first_at = WorkingDays("1 wd", calendar, 1).due(started_at).at
    first_on = None if first_at is None else at_of(us_of(first_at) - 1).astimezone(calendar.zone).date()
    number, begun_on = 0, started_at.astimezone(calendar.zone).date()
    for on, from_us, to_us in _by_day(calendar, start_us, until_us):
        working = calendar.day(on, units).working
        if working and first_on is not None and on >= first_on:
            number += 1
            yield _worked(calendar, on, from_us, to_us, Why.WORKING_DAY, number)
        elif on == begun_on:
            yield _stretch(from_us, to_us, Why.DAY_OF_START)
        elif working:
            yield _stretch(from_us, to_us, Why.ROLLED_START)
        else:
            yield from _pauses(calendar, units, from_us, to_us)


def _months(calendar: Calendar, start_us: int, until_us: int) -> Iterator[Stretch]:
    """The rest of the day of the start, and what comes after it."""
    (_, _, first_us), *_ = _by_day(calendar, start_us, until_us)
    yield _stretch(start_us, first_us, Why.DAY_OF_START)
    if first_us < until_us:
        yield _stretch(first_us, until_us, Why.CALENDAR_MONTHS, counts=True)


def _worked(calendar: Calendar, on: date, from_us: int, to_us: int, why: Why, number: int | None = None) -> Stretch:
    """What counts of a day; of a weekend day it is worked in place of another."""
    name = calendar.holiday(on) if on.isoweekday() > FRIDAY else None
    stretch = _stretch(from_us, to_us, Why.MAKE_UP_DAY if on.isoweekday() > FRIDAY else why, counts=True, name=name)
    stretch.day = number
    return stretch


def _pauses(calendar: Calendar, units: tuple[str, ...], from_us: int, to_us: int) -> Iterator[Stretch]:
    """What does not count, day by day."""
    for on, start_us, end_us in _by_day(calendar, from_us, to_us):
        day = calendar.day(on, units)
        name = None
        if day.working is None:
            why = Why.NOT_KNOWN
        elif day.working:
            why = Why.OUTSIDE_OFFICE_HOURS
        else:
            name = calendar.holiday(on) if day.certainty is not Certainty.OVERRIDE else None
            off = Why.WEEKEND if on.isoweekday() > FRIDAY else Why.DAY_OFF
            why = Why.HOLIDAY if name is not None else off
        yield _stretch(start_us, end_us, why, name=name)


def _by_day(calendar: Calendar, from_us: int, to_us: int) -> Iterator[tuple[date, int, int]]:
    """A stretch of time cut at each midnight of the calendar's zone."""
    while from_us < to_us:
        on = at_of(from_us).astimezone(calendar.zone).date()
        end_us = min(to_us, last_at(calendar.zone, on + DAY, MIDNIGHT))
        yield on, from_us, end_us
        from_us = end_us


def _joined(pieces: Iterator[Stretch]) -> list[Stretch]:
    """One stretch where neighbours do not count for the same reason."""
    found: list[Stretch] = []
    for piece in pieces:
        last = found[-1] if found else None
        alike = last is not None and not piece.counts and (last.why, last.name) == (piece.why, piece.name)
        if last is not None and alike and not last.counts:
            last.to_at = piece.to_at
            last.microseconds += piece.microseconds
        else:
            found.append(piece)
    return found


def _stretch(
    from_us: int, to_us: int, why: Why, *, counts: bool = False, name: dict[str, str] | None = None
) -> Stretch:
    return Stretch(at_of(from_us), at_of(to_us), to_us - from_us, counts, why, name=name)


FRIDAY = 5
"""The last day of a week, as ISO counts them, on which work is usual."""
MIDNIGHT = time(0)
