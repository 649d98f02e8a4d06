"""Instants as whole microseconds, and what the clock on the wall of a zone shows at them.

Working time is counted in elapsed time, but granted in wall time; where the wall clock jumps, the two part. Instants
leave as UTC: Python subtracts two times of one zone as the wall shows them. Only the modules of
the calendar, `sla.passage`, `sla.explain` and the roster of `alerting` import this.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from itertools import pairwise
from zoneinfo import ZoneInfo

import msgspec

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
EPOCH_ORDINAL = EPOCH.toordinal()
MICROSECOND = timedelta(microseconds=1)
SECOND_US = 1_000_000
DAY_US = 86_400 * SECOND_US


class Span(msgspec.Struct, frozen=True):
    """A stretch of time in which the wall clock keeps one distance from UTC."""

    from_us: int
    to_us: int
    offset_us: int


def us_of(at: datetime) -> int:
    """Microseconds since 1970 of an aware instant."""
    since = at - EPOCH
    return (since.days * 86_400 + since.seconds) * SECOND_US + since.microseconds


def at_of(us: int) -> datetime:
    """The instant so many microseconds after 1970, in UTC."""
    return EPOCH + timedelta(microseconds=us)


def us_into_day(clock: time) -> int:
    """Microseconds from 00:00 to a time on the wall."""
    return ((clock.hour * 60 + clock.minute) * 60 + clock.second) * SECOND_US + clock.microsecond


def spans(zone: ZoneInfo, year: int) -> list[Span]:
    """The spans that a local year consists of, in order; the first and the last reach beyond it."""
    first = us_of(datetime(year, 1, 1, tzinfo=UTC)) - 2 * DAY_US
    last = us_of(datetime(year + 1, 1, 1, tzinfo=UTC)) + 2 * DAY_US
    changes = [
        _change(zone, before, after)
        for before, after in pairwise(range(first, last + DAY_US, DAY_US))
        if _offset(zone, before) != _offset(zone, after)
    ]
    edges = [first, *changes, last]
    return [Span(start, end, _offset(zone, start)) for start, end in pairwise(edges)]


@lru_cache(maxsize=4096)
def last_at(zone: ZoneInfo, on: date, clock: time) -> int:
    """The instant at which the wall clock shows a time of a day, in microseconds.

    Shown twice, it is the second time, so that nobody is late while the clock still shows it; never shown, it is the
    instant at which the clock jumps past it. Kept, because the tickets of a day are due on few others.
    """
    early, late = (us_of(datetime.combine(on, clock, zone).replace(fold=fold)) for fold in (0, 1))
    return late if early <= late else _change(zone, late, early)


def _offset(zone: ZoneInfo, us: int) -> int:
    offset = at_of(us).astimezone(zone).utcoffset()
    assert offset is not None
    return offset // MICROSECOND


def _change(zone: ZoneInfo, before: int, after: int) -> int:
    """The first instant with another offset than `before`, which `after` has."""
    old = _offset(zone, before)
    while after - before > 1:
        middle = (before + after) // 2
        if _offset(zone, middle) == old:
            before = middle
        else:
            after = middle
    return after
