"""Lengths of time a rule may grant, and how a due instant follows from them.

A term in minutes or hours runs round the clock (the centres work 7 x 24). Units are different types, so that
a working day can never be mistaken for 24 hours. Everybody may import this.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta

import msgspec

_TERM = re.compile(r"^\s*(\d+(?:\.\d+)?)\s*(s|min|h|d)\s*$")
_SHARE = re.compile(r"^\s*(\d+(?:\.\d+)?)\s*%\s*$")
_SECONDS = {"s": 1, "min": 60, "h": 3600, "d": 86400}
LONGEST = timedelta(days=3660)
"""No term is longer than ten years; beyond it a due date could leave the range of the calendar."""


class Continuous(msgspec.Struct, frozen=True):
    """A term that runs day and night: `2 min`, `4 h`, `7 d` (of 24 hours)."""

    length: timedelta
    text: str

    def due_at(self, started_at: datetime) -> datetime:
        """The last instant that is still in time."""
        return started_at + self.length

    @property
    def seconds(self) -> float:
        """The whole term in seconds."""
        return self.length.total_seconds()


class Threshold(msgspec.Struct, frozen=True):
    """When to warn: a share of the term used (`50 %`) or a lead before its end (`3 min`).

    `name` goes into the alert id, so it never changes for one way of writing it.
    """

    name: str
    share: float | None = None
    lead: timedelta | None = None

    def at(self, started_at: datetime, due_at: datetime) -> datetime | None:
        """The instant of the warning; None when a lead is longer than the term itself."""
        if self.share is not None:
            return started_at + (due_at - started_at) * self.share
        assert self.lead is not None
        at = due_at - self.lead
        return at if at > started_at else None


def parse_term(text: str) -> Continuous:
    """Read a term such as `2 min` or `4 h`; ValueError says what is allowed."""
    found = _TERM.match(text)
    if not found:
        raise ValueError(f"{text!r} is no term; write a number and s, min, h or d, as in '2 min'")
    try:
        length = timedelta(seconds=float(found[1]) * _SECONDS[found[2]])
    except OverflowError:
        length = timedelta.max
    if not timedelta(0) < length <= LONGEST:
        raise ValueError(f"{text!r} is out of range; a term is longer than nothing and at most {LONGEST.days} d")
    return Continuous(length, f"{found[1]} {found[2]}")


def parse_threshold(text: str) -> Threshold:
    """Read a warning threshold such as `50 %` or `3 min`; ValueError says what is allowed."""
    share = _SHARE.match(text)
    if share:
        percent = float(share[1])
        if not 0 < percent < 100:
            raise ValueError(f"{text!r} warns never or too late; a share lies between 0 % and 100 %")
        return Threshold(name=share[1], share=percent / 100)
    term = parse_term(text)
    return Threshold(name=term.text.replace(" ", ""), lead=term.length)
