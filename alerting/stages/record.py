"""Stage "record": every attempt, and every deliberate silence, on `sla.notifications`. `alerting` only.

What is written here is the memory of delivery, so it is never dropped: while the brokers are away it waits in order.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from typing import Any, Final, Protocol

from confluent_kafka import KafkaError, KafkaException, Message, Producer

from alerting.record import Notification, encode

logger = logging.getLogger("slawatch.notifier")

QUEUE_MAX: Final = 200_000
RECORD_BYTES_MAX: Final = 64 * 1024 * 1024
"""Whatever the topic takes: what came compressed may be larger than what a client sends by itself."""
FULL_PAUSE_S: Final = 0.2


class RecordFailed(Exception):
    """A record cannot be kept at all; whoever goes on would tell things again and again."""


class Records(Protocol):
    """Where records go; `Journal` is the real one, a dry run has another."""

    async def write(self, told: Notification, subject: str, partition: int) -> None:
        """Keep what became of a step."""

    async def dead_letter(self, message: Message, reason: str) -> None:
        """Keep what was no alert."""

    def turn(self) -> None:
        """Serve callbacks."""

    def close(self, timeout_s: float) -> int:
        """Write out what waits; how many records are left."""


class Journal:
    """The producer of one process."""

    def __init__(self, settings: Mapping[str, Any], topic: str, letters: str, failed: Callable[[], None]) -> None:
        """`topic` for records, `letters` for what is no alert; `failed` is called for each that Kafka refused."""
        self._producer = Producer(
            {
                **settings,
                "enable.idempotence": True,
                "linger.ms": 5,
                "message.timeout.ms": 0,  # for as long as it takes
                "queue.buffering.max.messages": QUEUE_MAX,
                "message.max.bytes": RECORD_BYTES_MAX,  # the broker's limit is the one that counts
            }
        )
        self._topic, self._letters, self._failed = topic, letters, failed

    async def write(self, told: Notification, subject: str, partition: int) -> None:
        """Hand a record over, to the partition its alert lies in; waits only while the queue is full."""
        await self._produce(self._topic, told.alert_id.encode(), encode(told, subject), partition, [])

    async def dead_letter(self, message: Message, reason: str) -> None:
        """What was no alert, as it was received, with the reason in headers, as workers do."""
        headers = [
            *((name, told) for name, told in message.headers() or () if not name.startswith("slawatch_")),
            ("slawatch_reason", b"unreadable_alert"),
            ("slawatch_detail", reason.encode()[:500]),
            ("slawatch_topic", message.topic().encode()),
            ("slawatch_partition", str(message.partition()).encode()),
            ("slawatch_offset", str(message.offset()).encode()),
        ]
        await self._produce(self._letters, message.key(), message.value(), -1, headers)

    def turn(self) -> None:
        """Serve the producer's callbacks."""
        self._producer.poll(0)

    def close(self, timeout_s: float) -> int:
        """Write out what waits; how many records are left."""
        return int(self._producer.flush(timeout_s))

    async def _produce(
        self, topic: str, key: bytes | None, value: bytes | None, partition: int, headers: list[tuple[str, bytes]]
    ) -> None:
        while True:
            try:
                self._producer.produce(
                    topic, value, key, partition=partition, headers=headers, on_delivery=self._delivered
                )
                return
            except KafkaException as error:
                raise RecordFailed(error.args[0].str()) from error
            except BufferError:
                self._producer.poll(0)
                await asyncio.sleep(FULL_PAUSE_S)

    def _delivered(self, error: KafkaError | None, message: Message) -> None:
        if error is not None:
            place = {"topic": message.topic(), "partition": message.partition()}
            logger.error("record_not_taken", extra={**place, "error": error.str()})
            self._failed()
