"""What came out, with the broker's append times: alerts that fired, and how long an event took to its verdict.

Append times are the broker's clock in whole milliseconds; worker and generator have no say in them. Used by the
sections that measure time.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

import msgspec
from confluent_kafka import Consumer, KafkaError, Message, TopicPartition

from bench.arena import PARTITIONS

PROBE_RULE = "repair/dispatch"  # its clock starts with the acceptance, and a verdict says so at once
GRACE_MS = 200.0


class _Data(msgspec.Struct):
    rule: str
    revision: int
    ticket: str = ""
    status: str = ""
    level: str = ""
    due_at: datetime | None = None


class _Output(msgspec.Struct):
    data: _Data


class _Attributes(msgspec.Struct):
    mode: int | None = None


class _Event(msgspec.Struct):
    type: str
    subject: str
    data: _Attributes


_output = msgspec.json.Decoder(_Output).decode
_event = msgspec.json.Decoder(_Event).decode


@dataclass(frozen=True, slots=True)
class Fired:
    """A breach alert: its ticket and partition, when it was due and when it was appended (ms since 1970)."""

    ticket: str
    partition: int
    due_ms: float
    appended_ms: float

    @property
    def late_ms(self) -> float:
        """How late it was: appended - due - grace."""
        return self.appended_ms - self.due_ms - GRACE_MS


def messages(bootstrap: str, topic: str) -> Iterator[Message]:
    """Every record of a topic up to its present end."""
    settings = {
        "bootstrap.servers": bootstrap, "group.id": "bench-reader", "enable.auto.commit": False,
        "enable.partition.eof": True, "auto.offset.reset": "earliest", "fetch.wait.max.ms": 20,
    }  # fmt: skip
    consumer = Consumer(settings)
    try:
        consumer.assign([TopicPartition(topic, number, 0) for number in range(PARTITIONS)])
        left = set(range(PARTITIONS))
        while left:
            for message in consumer.consume(5000, timeout=1.0):
                error = message.error()
                if error is None:
                    yield message
                elif error.code() == KafkaError._PARTITION_EOF:
                    left.discard(message.partition())
    finally:
        consumer.close()


def breaches(bootstrap: str, prefix: str, name: str) -> dict[str, Fired]:
    """The firing breach alerts of the tickets called `name`, first publication of each."""
    found: dict[str, Fired] = {}
    for message in messages(bootstrap, f"{prefix}.alerts"):
        data = _output(message.value()).data
        if data.level == "breach" and data.status == "firing" and data.ticket.startswith(name) and data.due_at:
            fired = Fired(data.ticket, message.partition(), data.due_at.timestamp() * 1000, message.timestamp()[1])
            found.setdefault(data.ticket, fired)
    return found


def to_verdict_ms(bootstrap: str, prefix: str, name: str | None = None) -> list[tuple[float, float]]:
    """For each accepted ticket: when its event was appended, and how long until its verdict was (both ms).

    Only acceptances that state their mode count: without it the duty, and so the verdict, may wait for later events.
    `name` leaves out the tickets called so.
    """
    accepted: dict[str, float] = {}
    for message in messages(bootstrap, f"{prefix}.ticket-events"):
        event = _event(message.value())
        if event.type == "repair.accepted" and event.data.mode and not (name and event.subject.startswith(name)):
            accepted.setdefault(event.subject, message.timestamp()[1])
    pairs = []
    for message in messages(bootstrap, f"{prefix}.verdicts"):
        data = _output(message.value()).data
        if data.rule == PROBE_RULE:
            appended = accepted.pop(data.ticket, None)
            if appended is not None:
                pairs.append((appended, message.timestamp()[1] - appended))
    return pairs
