"""The calendar of a rulebook: whose days and hours count, and each year of them laid out once.

It is apart from `sla.calendar`, which counts with it, because this is what a file says and that is what the law says.
Only `sla.calendar` and `sla.calendar_file` import this; everybody else finds `Calendar` in `sla.calendar`.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, time
from enum import StrEnum
from zoneinfo import ZoneInfo

import msgspec

from sla.wall_clock import DAY_US, last_at, us_of
from sla.working_days import DAY, Certainty, Day, Days, DaysOfYear, units_above
from sla.working_hours import Profile, Year

MIDNIGHT = time(0)
MONTH_US = round(365.2425 / 12 * DAY_US)


class DayEnd(StrEnum):
    """When the last day of a term in working days ends (Civil Code 203)."""

    CLOSE_OF_BUSINESS = "close_of_business"
    MIDNIGHT = "midnight"
    SAME_CLOCK_TIME = "same_clock_time"


class NonworkingStart(StrEnum):
    """Whether a start outside business counts where it is, or at the next working day's opening."""

    CALENDAR = "calendar"
    ROLL = "roll"


class Calendar:
    """The working days and hours of a rulebook; it never changes, and what it keeps is only laid out, not learned."""

    __slots__ = (
        "_by_level",
        "_by_unit",
        "_days",
        "_days_of",
        "_own",
        "_years",
        "day_end",
        "default_profile",
        "label",
        "nonworking_start",
        "profiles",
        "roll_after",
        "zone",
    )

    def __init__(
        self,
        zone: ZoneInfo,
        days: Days,
        profiles: Mapping[str, Profile],
        default: str,
        *,
        day_end: DayEnd = DayEnd.CLOSE_OF_BUSINESS,
        nonworking_start: NonworkingStart = NonworkingStart.CALENDAR,
        roll_after: time | None = None,
        by_unit: Mapping[str, str] | None = None,
        by_level: Mapping[str, str] | None = None,
    ) -> None:
        self.zone = zone
        self.profiles = dict(profiles)
        self.default_profile = self.profiles[default]
        self.day_end = day_end
        self.nonworking_start = nonworking_start
        self.roll_after = roll_after
        self.label = days.label()
        self._days = days
        self._by_unit = dict(by_unit or {})
        self._by_level = dict(by_level or {})
        self._own: dict[tuple[str, tuple[str, ...]], Profile] = {}
        self._days_of: dict[tuple[int, tuple[str, ...]], DaysOfYear] = {}
        self._years: dict[tuple[int, Profile], Year] = {}

    def working(self, on: date, unit: str | None = None) -> bool | None:
        """Whether a day is worked, by a unit if one is named; None where the calendar does not know."""
        return self.day(on, self.units_of(unit)).working

    def known_until(self) -> date | None:
        """The last day without a gap in what is published or overridden; None for plain weekdays, which never end.

        An estimate is no knowledge, and the override of a single unit is nobody else's.
        """
        return self._days.known_until()

    def holiday(self, on: date) -> dict[str, str] | None:
        """The name, by language, of the holiday that makes a day what it is; None where none does."""
        return self._days.holiday(on)

    def months_left(self, now: datetime) -> float | None:
        """Months of known calendar from `now`, 0 when it has ended; None where it never does."""
        last_on = self.known_until()
        if last_on is None:
            return None
        left_us = last_at(self.zone, last_on + DAY, MIDNIGHT) - us_of(now)
        return max(left_us, 0) / MONTH_US

    def profile_for(self, unit: str | None, level: str | None) -> Profile:
        """Whose hours count for a unit: those named for it or for a unit above it, else for its level, else default.

        Its profile also carries whose overrides of days hold for it.
        """
        name = self._named_for(unit) or self._by_level.get(level or "") or self.default_profile.name
        units = self.units_of(unit)
        if not units:
            return self.profiles[name]
        own = self._own.get((name, units))
        if own is None:
            own = self._own[name, units] = msgspec.structs.replace(self.profiles[name], units=units)
        return own

    def units_of(self, unit: str | None) -> tuple[str, ...]:
        """The units whose own overrides of days hold for this one, nearest first."""
        return () if unit is None else self._days.units_of(unit)

    def day(self, on: date, units: tuple[str, ...] = ()) -> Day:
        """What is known of a day, for a unit given by `units_of`."""
        return self.days_of(on.year, units).day(on.toordinal())

    def days_of(self, year: int, units: tuple[str, ...]) -> DaysOfYear:
        """Every day of a year."""
        days = self._days_of.get((year, units))
        if days is None:
            days = self._days_of[year, units] = DaysOfYear(self._days, year, units)
        return days

    def certainty(self, first: date, last: date, units: tuple[str, ...]) -> Certainty:
        """How well the days from one to another, both included, are known."""
        first_day, last_day = first.toordinal(), last.toordinal()
        found = Certainty.OFFICIAL
        for year in range(first.year, last.year + 1):
            here = self.days_of(year, units).certainty(first_day, last_day)
            found = here if found is Certainty.OFFICIAL or here is Certainty.ESTIMATED else found
        return found

    def year(self, year: int, profile: Profile) -> Year:
        """The working hours of a year, in elapsed time."""
        hours = self._years.get((year, profile))
        if hours is None:
            hours = Year(self.zone, year, self.days_of(year, profile.units).days, profile)
            self._years[year, profile] = hours
        return hours

    def _named_for(self, unit: str | None) -> str | None:
        if unit is None or not self._by_unit:
            return None
        return next((self._by_unit[code] for code in units_above(unit) if code in self._by_unit), None)
