"""Dead letters: what could not be taken, kept as it came, with the reason in headers.

Nothing is lost in silence: each letter names reason, topic, partition and offset, so it can be mended and sent
again. `streams` only.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import msgspec

from sla.event import Event

if TYPE_CHECKING:
    from streams.runs import Record

_json = msgspec.json.Encoder()


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """One refused record; `(topic, partition, offset)` of the headers is its identity, repeats carry the same."""

    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes], ...]

    @property
    def reason(self) -> str:
        """The reason, from the headers."""
        return dict(self.headers)["slawatch_reason"].decode()

    @classmethod
    def of(cls, record: Record, reason: str, detail: str, topic: str, partition: int) -> DeadLetter:
        """A letter for a record, as received, its own headers kept."""
        return cls(
            record.key,
            record.value,
            (
                *((name, value) for name, value in record.headers if not name.startswith("slawatch_")),
                *_headers(reason, detail, topic, partition),
                ("slawatch_offset", str(record.offset).encode()),
            ),
        )

    @classmethod
    def of_event(cls, subject: str, event: Event, reason: str, topic: str, partition: int) -> DeadLetter:
        """A letter for a remembered event whose record is long gone: what is known of it, as an event."""
        envelope = {
            "specversion": "1.0",
            "id": event.id,
            "source": event.source,
            "type": event.type,
            "subject": subject,
            "time": event.time,
            "data": event.data,
        }
        detail = "the ticket was never accepted; its events were held until its time was over"
        return cls(subject.encode(), _json.encode(envelope), _headers(reason, detail, topic, partition))


def _headers(reason: str, detail: str, topic: str, partition: int) -> tuple[tuple[str, bytes], ...]:
    return (
        ("slawatch_reason", reason.encode()),
        ("slawatch_detail", detail.encode()),
        ("slawatch_topic", topic.encode()),
        ("slawatch_partition", str(partition).encode()),
    )
