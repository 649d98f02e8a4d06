"""The events of one ticket out of a file of many. Used by `cli.explain`.

It is apart from the explaining because events may come from elsewhere; whoever brings them in the order of the log
gives the same explanation.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime
from difflib import get_close_matches
from urllib.parse import unquote

from cli.event_lines import lines, reading
from sla.cloudevent import Refused, UnknownType, read
from sla.event import Event
from sla.vocabulary import Vocabulary

NEAR_AMONG = 20_000
"""A ticket that is not there is compared with so many others at most: it would take longer than a person waits."""


@dataclass(slots=True)
class Found:
    """One ticket of a file: its events in the order of the file, and the last time of any event in it.

    `subject` is None where nothing is known of what was asked for; then `near` are the ids that look like it.
    `refused` counts the lines that are no events, `unknown` the types of the file that the rulebook lacks.
    """

    subject: str | None = None
    events: list[Event] = field(default_factory=list)
    last_at: datetime | None = None
    refused: int = 0
    unknown: Counter[str] = field(default_factory=Counter)
    near: list[str] = field(default_factory=list)


def ticket_of(asked: str, file_name: str, vocabulary: Vocabulary) -> Found:
    """Look for the ticket of this id, else for that of a clock or alert of this id. OSError where a file fails."""
    found = Found()
    of_clock = unquote(asked.partition("/")[0])
    kept: dict[str, list[Event]] = {asked: [], of_clock: []}
    subjects: dict[str, None] = {}
    with reading(file_name) as file:
        for _, raw in lines(file):
            try:
                subject, event = read(raw, vocabulary)
            except Refused:
                found.refused += 1
                continue
            except UnknownType as unknown:
                found.unknown[unknown.type] += 1
                continue
            if found.last_at is None or event.time > found.last_at:
                found.last_at = event.time
            if subject in kept:
                kept[subject].append(event)
            elif len(subjects) < NEAR_AMONG:
                subjects[subject] = None
    found.subject = next((subject for subject in (asked, of_clock) if kept[subject]), None)
    if found.subject is None:
        found.near = get_close_matches(of_clock, list(subjects))
    else:
        found.events = kept[found.subject]
    return found
