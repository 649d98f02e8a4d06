"""Which days are working days, and how well each is known: the operator's word, the State Council's, or an estimate.

It is apart from `sla.calendar` because nothing here knows about hours. Only the modules of the calendar import this
(`sla.calendar`, `sla.almanac`, `sla.working_hours`, `sla.calendar_file`) and the unit tree and hours of `alerting`.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping
from datetime import date, time, timedelta
from enum import StrEnum
from functools import lru_cache
from hashlib import sha256

import chinese_calendar
import msgspec
from holidays import HolidayBase, country_holidays
from holidays.version import __version__ as holidays_version

FIRST_YEAR, LAST_YEAR = 2000, 2199
"""Nothing is known of other years, whatever the calendar: a date there is a slip of the pen."""

DAY = timedelta(days=1)
CODE_DIGITS_MIN = 4
"""A unit with a code of so many digits lies below every unit whose code its own begins with."""


class Certainty(StrEnum):
    """How well the days that an instant follows from are known; the least certain of them decides."""

    OFFICIAL = "official"
    OVERRIDE = "override"
    ESTIMATED = "estimated"


_DOUBTS = tuple(Certainty)
"""From the most certain to the least."""


class Source(StrEnum):
    """Where working days come from when the operator says nothing."""

    CHINA = "china"
    WEEKDAYS = "weekdays"


class Beyond(StrEnum):
    """What holds in a year the source does not know."""

    UNKNOWN = "unknown"
    ESTIMATED = "estimated"


class Window(msgspec.Struct, frozen=True):
    """Working hours on the wall clock, from `opens` up to, not including, `closes`; 00:00 as `closes` is 24:00."""

    opens: time
    closes: time


class Day(msgspec.Struct, frozen=True):
    """One day: whether it is worked (None: not known), how well that is known, and windows in place of the usual."""

    working: bool | None
    certainty: Certainty
    windows: tuple[Window, ...] = ()


class Days(msgspec.Struct, frozen=True):
    """The working days of a calendar; `years` and `overrides` are the operator's, by year, and by unit and day.

    A unit is None where a day is overridden for everybody.
    """

    source: Source
    beyond: Beyond
    years: Mapping[int, Mapping[date, bool]]
    overrides: Mapping[str | None, Mapping[date, Day]]

    def day(self, on: date, units: tuple[str, ...] = ()) -> Day:
        """What is known of a day, for a unit given by `units_of`: its override, everybody's, source, estimate."""
        if not FIRST_YEAR <= on.year <= LAST_YEAR:
            return Day(None, Certainty.OFFICIAL)
        for unit in (*units, None):
            found = self.overrides.get(unit, {}).get(on)
            if found is not None:
                return found
        year = self.years.get(on.year)
        if year is not None:
            return Day(year.get(on, on.weekday() < 5), Certainty.OVERRIDE)
        if self.source is Source.WEEKDAYS:
            return Day(on.weekday() < 5, Certainty.OFFICIAL)
        known = _official(on)
        if known is None and self.beyond is Beyond.ESTIMATED:
            return Day(_estimated(on), Certainty.ESTIMATED)
        return Day(known, Certainty.OFFICIAL)

    def units_of(self, unit: str) -> tuple[str, ...]:
        """The units whose overrides hold for this one, itself first, then those above it."""
        return tuple(code for code in units_above(unit) if code in self.overrides) if self.overrides else ()

    def holiday(self, on: date) -> dict[str, str] | None:
        """The name, by language, of the holiday for which a day is off, or worked in its place; None without one.

        What the operator overrides has no name, and neither has an ordinary weekend.
        """
        if self.source is Source.WEEKDAYS or on.year in self.years or on in self.overrides.get(None, {}):
            return None
        name = chinese_calendar.holidays.get(on) or chinese_calendar.workdays.get(on)
        if name is not None:
            return {"zh": _CHINESE.get(name, name), "en": name}
        if self.beyond is Beyond.ESTIMATED and _official(on) is None:
            estimated = {lang: _statutory(on.year, code) for lang, code in (("zh", "zh_CN"), ("en", "en_US"))}
            return {lang: china[on] for lang, china in estimated.items() if china is not None and on in china} or None
        return None

    def known_until(self) -> date | None:
        """The last day without a gap in what is published or overridden; None for plain weekdays, which never end.

        An estimate is no knowledge. Overrides of single units do not count.
        """
        if self.source is Source.WEEKDAYS:
            return None
        on = date(
            max(year for year in range(FIRST_YEAR, LAST_YEAR) if _official(date(year, 1, 1)) is not None), 12, 31
        )
        while on.year <= LAST_YEAR:
            day = self.day(on + DAY)
            if day.working is None or day.certainty is Certainty.ESTIMATED:
                break
            on += DAY
        return on

    def label(self) -> str:
        """What due times depend on: the source with the edition of its data, and the operator's word as a hash."""
        said = [f"{unit or ''} {on} {day}" for unit, days in self.overrides.items() for on, day in days.items()]
        said += [f"{year} {on} {works}" for year, days in self.years.items() for on, works in days.items()]
        said += [f"{year}" for year in self.years]
        parts = [self.source.value]
        if self.source is Source.CHINA:
            parts.append(f"chinesecalendar-{chinese_calendar.__version__}")
            if self.beyond is Beyond.ESTIMATED:
                parts.append(f"estimated-holidays-{holidays_version}")
        if said:
            parts.append(f"override-{sha256(chr(10).join(sorted(said)).encode()).hexdigest()[:12]}")
        return " ".join(parts)


