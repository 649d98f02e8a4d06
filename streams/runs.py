"""What goes into a partition and what comes out of it: runs of records as they were fetched, groups of effects.

Plain values, so that the ones who fetch (`streams.faust_seams`), the ones who publish (`streams.effects`) and the
simulation speak of the same things. `streams` and tests only.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

from sla.publication import Output
from streams.dead_letters import DeadLetter


class Record(Protocol):
    """A consumed record, as far as the partition looks at it."""

    offset: int
    timestamp: int
    key: bytes | None
    value: bytes | None
    headers: Sequence[tuple[str, bytes]]


@dataclass(slots=True)
class Run:
    """Records of one partition as they were fetched: everything from `start` on, up to `through`.

    Offsets between that are not among `records` hold nothing for us: transaction markers, or records of a
    transaction that was aborted. There may be no record at all.
    """

    partition: int
    records: Sequence[Record]
    start: int
    through: int


@dataclass(slots=True)
class Tail:
    """The end of a partition's changelog as its owner knows it (`streams.guard`).

    Through `checked` it is known who wrote what; `end` is where it ends if nobody else writes, which is only `sure`
    while each of our own records was acknowledged.
    """

    checked: int = 0
    end: int = 0
    sure: bool = True


@dataclass(slots=True)
class Group:
    """What a partition wants made durable and said, as one step of its sequence.

    `fired` are the timers due of which somebody is told that an alert fires (microseconds); canaries tell nobody.
    """

    partition: int
    epoch: int
    step: int
    touched: dict[bytes, list[Output]] = field(default_factory=dict)
    dead_letters: list[DeadLetter] = field(default_factory=list)
    fired: list[int] = field(default_factory=list)
    next_offset: int = 0
