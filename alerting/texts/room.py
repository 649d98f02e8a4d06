"""How a text is made to fit: what is left out first, and what is shortened when that is not enough.

    full -> no evidence -> no times -> no "may come again" -> no details -> no next step -> no marks and reason
         -> unit, title and clause shorter -> brief: the unit by its code alone, and what the headline says said once
         -> title, clause and ids shorter, in steps -> the end cut off

The ticket's id, what happened, whose turn it is, the clause, the time left or overrun and the link are never left out
by that. Only where the link alone leaves no room for the rest does it go.
Only `alerting.texts` imports this.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import msgspec
from msgspec.structs import replace

from alerting.texts.cleaning import head, size

ANY: Final = 4096
"""Bytes that no single name, id or title needs."""


class Room(msgspec.Struct, frozen=True, kw_only=True):
    """What there is room for; numbers are bytes."""

    evidence: bool = True
    times: bool = True
    again: bool = True
    details: bool = True
    step: bool = True
    marks: bool = True
    brief: bool = False
    unit: int = ANY
    title: int = ANY
    clause: int = ANY
    subject: int = ANY
    link: bool = True


_STEPS: Final[tuple[dict[str, Any], ...]] = (
    {"evidence": False},
    {"times": False},
    {"again": False},
    {"details": False},
    {"step": False},
    {"marks": False},
    {"unit": 60},
    {"title": 120, "clause": 90},
    {"brief": True},
    {"title": 60, "clause": 60, "unit": 36},
    {"subject": 128},
    {"subject": 64},
    {"title": 36, "clause": 36, "unit": 18},
    {"title": 24, "clause": 24},
    {"subject": 36},
)


def _ladder() -> tuple[Room, ...]:
    rooms = [Room()]
    for step in _STEPS:
        rooms.append(replace(rooms[-1], **step))
    return tuple(rooms)


LADDER: Final = _ladder()


def fitted(written: Callable[[Room], str], limit: int) -> str:
    """The fullest of what can be written within so many bytes; its beginning where even the shortest is too long."""
    with_link = size(written(LADDER[-1])) <= limit
    text = ""
    for room in LADDER:
        text = written(room if with_link else replace(room, link=False))
        if size(text) <= limit:
            return text
    return head(text, limit)
