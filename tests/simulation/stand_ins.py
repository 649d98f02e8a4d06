"""The product's prober and view of the changelogs with one thing changed: whom they ask.

`tests.simulation.process` wires them.
"""

import asyncio

from agents.facts_prober import FactsProber
from streams.guard import UnreadError, is_void
from streams.progress import Prober, ProofFailedError
from tests.simulation.broker import EVENTS


class SimulatedProber(Prober):
    """The real prober, with the world's broker behind it."""

    def __init__(self, world, topic, clock):
        self._broker, self._topic, self._clock = world.broker, topic, clock

    def _ask(self, partitions, spec=None):
        if self._broker.down:
            raise ProofFailedError("simulated: no answer")
        if spec is not None:
            return {number: self._broker.begin(self._topic) for number in partitions}
        return {number: self._broker.end(self._topic, number) for number in partitions}


class SimulatedFactsProber(SimulatedProber, FactsProber):
    """The same for facts, with the world's group of tickets."""

    def __init__(self, world, topic, clock):
        super().__init__(world, topic, clock)
        self._events = SimulatedProber(world, EVENTS, clock)
        self._partitions, self._asked = range(world.plan.partitions), None
        self._tickets = world.groups[EVENTS]

    def _committed(self):
        if self._broker.down:
            raise ProofFailedError("simulated: no answer")
        return {number: self._tickets.committed.get(number, -1001) for number in self._partitions}


class SimulatedChangelogs:
    """The changelogs of one matter as the world's broker has them."""

    def __init__(self, world, changelog):
        self._world, self._broker, self._changelog = world, world.broker, changelog

    async def ends(self, partitions):
        """Where they end now."""
        return await asyncio.get_running_loop().run_in_executor(None, self._ends, partitions)

    async def voided(self, partition, start, end, epoch):
        """The keys of a lower epoch in between."""
        return await asyncio.get_running_loop().run_in_executor(None, self._voided, partition, start, end, epoch)

    def _ends(self, partitions):
        if self._broker.down:
            raise ProofFailedError("simulated: no answer")
        return {number: self._broker.end(self._changelog, number) for number in partitions}

    def _voided(self, partition, start, end, epoch):
        if self._broker.down:
            raise UnreadError("simulated: no answer")
        records = self._world.compacted(self._changelog, partition, start, end - start)
        return {r.key for r in records if is_void(r.key, r.value, r.headers, epoch)}
