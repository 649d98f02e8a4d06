"""The product's prober and view of the changelogs with one thing changed: whom they ask.

`tests.simulation.process` wires them.
"""

import asyncio

from streams.guard import UnreadError, is_void
from streams.progress import Prober, ProofFailedError
from tests.simulation.broker import CHANGELOG, EVENTS


class SimulatedProber(Prober):
    """The real prober, with the world's broker behind it."""

    def __init__(self, broker, clock):
        self._broker, self._clock = broker, clock

    def _ask(self, partitions, spec=None):
        if self._broker.down:
            raise ProofFailedError("simulated: no answer")
        if spec is not None:
            return {number: self._broker.begin(EVENTS) for number in partitions}
        return {number: self._broker.end(EVENTS, number) for number in partitions}


class SimulatedChangelogs:
    """The changelogs as the world's broker has them."""

    def __init__(self, world):
        self._world, self._broker = world, world.broker

    async def ends(self, partitions):
        """Where they end now."""
        return await asyncio.get_running_loop().run_in_executor(None, self._ends, partitions)

    async def voided(self, partition, start, end, epoch):
        """The keys of a lower epoch in between."""
        return await asyncio.get_running_loop().run_in_executor(None, self._voided, partition, start, end, epoch)

    def _ends(self, partitions):
        if self._broker.down:
            raise ProofFailedError("simulated: no answer")
        return {number: self._broker.end(CHANGELOG, number) for number in partitions}

    def _voided(self, partition, start, end, epoch):
        if self._broker.down:
            raise UnreadError("simulated: no answer")
        records = self._world.compacted(partition, start, end - start)
        return {r.key for r in records if is_void(r.key, r.value, r.headers, epoch)}
