"""The keeper of a worker's partitions: the one writer.

Batches and ticks are stepped synchronously, and what they changed takes effect in a fixed order, round by round:

    step (pure) -> states, then outputs (streams.effects) -> a control record with a later round
                -> the ledger, from which source offsets are committed

While one round takes effect the next is stepped, but its states are written only when the one before is public.
The control record says what is acknowledged; the ledger follows it, so a committed offset is never ahead of what
the changelog knows. `streams` and `agents` only.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

from sla.publication import Output
from sla.watch import Watch
from streams.changelog import CONTROL_KEY, CRASH_KEY, Control, Crash, encode
from streams.clock import Clock
from streams.effects import Effects
from streams.guard import Guard
from streams.matter import Matter
from streams.metrics import Metrics
from streams.operator_alerts import Condition
from streams.partition import Partition, StepFailed
from streams.publisher import Outgoing
from streams.restore import Restored
from streams.runs import Group, Run, Tail

RECORDS_MAX = 2000
"""Records stepped before the loop gets its turn again."""
TICKS_MAX = 400
"""Timers fired for one partition before the loop gets its turn again; events wait as long for theirs."""
BACKLOG_MAX = 20_000
"""Records taken from Kafka and not yet stepped; beyond it the agent waits."""
CONTROL_EVERY_S = 0.5
HEARTBEAT_EVERY_S = 60.0


class SourceLossError(Exception):
    """Records are gone that the state has not seen, or offsets do not mean what they meant."""


class Source(Protocol):
    """Where the records come from, as far as the keeper must steer it."""

    async def seek(self, partition: int, offset: int) -> None:
        """Fetch again from an offset."""

    async def beginning(self, partition: int) -> int:
        """The first offset that is still there."""


@dataclass(slots=True)
class _Noted:
    """What was last written about a partition in a control record, and when (loop time)."""

    stands: tuple[int, int] = (-1, -1)
    at: float = 0.0


def _set_event() -> asyncio.Event:
    event = asyncio.Event()
    event.set()
    return event


@dataclass(slots=True)
class Keeper:
    """All partitions this worker owns of one matter. `acknowledge(partition, next_offset)` moves the ledger."""

    effects: Effects
    watch: Watch
    clock: Clock
    metrics: Metrics
    acknowledge: Callable[[int, int], None]
    source: Source
    guard: Guard
    matter: Matter | None = None
    accept_loss: bool = False
    topic_id: str = ""
    partitions: dict[int, Partition] = field(default_factory=dict)
    backlog: int = 0
    wake: asyncio.Event = field(default_factory=asyncio.Event)
    _runs: deque[tuple[Partition, Run]] = field(default_factory=deque)
    _noted: dict[int, _Noted] = field(default_factory=dict)
    _unsent: deque[tuple[Partition, list[Output]]] = field(default_factory=deque)
    _drained: asyncio.Event = field(default_factory=asyncio.Event)
    _in_flight: asyncio.Task[None] | None = None
    _closing: bool = False
    _ended: asyncio.Event = field(default_factory=_set_event)

    @property
    def grace_us(self) -> int:
        """How long after a due time silence counts (microseconds)."""
        return self.effects.grace_us

    # -- ownership ---------------------------------------------------------------------------------------------

    def adopt(self, restored: Restored, beginning: int = 0) -> Partition:
        """Take a restored partition in: its timers are rebuilt, its unsent outputs go out before anything new.

        States that a former owner's void record hides from compaction are written again with the first group.
        `beginning` is the first offset to expect where nothing below it was seen or is asked for.
        """
        partition = Partition(restored.partition, self.effects.names.events, self.watch, self.clock, self.matter)
        partition.epoch = restored.epoch
        partition.step = partition.acked_step = restored.step
        partition.states = restored.states
        if restored.control is not None:
            partition.next_offset = partition.acked_offset = restored.control.next_offset
        partition.next_offset = partition.acked_offset = max(partition.next_offset, beginning)
        partition.fetched_offset = partition.next_offset
        partition.crash = restored.crash
        partition.tail = Tail(restored.through, restored.through)
        partition.take_conditions(f"{self.effects.names.changelog}/{partition.number}", restored.said)
        partition.rebuild_timers()
        partition.write_again(sorted(restored.voided))
        self._unsent.extend((partition, outputs) for _, _, outputs in restored.unsent)
        self.partitions[partition.number] = partition
        self._noted[partition.number] = _Noted()
        self.metrics.epoch.labels(partition.label).set(partition.epoch)
        self.metrics.blind.labels(partition.label).set(partition.alerts.firing(Condition.BLIND))
        self.wake.set()
        return partition

    def drop_all(self) -> None:
        """Every partition is lost, as in any eager rebalance: nothing of them is written from here on."""
        for partition in self.partitions.values():
            partition.live = False
            self.metrics.forget(partition.label)
        self.partitions = {}
        self._noted = {}
        self._runs.clear()
        self._unsent.clear()
        self.backlog = 0
        self._drained.set()

    def go_blind(self, partition: Partition) -> None:
        """Let the append time of the last processed record decide for a partition that stays behind."""
        if not partition.alerts.firing(Condition.BLIND):
            partition.caught_up = False
        partition.fire(Condition.BLIND)
        partition.prove(partition.last_appended_us)

    def see_again(self, partition: Partition) -> None:
        """A partition is not behind; if a proof has come true since it was called blind, that is over."""
        if partition.caught_up:
            partition.resolve(Condition.BLIND)

    # -- intake ------------------------------------------------------------------------------------------------

    async def offer(self, runs: Sequence[Run]) -> None:
        """Hand in what was fetched; waits while too many records are not yet stepped."""
        for run in runs:
            partition = self.partitions.get(run.partition)
            if partition is None or not await self._follows(partition, run):
                continue  # lost meanwhile, or to be fetched again
            self._runs.append((partition, run))
            self.backlog += len(run.records)
        self.wake.set()
        while self.backlog > BACKLOG_MAX:
            self._drained.clear()
            await self._drained.wait()

    async def _follows(self, partition: Partition, run: Run) -> bool:
        """Whether a run joins what was fetched before; if not, what is missing is fetched again.

        A fetch that was to begin where the last one ended and begins further on had to: retention took the records
        between before we read them, and SourceLossError ends the worker.
        """
        expected = partition.fetched_offset
        if run.start > expected and not await self._gone(partition, (expected, run.start)):
            partition.hole = (expected, run.start)
            await self.source.seek(partition.number, expected)
            return False
        partition.fetched_offset = max(expected, run.through)
        return True

    async def _gone(self, partition: Partition, hole: tuple[int, int]) -> bool:
        """Whether records that a second fetch did not bring either are gone for good, which was accepted."""
        if partition.hole != hole:
            return False
        expected = hole[0]
        beginning = await self.source.beginning(partition.number)
        if beginning > expected and not self.accept_loss:
            raise SourceLossError(
                f"partition {partition.number}: records {expected} to {beginning - 1} are gone before they were "
                "read (retention); start with --accept-loss to go on without them"
            )
        return beginning > expected

    # -- the loop ----------------------------------------------------------------------------------------------

    async def run(self) -> None:
        """Step and publish until `close`; any exception is a bug of ours and ends the worker."""
        self._ended.clear()
        try:
            await self._rounds()
        finally:
            self._ended.set()

    async def _rounds(self) -> None:
        while not self._closing:
            if await self.round():
                await asyncio.sleep(0)
                continue
            await self.settle()
            try:
                async with asyncio.timeout(CONTROL_EVERY_S):
                    await self.wake.wait()
            except TimeoutError:
                pass  # time for a control record
            self.wake.clear()

    async def note_crash(self, failure: StepFailed) -> None:
        """Remember on the changelog at which record this program failed, before it ends."""
        await self.settle()
        partition = self.partitions.get(failure.partition)
        if partition is None:
            return
        known = partition.crash
        count = known.count + 1 if known is not None and known.offset == failure.offset else 1
        note = encode(Crash(failure.offset, count))
        await self.effects.note(partition, Outgoing(self.effects.names.changelog, CRASH_KEY, note, partition.number))

    async def round(self) -> bool:
        """One round: unsent outputs of a recovery, records, ticks; then their effects in order. False when idle."""
        await self._resend()
        for partition in self.partitions.values():
            partition.forget()
        stepped = self._step_records()
        more = self._step_ticks()
        owners = dict(self.partitions)
        offsets = {number: partition.next_offset for number, partition in owners.items()}
        groups = [group for partition in owners.values() if (group := partition.seal()) is not None]
        states = self.effects.states(owners, groups)
        self._count(owners)
        await self.settle()
        await self.guard.look(owners)
        controls = self._controls({number: p for number, p in owners.items() if p.live})
        self._in_flight = asyncio.create_task(self._effect(owners, offsets, groups, states, controls))
        return bool(stepped or more or groups)

    async def settle(self) -> None:
        """Wait for the effects of the round before; what they raised is raised here."""
        in_flight, self._in_flight = self._in_flight, None
        if in_flight is not None:
            await in_flight

    async def _effect(
        self,
        owners: dict[int, Partition],
        offsets: dict[int, int],
        groups: list[Group],
        states: list[Outgoing],
        controls: dict[int, Outgoing],
    ) -> None:
        """Let what a round changed take effect, while the next round is stepped."""
        if groups or controls:
            await self.effects.take(owners, groups, [*controls.values(), *states])
        for number, partition in owners.items():
            if partition.live:
                if number in controls:
                    self.acknowledge(number, partition.acked_offset)
                partition.acked_offset = offsets[number]

    async def close(self) -> None:
        """Publish what is stepped and note it, before an orderly end; the round under way comes to its end first."""
        self._closing = True
        self.wake.set()
        await self._ended.wait()
        await self.round()
        await self.settle()
        for noted in self._noted.values():
            noted.at = float("-inf")
        await self.round()
        await self.settle()

    def _step_records(self) -> int:
        stepped = 0
        while self._runs and stepped < RECORDS_MAX:
            partition, run = self._runs.popleft()
            records, through = run.records, run.through
            room = RECORDS_MAX - stepped
            if len(records) > room:
                self._runs.appendleft((partition, replace(run, records=records[room:])))
                records, through = records[:room], records[room - 1].offset + 1
            self.backlog -= len(records)
            stepped += len(records)
            if partition.live:
                before, unknown = partition.events, partition.unknown_types
                partition.apply(records)
                partition.pass_over(through)
                self.metrics.events.inc(partition.events - before)
                self.metrics.unknown_types.inc(partition.unknown_types - unknown)
        if stepped:
            self.metrics.batch.observe(stepped)
            self._drained.set()
        return stepped

    def _count(self, owners: dict[int, Partition]) -> None:
        """Count the clocks that turned, once a round."""
        for partition in owners.values():
            if partition.turns:
                self.metrics.clocks.count(partition.turns)
                partition.turns.clear()

    def _step_ticks(self) -> bool:
        more = False
        for partition in self.partitions.values():
            horizon_us = partition.proven_us - self.grace_us
            if partition.live and horizon_us > 0 and partition.tick(horizon_us, TICKS_MAX):
                more = True
        return more

    async def _resend(self) -> None:
        if self._unsent:
            await self.settle()
        while self._unsent:
            partition, outputs = self._unsent[0]
            await self.effects.resend(partition, outputs)
            if self._unsent and self._unsent[0][0] is partition:
                self._unsent.popleft()

    def _controls(self, owners: dict[int, Partition]) -> dict[int, Outgoing]:
        """Control records that are due: what is acknowledged so far, before anything this round adds."""
        now = asyncio.get_running_loop().time()
        records: dict[int, Outgoing] = {}
        for number, partition in owners.items():
            noted = self._noted[number]
            stands = (partition.acked_step, partition.acked_offset)
            age = now - noted.at
            if not (stands != noted.stands and age >= CONTROL_EVERY_S) and age < HEARTBEAT_EVERY_S:
                continue
            control = Control(partition.epoch, *stands, self.topic_id, self.clock.now())
            noted.stands, noted.at = stands, now
            records[number] = Outgoing(self.effects.names.changelog, CONTROL_KEY, encode(control), number)
        return records
