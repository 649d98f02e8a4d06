"""Replaying history on the log clock: read to the end, then let silence count through `--until`, then stop.

Used by `agents.worker` when the worker runs on the log clock; the verdicts equal those of `backtest`.
"""

from __future__ import annotations

import asyncio

from streams.changelog import microseconds
from streams.clock import BEGINNING, LogClock
from streams.health import Health
from streams.keeper import Keeper
from streams.progress import Prober, ProofFailedError

LOOK_EVERY_S = 0.25


async def replay(keeper: Keeper, prober: Prober, clock: LogClock, health: Health) -> None:
    """Wait for the end of every owned partition, judge what was never done, and until all of it is published."""
    while not await _at_end(keeper, prober, health):
        await asyncio.sleep(LOOK_EVERY_S)
    clock.finish()
    if clock.now() != BEGINNING:
        through_us = microseconds(clock.now()) + keeper.grace_us
        for partition in keeper.partitions.values():
            partition.prove(through_us)
        keeper.wake.set()
        while any(
            _due(partition.next_wake_us(), through_us - keeper.grace_us) for partition in keeper.partitions.values()
        ):
            await asyncio.sleep(LOOK_EVERY_S)
    while any(partition.acked_step < partition.step for partition in keeper.partitions.values()):
        await asyncio.sleep(LOOK_EVERY_S)


def _due(wake_us: int | None, horizon_us: int) -> bool:
    return wake_us is not None and wake_us < horizon_us


async def _at_end(keeper: Keeper, prober: Prober, health: Health) -> bool:
    if health.rebalancing or not keeper.partitions or keeper.backlog:
        return False
    offsets = {number: partition.next_offset for number, partition in keeper.partitions.items()}
    try:
        _, ends = await prober.ends(sorted(offsets))
    except ProofFailedError:
        return False
    return all(offsets[number] >= end for number, end in ends.items())
