"""Stretches of the week that a route may ask for: office hours, weekends, nights. Pure.

May be imported by `alerting` only.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import msgspec

from sla.calendar import Calendar
from sla.working_days import Window

_SATURDAY = 5
INSTANT = timedelta(microseconds=1)


class Hours(msgspec.Struct, frozen=True):
    """Windows of some days on the wall clock of a zone.

    `days` are weekdays, Monday is 0; None means the working days of `calendar` (Monday to Friday
    where that does not know a day). Without windows the whole day counts.
    """

    name: str
    zone: ZoneInfo
    days: frozenset[int] | None
    windows: tuple[Window, ...] = ()
    calendar: Calendar | None = None

    def hold(self, at: datetime) -> bool:
        """Whether an aware instant lies in one of the windows; each includes its opening and not its closing."""
        wall = at.astimezone(self.zone)
        if not self._counts(wall):
            return False
        clock = wall.time()
        return not self.windows or any(
            window.opens <= clock and (clock < window.closes or not _ticks(window)) for window in self.windows
        )

    def _counts(self, wall: datetime) -> bool:
        if self.days is not None:
            return wall.weekday() in self.days
        worked = self.calendar.working(wall.date()) if self.calendar is not None else None
        return wall.weekday() < _SATURDAY if worked is None else worked


def _ticks(window: Window) -> bool:
    """Whether a window closes before the day is over."""
    return window.closes.hour + window.closes.minute > 0
