"""The working hours of a year as stretches of elapsed time with their running sum, so that a due time is looked up.

An instant counts if the wall clock then shows a time within a window of a working day; so an hour that a change of
the clocks skips is not worked, and one that it repeats is worked twice. Only `sla.calendar`, `sla.almanac` and
`sla.calendar_file` import this.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from datetime import date, time
from itertools import accumulate
from zoneinfo import ZoneInfo

import msgspec

from sla.wall_clock import DAY_US, EPOCH_ORDINAL, spans, us_into_day
from sla.working_days import Day, Window


class Profile(msgspec.Struct, frozen=True):
    """The hours of some units: windows of a working day, or `all_day`, every minute of every day, working day or not.

    `closing` is the close of business where it is not the end of the last window; `units` are those whose own
    overrides of days hold, nearest first.
    """

    name: str
    windows: tuple[Window, ...] = ()
    closing: time | None = None
    all_day: bool = False
    units: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.all_day == bool(self.windows):
            raise ValueError(f"profile {self.name!r} has either windows or all_day")

    def opens_on(self, day: Day) -> time:
        """When a working day opens."""
        return time(0) if self.all_day else (day.windows or self.windows)[0].opens

    def closes_on(self, day: Day) -> time:
        """When business closes on a working day; 00:00 is 24:00. Windows of the day itself come before `closing`."""
        if self.all_day:
            return time(0)
        if day.windows or self.closing is None:
            return (day.windows or self.windows)[-1].closes
        return self.closing


class Year:
    """The stretches of one local year under a profile with windows, in order; all times in microseconds."""

    __slots__ = ("closes", "opens", "sums")

    def __init__(self, zone: ZoneInfo, year: int, days: list[Day], profile: Profile) -> None:
        found: list[tuple[int, int]] = []
        spans_of_year = spans(zone, year)
        midnight = (date(year, 1, 1).toordinal() - EPOCH_ORDINAL) * DAY_US
        usual = _edges(profile.windows)
        for day in days:
            if day.working:
                for opens, closes in _edges(day.windows) if day.windows else usual:
                    for span in spans_of_year:
                        start = max(midnight + opens - span.offset_us, span.from_us)
                        end = min(midnight + closes - span.offset_us, span.to_us)
                        if start < end:
                            found.append((start, end))
            midnight += DAY_US
        found.sort()
        self.opens = [start for start, _ in found]
        self.closes = [end for _, end in found]
        self.sums = list(accumulate((end - start for start, end in found), initial=0))

    def total(self) -> int:
        """What is worked in the whole year."""
        return self.sums[-1]

    def counted(self, us: int) -> int:
        """What is worked from the beginning of the year to an instant."""
        number = bisect_right(self.opens, us) - 1
        if number < 0:
            return 0
        return self.sums[number] + min(us, self.closes[number]) - self.opens[number]

    def reached(self, counted: int) -> int:
        """The first instant at which so much is worked, more than nothing and at most `total`."""
        number = bisect_left(self.sums, counted) - 1
        return self.opens[number] + counted - self.sums[number]

    def between(self, from_us: int, to_us: int) -> list[tuple[int, int]]:
        """The stretches within two instants, cut at them."""
        first, last = bisect_right(self.closes, from_us), bisect_left(self.opens, to_us)
        return [(max(self.opens[n], from_us), min(self.closes[n], to_us)) for n in range(first, last)]


def _edges(windows: tuple[Window, ...]) -> list[tuple[int, int]]:
    return [(us_into_day(w.opens), us_into_day(w.closes) or DAY_US) for w in windows]
