"""Named places where a worker can be made to die, so that tests can kill it exactly between two effects.

`SLAWATCH_CRASH_POINT=before_outputs:3` ends the process, as `kill -9` would, the third time that place is
passed. Without the variable a place costs one dictionary look-up. `streams` only.
"""

from __future__ import annotations

import os
from enum import StrEnum

VARIABLE = "SLAWATCH_CRASH_POINT"
EXIT_CODE = 86


class CrashPoint(StrEnum):
    """The places, in the order of effects."""

    DURING_RECOVERY = "during_recovery"
    AFTER_STEP = "after_step"
    MID_CHANGELOG = "mid_changelog"
    BEFORE_OUTPUTS = "before_outputs"
    MID_OUTPUTS = "mid_outputs"
    BEFORE_LEDGER = "before_ledger"


def _armed() -> dict[CrashPoint, int]:
    name, _, count = os.environ.get(VARIABLE, "").partition(":")
    return {CrashPoint(name): int(count or 1)} if name else {}


_remaining = _armed()


def armed(point: CrashPoint) -> bool:
    """Whether this place may end the process at some time; lets a caller prepare the middle of something."""
    return point in _remaining


def passing(point: CrashPoint) -> None:
    """End the process here, without any clean-up, if this is the time that was asked for."""
    if point in _remaining:
        _remaining[point] -= 1
        if _remaining[point] <= 0:
            os._exit(EXIT_CODE)
