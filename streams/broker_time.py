"""What time the broker says it is: the judge between a stepped wall clock and the rest of the world.

One record is produced to a topic with LogAppendTime and its delivery report read. `streams` and `agents` only.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from confluent_kafka import TIMESTAMP_LOG_APPEND_TIME, KafkaError, Message, Producer

WITNESS_KEY = b"\x00witness"
_CREDIBLE = datetime(2020, 1, 1, tzinfo=UTC)


class NoAnswerError(Exception):
    """No broker took the record, so nothing is known of its time."""


def broker_now(settings: Mapping[str, Any], topic: str, partition: int, timeout_s: float = 5.0) -> datetime | None:
    """The broker's clock, good to the time of one round trip (blocking).

    None when it takes records and does not tell its time, as the embedded one. Raises NoAnswerError.
    """
    told: list[datetime] = []
    taken: list[bool] = []

    def delivered(error: KafkaError | None, message: Message) -> None:
        if error is None:
            taken.append(True)
            kind, milliseconds = message.timestamp()
            if kind == TIMESTAMP_LOG_APPEND_TIME:
                told.append(datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=milliseconds))

    producer = Producer({**settings, "acks": "all", "message.timeout.ms": int(timeout_s * 1000)})
    producer.produce(topic, b"", WITNESS_KEY, partition=partition, on_delivery=delivered)
    producer.flush(timeout_s + 1)
    producer.close()
    if not taken:
        raise NoAnswerError(f"{topic}, partition {partition}: not acknowledged within {timeout_s:g} s")
    return told[0] if told and told[0] > _CREDIBLE else None
