"""A canary ticket: its id, and the events by which it is opened and closed. Pure.

Everything is derived from the partition and the instant: whoever makes it again makes the same bytes, and a worker
knows them for a repeat. Its id is chosen so that the partitioner which everybody uses puts it where it is wanted;
its alerts, which have the same key, then lie in that partition too. Only this package imports this.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final

import msgspec
from aiokafka.partitioner import murmur2

BUSINESS: Final = "canary"
RULE: Final = "canary/heard"
ACCEPTED: Final = "canary.accepted"
CLOSED: Final = "canary.closed"
SOURCE: Final = "slawatch/canary"
UNIT: Final = "canary"

_ID: Final = re.compile(r"canary-(\d{1,6})-(\d{8}T\d{6}Z)-(\d{1,9})")
_STAMP: Final = "%Y%m%dT%H%M%SZ"


class Canary(msgspec.Struct, frozen=True):
    """One ticket: the partition it proves, when it was opened (a whole second, aware), its id."""

    partition: int
    at: datetime
    id: str


def canary(partition: int, partitions: int, at: datetime) -> Canary:
    """The canary of a partition and an instant: the first of its names whose key lies there.

    ValueError where there is no such partition.
    """
    if not 0 <= partition < partitions:
        raise ValueError(f"there is no partition {partition} among {partitions}")
    stamp = at.astimezone(UTC).strftime(_STAMP)
    number = 0
    while partition_of(name := f"canary-{partition}-{stamp}-{number}", partitions) != partition:
        number += 1  # of so many names, on average as many as there are partitions are tried
    return Canary(partition, at.astimezone(UTC).replace(microsecond=0), name)


def partition_of(key: str, partitions: int) -> int:
    """Where a record with this key lies, as Java's default partitioner has it."""
    hashed: int = murmur2(key.encode())
    return (hashed & 0x7FFF_FFFF) % partitions


def read(name: str) -> Canary | None:
    """The canary behind a ticket's id; None where that is no canary's."""
    found = _ID.fullmatch(name)
    if found is None:
        return None
    try:
        at = datetime.strptime(found[2], _STAMP).replace(tzinfo=UTC)
    except ValueError:
        return None
    return Canary(int(found[1]), at, name)


def accepted(one: Canary) -> bytes:
    """The event that opens it."""
    return _event(one, "accepted", ACCEPTED, one.at, {"unit": UNIT})


def closed(one: Canary, at: datetime) -> bytes:
    """The event that closes it at an aware instant; closed twice, at two instants, it is closed all the same."""
    return _event(one, f"closed/{at.astimezone(UTC):%Y%m%dT%H%M%S.%fZ}", CLOSED, at, {})


def _event(one: Canary, name: str, type_: str, at: datetime, data: Mapping[str, str]) -> bytes:
    return msgspec.json.encode(
        {
            "specversion": "1.0",
            "id": f"{one.id}/{name}",
            "source": SOURCE,
            "type": type_,
            "subject": one.id,
            "time": at.astimezone(UTC),
            "data": data,
        }
    )
