"""Counts the clocks that are open, in portions, for the metrics. Used by `agents.worker`.

A scan of a million tickets would hold everything up, and counting along with every event would cost each of them; so
the states are looked at a few hundred at a time, and after each portion there is a pause many times as long. The more
tickets there are, the older the count: seconds for a hundred thousand, minutes for some millions.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter

from sla.open_clocks import open_clocks
from streams.changelog import HEADER_BYTES
from streams.keeper import Keeper
from streams.partition import Partition

PORTION = 200
REST = 30
"""How many times as long as a portion took there is a pause after it: the count takes some 3 % of a core at most."""
EVERY_S = 5.0


async def count_open(keeper: Keeper) -> None:
    """Count what is open in each partition, for ever."""
    while True:
        for partition in list(keeper.partitions.values()):
            found = await _count(partition)
            if partition.live:
                keeper.metrics.clocks.stand(partition.label, found)
        await asyncio.sleep(EVERY_S)


async def _count(partition: Partition) -> Counter[tuple[str, str]]:
    """What is open in one partition, by rule and state; of no use when it is lost meanwhile."""
    found: Counter[tuple[str, str]] = Counter()
    keys = list(partition.states)
    for first in range(0, len(keys), PORTION):
        if not partition.live:
            break
        began = time.monotonic()
        for key in keys[first : first + PORTION]:
            stored = partition.states.get(key)
            if stored is not None:
                for clock_id, state in open_clocks(memoryview(stored)[HEADER_BYTES:]):
                    found[partition.watch.rulebook.about_clock(clock_id).rule, state.value] += 1
        await asyncio.sleep((time.monotonic() - began) * REST)
    return found
