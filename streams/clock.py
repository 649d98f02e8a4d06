"""The one place of the Kafka edge that reads a clock.

Why: a deadline monitor is wrong in exactly the ways its idea of "now" is wrong. So time is an input: whoever
needs an instant is handed a `Clock`, and the same code runs live (`WallClock`), in the demo (`ScaledClock`)
and over history (`LogClock`). No other module of `streams`, and nothing in `sla`, calls `time.*` or
`datetime.now`.

May be imported by `streams`, `agents` and `cli`. Imports nothing of ours.
"""

import math
import time as system_time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import ClassVar, Final, Literal, Protocol

ClockKind = Literal["wall", "scaled", "log"]
Seconds = Callable[[], float]
"""A source of time: returns seconds, since the Unix epoch (wall) or since some fixed point (monotonic)."""

BEGINNING: Final = datetime(2, 1, 1, tzinfo=UTC)
"""The minimal instant: before anything a ticket can say. Year 2, not `datetime.min`, so that taking a grace
period off it, or showing it in a local zone, does not overflow."""

_READ_WINDOW: Final = 0.001
_READ_ATTEMPTS: Final = 5


class Clock(Protocol):
    """What the engine asks of time. All instants are aware and in UTC."""

    @property
    def kind(self) -> ClockKind:
        """Which of the three frames this clock runs in; published with the settings and in the metrics."""

    def now(self) -> datetime:
        """The present instant in this clock's frame. Does not promise to be monotonic: see `WallClock`."""

    def at(self, wall: datetime) -> datetime:
        """Map the wall instant at which a broker appended a record to this clock's frame.

        Raises ValueError if `wall` is naive.
        """


class WallClock:
    """The live clock: now() is the machine's UTC time, append instants are taken as they are.

    It also knows when the machine's time has been stepped (by hand, by NTP after a bad boot, by a suspended
    virtual machine): the wall clock is compared with the monotonic one, which nobody can set. The timers are
    held while `stepped()` is too large and go on after `confirm()`. Slewing moves both clocks alike, so it
    never shows as a step. Thread-safe: the anchor is replaced in one assignment.
    """

    __slots__ = ("_anchor", "_monotonic", "_time")
    kind: ClassVar[ClockKind] = "wall"

    def __init__(self, time: Seconds = system_time.time, monotonic: Seconds = system_time.monotonic) -> None:
        """Anchor the clock at the present. `time` and `monotonic` are injected by tests."""
        self._time = time
        self._monotonic = monotonic
        self._anchor = self._reading()

    def now(self) -> datetime:
        """The machine's present time, to the microsecond; jumps when the machine's time is set."""
        return datetime.fromtimestamp(self._time(), UTC)

    def at(self, wall: datetime) -> datetime:
        """The same instant, in UTC. Raises ValueError if `wall` is naive."""
        return _utc(wall)

    def stepped(self) -> timedelta:
        """How far the wall clock has moved against the monotonic one since the last confirmed anchor.

        Positive: it was set forward (or the machine slept), negative: back. Good to about a millisecond.
        Keeps its value until `confirm()`, so a step cannot be missed between two looks.
        """
        wall, monotonic = self._reading()
        anchor_wall, anchor_monotonic = self._anchor
        return timedelta(seconds=(wall - anchor_wall) - (monotonic - anchor_monotonic))

    def confirm(self) -> None:
        """Accept the present wall time as right: `stepped()` is zero again from here on."""
        self._anchor = self._reading()

    def _reading(self) -> tuple[float, float]:
        """Both clocks at one instant. A thread put to sleep between the two reads would look like a step,
        so a pair read too slowly is read again.
        """
        for _ in range(_READ_ATTEMPTS):
            before = self._monotonic()
            wall = self._time()
            after = self._monotonic()
            if after - before <= _READ_WINDOW:
                break
        return wall, after


@dataclass(frozen=True, slots=True)
class ScaledClock:
    """The demo's clock: an affine picture of the wall clock, so that an hour can pass in a minute.

    At wall instant `origin_wall` it shows `origin`; from there it runs `speed` times as fast (60.0: a minute
    a second; below 1 is slow motion). Append instants go through the same map, so silence and lateness mean
    the same thing as live. Raises ValueError for naive instants and for a speed that is not a finite
    positive number; far from the origin at a great speed, now() and at() raise OverflowError past year 9999.
    """

    kind: ClassVar[ClockKind] = "scaled"
    origin_wall: datetime
    origin: datetime
    speed: float
    time: Seconds = field(default=system_time.time, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Refuse what has no meaning, and keep both origins in UTC."""
        if not (math.isfinite(self.speed) and self.speed > 0):
            raise ValueError(f"speed must be a finite number above 0, not {self.speed}")
        object.__setattr__(self, "origin_wall", _utc(self.origin_wall))
        object.__setattr__(self, "origin", _utc(self.origin))

    def now(self) -> datetime:
        """The present instant of the scaled time."""
        return self.at(datetime.fromtimestamp(self.time(), UTC))

    def at(self, wall: datetime) -> datetime:
        """What this clock shows at a wall instant, which may lie before the origin."""
        return self.origin + (_utc(wall) - self.origin_wall) * self.speed


class LogClock:
    """The clock of history: only the times written in the events count, nothing is decided by silence.

    While the log is being read, now() is `BEGINNING`, so no deadline has passed. Once the reader has come to
    the end it calls `finish()`, and now() is `until`: what has not stopped by then is judged as silent. With
    `until=None` the silence after the last event decides nothing either. at() is always `BEGINNING`: history
    has no append time, so a start never counts as late in arriving.
    """

    __slots__ = ("_finished", "_until")
    kind: ClassVar[ClockKind] = "log"

    def __init__(self, until: datetime | None) -> None:
        """Judge silence as of `until` (aware), or not at all. Raises ValueError if it is naive."""
        self._until = BEGINNING if until is None else _utc(until)
        self._finished = False

    def now(self) -> datetime:
        """`BEGINNING` before `finish()`; afterwards `until`, or still `BEGINNING` if there is none."""
        return self._until if self._finished else BEGINNING

    def at(self, wall: datetime) -> datetime:
        """`BEGINNING`, whatever `wall` is. Raises ValueError if it is naive."""
        _utc(wall)
        return BEGINNING

    def finish(self) -> None:
        """Say that the whole log has been read. Calling it again changes nothing."""
        self._finished = True


def _utc(instant: datetime) -> datetime:
    """The same instant in UTC; a naive one names no instant and is refused with ValueError."""
    if instant.utcoffset() is None:
        raise ValueError(f"an instant needs a time zone: {instant.isoformat()}")
    return instant.astimezone(UTC)
