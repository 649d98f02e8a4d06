"""Watches the changelogs of owned partitions for records of former owners, so that what these hide is written again.

Why: what a worker writes after it lost a partition is void for every reader, but compaction knows nothing of that
and keeps the last record of each key, which may be the void one. Whoever takes over mends what it reads; this mends
what lands later. In good times it costs one question every half minute: a changelog that is longer than what we
have written holds somebody else's records, and only then is it read. Used by `streams.keeper`.

    ... | claim(B) | B's state of t | A, thawed: state of t (void) | B: state of t once more
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from confluent_kafka import Consumer, KafkaError, KafkaException, TopicPartition

from streams.changelog import OPERATOR_KEY, header, tombstone_epoch
from streams.clock import Clock
from streams.partition import Partition
from streams.progress import Prober, ProofFailedError

logger = logging.getLogger("slawatch.guard")

GROUP = "slawatch-guard"
"""Required by the client, never joined: partitions are assigned by hand. It must be allowed to be described."""
LOOK_EVERY_S = 30.0
"""Well within the time for which a changelog is not compacted (`min.compaction.lag.ms`)."""
ANSWER_WITHIN_S = 2.0
READ_WITHIN_S = 300.0
BATCH = 10_000


class UnreadError(Exception):
    """A part of the changelog could not be read in time; it is tried again."""


class Changelogs(Protocol):
    """What the guard asks of the changelogs."""

    async def ends(self, partitions: Sequence[int]) -> dict[int, int]:
        """Where they end now. Raises ProofFailedError."""

    async def voided(self, partition: int, start: int, end: int, epoch: int) -> set[bytes]:
        """The keys of states and tombstones of a lower epoch from `start` to before `end`. Raises UnreadError."""


class Guard:
    """The guard of one worker's partitions."""

    def __init__(self, changelogs: Changelogs) -> None:
        self._changelogs = changelogs
        self._looked_at = float("-inf")
        self._readings: set[asyncio.Task[None]] = set()

    async def look(self, partitions: Mapping[int, Partition]) -> None:
        """Compare the changelogs with what was written, now and then; call it while nothing is on its way.

        Raises ChangelogError when a former owner's record cannot be read.
        """
        for reading in [reading for reading in self._readings if reading.done()]:
            self._readings.discard(reading)
            reading.result()
        now = asyncio.get_running_loop().time()
        if not partitions or now - self._looked_at < LOOK_EVERY_S:
            return
        self._looked_at = now
        try:
            ends = await self._changelogs.ends(sorted(partitions))
        except ProofFailedError as error:
            logger.warning("changelog_ends_unknown", extra={"error": str(error)})
            return
        for number, end in ends.items():
            partition = partitions[number]
            start, tail = partition.tail.checked, partition.tail
            suspect = not tail.sure or tail.end != end
            tail.checked, tail.end, tail.sure = end, end, True
            if suspect and partition.live:
                self._readings.add(asyncio.get_running_loop().create_task(self._mend(partition, start, end)))

    async def _mend(self, partition: Partition, start: int, end: int) -> None:
        try:
            keys = await self._changelogs.voided(partition.number, start, end, partition.epoch)
        except UnreadError as error:
            logger.warning("changelog_not_read", extra={"partition": partition.number, "error": str(error)})
            partition.tail.checked, partition.tail.sure = min(start, partition.tail.checked), False
            return
        if keys and partition.live:
            logger.warning("former_owner_wrote", extra={"partition": partition.number, "keys": len(keys)})
            partition.write_again(sorted(keys))


def is_void(key: bytes, value: bytes | None, headers: Any, epoch: int) -> bool:
    """Whether a record is a state or tombstone of a lower epoch. Raises ChangelogError."""
    if key.startswith(b"\x00") and key != OPERATOR_KEY:
        return False  # written anew all the time, or of no epoch
    written = tombstone_epoch(headers) if value is None else header(value)[0]
    return written is not None and written < epoch


class KafkaChangelogs:
    """The changelogs as Kafka has them."""

    def __init__(self, settings: Mapping[str, Any], topic: str, clock: Clock) -> None:
        """`settings` are librdkafka's; the clock only stamps questions."""
        self._settings, self._topic = dict(settings), topic
        self._prober = Prober(settings, topic, clock, timeout_s=ANSWER_WITHIN_S)

    async def ends(self, partitions: Sequence[int]) -> dict[int, int]:
        """Where they end now. Raises ProofFailedError."""
        return (await self._prober.ends(partitions))[1]

    async def voided(self, partition: int, start: int, end: int, epoch: int) -> set[bytes]:
        """The keys of states and tombstones of a lower epoch from `start` to before `end`. Raises UnreadError."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(None, self._read, partition, start, end, epoch)

    def _read(self, partition: int, start: int, end: int, epoch: int) -> set[bytes]:
        consumer = Consumer(
            {
                **self._settings,
                "group.id": GROUP,
                "enable.auto.commit": False,
                "enable.partition.eof": True,
                "auto.offset.reset": "error",
            }
        )
        keys: set[bytes] = set()
        until, at = time.monotonic() + READ_WITHIN_S, start
        try:
            consumer.assign([TopicPartition(self._topic, partition, start)])
            while at < end:
                if time.monotonic() > until:
                    raise UnreadError(f"the changelog was not read from {start} to {end}, only to {at}")
                for message in consumer.consume(BATCH, timeout=0.5):
                    error = message.error()
                    if error is not None and error.code() == KafkaError._PARTITION_EOF:
                        at = max(at, message.offset())
                    elif error is None and message.offset() < end:
                        at = message.offset() + 1
                        key, value = message.key() or b"", message.value()
                        if is_void(key, value, message.headers() if value is None else None, epoch):
                            keys.add(key)
                    elif error is None:
                        at = end
        except KafkaException as error:
            raise UnreadError(str(error)) from error
        finally:
            consumer.close()
        return keys
