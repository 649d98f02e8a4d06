"""Proof of silence: that nothing more was in a partition at a certain moment.

A list-offsets request SENT at an instant T, whose answer is not past the next offset to process, proves that
every record appended before T has been processed. The instant of sending counts, not that of the answer: a
worker that was stopped in between proves nothing. The request goes over a connection of its own, never behind
a long poll. `streams` and `agents` only.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping, Sequence
from typing import Any

from confluent_kafka import IsolationLevel, KafkaError, KafkaException, TopicPartition
from confluent_kafka.admin import AdminClient, OffsetSpec

from streams.changelog import microseconds
from streams.clock import Clock

PATIENCE_S = 20.0
"""So long a client that gets no answers is kept. A broker that hangs answers what lies on its old connections the
moment it is back; new ones queue up before it, and beyond some fifty it lets nobody in for seconds."""


class ProofFailedError(Exception):
    """The brokers did not say where the partitions end; silence stays unproven."""


class Prober:
    """Asks where partitions end."""

    def __init__(self, settings: Mapping[str, Any], topic: str, clock: Clock, *, timeout_s: float = 5.0) -> None:
        self._settings = dict(settings)
        self._admin = AdminClient(self._settings)
        self._topic = topic
        self._clock = clock
        self._timeout_s = timeout_s
        self._heard_at = time.monotonic()

    async def ends(self, partitions: Sequence[int]) -> tuple[int, dict[int, int]]:
        """The instant the question was sent (microseconds) and the end offset of each partition.

        Raises ProofFailedError when any partition has no answer.
        """
        sent_us = microseconds(self._clock.now())
        answer = await asyncio.get_running_loop().run_in_executor(None, self._ask, tuple(partitions))
        return sent_us, answer

    async def proof(self, partitions: Sequence[int]) -> tuple[int, dict[int, int]]:
        """The same, as far as it proves silence."""
        return await self.ends(partitions)

    async def beginning(self, partition: int) -> int:
        """The first offset a partition still holds. Raises ProofFailedError."""
        spec = OffsetSpec.earliest()
        return (await asyncio.get_running_loop().run_in_executor(None, self._ask, (partition,), spec))[partition]

    def _ask(self, partitions: tuple[int, ...], spec: OffsetSpec | None = None) -> dict[int, int]:
        wanted = {TopicPartition(self._topic, number): spec or OffsetSpec.latest() for number in partitions}
        try:
            futures = self._admin.list_offsets(
                wanted, isolation_level=IsolationLevel.READ_COMMITTED, request_timeout=self._timeout_s
            )
            found = {tp.partition: future.result(self._timeout_s + 1).offset for tp, future in futures.items()}
        except (KafkaException, TimeoutError) as error:
            self._start_over(refused=isinstance(error, KafkaException) and error.args[0].code() not in _SILENT)
            raise ProofFailedError(str(error) or "no answer in time") from error
        if any(offset < 0 for offset in found.values()):
            # An answer that did not come looks like an answer: offset -1001. It proves nothing.
            self._start_over(refused=False)
            raise ProofFailedError("no answer in time")
        self._heard_at = time.monotonic()
        return found

    def _start_over(self, *, refused: bool) -> None:
        """A new client: the old one may keep a leader epoch that brokers refuse for ever after a restart."""
        if refused or time.monotonic() - self._heard_at > PATIENCE_S:
            self._admin = AdminClient(self._settings)
            self._heard_at = time.monotonic()


_SILENT = frozenset({KafkaError._TIMED_OUT, KafkaError._TIMED_OUT_QUEUE, KafkaError.REQUEST_TIMED_OUT})
"""Errors that say no more than that nobody answered."""
