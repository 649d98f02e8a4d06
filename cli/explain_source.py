"""The events of one ticket out of many, from a file or from Kafka. Used by `cli.explain` and `cli.explain_incident`.

It is apart from the explaining: whoever brings the records of a ticket in the order of the log gives the same
explanation.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
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


@dataclass(frozen=True, slots=True)
class Raw:
    """One record: its value, its headers, and when the broker took it (None for a file)."""

    value: bytes | None
    headers: Sequence[tuple[str, bytes]] = ()
    appended_at: datetime | None = None


@dataclass(slots=True)
class Found:
    """One ticket among others: its events in the order of the log, and the last time of any event that was read.

    `subject` is None where nothing is known of what was asked for; then `near` are the ids that look like it.
    `refused` counts the lines that are no events, `unknown` the types of the file that the rulebook lacks.
    """

    subject: str | None = None
    events: list[Event] = field(default_factory=list)
    last_at: datetime | None = None
    refused: int = 0
    unknown: Counter[str] = field(default_factory=Counter)
    near: list[str] = field(default_factory=list)


def meant(asked: str) -> tuple[str, str]:
    """The tickets that an id may mean: its own, or the one a clock or an alert of this id belongs to."""
    return asked, unquote(asked.partition("/")[0])


def of_file(file_name: str) -> Iterator[Raw]:
    """The records of a file, one a line. OSError where it fails."""
    with reading(file_name) as file:
        for _, line in lines(file):
            yield Raw(line)


def ticket_of(asked: str, records: Iterable[Raw], vocabulary: Vocabulary) -> Found:
    """Look for the ticket of this id, else for that of a clock or alert of this id."""
    found = Found()
    own, of_clock = meant(asked)
    kept: dict[str, list[Event]] = {own: [], of_clock: []}
    subjects: dict[str, None] = {}
    for record in records:
        try:
            subject, event = read(record.value, vocabulary, headers=record.headers, appended_at=record.appended_at)
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


def tell_left_out(refused: int, unknown: Mapping[str, int]) -> None:
    """Say on standard error what of a log was no event, or of a type the rulebook lacks."""
    if refused:
        print(f"{refused} lines are no events and were left out (slawatch backtest says why)", file=sys.stderr)
    for type_, count in sorted(unknown.items()):
        print(f"{count} events of the unknown type {type_}", file=sys.stderr)
