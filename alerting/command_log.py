"""Commands on their way in and out: every notifier reads all of them, as far back as it remembers.

May be imported by `alerting` and `cli`.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final

from confluent_kafka import Consumer, KafkaError, KafkaException, Message, Producer, TopicPartition

from alerting.command import Command, CommandUnreadable, decode, encode, key
from alerting.history import appended_at

GROUP: Final = "slawatch-notifier-commands"
"""Required by the client, never joined: partitions are assigned by hand. It must be allowed to be described."""
ANSWER_WITHIN_S: Final = 30.0
POLL_S: Final = 0.2


class CommandLog:
    """A reader of all partitions. Blocking, in one thread."""

    def __init__(self, settings: Mapping[str, Any], topic: str, since: datetime) -> None:
        self._consumer = Consumer(
            {
                **settings,
                "group.id": GROUP,
                "enable.auto.commit": False,
                "auto.offset.reset": "earliest",
                "enable.partition.eof": True,
                "fetch.wait.max.ms": 50,
            }
        )
        self._topic, self._since = topic, since
        self._at_end: set[int] = set()
        self._partitions: list[int] = []

    def begin(self) -> None:
        """Find where to read from. Raises KafkaException."""
        topics = self._consumer.list_topics(self._topic, timeout=ANSWER_WITHIN_S).topics
        self._partitions = sorted(topics[self._topic].partitions)
        stamp = int(self._since.timestamp() * 1000)
        wanted = [TopicPartition(self._topic, number, stamp) for number in self._partitions]
        places = self._consumer.offsets_for_times(wanted, timeout=ANSWER_WITHIN_S)
        self._consumer.assign(places)  # an offset of -1 is the end: nothing is younger

    @property
    def caught_up(self) -> bool:
        """Whether the end of every partition was seen once."""
        return len(self._at_end) >= len(self._partitions) > 0

    def read(self, refused: Callable[[int, int, str], None]) -> list[tuple[Command, datetime]]:
        """What comes within a moment, with the instants it was appended; `refused` hears of what is no command."""
        found: list[tuple[Command, datetime]] = []
        for message in self._consumer.consume(500, timeout=POLL_S):
            error = message.error()
            if error is None:
                try:
                    at = appended_at(message)
                    found.append((decode(message.value(), at), at))
                except CommandUnreadable as wrong:
                    refused(message.partition(), message.offset(), str(wrong))
            elif error.code() == KafkaError._PARTITION_EOF:
                self._at_end.add(message.partition())
            elif not (error.retriable() or error.code() in (KafkaError._TRANSPORT, KafkaError._ALL_BROKERS_DOWN)):
                raise KafkaException(error)
        return found

    def close(self) -> None:
        """Let go."""
        self._consumer.close()


class CommandFailed(Exception):
    """A command that Kafka did not take; the text says why."""


def give(settings: Mapping[str, Any], topic: str, command: Command, at: datetime, timeout_s: float = 20.0) -> None:
    """Put one command on the topic, and return when it is there. Blocking. Raises CommandFailed."""
    producer = Producer({**settings, "acks": "all", "message.timeout.ms": int(timeout_s * 1000)})
    ended = threading.Event()
    errors: list[KafkaError] = []

    def delivered(error: KafkaError | None, _: Message) -> None:
        if error is not None:
            errors.append(error)
        ended.set()

    producer.produce(topic, encode(command, at), key(command).encode(), on_delivery=delivered)
    producer.flush(timeout_s + 5)
    if errors or not ended.is_set():
        raise CommandFailed(errors[0].str() if errors else f"no answer within {timeout_s:.0f} s")
