"""The task that misses sources: it finds out which are silent, says so, and has alerts marked that rest on it.

Used by `agents.worker`.
"""

from __future__ import annotations

import asyncio
import logging

from streams.changelog import instant
from streams.health import Health
from streams.keeper import Keeper
from streams.matter import Tickets
from streams.operator_alerts import Condition
from streams.progress import Prober, ProofFailedError

logger = logging.getLogger("slawatch.sources")

LOOK_EVERY_S = 5.0
LOOKS_IN_TERM = 10
"""A source is looked after so often within the time it may be quiet."""


async def watch_sources(keeper: Keeper, prober: Prober, tickets: Tickets, health: Health) -> None:
    """Look after the sources of the owned partitions, for ever.

    Where none may be called silent, what was called so before is over.
    """
    silent_after = tickets.sources.silent_after
    pause_s = (
        LOOK_EVERY_S if silent_after is None else min(LOOK_EVERY_S, silent_after.total_seconds() / LOOKS_IN_TERM)
    )
    while True:
        await asyncio.sleep(pause_s)
        await look(keeper, prober, tickets, health)


async def look(keeper: Keeper, prober: Prober, tickets: Tickets, health: Health) -> None:
    """Look once: say of the owned partitions' sources what changed; a worker that stands by calls none silent."""
    sources = tickets.sources
    offsets = {number: partition.next_offset for number, partition in keeper.partitions.items()}
    if not offsets:
        if not health.rebalancing:
            sources.stand_by(keeper.clock.now())
            tickets.doubt(frozenset())
        return
    if sources.silent_after is None:
        _tell(keeper, tickets, frozenset())
        return
    try:
        sent_us, ends = await prober.ends(sorted(offsets))
    except ProofFailedError as error:
        logger.warning("brokers_do_not_answer", extra={"error": str(error)})
        return
    if all(offsets[number] >= end for number, end in ends.items()):
        for name in _called_silent(keeper):
            sources.miss(name)
        _tell(keeper, tickets, sources.silent(instant(sent_us)))


def _called_silent(keeper: Keeper) -> set[str]:
    """The sources whose alert stands on an owned partition, whoever raised it."""
    partitions = keeper.partitions.values()
    return {name for partition in partitions for name in partition.alerts.firing_about(Condition.SILENT_SOURCE)}


def _tell(keeper: Keeper, tickets: Tickets, silent: frozenset[str]) -> None:
    """Say what changed, once for all partitions that are owned here."""
    tickets.doubt(silent)
    if not keeper.partitions:
        return
    speaker = keeper.partitions[min(keeper.partitions)]
    for name in sorted(silent - _called_silent(keeper)):
        speaker.fire(Condition.SILENT_SOURCE, name)
    for partition in keeper.partitions.values():
        for name in partition.alerts.firing_about(Condition.SILENT_SOURCE):
            if name not in silent:
                partition.resolve(Condition.SILENT_SOURCE, name)
    keeper.wake.set()
