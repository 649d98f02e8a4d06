"""The task that misses sources: it finds out which are silent, says so, and has alerts marked that rest on it.

Used by `agents.worker`.
"""

from __future__ import annotations

import asyncio
import logging

from streams.changelog import instant
from streams.keeper import Keeper
from streams.matter import Tickets
from streams.operator_alerts import Condition
from streams.progress import Prober, ProofFailedError

logger = logging.getLogger("slawatch.sources")

LOOK_EVERY_S = 5.0
LOOKS_IN_TERM = 10
"""A source is looked after so often within the time it may be quiet."""


async def watch_sources(keeper: Keeper, prober: Prober, tickets: Tickets) -> None:
    """Look after the sources of the owned partitions, for ever; nothing to do where none may be called silent."""
    silent_after = tickets.sources.silent_after
    if silent_after is None:
        await asyncio.Event().wait()
        return
    pause_s = min(LOOK_EVERY_S, silent_after.total_seconds() / LOOKS_IN_TERM)
    while True:
        await asyncio.sleep(pause_s)
        offsets = {number: partition.next_offset for number, partition in keeper.partitions.items()}
        if not offsets:
            continue
        try:
            sent_us, ends = await prober.ends(sorted(offsets))
        except ProofFailedError as error:
            logger.warning("brokers_do_not_answer", extra={"error": str(error)})
            continue
        if all(offsets[number] >= end for number, end in ends.items()):
            _tell(keeper, tickets, tickets.sources.silent(instant(sent_us)))


def _tell(keeper: Keeper, tickets: Tickets, silent: frozenset[str]) -> None:
    """Say what changed, once for all partitions that are owned here."""
    tickets.doubt(silent)
    if not keeper.partitions:
        return
    speaker = keeper.partitions[min(keeper.partitions)]
    for name in sorted(tickets.sources.heard):
        told = [p for p in keeper.partitions.values() if p.alerts.firing(Condition.SILENT_SOURCE, name)]
        if name in silent and not told:
            speaker.fire(Condition.SILENT_SOURCE, name)
        elif name not in silent:
            for partition in told:
                partition.resolve(Condition.SILENT_SOURCE, name)
    keeper.wake.set()
