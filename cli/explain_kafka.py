"""The records of one ticket, live from Kafka: the partition its key belongs to is not known, so all are read.

Only keys are looked at on the way, so a busy topic is read at hundreds of thousands of records a second; `since` says
from when on. Nothing is committed and no group is joined. Used by `cli.explain`, and for whole topics by
`cli.handover`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from confluent_kafka import (
    OFFSET_BEGINNING,
    TIMESTAMP_LOG_APPEND_TIME,
    Consumer,
    KafkaError,
    KafkaException,
    Message,
    TopicPartition,
)

from cli.explain_source import Raw

ANSWER_WITHIN_S = 20.0
BATCH = 10_000


class UnreadableError(Exception):
    """The topic could not be read; the message says what is wrong."""


def records_of(
    settings: Mapping[str, Any], topic: str, keys: Collection[bytes] | None, since: datetime | None
) -> Iterator[Raw]:
    """The records under one of these keys that were appended since an instant, partition by partition in their order.

    `settings` are librdkafka's; without `keys` every record counts, without `since` from the first on. It ends
    where the topic ended when it was asked. Raises UnreadableError.
    """
    consumer = Consumer(
        {
            **settings,
            "group.id": "slawatch-explain",  # required by the client, never joined
            "enable.auto.commit": False,
            "enable.partition.eof": True,
            "isolation.level": "read_committed",
            "auto.offset.reset": "earliest",
        }
    )
    try:
        open_ = _assigned(consumer, topic, since)
        while open_:
            for message in consumer.consume(BATCH, timeout=1.0):
                error = message.error()
                if error is not None and error.code() != KafkaError._PARTITION_EOF:
                    raise UnreadableError(f"{topic}: {error.str()}")
                if error is not None:
                    open_.discard(message.partition())
                elif keys is None or message.key() in keys:
                    yield _raw(message)
    except KafkaException as error:
        raise UnreadableError(f"{topic}: {error.args[0].str()}") from error
    finally:
        consumer.close()


def _assigned(consumer: Consumer, topic: str, since: datetime | None) -> set[int]:
    """Read every partition from the first record of that time on; the partitions that have any."""
    known = consumer.list_topics(topic, timeout=ANSWER_WITHIN_S).topics[topic]
    if known.error is not None:
        raise UnreadableError(f"{topic}: {known.error.str()}; is the prefix right?")
    if since is None:
        starts = [TopicPartition(topic, number, OFFSET_BEGINNING) for number in known.partitions]
    else:
        since_ms = int(since.timestamp() * 1000)
        wanted = [TopicPartition(topic, number, since_ms) for number in known.partitions]
        starts = [tp for tp in consumer.offsets_for_times(wanted, timeout=ANSWER_WITHIN_S) if tp.offset >= 0]
    consumer.assign(starts)
    return {tp.partition for tp in starts}


def _raw(message: Message) -> Raw:
    kind, stamp_ms = message.timestamp()
    appended_at = datetime.fromtimestamp(stamp_ms / 1000, UTC) if kind == TIMESTAMP_LOG_APPEND_TIME else None
    return Raw(message.value(), tuple(message.headers() or ()), appended_at)
