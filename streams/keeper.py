"""The keeper of a worker's partitions: the one writer, and the order of effects.

Batches and ticks are stepped synchronously; what they changed takes effect in a fixed order, group by group:

    step (pure) -> states on the changelog, acknowledged -> alerts, verdicts and dead letters, acknowledged
                -> a control record with a later group -> the ledger, from which source offsets are committed

A crash anywhere in between repeats work and outputs under the same ids and the same bytes; it loses nothing.
Nothing is written for a partition that was lost, or while the last heartbeat answer is too old to know.
`streams` and `agents` only.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from sla.duty import Status
from sla.publication import Channel, Output, operator_alert
from sla.step import Watch
from streams.changelog import CONTROL_KEY, Control, encode, microseconds, record
from streams.clock import Clock
from streams.crash_points import CrashPoint, armed, passing
from streams.metrics import Metrics
from streams.partition import Group, Partition, Record
from streams.publisher import Outgoing, PublishFailedError
from streams.restore import Restored

logger = logging.getLogger("slawatch.keeper")

RECORDS_MAX = 1000
"""Records stepped before the loop gets its turn again."""
TICKS_MAX = 500
"""Timers fired for one partition before the loop gets its turn again."""
BACKLOG_MAX = 20_000
"""Records taken from Kafka and not yet stepped; beyond it the agent waits."""
CONTROL_EVERY_S = 0.5
HEARTBEAT_EVERY_S = 60.0


BLIND = {
    "en": "A partition is too far behind to prove silence; append times decide until it has caught up",
    "zh": "分区积压过久,无法证实沉默;赶上之前以写入时间为准",
}


class Publishing(Protocol):
    """What the keeper needs of a producer."""

    async def publish(self, records: Sequence[Outgoing]) -> None:
        """Send all and return when all are acknowledged; PublishFailedError otherwise."""


@dataclass(frozen=True, slots=True)
class Names:
    """Where the outputs of a worker go."""

    events: str
    changelog: str
    dead_letters: str
    channels: dict[Channel, str]


@dataclass(slots=True)
class _Noted:
    """What was last written about a partition in a control record."""

    stands: tuple[int, int] = (-1, -1)
    at: float = 0.0


@dataclass(slots=True)
class Keeper:
    """All partitions this worker owns. `acknowledge(partition, next_offset)` moves the ledger.

    `may_write()` says whether this worker still knows itself to be an owner. `grace_us` is waited beyond due.
    """

    names: Names
    watch: Watch
    clock: Clock
    metrics: Metrics
    publisher: Publishing
    acknowledge: Callable[[int, int], None]
    may_write: Callable[[], bool]
    grace_us: int
    topic_id: str = ""
    partitions: dict[int, Partition] = field(default_factory=dict)
    backlog: int = 0
    wake: asyncio.Event = field(default_factory=asyncio.Event)
    _runs: deque[tuple[Partition, Sequence[Record]]] = field(default_factory=deque)
    _noted: dict[int, _Noted] = field(default_factory=dict)
    _unsent: deque[tuple[Partition, list[Output]]] = field(default_factory=deque)
    _drained: asyncio.Event = field(default_factory=asyncio.Event)
    _spoken: list[Output] = field(default_factory=list)
    _said: dict[tuple[str, str], tuple[int, Status]] = field(default_factory=dict)

    # -- ownership ---------------------------------------------------------------------------------------------

    def adopt(self, restored: Restored) -> Partition:
        """Take a restored partition in: its timers are rebuilt, its unsent outputs go out before anything new."""
        partition = Partition(restored.partition, self.names.events, self.watch, self.clock)
        partition.epoch, partition.step = restored.epoch, restored.step
        partition.states = restored.states
        if restored.control is not None:
            partition.next_offset = partition.acked_offset = restored.control.next_offset
        partition.rebuild_timers()
        partition.acked_step = restored.step
        for _, _, outputs in restored.unsent:
            self._unsent.append((partition, outputs))
        self.partitions[partition.number] = partition
        self._noted[partition.number] = _Noted()
        self.metrics.epoch.labels(str(partition.number)).set(partition.epoch)
        self.wake.set()
        return partition

    def drop_all(self) -> None:
        """Every partition is lost, as in any eager rebalance: nothing of them is written from here on."""
        for partition in self.partitions.values():
            partition.live = False
            self.metrics.forget(partition.number)
        self.partitions = {}
        self._noted = {}
        self._runs.clear()
        self._unsent.clear()
        self.backlog = 0
        self._drained.set()

    # -- what the operator must know ---------------------------------------------------------------------------

    def say(self, condition: str, where: str, says: dict[str, str], *, resolved: bool = False) -> None:
        """Publish an alert about the monitor itself, once for each change of its status."""
        status = Status.RESOLVED if resolved else Status.FIRING
        revision, known = self._said.get((condition, where), (0, Status.RESOLVED))
        if known is status:
            return
        self._said[condition, where] = (revision + 1, status)
        logger.warning("operator alert %s %s: %s", condition, status.value, says["en"])
        label = self.watch.rulebook.label
        self._spoken.append(operator_alert(condition, where, says, revision + 1, status, self.clock.now(), label))
        self.wake.set()

    def go_blind(self, partition: Partition) -> None:
        """Let the append time of the last processed record decide for a partition that stays behind."""
        self.say("blind", self._where(partition), BLIND)
        partition.prove(partition.last_appended_us)

    def see_again(self, partition: Partition) -> None:
        """A partition is proven silent again."""
        self.say("blind", self._where(partition), BLIND, resolved=True)

    def _where(self, partition: Partition) -> str:
        return f"{self.names.changelog}/{partition.number}/{partition.epoch}"

    # -- intake ------------------------------------------------------------------------------------------------

    async def offer(self, runs: Sequence[tuple[int, Sequence[Record]]]) -> None:
        """Hand in runs of records by partition; waits while too many are not yet stepped."""
        for number, records in runs:
            partition = self.partitions.get(number)
            if partition is None:
                continue  # lost meanwhile; the next owner reads them again
            self._runs.append((partition, records))
            self.backlog += len(records)
        self.wake.set()
        while self.backlog > BACKLOG_MAX:
            self._drained.clear()
            await self._drained.wait()

    # -- the loop ----------------------------------------------------------------------------------------------

    async def run(self) -> None:
        """Step and publish for ever; any exception is a bug of ours and ends the worker."""
        while True:
            busy = await self.cycle()
            if not busy:
                try:
                    async with asyncio.timeout(CONTROL_EVERY_S):
                        await self.wake.wait()
                except TimeoutError:
                    pass
                self.wake.clear()
            else:
                await asyncio.sleep(0)

    async def cycle(self) -> bool:
        """One round: unsent outputs of a recovery, records, ticks; then their effects in order. False when idle."""
        await self._resend()
        stepped = self._step_records()
        more = self._step_ticks()
        owners = dict(self.partitions)
        offsets = {number: partition.next_offset for number, partition in owners.items()}
        groups = [group for partition in owners.values() if (group := partition.seal()) is not None]
        spoken, self._spoken = self._spoken, []
        controls = self._controls(owners)
        if groups or controls or spoken:
            await self._effect(owners, groups, list(controls.values()), spoken)
        for number, partition in owners.items():
            if partition.live:
                if number in controls:
                    self.acknowledge(number, partition.acked_offset)
                partition.acked_offset = offsets[number]
        return bool(stepped or more or groups)

    async def close(self) -> None:
        """Publish what is stepped and note it, before an orderly end."""
        await self.cycle()
        for noted in self._noted.values():
            noted.at = float("-inf")
        await self.cycle()

    def _step_records(self) -> int:
        stepped = 0
        while self._runs and stepped < RECORDS_MAX:
            partition, records = self._runs.popleft()
            room = RECORDS_MAX - stepped
            if len(records) > room:
                self._runs.appendleft((partition, records[room:]))
                records = records[:room]
            self.backlog -= len(records)
            stepped += len(records)
            if partition.live:
                before, unknown = partition.events, partition.unknown_types
                partition.apply(records)
                self.metrics.events.inc(partition.events - before)
                self.metrics.unknown_types.inc(partition.unknown_types - unknown)
        if stepped:
            self.metrics.batch.observe(stepped)
            self._drained.set()
        return stepped

    def _step_ticks(self) -> bool:
        more = False
        for partition in self.partitions.values():
            horizon_us = partition.proven_us - self.grace_us
            if horizon_us > 0 and partition.tick(horizon_us, TICKS_MAX):
                more = True
        return more

    # -- effects -----------------------------------------------------------------------------------------------

    async def _effect(
        self,
        owners: dict[int, Partition],
        groups: list[Group],
        controls: list[Outgoing],
        spoken: list[Output],
    ) -> None:
        passing(CrashPoint.AFTER_STEP)
        states = [outgoing for group in groups for outgoing in self._states(group, owners[group.partition])]
        await self._through(owners, controls + states, CrashPoint.MID_CHANGELOG)
        groups = [group for group in groups if owners[group.partition].live]
        passing(CrashPoint.BEFORE_OUTPUTS)
        outputs = [outgoing for group in groups for outgoing in self._outputs(group)]
        outputs += [Outgoing(self.names.channels[o.channel], o.key.encode(), o.value, None) for o in spoken]
        await self._through(owners, outputs, CrashPoint.MID_OUTPUTS)
        passing(CrashPoint.BEFORE_LEDGER)
        for group in groups:
            partition = owners[group.partition]
            if partition.live:
                partition.acked_step = group.step
                self._count(group)

    def _states(self, group: Group, partition: Partition) -> list[Outgoing]:
        states = []
        for key, outputs in group.touched.items():
            stored = partition.states.get(key)
            value = None if stored is None else record(stored, outputs)
            states.append(Outgoing(self.names.changelog, key, value, group.partition))
        return states

    def _outputs(self, group: Group) -> list[Outgoing]:
        headers = self._headers(group.epoch)
        sent = [
            Outgoing(self.names.channels[output.channel], output.key.encode(), output.value, None, headers)
            for outputs in group.touched.values()
            for output in outputs
        ]
        sent += [
            Outgoing(self.names.dead_letters, letter.key, letter.value, None, letter.headers)
            for letter in group.dead_letters
        ]
        return sent

    def _headers(self, epoch: int) -> tuple[tuple[str, bytes], ...]:
        detected_at = self.clock.now().isoformat().encode()
        return (("detected_at", detected_at), ("epoch", str(epoch).encode()))

    async def _through(self, owners: dict[int, Partition], records: list[Outgoing], middle: CrashPoint) -> None:
        """Publish until acknowledged, as long as we own what we write; returns early when all is lost."""
        if records and armed(middle):
            await self._attempt(owners, records[: (len(records) + 1) // 2])
            passing(middle)
        await self._attempt(owners, records)

    async def _attempt(self, owners: dict[int, Partition], records: list[Outgoing]) -> None:
        while records and (not owners or any(partition.live for partition in owners.values())):
            if not self.may_write():
                await asyncio.sleep(0.02)
                continue
            try:
                await self.publisher.publish(records)
                return
            except PublishFailedError as error:
                self.metrics.publish_retries.inc()
                logger.warning("not acknowledged, sending again: %s", error)

    async def _resend(self) -> None:
        """Send what the former owner had made durable but not published, unchanged."""
        while self._unsent:
            partition, outputs = self._unsent[0]
            headers = self._headers(partition.epoch)
            records = [
                Outgoing(self.names.channels[output.channel], output.key.encode(), output.value, None, headers)
                for output in outputs
            ]
            await self._attempt({partition.number: partition}, records)
            if partition.live:
                self.metrics.resent.inc(len(records))
            if self._unsent and self._unsent[0][0] is partition:
                self._unsent.popleft()

    def _controls(self, owners: dict[int, Partition]) -> dict[int, Outgoing]:
        """Control records that are due: what is acknowledged so far, before anything this round adds.

        The ledger follows them, so a committed offset is never ahead of what the changelog knows.
        """
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
            records[number] = Outgoing(self.names.changelog, CONTROL_KEY, encode(control), number)
        return records

    def _count(self, group: Group) -> None:
        metrics = self.metrics
        for outputs in group.touched.values():
            for output in outputs:
                metrics.outputs.labels(output.channel.value).inc()
        for letter in group.dead_letters:
            metrics.dead_letters.labels(letter.reason).inc()
        now_us = microseconds(self.clock.now()) if group.fired else 0
        for wake_us in group.fired:
            metrics.lateness.observe(max(0, now_us - wake_us - self.grace_us) / 1e6)
