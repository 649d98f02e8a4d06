"""The order of effects: how what was stepped becomes durable and public.

    states on the changelog, acknowledged -> alerts, verdicts and dead letters, acknowledged

A crash anywhere in between repeats work and outputs under the same ids and the same bytes; it loses nothing.
Nothing is written for a partition that was lost, or while the last heartbeat answer is too old to know.
`streams` only.
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from sla.publication import Channel, Output
from streams.changelog import OPERATOR_KEY, microseconds, record, tombstone_headers
from streams.clock import Clock
from streams.crash_points import CrashPoint, armed, passing
from streams.matter import APP_HEADER
from streams.metrics import Metrics
from streams.partition import Partition
from streams.publisher import Outgoing, PublishFailedError
from streams.runs import Group

logger = logging.getLogger("slawatch.effects")

ASK_AGAIN_S = 0.02
SEND_AGAIN_S = 0.1


class Publishing(Protocol):
    """What is needed of a producer."""

    async def publish(self, records: Sequence[Outgoing]) -> None:
        """Send all and return when all are acknowledged; PublishFailedError otherwise."""


@dataclass(frozen=True, slots=True)
class Names:
    """Where the records of a worker go, and the installation it belongs to."""

    events: str
    changelog: str
    dead_letters: str
    channels: dict[Channel, str]
    app: str = ""


@dataclass(frozen=True, slots=True)
class Effects:
    """Publishes groups in order. `may_write()` says whether this worker still knows itself to be an owner."""

    names: Names
    clock: Clock
    metrics: Metrics
    publisher: Publishing
    may_write: Callable[[], bool]
    grace_us: int

    async def take(self, owners: dict[int, Partition], groups: list[Group], changelog: list[Outgoing]) -> None:
        """Make groups durable by their changelog records, then public; returns early when all is lost."""
        if groups:
            passing(CrashPoint.AFTER_STEP)
        await self._through(owners, changelog, CrashPoint.MID_CHANGELOG)
        if groups:
            passing(CrashPoint.BEFORE_OUTPUTS)
        outputs = [outgoing for group in groups for outgoing in self._outputs(group)]
        await self._through(owners, outputs, CrashPoint.MID_OUTPUTS)
        if groups:
            passing(CrashPoint.BEFORE_LEDGER)
        for group in groups:
            partition = owners[group.partition]
            if partition.live:
                partition.acked_step = group.step
                self._count(group)

    async def resend(self, partition: Partition, outputs: list[Output]) -> None:
        """Send what a former owner had made durable but not published, unchanged."""
        await self._attempt({partition.number: partition}, [self._outgoing(o, partition.epoch) for o in outputs])
        if partition.live:
            self.metrics.resent.inc(len(outputs))

    async def note(self, partition: Partition, record_: Outgoing) -> None:
        """Write one record about a partition itself."""
        await self._attempt({partition.number: partition}, [record_])

    def states(self, owners: dict[int, Partition], groups: list[Group]) -> list[Outgoing]:
        """The changelog records of sealed groups, each state with its outbox; before anything else is stepped."""
        states = []
        for group in groups:
            stored_of = owners[group.partition].states
            for key, outputs in group.touched.items():
                stored = stored_of.get(key)
                if stored is None and key == OPERATOR_KEY:
                    stored = owners[group.partition].said
                if stored is None:
                    gone = tombstone_headers(group.epoch)
                    states.append(Outgoing(self.names.changelog, key, None, group.partition, gone))
                else:
                    states.append(Outgoing(self.names.changelog, key, record(stored, outputs), group.partition))
        return states

    def _outputs(self, group: Group) -> list[Outgoing]:
        headers, channels = self._headers(group.epoch), self.names.channels
        of_facts = self._of_facts(headers)
        sent = [
            Outgoing(
                channels[output.channel],
                output.key.encode(),
                output.value,
                None,
                headers if output.channel is not Channel.FACTS else of_facts,
            )
            for outputs in group.touched.values()
            for output in outputs
        ]
        sent += [
            Outgoing(self.names.dead_letters, letter.key, letter.value, None, letter.headers)
            for letter in group.dead_letters
        ]
        return sent

    def _outgoing(self, output: Output, epoch: int) -> Outgoing:
        headers = self._headers(epoch)
        if output.channel is Channel.FACTS:
            headers = self._of_facts(headers)
        return Outgoing(self.names.channels[output.channel], output.key.encode(), output.value, None, headers)

    def _of_facts(self, headers: tuple[tuple[str, bytes], ...]) -> tuple[tuple[str, bytes], ...]:
        """A fact's revision is one of this installation."""
        return (*headers, (APP_HEADER, self.names.app.encode()))

    def _headers(self, epoch: int) -> tuple[tuple[str, bytes], ...]:
        """When and under which ownership an output was found; its content holds neither."""
        return (("detected_at", self.clock.now().isoformat().encode()), ("epoch", str(epoch).encode()))

    async def _through(self, owners: dict[int, Partition], records: list[Outgoing], middle: CrashPoint) -> None:
        if records and armed(middle):
            await self._attempt(owners, records[: (len(records) + 1) // 2])
            passing(middle)
        await self._attempt(owners, records)

    async def _attempt(self, owners: dict[int, Partition], records: list[Outgoing]) -> None:
        """Publish until acknowledged, as long as any owner is live (a rebalance takes all or none)."""
        while records and any(partition.live for partition in owners.values()):
            if not self.may_write():
                await asyncio.sleep(ASK_AGAIN_S)
                continue
            try:
                await self.publisher.publish(records)
                self._landed(owners, records, surely=True)
                return
            except PublishFailedError as error:
                self._landed(owners, records, surely=False)
                self.metrics.publish_retries.inc()
                logger.warning("not_acknowledged", extra={"error": str(error)})
                await asyncio.sleep(SEND_AGAIN_S)

    def _landed(self, owners: dict[int, Partition], records: list[Outgoing], *, surely: bool) -> None:
        """Note how the changelog has grown by records of ours, all of them or nobody knows which."""
        if records[0].topic != self.names.changelog:
            return
        for number, count in Counter(sent.partition for sent in records).items():
            if number is not None:
                owners[number].tail.end += count
                owners[number].tail.sure &= surely

    def _count(self, group: Group) -> None:
        metrics = self.metrics
        channels = [output.channel for outputs in group.touched.values() for output in outputs]
        for channel in Channel:
            metrics.outputs.labels(channel.value).inc(channels.count(channel))
        for letter in group.dead_letters:
            metrics.dead_letters.labels(letter.reason).inc()
        if group.fired:
            due_us = microseconds(self.clock.now()) - self.grace_us
            metrics.lateness.observe([max(0, due_us - wake_us) / 1e6 for wake_us in group.fired])
