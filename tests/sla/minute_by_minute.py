"""Working time counted as slowly as possible: every minute of two decades is asked whether it is worked.

It shares nothing with `sla`: it reads the notices itself, walks days one by one, and finds a clock time by looking at
every minute around it. Only `tests.sla.test_calendar_properties` imports this.
"""

from array import array
from bisect import bisect_left
from datetime import UTC, date, datetime, time, timedelta
from itertools import accumulate
from zoneinfo import ZoneInfo

import chinese_calendar

FIRST = datetime(2004, 1, 2, tzinfo=UTC)
LAST = datetime(2026, 12, 30, tzinfo=UTC)
"""A day inside the years that are published, so that a zone's distance from UTC does not matter."""

DAY = timedelta(days=1)
MINUTE = timedelta(minutes=1)
STEP_MINUTES = 30
"""No zone here is apart from UTC by anything but whole half hours."""


class Minutes:
    """One office: its zone, its windows as minutes of a day, and the days it works beside the published ones."""

    def __init__(self, zone: ZoneInfo, windows: list[tuple[int, int]], also: frozenset[date]) -> None:
        self.zone = zone
        self.windows = windows
        self.also = also
        self.known: dict[date, bool] = {}
        pattern = bytes(any(opens <= minute < closes for opens, closes in windows) for minute in range(1440))
        steps, at = [], FIRST
        idle = bytes(STEP_MINUTES)
        while at < LAST:
            local = at.astimezone(zone)
            minute = local.hour * 60 + local.minute
            steps.append(pattern[minute : minute + STEP_MINUTES] if self.works(local.date()) else idle)
            at += STEP_MINUTES * MINUTE
        self.worked = b"".join(steps)
        self.sums = array("I", accumulate(self.worked, initial=0))

    def works(self, on: date) -> bool:
        """Tell whether a day is worked; NotImplementedError beyond what is published."""
        known = self.known.get(on)
        if known is None:
            known = self.known[on] = on in self.also or chinese_calendar.is_workday(on)
        return known

    def count(self, start: datetime, end: datetime) -> int:
        """Count the minutes worked between two."""
        return self.worked.count(1, (start - FIRST) // MINUTE, (end - FIRST) // MINUTE)

    def after(self, start: datetime, minutes: int) -> datetime | None:
        """Find when so many minutes have been worked; None beyond the last."""
        target = self.sums[(start - FIRST) // MINUTE] + minutes
        number = bisect_left(self.sums, target)
        return FIRST + number * MINUTE if number < len(self.sums) else None

    def after_days(self, start: datetime, days: int, day_end: str, roll: bool, roll_after: time | None) -> datetime:
        """Walk working days; NotImplementedError beyond what is published."""
        local = start.astimezone(self.zone)
        on, clock = local.date(), local.time()
        opening = time(*divmod(self.windows[0][0], 60))
        if roll:
            if not self.works(on) or (roll_after is not None and clock > roll_after):
                on = self._next(on)
                clock = opening
            elif clock < opening:
                clock = opening
        started_on = on
        for _ in range(days):
            on = self._next(on)
        if day_end == "close_of_business":
            closing = self.windows[-1][1]
            return self.shows(on + DAY, time(0)) if closing == 1440 else self.shows(on, time(*divmod(closing, 60)))
        if day_end == "same_clock_time" and self.works(started_on):
            return self.shows(on, clock)
        return self.shows(on + DAY, time(0))

    def shows(self, on: date, clock: time) -> datetime:
        """Find the last minute with this clock time, or the first past it where the clock leaves it out."""
        wall = datetime.combine(on, clock)
        guess = wall.replace(tzinfo=self.zone)
        if guess.utcoffset() == guess.replace(fold=1).utcoffset():
            return guess.astimezone(UTC)
        middle = wall.replace(tzinfo=UTC) - guess.utcoffset()
        around = [middle + minute * MINUTE for minute in range(-180, 181)]
        walls = [(minute, minute.astimezone(self.zone).replace(tzinfo=None)) for minute in around]
        same = [minute for minute, shown in walls if shown == wall]
        return max(same) if same else min(minute for minute, shown in walls if shown > wall)

    def _next(self, on: date) -> date:
        on += DAY
        while not self.works(on):
            on += DAY
        return on
