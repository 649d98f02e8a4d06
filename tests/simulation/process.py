"""One simulated worker process: the real keeper, effects, partitions, clock and keeping of time, wired as a worker.

What `agents.worker` does with Faust and threads is done here with a fetching task, a heartbeat and a committer on
a `ProcessLoop`; everything that decides or writes is the product's own code. The world owns processes.
"""

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Any

import streams.source_check
from agents import keep_time
from sla.publication import Channel
from streams.changelog import CLAIM_KEY, Claim, encode
from streams.clock import WallClock
from streams.crash_points import CrashPoint
from streams.effects import Effects, Names
from streams.guard import Guard
from streams.keeper import Keeper
from streams.metrics import Metrics
from streams.patience import OwnershipLostError
from streams.publisher import Outgoing, PublishFailedError
from streams.restore import RestoreError, _Replay
from streams.runs import Run
from tests.simulation.broker import ALERTS, CHANGELOG, DEAD, EVENTS, SESSION_US, VERDICTS, Group
from tests.simulation.process_loop import ProcessLoop
from tests.simulation.stand_ins import SimulatedChangelogs, SimulatedProber

NAMES = Names(EVENTS, CHANGELOG, DEAD, {Channel.ALERTS: ALERTS, Channel.VERDICTS: VERDICTS})
METRICS = Metrics()
"""Shared by all worlds: making a registry takes longer than living through most of them."""
HEARTBEAT_S = SESSION_US / 4e6
COMMIT_S = 3.0
TOPIC_ID = "simulated"


class Killed(BaseException):
    """The process dies at a named place."""


