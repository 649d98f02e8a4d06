"""The task that keeps time: it asks for proof of silence when a timer is due. Used by `agents.worker`.

On an idle topic it asks once, right after `due + grace`; behind a backlog it keeps asking, and each answer counts
once everything before it is processed. Nothing fires on the wall clock alone.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Mapping
from typing import Any

from streams.broker_time import NoAnswerError, broker_now
from streams.changelog import microseconds
from streams.clock import LogClock, WallClock
from streams.keeper import Keeper
from streams.operator_alerts import Condition
from streams.partition import Partition
from streams.progress import Prober, ProofFailedError

logger = logging.getLogger("slawatch.time")

ASK_EVERY_S = 0.02
LOOK_EVERY_S = 0.05
STEP_MAX_S = 1.0


async def keep_time(keeper: Keeper, prober: Prober, steps: Steps, blind_after_s: float) -> None:
    """Prove silence for the keeper's partitions, for ever."""
    blind_since: dict[Partition, float] = {}
    while True:
        held = await steps.held()
        waiting = _waiting(keeper)
        if held or not waiting:
            await asyncio.sleep(LOOK_EVERY_S if held else _pause(keeper))
            continue
        await _prove(keeper, prober)
        _blind(keeper, waiting, blind_since, blind_after_s)
        keeper.wake.set()
        await asyncio.sleep(ASK_EVERY_S)


def _waiting(keeper: Keeper) -> list[Partition]:
    """Partitions with a timer past due and grace whose silence is not proven that far, and those called blind."""
    if keeper.clock.kind == "log":
        return []
    return [
        partition
        for partition in keeper.partitions.values()
        if _behind(keeper, partition) or partition.alerts.firing(Condition.BLIND)
    ]


def _behind(keeper: Keeper, partition: Partition) -> bool:
    """Whether a timer is past due and grace, and silence is not proven that far."""
    wake_us = partition.next_wake_us()
    return wake_us is not None and partition.proven_us <= wake_us + keeper.grace_us < microseconds(keeper.clock.now())


async def _prove(keeper: Keeper, prober: Prober) -> None:
    owned = sorted(keeper.partitions)
    try:
        sent_us, ends = await prober.proof(owned)
    except ProofFailedError as error:
        logger.warning("silence_not_proven", extra={"error": str(error)})
        await asyncio.sleep(LOOK_EVERY_S)
        return
    for number, end in ends.items():
        partition = keeper.partitions.get(number)
        if partition is not None:
            partition.offer_proof(sent_us, end)


def _blind(keeper: Keeper, waiting: list[Partition], since: dict[Partition, float], blind_after_s: float) -> None:
    """Let append times decide for a partition that could not be proven silent for too long, under one ownership."""
    now = time.monotonic()
    for partition in [known for known in since if known not in waiting]:
        del since[partition]
    for partition in waiting:
        if not partition.live:
            continue
        blind = keeper.metrics.blind.labels(partition.label)
        if not _behind(keeper, partition):
            since.pop(partition, None)
            blind.set(0)
            keeper.see_again(partition)
        elif now - since.setdefault(partition, now) > blind_after_s:
            blind.set(1)
            keeper.go_blind(partition)


class Steps:
    """Watches the wall clock for steps, and asks the broker who is right before timers start and go on.

    A clock that disagrees with the broker by more than `STEP_MAX_S` keeps the timers held: firing on it would page
    people early, or hold what is due without saying so.
    """

    def __init__(self, keeper: Keeper, client: Mapping[str, Any], topic: str) -> None:
        self._keeper, self._client, self._topic = keeper, client, topic
        self._asked_at = float("-inf")
        self._confirmed = False

    async def held(self) -> bool:
        """Whether the timers are held now."""
        keeper = self._keeper
        clock = keeper.clock
        if not isinstance(clock, WallClock):
            return False
        stepped = abs(clock.stepped().total_seconds()) > STEP_MAX_S
        if self._confirmed and not stepped:
            keeper.metrics.held.set(0)
            for partition in keeper.partitions.values():
                if partition.alerts.firing(Condition.CLOCK_STEPPED):
                    partition.resolve(Condition.CLOCK_STEPPED)
                    keeper.wake.set()
            return False
        if not keeper.partitions:
            return True  # nobody's timers, and no ownership to name in an alert
        keeper.metrics.held.set(1)
        if stepped:
            self._say(keeper)
        if time.monotonic() - self._asked_at < 1.0:
            return True
        self._asked_at = time.monotonic()
        partition_asked = min(keeper.partitions)
        loop = asyncio.get_running_loop()
        try:
            told = await loop.run_in_executor(None, broker_now, self._client, self._topic, partition_asked)
        except NoAnswerError as error:
            logger.warning("timers_held", extra={"error": str(error)})
            return True
        if told is not None and abs((told - clock.now()).total_seconds()) > STEP_MAX_S:
            self._say(keeper)
            return True
        clock.confirm()
        self._confirmed = True
        return False

    def _say(self, keeper: Keeper) -> None:
        """Tell the operator, once for all partitions that are held here."""
        held = [keeper.partitions[number] for number in sorted(keeper.partitions)]
        if held and not any(partition.alerts.firing(Condition.CLOCK_STEPPED) for partition in held):
            held[0].fire(Condition.CLOCK_STEPPED)
            keeper.wake.set()


def _pause(keeper: Keeper) -> float:
    """How long to sleep when nothing is due: until the next timer, but never long."""
    if isinstance(keeper.clock, LogClock):
        return LOOK_EVERY_S
    now_us = microseconds(keeper.clock.now())
    pause = LOOK_EVERY_S
    for partition in keeper.partitions.values():
        wake_us = partition.next_wake_us()
        if wake_us is not None:
            pause = min(pause, (wake_us + keeper.grace_us + 1000 - now_us) / 1e6)
    return max(0.001, pause)
