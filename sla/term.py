"""Lengths of time a rule may grant, and how a due instant follows from them.

A term in minutes or hours runs round the clock (the centres work 7 x 24). Units are different types, so that
a working day can never be mistaken for 24 hours. Everybody may import this.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from functools import lru_cache

import msgspec

from sla.calendar import Calendar, Certainty, Due, Profile, after, days_due, hours_due, months_due, worked

_LENGTH = re.compile(r"^\s*(\d+(?:\.\d+)?)\s*(s|min|h|d)\s*$")
_WORKING = re.compile(r"^\s*(\d+(?:\.\d+)?)\s*(wh|wd|mo)\s*$")
_SHARE = re.compile(r"^\s*(\d+(?:\.\d+)?)\s*%\s*$")
_SECONDS = {"s": 1, "min": 60, "h": 3600, "d": 86400}
_MOST = {"wh": 2000, "wd": 500, "mo": 120}
LONGEST = timedelta(days=3660)
"""No term is longer than ten years; beyond it a due date could leave the range of the calendar."""


class Term(msgspec.Struct, frozen=True):
    """A length of time a rule grants; `text` is how it was written."""

    text: str

    def due(self, started_at: datetime, unit: str | None = None, level: str | None = None) -> Due:
        """The last instant that is still in time, for a unit of a level; `at` None where the calendar ends before."""
        raise NotImplementedError

    def seconds_to(self, started_at: datetime, due_at: datetime) -> float:
        """The whole term in seconds of elapsed time."""
        return (due_at - started_at).total_seconds()

    def warns_at(
        self, threshold: Threshold, started_at: datetime, due_at: datetime, unit: str | None, level: str | None
    ) -> datetime | None:
        """The instant of a warning; None when there is none within the term."""
        return threshold.at(started_at, due_at)


class Continuous(Term, frozen=True):
    """A term that runs day and night: `2 min`, `4 h`, `7 d` (of 24 hours)."""

    length: timedelta

    def due(self, started_at: datetime, unit: str | None = None, level: str | None = None) -> Due:
        """Start and length added up, whoever owes it."""
        at = started_at + self.length
        return Due(at, at, Certainty.OFFICIAL)

    @property
    def seconds(self) -> float:
        """The whole term in seconds."""
        return self.length.total_seconds()


class _Working(Term, frozen=True):
    """A term that a calendar counts; its shares are shares of working time."""

    calendar: Calendar

    def profile(self, unit: str | None, level: str | None) -> Profile:
        """Whose hours count."""
        return self.calendar.default_profile

    def warns_at(
        self, threshold: Threshold, started_at: datetime, due_at: datetime, unit: str | None, level: str | None
    ) -> datetime | None:
        """A share of the working time from start to due; a lead counts backwards in elapsed time."""
        if threshold.share is None:
            return threshold.at(started_at, due_at)
        profile = self.profile(unit, level)
        total = worked(self.calendar, profile, started_at, due_at)
        return None if not total else after(self.calendar, profile, started_at, total * threshold.share)


class WorkingHours(_Working, frozen=True):
    """So many hours within the office hours of the unit that owes it: `2 wh`."""

    hours: float

    def profile(self, unit: str | None, level: str | None) -> Profile:
        """The unit's own hours; call centres work round the clock."""
        return self.calendar.profile_for(unit, level)

    def due(self, started_at: datetime, unit: str | None = None, level: str | None = None) -> Due:
        """Only minutes inside the unit's windows count."""
        return hours_due(self.calendar, self.profile(unit, level), started_at, self.hours * 3600)


class WorkingDays(_Working, frozen=True):
    """So many working days after the day of the start, one calendar for the whole ticket: `6 wd`."""

    days: int

    def due(self, started_at: datetime, unit: str | None = None, level: str | None = None) -> Due:
        """The end of the last of these days, as the calendar says when a day ends."""
        calendar = self.calendar
        return days_due(
            calendar,
            calendar.default_profile,
            started_at,
            self.days,
            calendar.day_end,
            calendar.nonworking_start,
        )


class Months(_Working, frozen=True):
    """So many calendar months, to the end of the corresponding day: `2 mo`."""

    months: int

    def due(self, started_at: datetime, unit: str | None = None, level: str | None = None) -> Due:
        """The corresponding day, or the last of a month that has none (Civil Code 202, 203)."""
        at = months_due(self.calendar, started_at, self.months)
        return Due(at, at, Certainty.OFFICIAL)

    def warns_at(
        self, threshold: Threshold, started_at: datetime, due_at: datetime, unit: str | None, level: str | None
    ) -> datetime | None:
        """Months pass on every day."""
        return threshold.at(started_at, due_at)


class Threshold(msgspec.Struct, frozen=True):
    """When to warn: a share of the term used (`50 %`) or a lead before its end (`3 min`).

    `name` goes into the alert id, so it never changes for one way of writing it.
    """

    name: str
    share: float | None = None
    lead: timedelta | None = None

    def at(self, started_at: datetime, due_at: datetime) -> datetime | None:
        """The instant of the warning; None when a lead is longer than the term itself."""
        if self.share is not None:
            return started_at + _portion(due_at - started_at, self.share)
        assert self.lead is not None
        at = due_at - self.lead
        return at if at > started_at else None


@lru_cache(maxsize=1024)
def _portion(length: timedelta, share: float) -> timedelta:
    """Most clocks have the same few terms, and a length times a fraction is slow to work out."""
    return length * share


def parse_length(text: str) -> Continuous:
    """Read a length such as `2 min` or `4 h`; ValueError says what is allowed."""
    found = _LENGTH.match(text)
    if not found:
        raise ValueError(f"{text!r} is no term; write a number and s, min, h or d, as in '2 min'")
    try:
        length = timedelta(seconds=float(found[1]) * _SECONDS[found[2]])
    except OverflowError:
        length = timedelta.max
    if not timedelta(0) < length <= LONGEST:
        raise ValueError(f"{text!r} is out of range; a term is longer than nothing and at most {LONGEST.days} d")
    return Continuous(f"{found[1]} {found[2]}", length)


def parse_term(text: str, calendar: Calendar | None) -> Term:
    """Read a term: a length, working hours (`2 wh`), working days (`6 wd`), months (`2 mo`); else ValueError."""
    found = _WORKING.match(text)
    if not found:
        return parse_length(text)
    if calendar is None:
        raise ValueError(f"{text!r} needs a calendar; add a calendar.toml to the rulebook")
    number, unit = found[1], found[2]
    if unit != "wh" and "." in number:
        raise ValueError(f"{text!r} counts in whole {'days' if unit == 'wd' else 'months'}")
    if not 0 < float(number) <= _MOST[unit]:
        raise ValueError(f"{text!r} is out of range; more than nothing and at most {_MOST[unit]} {unit}")
    name = f"{number} {unit}"
    if unit == "wh":
        return WorkingHours(name, calendar, float(number))
    return WorkingDays(name, calendar, int(number)) if unit == "wd" else Months(name, calendar, int(number))


def parse_threshold(text: str) -> Threshold:
    """Read a warning threshold such as `50 %` or `3 min`; ValueError says what is allowed."""
    share = _SHARE.match(text)
    if share:
        percent = float(share[1])
        if not 0 < percent < 100:
            raise ValueError(f"{text!r} warns never or too late; a share lies between 0 % and 100 %")
        return Threshold(name=share[1], share=percent / 100)
    term = parse_length(text)
    return Threshold(name=term.text.replace(" ", ""), lead=term.length)
