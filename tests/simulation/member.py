"""One matter that a simulated process watches: the real keeper, effects, partitions and keeping of time, wired.

What `agents.worker` does with Faust and threads is done here with a fetching task, a heartbeat and a committer on the
process's `ProcessLoop`; everything that decides or writes is the product's own code. Processes own members, one for
tickets and, where article 12 is on, one for incidents: each with a group, a changelog and a keeper of its own.
"""

import asyncio
import math
from typing import Any

import streams.source_check
from agents import keep_time
from sla.publication import Channel
from streams.changelog import CLAIM_KEY, Claim, encode
from streams.crash_points import CrashPoint
from streams.effects import Effects, Names
from streams.guard import Guard
from streams.keeper import Keeper
from streams.matter import Incidents, Tickets
from streams.metrics import Metrics
from streams.patience import OwnershipLostError
from streams.publisher import Outgoing, PublishFailedError
from streams.restore import RestoreError, _Replay
from streams.runs import Run
from tests.simulation.broker import ALERTS, CHANGELOGS, DEAD, EVENTS, FACTS, SESSION_US, VERDICTS, Group
from tests.simulation.stand_ins import SimulatedChangelogs, SimulatedFactsProber, SimulatedProber

APP = "simulated"
CHANNELS = {Channel.ALERTS: ALERTS, Channel.VERDICTS: VERDICTS, Channel.FACTS: FACTS}
METRICS = Metrics()
"""Shared by all worlds: making a registry takes longer than living through most of them."""
HEARTBEAT_S = SESSION_US / 4e6
COMMIT_S = 3.0
TOPIC_ID = "simulated"


