"""What the topics say of one partition, read back when it is taken over: alerts, and what became of them.

Blocking; call it in a thread. `alerting` only, and `cli` for the audit.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, Final

from confluent_kafka import Consumer, KafkaError, KafkaException, Message, TopicPartition

BATCH: Final = 5_000
ANSWER_WITHIN_S: Final = 30.0
SILENCE_MAX_S: Final = 60.0
"""For so long brokers may send nothing while there is something to read."""


class HistoryUnreadable(Exception):
    """The brokers do not give what they hold; the text says what was asked."""


def appended_at(message: Message) -> datetime:
    """When the broker, or the producer, says a record was appended."""
    return datetime.fromtimestamp(message.timestamp()[1] / 1000, UTC)


def read_back(
    settings: Mapping[str, Any],
    topic: str,
    partition: int,
    since: datetime,
    take: Callable[[Message], None],
    until_offset: int | None = None,
) -> int:
    """Hand over each record from `since` to an offset (None: to where the partition ends now); the offset after it.

    Raises HistoryUnreadable when the brokers do not answer or stop in between.
    """
    consumer = Consumer(
        {
            **settings,
            "group.id": "slawatch-notifier-history",  # required by the client, never joined
            "enable.auto.commit": False,
            "auto.offset.reset": "earliest",
            "enable.partition.eof": True,
            "fetch.wait.max.ms": 50,
        }
    )
    try:
        place = TopicPartition(topic, partition)
        low, high = consumer.get_watermark_offsets(place, timeout=ANSWER_WITHIN_S)
        end = high if until_offset is None else min(until_offset, high)
        [found] = consumer.offsets_for_times(
            [TopicPartition(topic, partition, int(since.timestamp() * 1000))], timeout=ANSWER_WITHIN_S
        )
        if found.error is not None:
            raise KafkaException(found.error)
        start = max(found.offset, low) if found.offset >= 0 else high
        if start >= end:
            return int(end)
        consumer.assign([TopicPartition(topic, partition, start)])
        _read(consumer, end, take, f"{topic}, partition {partition}")
        return int(end)
    except KafkaException as error:
        raise HistoryUnreadable(f"{topic}, partition {partition}: {error.args[0].str()}") from error
    finally:
        consumer.close()


def _read(consumer: Consumer, end: int, take: Callable[[Message], None], where: str) -> None:
    heard_at = time.monotonic()
    while True:
        messages = consumer.consume(BATCH, timeout=0.2)
        for message in messages:
            error = message.error()
            if error is not None:
                if error.code() == KafkaError._PARTITION_EOF:
                    return
                if error.retriable() or error.code() in (KafkaError._TRANSPORT, KafkaError._ALL_BROKERS_DOWN):
                    continue
                raise KafkaException(error)
            if message.offset() < end:
                take(message)
            if message.offset() >= end - 1:
                return
        if messages:
            heard_at = time.monotonic()
        elif time.monotonic() - heard_at > SILENCE_MAX_S:
            raise HistoryUnreadable(f"{where}: nothing was heard for {SILENCE_MAX_S:.0f} s")
