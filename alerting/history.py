"""What the topics say of one partition, read back when it is taken over: alerts, and what became of them.

Blocking; call it in a thread. `alerting` only, and `cli` for the audit.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any, Final

from confluent_kafka import Consumer, KafkaError, KafkaException, Message, TopicPartition

from alerting.alert import Alert, AlertUnreadable, read_alert
from alerting.desk import Desk
from alerting.record import RecordUnreadable, decode
from alerting.settings import Topics

logger = logging.getLogger("slawatch.notifier")

GROUP: Final = "slawatch-notifier-history"
"""Required by the client, never joined: partitions are assigned by hand. It must be allowed to be described."""
BATCH: Final = 5_000
DETECTED_AT: Final = "detected_at"
ANSWER_WITHIN_S: Final = 30.0
SILENCE_MAX_S: Final = 60.0
"""For so long brokers may send nothing while there is something to read."""


class HistoryUnreadable(Exception):
    """The brokers do not give what they hold; the text says what was asked."""


def appended_at(message: Message) -> datetime:
    """When the broker, or the producer, says a record was appended."""
    return datetime.fromtimestamp(message.timestamp()[1] / 1000, UTC)


def alert_of(message: Message) -> Alert:
    """The alert of a record. Raises AlertUnreadable."""
    told = dict(message.headers() or ()).get(DETECTED_AT)
    detected_at = None
    if told is not None:
        with suppress(ValueError):
            detected_at = datetime.fromisoformat(told.decode())
    return read_alert(message.value(), appended_at(message), detected_at)


def fill(desk: Desk, settings: Mapping[str, Any], topics: Topics, partition: int, since: datetime) -> None:
    """Let a desk know what the topics say of a partition since an instant. Raises HistoryUnreadable.

    Alerts are read to their end, not to where the intake goes on: what is over by now must not be told as if it still
    fired. Records come after them, so that of each alert that is known it is known what became of it.
    """

    def known(message: Message) -> None:
        with suppress(AlertUnreadable):  # it was put aside when it was first read, or will be
            desk.take(alert_of(message))

    def told(message: Message) -> None:
        try:
            desk.note(decode(message.value()))
        except RecordUnreadable as error:
            place = {"topic": topics.notifications, "partition": partition, "offset": message.offset()}
            logger.warning("record_unreadable", extra={**place, "error": str(error)})

    read_back(settings, topics.alerts, partition, since, known)
    read_back(settings, topics.notifications, partition, since, told)


def read_back(
    settings: Mapping[str, Any],
    topic: str,
    partition: int,
    since: datetime,
    take: Callable[[Message], None],
) -> None:
    """Hand over each record from `since` to where the partition ends now.

    Raises HistoryUnreadable when the brokers do not answer or stop in between.
    """
    consumer = Consumer(
        {
            **settings,
            "group.id": GROUP,
            "enable.auto.commit": False,
            "auto.offset.reset": "earliest",
            "enable.partition.eof": True,
            "fetch.wait.max.ms": 50,
        }
    )
    try:
        place = TopicPartition(topic, partition)
        low, end = consumer.get_watermark_offsets(place, timeout=ANSWER_WITHIN_S)
        [found] = consumer.offsets_for_times(
            [TopicPartition(topic, partition, int(since.timestamp() * 1000))], timeout=ANSWER_WITHIN_S
        )
        if found.error is not None:
            raise KafkaException(found.error)
        start = max(found.offset, low) if found.offset >= 0 else end
        if start < end:
            consumer.assign([TopicPartition(topic, partition, start)])
            _read(consumer, end, take, f"{topic}, partition {partition}")
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
