"""The office hours that drawn complaints are handled in, as whole milliseconds since the start of the lives.

It exists because the limits of complaints run in working days and hours, and a life must be able to keep them, to
fall on them exactly, and to miss them by a millisecond. It knows nothing of a rulebook: working days of China where
they are published, weekdays elsewhere, and the hours that the shipped rulebook assumes. Only `cli.generate` and
`cli.complaint_*` import it.
"""

from __future__ import annotations

from bisect import bisect_left
from datetime import UTC, date, datetime, timedelta
from functools import cache

import chinese_calendar

from cli.facts import MINUTE

HOUR = 60 * MINUTE
DAY = 24 * HOUR
ZONE = 8 * HOUR
"""China Standard Time is UTC and eight hours, winter and summer."""

MORNING = (8 * HOUR + 30 * MINUTE, 12 * HOUR)
AFTERNOON = (13 * HOUR + 30 * MINUTE, 17 * HOUR + 30 * MINUTE)
FORENOON = MORNING[1] - MORNING[0]
WORKED = FORENOON + AFTERNOON[1] - AFTERNOON[0]
"""What is worked on a working day."""

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Office:
    """Working time around the aware instant `start`, at which the lives begin; times are milliseconds since then."""

    def __init__(self, start: datetime) -> None:
        self._start = (start - EPOCH) // timedelta(milliseconds=1) + ZONE
        self._days: list[int] = []  # the working days from a day before the start on, as days since 1970
        self._next = self._start // DAY - 1

    def midnight(self, at: int, days: int = 0) -> int:
        """00:00 of the local day of an instant, or of the day so many days later."""
        return ((at + self._start) // DAY + days) * DAY - self._start

    def after(self, at: int, hours: int) -> int:
        """When so many working hours have passed; what falls on closing time is not put off to the next opening."""
        return self._reached(self._spent(at) + hours * HOUR - 1) + 1

    def closing(self, at: int, days: int) -> int:
        """Close of business on the working day that is so many after the day of an instant."""
        day = (at + self._start) // DAY
        self._know(day)
        place = bisect_left(self._days, day + 1) + days - 1
        while place >= len(self._days):
            self._know(self._next)
        return self._days[place] * DAY + AFTERNOON[1] - self._start

    def share(self, since: int, due: int, share: float) -> int:
        """When that share of the working time between two instants has passed; never before `since`."""
        spent = self._spent(since)
        return max(since, self._reached(spent + int(share * (self._spent(due) - spent))))

    def _know(self, day: int) -> None:
        while self._next <= day:
            if _works(self._next):
                self._days.append(self._next)
            self._next += 1

    def _spent(self, at: int) -> int:
        """What has been worked up to an instant."""
        day, into = divmod(at + self._start, DAY)
        self._know(day)
        place = bisect_left(self._days, day)
        spent = place * WORKED
        if place < len(self._days) and self._days[place] == day:
            spent += min(max(into - MORNING[0], 0), FORENOON)
            spent += min(max(into - AFTERNOON[0], 0), WORKED - FORENOON)
        return spent

    def _reached(self, spent: int) -> int:
        """The instant at which so much has been worked; what falls on a break falls on its end."""
        place, into = divmod(spent, WORKED)
        while place >= len(self._days):
            self._know(self._next)
        into += MORNING[0] if into < FORENOON else AFTERNOON[0] - FORENOON
        return self._days[place] * DAY + into - self._start


@cache
def _works(day: int) -> bool:
    on = date.fromordinal(EPOCH.toordinal() + day)
    try:
        return bool(chinese_calendar.is_workday(on))
    except NotImplementedError:  # a year that is not published yet
        return on.weekday() < 5