class Process:
    """A worker process on a machine; `machine` carries the error of its wall clock (microseconds)."""

    def __init__(self, world: Any, name: str, machine: Any) -> None:
        self.world, self.name, self.machine = world, name, machine
        self.dead = self.frozen = self.ending = False
        self.stalls = False
        self.busy_until_us = 0
        self.slow_us = 0
        self.dies_at: tuple[CrashPoint, int] | None = None
        self.on_thaw: deque[Callable[[], None]] = deque()
        self.loop = ProcessLoop(lambda: world.now_us, self._outside)
        clock = WallClock(lambda: (world.now_us + machine.wrong_us) / 1e6, lambda: world.now_us / 1e6)
        self.clock = clock
        effects = Effects(NAMES, clock, METRICS, self, self._may_write, world.plan.grace_us)
        guard = Guard(SimulatedChangelogs(world))
        self.keeper = Keeper(effects, world.watch, clock, METRICS, self._acknowledge, self, guard)
        self.prober = SimulatedProber(world.broker, clock)
        self.heartbeat_us = -SESSION_US
        self.generation, self.joining, self.flowing = 0, False, False
        self.ledger: dict[int, int] = {}
        self.positions: dict[int, int] = {}
        self.arrivals = asyncio.Event()
        steps = keep_time.Steps(self.keeper, world, CHANGELOG)
        self._spawn(self.keeper.run())
        for work in (
            keep_time.keep_time(self.keeper, self.prober, steps, world.plan.blind_after_s),
            self._beat(),
            self._fetch(),
            self._commit(),
        ):
            self._spawn(work)
        self._rejoin()

    # -- being a process ------------------------------------------------------------------------------------------

    def resume(self, callback: Callable[[], None]) -> None:
        """Something from outside arrives: now, or when the process thaws."""
        if not self.dead:
            self.loop.call_soon(callback)

    def die(self) -> None:
        """Kill -9."""
        self.dead = True
        self.on_thaw.clear()
        self.loop.abandon()

    def thaw(self) -> None:
        """Go on as if nothing had happened."""
        self.frozen = False
        while self.on_thaw:
            self.on_thaw.popleft()()

    def passing(self, point: CrashPoint) -> None:
        """A named place of the order of effects."""
        if self.dies_at is not None and self.dies_at[0] is point:
            left = self.dies_at[1] - 1
            self.dies_at = (point, left)
            if left <= 0:
                self.world.killed(self, f"at {point.value}")
                raise Killed

    def _outside(self, func, args):
        """A thread's work: done at one instant some time from now, its answer heard some time later."""
        world, future = self.world, self.loop.create_future()
        longest_us = world.plan.answer_us if func == self.prober._ask else min(world.plan.answer_us, 1_000_000)

        def do() -> None:
            try:
                answer, error = func(*args), None
            except Exception as raised:
                answer, error = None, raised
            world.after(world.dice.randint(100, longest_us), lambda: self.resume(lambda: tell(answer, error)))

        def tell(answer, error) -> None:
            if not future.done():
                future.set_exception(error) if error is not None else future.set_result(answer)

        world.after(world.dice.randint(100, longest_us), do)
        return future

    def _spawn(self, work: Any) -> asyncio.Task:
        task = self.loop.create_task(work)
        task.add_done_callback(self._ended)
        return task

    def _ended(self, task: asyncio.Task) -> None:
        error = None if task.cancelled() else task.exception()
        if not self.dead and (error is not None or not self.ending):
            self.world.ended_by_itself(self, error)

    # -- what the keeper asks for ---------------------------------------------------------------------------------

    async def publish(self, records):
        """The publisher: all of these, acknowledged."""
        records = list(records)
        if records:
            await self.world.broker.publish(self, records)

    async def seek(self, partition, offset):
        """The source: fetch again from an offset."""
        if partition in self.positions:
            self.positions[partition] = max(offset, self.world.broker.begin(EVENTS))

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
        self.world.after(wait, lambda: self.resume(lambda: self.world.group.join(self)))

    async def _beat(self):
        group: Group = self.world.group
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
        return self.world.group.heartbeat(self, generation)

    def assigned(self, share: list[int], generation: int) -> None:
        """The group's answer; an older one than the last is void."""
        if generation <= self.generation:
            return
        self.generation, self.joining = generation, False
        self._spawn_once(self._take_over(share, generation))

    def _spawn_once(self, work: Any) -> None:
        task = self.loop.create_task(work)
        task.add_done_callback(lambda t: self._ended(t) if t.cancelled() or t.exception() else None)

    async def _take_over(self, share, generation):
        """As `agents.worker` does: claim, read, check the source, adopt, and only then let events flow."""
        self.keeper.drop_all()
        if share:
            try:
                restored = await self._restore(share, generation)
            except OwnershipLostError:
                return
            for number, state in restored.items():
                committed = self.world.group.committed.get(number, -1001)
                told = streams.source_check._partition_faults(
                    EVENTS, number, state, TOPIC_ID, self.world.broker.begin(EVENTS),
                    self.world.broker.end(EVENTS, number), committed,
                )  # fmt: skip
                self.world.broken += [f"{self.name} refuses to start: {text}" for text in told]
            if not self._owns(generation):
                return
            self.keeper.topic_id = TOPIC_ID
            for state in restored.values():
                beginning = self.world.broker.begin(EVENTS) if state.control is None else 0
                self.world.adopted(self, self.keeper.adopt(state, beginning))
        begin = self.world.broker.begin(EVENTS)
        self.positions = {n: max(self.world.group.committed.get(n, begin), begin) for n in share}
        self.flowing = True
        self.arrivals.set()

    def _owns(self, generation: int) -> bool:
        return self.generation == generation and not self.joining

    async def _restore(self, share, generation):
        """The order of `streams.restore.restore`: read all, claim, read through the claim."""
        token = f"{self.name}/{generation}"
        replays = {number: _Replay(number, token) for number in share}
        read = dict.fromkeys(share, 0)
        ends = {number: self.world.broker.end(CHANGELOG, number) for number in share}
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
                claims.append(Outgoing(CHANGELOG, CLAIM_KEY, encode(claim), number))
            try:
                await self.publish(claims)
            except PublishFailedError as error:
                raise RestoreError(str(error)) from error
            while not all(replays[number].claimed for number in unclaimed):
                await self._read_on(replays, read, generation)
        self.passing(CrashPoint.DURING_RECOVERY)
        return {number: replay.finish() for number, replay in replays.items()}

    async def _read_on(self, replays, read, generation) -> None:
        if not self._owns(generation):
            raise OwnershipLostError
        for number, replay in replays.items():
            for landed in self.world.compacted(number, read[number], self.world.dice.randint(20, 400)):
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
                    log, start = world.broker.read(EVENTS, number, position, dice.choice((1, 3, 10, 50))), position
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
                world.listeners.append(self)
                await self.arrivals.wait()
                await asyncio.sleep(dice.choice((0.001, 0.005, 0.03)))
                continue
            await asyncio.sleep(dice.choice((0.0005, 0.002, world.plan.fetch_s)))
            if self.flowing and generation == self.generation:
                await self.keeper.offer(runs)

    async def _commit(self):
        while True:
            await asyncio.sleep(COMMIT_S)
            if self.ledger and not self.joining:
                await self.loop.run_in_executor(None, self._commit_now, self.generation, dict(self.ledger))

    def _commit_now(self, generation, offsets) -> None:
        if not self.world.broker.down and self.world.group.commit(self, generation, offsets):
            self.world.committed(self, offsets)

    def end(self) -> None:
        """An orderly end, as on SIGTERM."""
        self.ending = True
        self._spawn_once(self._close())

    async def _close(self):
        await self.keeper.close()
        self._commit_now(self.generation, dict(self.ledger))
        self.world.group.leave(self)
        self.world.killed(self, "in good order")
