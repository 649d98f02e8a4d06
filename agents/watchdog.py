"""The watchdog: a stuck monitor is worse than one that is restarted, so it ends the worker and says why.

Three watches: how late the event loop wakes up (a metric), whether every owned partition moves or stands at its end,
and, from a thread of its own, whether the loop still turns at all. Used by `agents.worker`.
"""

from __future__ import annotations

import asyncio
import logging
import os
import sys
import threading
import time
import traceback

from streams.health import Health
from streams.keeper import Keeper
from streams.metrics import Metrics
from streams.progress import Prober, ProofFailedError

logger = logging.getLogger("slawatch.watchdog")

LOOK_EVERY_S = 2.0
STALL_EVERY_S = 0.1
STUCK_AFTER_S = 90.0
HUNG_AFTER_S = 60.0
SAY_WITHIN_S = 5.0
FRAMES_MAX = 30
EXIT_STUCK = 71


class StuckError(Exception):
    """The worker makes no progress; the message says where."""


async def watch_progress(keeper: Keeper, prober: Prober, health: Health) -> None:
    """Note how the partitions stand beside their ends; StuckError when one neither moves nor is at its end.

    A worker that owns none asks all the same: one that stands by must be able to take over.
    """
    while True:
        offsets = {number: partition.next_offset for number, partition in keeper.partitions.items()}
        try:
            _, ends = await prober.ends(sorted(offsets) or [0])
        except ProofFailedError as error:
            logger.warning("brokers_do_not_answer", extra={"error": str(error)})
        else:
            now = time.monotonic()
            health.observe(offsets, ends, now)
            keeper.metrics.brokers_answered.set(keeper.clock.now().timestamp())
            _compare(keeper, ends)
            stuck = health.stuck(now, STUCK_AFTER_S)
            if stuck:
                raise StuckError(
                    f"partitions {stuck} have not moved for {STUCK_AFTER_S:g} s and are not at their end"
                )
        await asyncio.sleep(LOOK_EVERY_S)


def _compare(keeper: Keeper, ends: dict[int, int]) -> None:
    """Tell of each partition what of it was there when it was asked for and is not processed yet."""
    for number, partition in keeper.partitions.items():
        if number in ends:
            behind = max(0, ends[number] - partition.next_offset)
            keeper.metrics.behind.labels(partition.label).set(behind)
            keeper.metrics.caught_up.labels(partition.label).set(behind == 0)


class LoopWatch:
    """Watches that the event loop turns: `stalls` runs in it, a daemon thread looks on from outside."""

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics
        self._turned_at = time.monotonic()

    async def stalls(self) -> None:
        """Measure how late the loop wakes up, for ever."""
        threading.Thread(target=self._look_on, daemon=True, name="loop-watch").start()
        while True:
            began = time.monotonic()
            await asyncio.sleep(STALL_EVERY_S)
            self._turned_at = time.monotonic()
            self._metrics.stall.observe(max(0.0, self._turned_at - began - STALL_EVERY_S))

    def _look_on(self) -> None:
        looked_at = time.monotonic()
        while True:
            time.sleep(LOOK_EVERY_S)
            now = time.monotonic()
            frozen = now - looked_at > HUNG_AFTER_S / 2  # the whole process slept, not just the loop
            looked_at = now
            if frozen:
                self._turned_at = now
            elif now - self._turned_at > HUNG_AFTER_S:
                # Should standard error be what hangs, it ends all the same.
                threading.Timer(SAY_WITHIN_S, os._exit, (EXIT_STUCK,)).start()
                logger.critical("loop_hung", extra={"after_s": HUNG_AFTER_S, "stacks": _stacks()})
                os._exit(EXIT_STUCK)


def _stacks() -> str:
    """Where every thread stands: files, lines and functions, without a value."""
    return "\n".join(
        f"thread {number}\n{''.join(traceback.format_stack(frame, FRAMES_MAX))}"
        for number, frame in sys._current_frames().items()
    )