_CHINESE = {holiday.value: holiday.chinese for holiday in chinese_calendar.Holiday}
"""The Chinese name of each holiday the notices know, by its English one."""


def units_above(unit: str) -> tuple[str, ...]:
    """A unit and the codes of those it may lie below, nearest first: 650102, 65010, 6501, 650, 65, 6."""
    if len(unit) < CODE_DIGITS_MIN or not unit.isdecimal():
        return (unit,)
    return tuple(unit[:length] for length in range(len(unit), 0, -1))


class DaysOfYear:
    """The days of one year for some units, laid out so that a term finds what it needs without asking day by day.

    Days are named by their ordinals. `possible` are those worked or not known, `unknown` those not known; `alike` is
    the certainty of all days where they have one.
    """

    __slots__ = ("alike", "days", "doubts", "first", "possible", "unknown")

    def __init__(self, days: Days, year: int, units: tuple[str, ...]) -> None:
        self.first = date(year, 1, 1).toordinal()
        last = date(year, 12, 31).toordinal()
        self.days = [days.day(date.fromordinal(ordinal), units) for ordinal in range(self.first, last + 1)]
        self.doubts = bytes(_DOUBTS.index(day.certainty) for day in self.days)
        self.alike = self.days[0].certainty if len(set(self.doubts)) == 1 else None
        self.possible = [self.first + number for number, day in enumerate(self.days) if day.working is not False]
        self.unknown = [self.first + number for number, day in enumerate(self.days) if day.working is None]

    def day(self, ordinal: int) -> Day:
        """A day of this year by its ordinal."""
        return self.days[ordinal - self.first]

    def certainty(self, first: int, last: int) -> Certainty:
        """The certainty of the least certain day of this year from one ordinal to another, both included."""
        if self.alike is not None:
            return self.alike
        return _DOUBTS[max(self.doubts[max(first - self.first, 0) : last + 1 - self.first])]

    def unknown_from(self, ordinal: int) -> int | None:
        """The first day from a given one on that nobody knows, as ordinals."""
        number = bisect_left(self.unknown, ordinal)
        return self.unknown[number] if number < len(self.unknown) else None


def _official(on: date) -> bool | None:
    """What the State Council published; None for a year that the data lacks, which is then unknown as a whole.

    A year without its National Day is lacking: single days of it, brought by a neighbouring year, are not its notice.
    """
    if date(on.year, 10, 1) not in chinese_calendar.holidays:
        return None
    try:
        return bool(chinese_calendar.is_workday(on))
    except NotImplementedError:
        return None


def _estimated(on: date) -> bool | None:
    """Statutory holidays and weekends; make-up days nobody can foresee. None where the lunar tables end."""
    china = _statutory(on.year)
    return None if china is None else china.is_working_day(on)


@lru_cache(maxsize=24)
def _statutory(year: int, language: str | None = None) -> HolidayBase | None:
    """The statutory days of one year, kept because they are worked out from the moon."""
    china = country_holidays("CN", years=year, language=language)
    return china if china.start_year <= year <= china.end_year else None