class Member:
    """One matter of a process, by the topic its records come from."""

    def __init__(self, process: Any, source: str) -> None:
        world, clock = process.world, process.clock
        self.process, self.world, self.loop = process, world, process.loop
        self.name, self.source, self.changelog = process.name, source, CHANGELOGS[source]
        self.group: Group = world.groups[source]
        names = Names(source, self.changelog, DEAD, CHANNELS, APP)
        effects = Effects(names, clock, METRICS, self, self._may_write, world.plan.grace_us)
        guard = Guard(SimulatedChangelogs(world, self.changelog))
        matter = Tickets(world.watch) if source == EVENTS else Incidents(world.watch, APP)
        self.keeper = Keeper(effects, world.watch, clock, METRICS, self._acknowledge, self, guard, matter)
        prober = SimulatedProber if source == EVENTS else SimulatedFactsProber
        self.prober = prober(world, source, clock)
        self.heartbeat_us = -SESSION_US
        self.generation, self.joining, self.flowing = 0, False, False
        self.ledger: dict[int, int] = {}
        self.positions: dict[int, int] = {}
        self.arrivals = asyncio.Event()
        steps = keep_time.Steps(self.keeper, world, self.changelog)
        blind_after_s = world.plan.blind_after_s if source == EVENTS else math.inf
        process.spawn(self.keeper.run())
        for work in (
            keep_time.keep_time(self.keeper, self.prober, steps, blind_after_s),
            self._beat(),
            self._fetch(),
            self._commit(),
        ):
            process.spawn(work)
        self._rejoin()

    def resume(self, callback) -> None:
        """Something from outside arrives at the process."""
        self.process.resume(callback)

    @property
    def _fetch_s(self) -> float:
        """How long a fetch of this matter may take in this world."""
        plan = self.world.plan
        return plan.fetch_s if self.source == EVENTS else plan.facts_fetch_s

    async def close(self) -> None:
        """An orderly end: what is stepped is published and committed."""
        await self.keeper.close()
        self._commit_now(self.generation, dict(self.ledger))
        self.group.leave(self)

    # -- what the keeper asks for ---------------------------------------------------------------------------------

    async def publish(self, records):
        """The publisher: all of these, acknowledged."""
        records = list(records)
        if records:
            await self.world.broker.publish(self.process, records)

    async def seek(self, partition, offset):
        """The source: fetch again from an offset."""
        if partition in self.positions:
            self.positions[partition] = max(offset, self.world.broker.begin(self.source))

    async def beginning(self, partition):
        """The source: the first offset that is there."""
        return await self.prober.beginning(partition)

    def _may_write(self) -> bool:
        return self.world.now_us - self.heartbeat_us < SESSION_US / 2

    def _acknowledge(self, partition: int, next_offset: int) -> None:
        self.ledger[partition] = next_offset

    # -- the group ------------------------------------------------------------------------------------------------

    def _rejoin(self) -> None:
        """The first sign of a rebalance: all partitions are given up, then the group is asked for new ones."""
        self.joining, self.flowing = True, False
        self.ledger.clear()
        self.positions.clear()
        for partition in self.keeper.partitions.values():
            partition.live = False
        self.loop.call_soon(self.keeper.drop_all)
        wait = self.world.dice.randint(500, 30_000)
        self.world.after(wait, lambda: self.resume(lambda: self.group.join(self)))

    async def _beat(self):
        group = self.group
        while True:
            sent_us, asked = self.world.now_us, self.generation
            try:
                answer = await self.loop.run_in_executor(None, self._heartbeat, asked)
            except ConnectionError:
                answer = None
            if self.joining:
                if answer == "unknown":
                    group.join(self)
            elif answer == "ok":
                self.heartbeat_us = sent_us
            elif answer in ("unknown", "rebalance") and asked == self.generation:
                self._rejoin()
            await asyncio.sleep(HEARTBEAT_S)

    def _heartbeat(self, generation):
        if self.world.broker.down:
            raise ConnectionError
        return self.group.heartbeat(self, generation)

    def assigned(self, share: list[int], generation: int) -> None:
        """The group's answer; an older one than the last is void."""
        if generation <= self.generation:
            return
        self.generation, self.joining = generation, False
        self.process.spawn_once(self._take_over(share, generation))

    async def _take_over(self, share, generation):
        """As `agents.worker` does: claim, read, check the source, adopt, and only then let events flow."""
        self.keeper.drop_all()
        if share:
            try:
                restored = await self._restore(share, generation)
            except OwnershipLostError:
                return
            for number, state in restored.items():
                committed = self.group.committed.get(number, -1001)
                told = streams.source_check._partition_faults(
                    self.source, number, state, TOPIC_ID, self.world.broker.begin(self.source),
                    self.world.broker.end(self.source, number), committed,
                )  # fmt: skip
                if told and not await streams.source_check.owned_beyond_doubt(
                    lambda: self._owns(generation), self._may_write
                ):
                    return
                self.world.broken += [f"{self.name} refuses to start: {text}" for text in told]
            if not self._owns(generation):
                return
            self.keeper.topic_id = TOPIC_ID
            for state in restored.values():
                beginning = self.world.broker.begin(self.source) if state.control is None else 0
                self.world.adopted(self, self.keeper.adopt(state, beginning))
        begin = self.world.broker.begin(self.source)
        self.positions = {n: max(self.group.committed.get(n, begin), begin) for n in share}
        self.flowing = True
        self.arrivals.set()

    def _owns(self, generation: int) -> bool:
        return self.generation == generation and not self.joining

    async def _restore(self, share, generation):
        """The order of `streams.restore.restore`: read all, claim, read through the claim."""
        token = f"{self.name}/{generation}"
        replays = {number: _Replay(number, token) for number in share}
        read = dict.fromkeys(share, 0)
        ends = {number: self.world.broker.end(self.changelog, number) for number in share}
        while any(read[number] < ends[number] for number in share):
            await self._read_on(replays, read, generation)
        for _ in range(5):
            unclaimed = [n for n, replay in replays.items() if not replay.claimed or replay.contested]
            if not unclaimed:
                break
            while self._owns(generation) and not self._may_write():
                await asyncio.sleep(0.2)
            if not self._owns(generation):
                raise OwnershipLostError
            claims = []
            for number in unclaimed:
                replays[number].claimed = replays[number].contested = False
                claim = Claim(replays[number].found.epoch + 1, token)
                claims.append(Outgoing(self.changelog, CLAIM_KEY, encode(claim), number))
            try:
                await self.publish(claims)
            except PublishFailedError as error:
                raise RestoreError(str(error)) from error
            while not all(replays[number].claimed for number in unclaimed):
                await self._read_on(replays, read, generation)
        self.process.passing(CrashPoint.DURING_RECOVERY)
        if self.process.stalls_restored:
            self.process.stalls_restored = False
            self.world.freeze(self.process, 40_000_000)
            await asyncio.sleep(0.001)
        return {number: replay.finish() for number, replay in replays.items()}

    async def _read_on(self, replays, read, generation) -> None:
        if not self._owns(generation):
            raise OwnershipLostError
        for number, replay in replays.items():
            for landed in self.world.compacted(
                self.changelog, number, read[number], self.world.dice.randint(20, 400)
            ):
                replay.take(landed.offset, landed.key or b"", landed.value, landed.headers)
                read[number] = landed.offset + 1
        await asyncio.sleep(self.world.dice.choice((0.001, 0.02, 0.3)))

    # -- records in, offsets out ----------------------------------------------------------------------------------

    async def _fetch(self):
        """As the agent does: what one poll fetched is offered to the keeper, if the assignment still stands."""
        world, dice = self.world, self.world.dice
        while True:
            runs, generation = [], self.generation
            if self.flowing and not world.broker.down:
                for number, position in self.positions.items():
                    log, start = (
                        world.broker.read(self.source, number, position, dice.choice((1, 3, 10, 50))),
                        position,
                    )
                    if log and dice.random() < world.plan.holes:
                        log = log[dice.randrange(len(log)) :]  # a fetcher that lost part of what it had
                        start = log[0].offset
                    if log:
                        self.positions[number] = through = log[-1].offset + 1
                        runs.append(Run(number, [r for r in log if not r.marker], start, through))
            if world.broker.down:
                await asyncio.sleep(0.5)
                continue
            if not runs:
                self.arrivals.clear()
                world.broker.listeners[self.source].append(self)
                await self.arrivals.wait()
                await asyncio.sleep(dice.choice((0.001, 0.005, 0.03)))
                continue
            await asyncio.sleep(dice.choice((0.0005, 0.002, self._fetch_s)))
            if self.flowing and generation == self.generation:
                await self.keeper.offer(runs)

    async def _commit(self):
        while True:
            await asyncio.sleep(COMMIT_S)
            if self.ledger and not self.joining:
                await self.loop.run_in_executor(None, self._commit_now, self.generation, dict(self.ledger))

    def _commit_now(self, generation, offsets) -> None:
        if not self.world.broker.down and self.group.commit(self, generation, offsets):
            self.world.committed(self, offsets)
