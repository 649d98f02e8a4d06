"""The changelog as it is read when partitions are taken over: from its beginning, whatever brokers go through.

A client that once heard that a partition is unknown, or saw a leader that is gone, may believe it for minutes after
the broker is back. So each question goes through a client of its own, and one that hears nothing for long is
replaced, at the same place. Blocking. Used by `streams.restore` only.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from confluent_kafka import Consumer, KafkaError, KafkaException, Message, TopicPartition

from streams.patience import passes, patiently

GROUP: Final = "slawatch-restore"
"""Required by the client, never joined: partitions are assigned by hand. It must be allowed to be described."""
BATCH: Final = 10_000
LOOK_EVERY_S: Final = 0.05
ANSWER_WITHIN_S: Final = 10.0
DEAF_S: Final = 15.0
"""After so long without a word a client is replaced."""


class ChangelogReader:
    """Partitions of one changelog, read in order. A context manager."""

    def __init__(self, settings: Mapping[str, Any], changelog: str) -> None:
        self._settings = {
            **settings,
            "group.id": GROUP,
            "enable.auto.commit": False,
            "enable.partition.eof": True,
            "auto.offset.reset": "error",
            "fetch.wait.max.ms": 20,
            "queued.max.messages.kbytes": 262_144,
        }
        self._changelog = changelog
        self._next: dict[int, int] = {}
        self._consumer: Consumer | None = None
        self._heard_at = time.monotonic()

    def __enter__(self) -> ChangelogReader:
        """Nothing is opened before it is needed."""
        return self

    def __exit__(self, *_: object) -> None:
        """Let go."""
        self._close()

    def beginnings(self, partitions: Sequence[int], until: float, still_owned: Callable[[], bool]) -> dict[int, int]:
        """The first offset each partition still holds. Raises what `patiently` raises."""
        return patiently(lambda: self._beginnings(partitions), until, still_owned)

    def begin(self, offsets: Mapping[int, int]) -> None:
        """Read these partitions from there."""
        self._next = dict(offsets)
        self._open()

    def read(self) -> tuple[list[Message], list[int]]:
        """What comes within a moment, and the partitions whose end was reached.

        Raises KafkaException for what does not pass.
        """
        assert self._consumer is not None  # begun
        records, ended = [], []
        for message in self._consumer.consume(BATCH, timeout=LOOK_EVERY_S):
            error = message.error()
            if error is None:
                records.append(message)
                self._next[message.partition()] = message.offset() + 1
            elif error.code() == KafkaError._PARTITION_EOF:
                ended.append(message.partition())
            elif not passes(error):
                raise KafkaException(error)
        if records or ended:
            self._heard_at = time.monotonic()
        elif time.monotonic() - self._heard_at > DEAF_S:
            self._open()
        return records, ended

    def _beginnings(self, partitions: Sequence[int]) -> dict[int, int]:
        consumer = Consumer(self._settings)
        try:
            return {
                number: int(
                    consumer.get_watermark_offsets(TopicPartition(self._changelog, number), timeout=ANSWER_WITHIN_S)[
                        0
                    ]
                )
                for number in partitions
            }
        finally:
            consumer.close()

    def _open(self) -> None:
        self._close()
        self._consumer = Consumer(self._settings)
        self._consumer.assign([TopicPartition(self._changelog, n, offset) for n, offset in self._next.items()])
        self._heard_at = time.monotonic()

    def _close(self) -> None:
        if self._consumer is not None:
            self._consumer.close()
            self._consumer = None
