"""The three clocks of the Kafka edge, driven by injected sources of time."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone

import pytest

from streams.clock import BEGINNING, Clock, LogClock, ScaledClock, WallClock

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
BEIJING = timezone(timedelta(hours=8))
NAIVE = datetime(2026, 11, 23, 12, 0)  # noqa: DTZ001  (being naive is the point)


class Machine:
    """A machine whose two clocks the test moves by hand."""

    def __init__(self) -> None:
        self.wall = NOON.timestamp()
        self.monotonic = 500.0

    def run(self, seconds: float) -> None:
        """Let time pass on both clocks."""
        self.wall += seconds
        self.monotonic += seconds

    def clock(self) -> WallClock:
        """A wall clock that reads this machine."""
        return WallClock(time=lambda: self.wall, monotonic=lambda: self.monotonic)


def test_wall_clock_shows_the_machine_time_in_utc() -> None:
    """now() is the injected wall time, aware and in UTC, to the microsecond."""
    machine = Machine()
    clock = machine.clock()
    machine.run(0.25)
    assert clock.now() == NOON + timedelta(milliseconds=250)
    assert clock.now().tzinfo is UTC


def test_wall_clock_takes_append_instants_as_they_are() -> None:
    """at() keeps the instant and shows it in UTC."""
    mapped = Machine().clock().at(NOON.astimezone(BEIJING))
    assert (mapped, mapped.tzinfo) == (NOON, UTC)


def test_passing_time_is_not_a_step() -> None:
    """A week on both clocks leaves stepped() at zero."""
    machine = Machine()
    clock = machine.clock()
    machine.run(7 * 86_400)
    assert clock.stepped() == timedelta(0)


@pytest.mark.parametrize("seconds", [90, -3_600])
def test_a_step_is_seen_until_it_is_confirmed(seconds: int) -> None:
    """A wall clock set forward or back shows as a signed step that stays until confirm()."""
    machine = Machine()
    clock = machine.clock()
    machine.wall += seconds
    machine.run(10)
    assert clock.stepped() == timedelta(seconds=seconds)
    machine.run(10)
    assert clock.stepped() == timedelta(seconds=seconds)
    clock.confirm()
    machine.run(10)
    assert clock.stepped() == timedelta(0)


def test_a_pause_between_the_two_reads_is_not_a_step() -> None:
    """A thread stopped for two seconds between reading one clock and the other reads the pair again."""
    machine = Machine()
    pauses: list[float] = []

    def wall() -> float:
        reading = machine.wall
        if pauses:
            machine.run(pauses.pop())
        return reading

    clock = WallClock(time=wall, monotonic=lambda: machine.monotonic)
    pauses.append(2.0)
    assert clock.stepped() == timedelta(0)


def test_the_real_clocks_of_this_machine_agree() -> None:
    """With the default sources, an undisturbed machine shows no step worth holding timers for."""
    assert abs(WallClock().stepped()) < timedelta(seconds=1)


def test_scaled_clock_runs_at_its_speed_from_its_origin() -> None:
    """Ten wall seconds at speed 60 are ten minutes of scaled time."""
    origin = datetime(2014, 1, 1, tzinfo=BEIJING)
    clock = ScaledClock(NOON, origin, 60.0, time=lambda: NOON.timestamp() + 10)
    assert clock.now() == origin + timedelta(minutes=10)
    assert clock.now().tzinfo is UTC


def test_scaled_clock_maps_append_instants_by_the_same_rule() -> None:
    """at() of the present wall instant is now(), and instants before the origin map to before it."""
    clock = ScaledClock(NOON, NOON, 2.0, time=lambda: NOON.timestamp() + 30)
    assert clock.at(NOON + timedelta(seconds=30)) == clock.now()
    assert clock.at(NOON - timedelta(seconds=1)) == NOON - timedelta(seconds=2)


@pytest.mark.parametrize("speed", [0.0, -1.0, float("nan"), float("inf")])
def test_a_speed_without_meaning_is_refused(speed: float) -> None:
    """Zero, negative, infinite and not-a-number speeds raise ValueError."""
    with pytest.raises(ValueError, match="speed"):
        ScaledClock(NOON, NOON, speed)


def test_log_clock_lets_silence_decide_nothing_before_the_end() -> None:
    """now() is the minimal instant until finish(), then `until`; a second finish() changes nothing."""
    clock = LogClock(NOON.astimezone(BEIJING))
    assert clock.now() == BEGINNING
    clock.finish()
    clock.finish()
    assert (clock.now(), clock.now().tzinfo) == (NOON, UTC)


def test_log_clock_without_an_end_never_lets_silence_decide() -> None:
    """With until=None the minimal instant remains even after finish()."""
    clock = LogClock(None)
    clock.finish()
    assert clock.now() == BEGINNING


def test_history_has_no_append_time() -> None:
    """at() of the log clock is the minimal instant, before and after finish()."""
    clock = LogClock(NOON)
    clock.finish()
    assert clock.at(NOON) == BEGINNING


def test_the_minimal_instant_leaves_room_for_arithmetic() -> None:
    """Taking a grace off it and showing it in a zone west of Greenwich do not overflow."""
    assert BEGINNING - timedelta(days=31) < BEGINNING.astimezone(timezone(timedelta(hours=-12)))


@pytest.mark.parametrize(
    "make",
    [
        lambda: WallClock().at(NAIVE),
        lambda: ScaledClock(NAIVE, NOON, 1.0),
        lambda: ScaledClock(NOON, NAIVE, 1.0),
        lambda: ScaledClock(NOON, NOON, 1.0).at(NAIVE),
        lambda: LogClock(NAIVE),
        lambda: LogClock(None).at(NAIVE),
    ],
    ids=["wall at", "scaled origin_wall", "scaled origin", "scaled at", "log until", "log at"],
)
def test_naive_instants_are_refused(make: Callable[[], object]) -> None:
    """An instant without a zone raises ValueError wherever one is handed in."""
    with pytest.raises(ValueError, match="time zone"):
        make()


@pytest.mark.parametrize(
    ("clock", "kind"),
    [(WallClock(), "wall"), (ScaledClock(NOON, NOON, 1.0), "scaled"), (LogClock(None), "log")],
)
def test_each_clock_names_its_kind(clock: Clock, kind: str) -> None:
    """Every implementation satisfies the protocol and says which frame it runs in."""
    assert clock.kind == kind
    assert clock.now().tzinfo is UTC
