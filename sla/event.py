"""One thing that happened to a ticket, and the one order in which a ticket's events count.

Live, offline and in simulation the same `Event` reaches `sla.step`; the order below (never the order of
arrival) is what makes the end state a function of the set of events. Everybody may import this.
"""

from __future__ import annotations

import re
from datetime import datetime
from functools import lru_cache
from hashlib import blake2b
from typing import Any

import msgspec

_DIGIT_RUNS = re.compile(r"([0-9]+)")
_canonical = msgspec.json.Encoder(order="deterministic")

Value = str | int | float | bool | datetime
"""What an attribute may hold; instants are parsed once, when the event is read."""


class Event(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One event of one ticket, as far as the law looks at it.

    `time` and `appended_at` are aware UTC instants; `appended_at` is when the broker took the record (None for
    history). `data` holds the attributes the vocabulary keeps. `digest` is a fingerprint of the whole content.
    """

    time: datetime
    id: str
    source: str
    type: str
    data: dict[str, Any]
    digest: bytes = b""
    appended_at: datetime | None = None

    @property
    def identity(self) -> tuple[str, str]:
        """What makes a repeat the same event: its source and its id."""
        return (self.source, self.id)


@lru_cache(maxsize=65536)
def natural(text: str) -> tuple[str | int, ...]:
    """Split a text so that its runs of digits compare as numbers: `e-9` sorts before `e-10`."""
    parts: list[str | int] = list(_DIGIT_RUNS.split(text))
    parts[1::2] = [int(digits) for digits in parts[1::2]]
    return tuple(parts)


def order(event: Event) -> tuple[Any, ...]:
    """The sort key among the events of one ticket: time, natural id, source, raw id.

    The raw id comes last so that ids that differ only in leading zeros still have one order.
    """
    return (event.time, natural(event.id), event.source, event.id)


def fingerprint(type_: str, time: datetime, data: dict[str, Any]) -> bytes:
    """Eight bytes that differ when the content of an event differs, whatever the order of its attributes."""
    return blake2b(_canonical.encode((type_, time, data)), digest_size=8).digest()


def insert(events: list[Event], event: Event) -> bool:
    """Put an event where it belongs in a list that is in event order; True when that is the end."""
    if not events or events[-1].time < event.time:
        events.append(event)
        return True
    key = order(event)
    at = len(events)
    while at and events[at - 1].time >= event.time and order(events[at - 1]) > key:
        at -= 1
    events.insert(at, event)
    return at == len(events) - 1
