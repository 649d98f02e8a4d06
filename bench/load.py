"""What is sent: lives of tickets as records, and tickets whose clocks are due at chosen instants.

Used by the sections and by `bench.sender`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any

import msgspec
from confluent_kafka import KafkaError, Producer

from cli.generate import lives

Records = Iterable[tuple[bytes, bytes]]
"""Keys and values."""

TERM = timedelta(minutes=2)  # of repair/dispatch, the clock that is made to run out
EVENTS_A_TICKET = 10  # a life has more, so this many tickets are always enough
AHEAD = timedelta(hours=3)
_encode = msgspec.json.Encoder().encode


def life_records(
    events: int, seed: int, start: datetime, span: timedelta = timedelta(hours=1)
) -> Iterator[tuple[bytes, bytes]]:
    """The first `events` events of lives that begin at `start`, in order of their time."""
    told = lives(events // EVENTS_A_TICKET + 1, seed, start, span)
    return ((event["subject"].encode(), _encode(event)) for event in islice(told, events))


def ahead() -> datetime:
    """A start so far ahead that no clock of these lives runs out by silence while we measure."""
    return datetime.now(UTC) + AHEAD


def open_tickets(dues: Iterable[datetime], name: str) -> Iterator[tuple[bytes, bytes]]:
    """One ticket for each instant, accepted and no more: its dispatch is due then."""
    for number, due in enumerate(dues):
        yield _record(f"{name}-{number:07d}", "accepted", due - TERM, {"hung_up_at": _text(due - TERM), **ACCEPTED})


def working_tickets(count: int, name: str) -> Iterator[tuple[bytes, bytes]]:
    """Tickets under way: accepted and dispatched, the receiving unit's clock running for hours to come."""
    at = datetime.now(UTC) + timedelta(hours=20)
    for number in range(count):
        subject = f"{name}-{number:07d}"
        yield _record(subject, "accepted", at, {"hung_up_at": _text(at), **ACCEPTED})
        later = at + timedelta(seconds=30)
        yield _record(
            subject, "dispatched", later, {"unit": "NCSC", "level": "national", "to_unit": "3201", "to_level": "city"}
        )


ACCEPTED: dict[str, Any] = {
    "unit": "NCSC", "level": "national", "mode": 1, "via": "phone", "customer": "0123456789", "urgency": "general",
    "fault": "low_voltage", "area": "urban",
}  # fmt: skip


def spread(start: datetime, seconds: float, count: int) -> list[datetime]:
    """So many instants, evenly over a stretch of time."""
    return [start + timedelta(seconds=seconds * number / count) for number in range(count)]


def _text(at: datetime) -> str:
    return at.isoformat(timespec="milliseconds")


def _record(subject: str, what: str, at: datetime, data: dict[str, Any]) -> tuple[bytes, bytes]:
    event = {
        "specversion": "1.0", "id": f"{subject}-{what}", "source": "95598/ncsc", "type": f"repair.{what}",
        "subject": subject, "time": _text(at), "data": data,
    }  # fmt: skip
    return subject.encode(), _encode(event)


class Feed:
    """A producer that keys as the product does; `linger_ms` low where the time of appending matters."""

    def __init__(self, bootstrap: str, topic: str, linger_ms: int = 5) -> None:
        self.topic = topic
        self.failed: list[KafkaError] = []
        self._producer = Producer(
            {
                "bootstrap.servers": bootstrap,
                "acks": "all",
                "log_level": 2,
                "linger.ms": linger_ms,
                "partitioner": "murmur2_random",
                "queue.buffering.max.messages": 1_000_000,
                "delivery.report.only.error": True,
                "on_delivery": lambda error, _: error and self.failed.append(error),
            }
        )

    def send(self, key: bytes, value: bytes) -> None:
        """Send one record."""
        while True:
            try:
                self._producer.produce(self.topic, value, key)
                return
            except BufferError:
                self._producer.poll(0.05)

    def serve(self) -> None:
        """Let call backs run."""
        self._producer.poll(0)

    def close(self) -> None:
        """Wait until all is acknowledged."""
        if self._producer.flush(120) or self.failed:
            raise RuntimeError(f"the load was not acknowledged: {self.failed[:3]}")


def send_all(bootstrap: str, topic: str, records: Records) -> int:
    """Send as fast as it goes; how many."""
    feed, count = Feed(bootstrap, topic), 0
    for count, (key, value) in enumerate(records, start=1):  # noqa: B007
        feed.send(key, value)
    feed.close()
    return count
