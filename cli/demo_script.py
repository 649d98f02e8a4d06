"""The script of the demo: which event is sent when. A storm of drawn lives, and what is staged on purpose.

    held back   a dispatch that happened in time, but reaches Kafka after due + grace: its breach fires, and is
                retracted once the proof is there
    complaints  a few, each with a limit that runs in minutes (`cli.demo_complaints`)
    silence     the last ticket, after which nothing is sent any more: nobody dispatches it, and no event comes
                that could tell; the alert fires all the same

Pure: it reads no clock and sends nothing. Used by `cli.demo_play` only.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import msgspec

from cli.demo_complaints import complaints
from cli.generate import lives

TROUBLE = 0.2
"""In a storm more goes wrong than the usual tenth."""

LAST_BIRTHS = timedelta(minutes=12)
"""So long before the end no ticket comes any more: time to dispatch it and receive it before the lights go out."""

LAST_CLOCKS = timedelta(minutes=10)
"""No clock of a repair that runs at the end has more time left than that."""

HELD_AT = (0.0, 0.25, 0.5)
"""Which of the suitable tickets are held back: the first, so that nobody has to wait for it, and two later."""


class Cue(NamedTuple):
    """An event, and when it is sent."""

    at: datetime
    line: bytes


class Script(NamedTuple):
    """All cues in order of time, and the tickets that are staged.

    `over_at` is when the last clock runs out that is worth waiting for: those of complaints may run for days.
    """

    cues: list[Cue]
    held: frozenset[str]
    complaints: frozenset[str]
    silent: str
    over_at: datetime


def script(
    tickets: int, seed: int, start: datetime, length: timedelta, *, limit: timedelta, late_by: timedelta
) -> Script:
    """Write the script of a storm that begins at the aware instant `start`.

    `limit` is what the rulebook grants for dispatching; a dispatch that is held back is sent `late_by` after due.
    """
    end = start + length
    births = max(length / 2, length - LAST_BIRTHS)
    events = [event for event in lives(tickets, seed, start, births, TROUBLE) if _at(event) <= end]
    held = _held(events, limit)
    cues = [Cue(held[id(e)] + late_by if id(e) in held else _at(e), msgspec.json.encode(e)) for e in events]
    silent = f"{start:%Y%m%d}{tickets:05d}"
    last = max([end, *(cue.at for cue in cues)])
    cues.append(Cue(last, msgspec.json.encode(_never_dispatched(silent, last))))
    staged = complaints(start, length, tickets + 1)
    cues += [Cue(max(_at(event), start), msgspec.json.encode(event)) for event in staged]
    subjects = frozenset(event["subject"] for event in events if id(event) in held)
    complained = frozenset(event["subject"] for event in staged)
    return Script(sorted(cues, key=lambda cue: cue.at), subjects, complained, silent, last + LAST_CLOCKS)


def _held(events: Iterable[dict[str, Any]], limit: timedelta) -> dict[int, datetime]:
    """The dispatches to hold back (by identity of the event), each with the due time of its clock."""
    by_ticket: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for event in events:
        by_ticket[event["subject"]].append(event)
    suitable = [found for told in by_ticket.values() if (found := _in_time(told, limit)) is not None]
    return {id(event): due for share in HELD_AT for event, due in suitable[int(share * len(suitable)) :][:1]}


def _in_time(told: list[dict[str, Any]], limit: timedelta) -> tuple[dict[str, Any], datetime] | None:
    """The first dispatch of a plain ticket and its due time, if it kept it."""
    kinds = [event["type"].removeprefix("repair.") for event in told]
    if kinds[:2] != ["accepted", "dispatched"] or {"corrected", "voided"}.intersection(kinds):
        return None
    # A second dispatch, by the next level or after a return, would stop the clock too, late: resolved, not retracted.
    if kinds.count("accepted") > 1 or kinds.count("dispatched") > 1:
        return None
    started_at = datetime.fromisoformat(told[0]["data"].get("hung_up_at", told[0]["time"]))
    due = started_at + limit
    return (told[1], due) if started_at <= _at(told[1]) <= due else None


def _never_dispatched(subject: str, at: datetime) -> dict[str, Any]:
    return {
        "specversion": "1.0",
        "id": "e-last",
        "source": "95598/ncsc",
        "type": "repair.accepted",
        "subject": subject,
        "time": at.isoformat(timespec="milliseconds"),
        "data": {"unit": "NCSC", "level": "national", "via": "web", "mode": 1, "urgency": "general"},
    }


def _at(event: dict[str, Any]) -> datetime:
    return datetime.fromisoformat(event["time"])
