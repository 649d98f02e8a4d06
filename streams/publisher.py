"""All producing goes through here: one librdkafka producer, everything acknowledged by all replicas.

`publish` returns when every record is acknowledged and raises when one is not; there is nothing in between.
Messages expire within half a session, so that a worker that was frozen cannot write long after its partitions
went to another. `streams` only.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec
from confluent_kafka import KafkaError, KafkaException, Message, Producer

RECORD_BYTES_MAX = 64 * 1024 * 1024
"""More than the largest ticket there can be with everything it may have to say at once."""
REFUSALS_MAX = 5
"""So many refusals in a row that no repeat can mend, and the worker ends."""

_PERMANENT = frozenset(
    {
        KafkaError.MSG_SIZE_TOO_LARGE,
        KafkaError.TOPIC_AUTHORIZATION_FAILED,
        KafkaError.CLUSTER_AUTHORIZATION_FAILED,
        KafkaError.INVALID_MSG,
        KafkaError.UNKNOWN_TOPIC_OR_PART,
        KafkaError._FATAL,
        KafkaError._UNKNOWN_TOPIC,
    }
)


class Outgoing(msgspec.Struct, frozen=True, gc=False):
    """One record to produce; `partition` None lets the key decide (Java's murmur2)."""

    topic: str
    key: bytes | None
    value: bytes | None
    partition: int | None = None
    headers: tuple[tuple[str, bytes], ...] = ()


class PublishFailedError(Exception):
    """Not every record was acknowledged in time; which ones is not known, so all must be sent again."""


class PublishRefusedError(Exception):
    """The brokers refuse a record for good; repeating cannot help, and nothing may be committed past it."""


class Publisher:
    """A producer whose only verb is: all of these, acknowledged."""

    def __init__(self, settings: Mapping[str, Any], *, message_timeout_ms: int) -> None:
        """`settings` are librdkafka's (bootstrap.servers, security)."""
        self._timeout_s = message_timeout_ms / 1000
        self._errors: list[tuple[str, KafkaError]] = []
        self._refusals = 0
        self._producer = Producer(
            {
                **settings,
                "acks": "all",
                "enable.idempotence": True,
                "linger.ms": 1,
                "compression.type": "lz4",
                "message.timeout.ms": message_timeout_ms,
                "partitioner": "murmur2_random",
                "queue.buffering.max.messages": 1_000_000,
                "queue.buffering.max.kbytes": 1_048_576,
                "message.max.bytes": RECORD_BYTES_MAX,
                # The barrier is flush(); a call back per acknowledged record would only cost time.
                "delivery.report.only.error": True,
                "on_delivery": self._failed,
            }
        )

    async def publish(self, records: Iterable[Outgoing]) -> None:
        """Produce all records and wait until all are acknowledged. Raises PublishFailedError."""
        produce, produced = self._producer.produce, False
        for record in records:
            produced = True
            partition = -1 if record.partition is None else record.partition  # -1: the key decides
            try:
                if record.headers:
                    produce(record.topic, record.value, record.key, partition, headers=list(record.headers))
                else:
                    produce(record.topic, record.value, record.key, partition)
            except (KafkaException, BufferError):
                self._produce_patiently(record, partition)
        if produced:
            await self.barrier()

    def _produce_patiently(self, record: Outgoing, partition: int) -> None:
        """Try again until the local queue has room. Raises PublishRefusedError for what will never be taken."""
        while True:
            try:
                self._producer.produce(
                    record.topic, record.value, record.key, partition, headers=list(record.headers)
                )
                return
            except KafkaException as error:
                raise PublishRefusedError(f"{record.topic}: {error.args[0].str()}") from error
            except BufferError:
                self._producer.poll(0.05)

    async def barrier(self) -> None:
        """Wait until everything produced so far is acknowledged. Raises PublishFailedError."""
        loop = asyncio.get_running_loop()
        left = await loop.run_in_executor(None, self._producer.flush, self._timeout_s + 5)
        if left or self._errors:
            errors = {f"{topic}: {error.str()}" for topic, error in self._errors}
            permanent = any(error.code() in _PERMANENT for _, error in self._errors)
            self._errors.clear()
            self._refusals = self._refusals + 1 if permanent else 0
            if self._refusals >= REFUSALS_MAX:
                raise PublishRefusedError("; ".join(sorted(errors)))
            raise PublishFailedError("; ".join(sorted(errors)) or f"{left} records were not acknowledged")
        self._refusals = 0

    def _failed(self, error: KafkaError | None, message: Message) -> None:
        if error is not None:
            self._errors.append((message.topic(), error))

    def close(self, timeout: float) -> int:
        """Wait a bounded time for what is on its way; the number of records given up."""
        try:
            return int(self._producer.flush(timeout))
        except KafkaException:
            return -1
