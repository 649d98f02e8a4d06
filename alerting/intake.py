"""Alerts as they come in: one member of the notifiers' consumer group. `alerting` only.

A partition that is ours is paused until what is known of it has been read back; then it flows from the committed
offset. The offset is a mark of progress, not the memory: what is still owed follows from the topics alone.
Blocking; every call but `resume` and `mark` comes from one thread.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from confluent_kafka import Consumer, KafkaError, KafkaException, Message, TopicPartition

logger = logging.getLogger("slawatch.notifier")

BATCH: Final = 500
POLL_S: Final = 0.1
ANSWER_WITHIN_S: Final = 30.0
FENCED_ONCE_IN_S: Final = 300.0
"""Fenced twice within this time, there is another process of the same name."""

_PASSING: Final = frozenset(
    {
        KafkaError._TRANSPORT,
        KafkaError._ALL_BROKERS_DOWN,
        KafkaError._TIMED_OUT,
        KafkaError._RESOLVE,
        KafkaError._MAX_POLL_EXCEEDED,
        KafkaError.UNKNOWN_TOPIC_OR_PART,
    }
)


class Intake:
    """The consumer."""

    def __init__(
        self,
        settings: Mapping[str, Any],
        topic: str,
        group: str,
        session_timeout_s: float,
        *,
        instance: str = "",
        from_now: bool = False,
    ) -> None:
        """`from_now`: begin at the end, and commit nothing."""
        self._topic, self._from_now = topic, from_now
        self._settings: dict[str, Any] = {
            **settings,
            "group.id": group,
            "enable.auto.commit": not from_now,
            "auto.commit.interval.ms": 1_000,
            "enable.auto.offset.store": False,
            "auto.offset.reset": "earliest",
            "partition.assignment.strategy": "cooperative-sticky",
            "session.timeout.ms": int(session_timeout_s * 1000),
            "heartbeat.interval.ms": int(session_timeout_s * 1000 / 5),
            "fetch.wait.max.ms": 50,
            **({"group.instance.id": instance} if instance else {}),
        }
        self._consumer = Consumer(self._settings)
        self._fenced_at = float("-inf")

    def join(self, assigned: Callable[[dict[int, int]], None], revoked: Callable[[list[int]], None]) -> None:
        """Become a member. `assigned` gets the offset each new partition goes on from; both are called in `poll`.

        When `revoked` returns nothing more of these partitions is sent.
        """
        self._assigned, self._revoked = assigned, revoked
        callbacks = {"on_assign": self._on_assign, "on_revoke": self._on_revoke, "on_lost": self._on_revoke}
        self._consumer.subscribe([self._topic], **callbacks)

    def poll(self) -> list[Message]:
        """What has come; rebalances happen in here."""
        found = []
        for message in self._consumer.consume(BATCH, timeout=POLL_S):
            error = message.error()
            if error is None:
                found.append(message)
            elif error.code() == KafkaError._FATAL and time.monotonic() - self._fenced_at > FENCED_ONCE_IN_S:
                self._join_anew(error)
                return []  # what is not taken yet comes again
            elif not (error.retriable() or error.code() in _PASSING):
                raise KafkaException(error)
        return found

    def _join_anew(self, error: KafkaError) -> None:
        """Begin with a new client after the brokers have fenced this one.

        After an outage a commit that waited for its end names the member we were, and the brokers, for whom we have
        joined again meanwhile, take us for a second process of our name. If there is one, either is fenced again, and
        ends.
        """
        logger.warning("consumer_fenced", extra={"error": error.str()})
        self._fenced_at = time.monotonic()
        self._revoked([place.partition for place in self._consumer.assignment()])
        self._consumer.close()
        self._consumer = Consumer(self._settings)
        self.join(self._assigned, self._revoked)

    def mark(self, offsets: Mapping[int, int]) -> None:
        """These partitions are taken up to (not including) these offsets."""
        if offsets:
            places = [TopicPartition(self._topic, number, offset) for number, offset in offsets.items()]
            try:
                self._consumer.store_offsets(offsets=places)
            except KafkaException as error:  # a partition that has just gone: its new owner reads on from before
                logger.info("offsets_not_stored", extra={"error": error.args[0].str()})

    def resume(self, partitions: Sequence[int]) -> None:
        """Let partitions flow; one that is gone by now is left alone."""
        try:
            self._consumer.resume([TopicPartition(self._topic, number) for number in partitions])
        except KafkaException as error:
            logger.info("partitions_not_resumed", extra={"error": error.args[0].str()})

    def close(self) -> None:
        """Commit and leave the group."""
        self._consumer.close()

    def _on_assign(self, consumer: Consumer, places: list[TopicPartition]) -> None:
        if not places:
            return
        starts: dict[int, int] = {}
        for place in consumer.committed(places, timeout=ANSWER_WITHIN_S):
            low, high = consumer.get_watermark_offsets(place, timeout=ANSWER_WITHIN_S)
            if self._from_now:
                starts[place.partition] = high
            else:
                starts[place.partition] = min(max(place.offset, low), high) if place.offset >= 0 else low
        begin = [TopicPartition(self._topic, number, offset) for number, offset in starts.items()]
        consumer.incremental_assign(begin)
        consumer.pause(begin)
        self._assigned(starts)

    def _on_revoke(self, consumer: Consumer, places: list[TopicPartition]) -> None:
        self._revoked([place.partition for place in places])
        consumer.incremental_unassign(places)
