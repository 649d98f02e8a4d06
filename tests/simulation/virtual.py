"""The product's modules inside a simulation: virtual time, named places where to die, limits small enough to be met.

`tests.simulation.world` says which world is the present one.
"""

from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

import agents.keep_time
import streams.effects
import streams.guard
import streams.keeper
import streams.operator_alerts
import streams.partition
from streams.broker_time import NoAnswerError

_present: list[Any] = []


@contextmanager
def presence(world: Any):
    """This world is the one whose time it is."""
    _present.append(world)
    try:
        yield
    finally:
        _present.pop()


def _broker_now(world: Any, *_: Any) -> datetime:
    if world.broker.down:
        raise NoAnswerError("simulated: nobody answers")
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=world.now_us // 1000)


@contextmanager
def simulated():
    """The product's modules see virtual time and die where the world says; limits are small, so that they are met."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(agents.keep_time, "time", SimpleNamespace(monotonic=lambda: _present[-1].now_us / 1e6))
        patch.setattr(agents.keep_time, "broker_now", _broker_now)
        pause = agents.keep_time._pause
        patch.setattr(agents.keep_time, "_pause", lambda keeper: max(0.05, pause(keeper)))
        patch.setattr(agents.keep_time, "LOOK_EVERY_S", 2.0)
        patch.setattr(agents.keep_time, "ASK_EVERY_S", 0.25)
        patch.setattr(agents.keep_time.logger, "disabled", True)
        patch.setattr(streams.effects, "passing", lambda point: _present[-1].running.passing(point))  # noqa: PLW0108
        patch.setattr(streams.effects, "armed", lambda point: (_present[-1].running.dies_at or "?")[0] is point)
        patch.setattr(streams.effects, "ASK_AGAIN_S", 0.2)
        patch.setattr(streams.effects.logger, "disabled", True)
        patch.setattr(streams.operator_alerts.logger, "disabled", True)
        patch.setattr(streams.guard, "LOOK_EVERY_S", 5.0)
        patch.setattr(streams.guard.logger, "disabled", True)
        patch.setattr(streams.keeper, "CONTROL_EVERY_S", 2.0)
        patch.setattr(streams.keeper, "RECORDS_MAX", 7)
        patch.setattr(streams.keeper, "TICKS_MAX", 2)
        patch.setattr(streams.keeper, "BACKLOG_MAX", 20)
        patch.setattr(streams.partition, "PROOFS_MAX", 4)
        yield
