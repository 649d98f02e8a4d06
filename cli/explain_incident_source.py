"""What tickets said of one incident: from the events of a file, or live from the topic of facts.

A file holds events, so its tickets are asked what they say; of Kafka only the records under the incident's key are
looked at. Used by `cli.explain_incident`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from difflib import get_close_matches

import msgspec

from cli.explain_source import NEAR_AMONG, Raw
from sla.cloudevent import Refused, UnknownType, read
from sla.event import Event
from sla.explain.incident_history import Spoken, spoken
from sla.fact import key_part
from sla.fact import read as read_fact
from sla.publication import Channel
from sla.rule import Rule
from sla.step import step
from sla.watch import Watch
from streams.matter import APP_HEADER


@dataclass(slots=True)
class Heard:
    """What was said of an incident, in the order of the log.

    `last_at`, `refused` and `unknown` are as in `cli.explain_source.Found`, `near` other incidents that look like it.
    """

    said: list[Spoken] = field(default_factory=list)
    last_at: datetime | None = None
    refused: int = 0
    unknown: Counter[str] = field(default_factory=Counter)
    near: list[str] = field(default_factory=list)


def of_events(records: Iterable[Raw], watch: Watch, rule: Rule, key: str) -> Heard:
    """Read a log of events; those tickets that name what the key does are asked what they say of the incident."""
    heard = Heard()
    log: list[tuple[str, Event]] = []
    for record in records:
        try:
            subject, event = read(record.value, watch.rulebook.vocabulary, headers=record.headers)
        except Refused:
            heard.refused += 1
            continue
        except UnknownType as unknown:
            heard.unknown[unknown.type] += 1
            continue
        if heard.last_at is None or event.time > heard.last_at:
            heard.last_at = event.time
        log.append((subject, event))
    assert rule.recurrence is not None
    naming: set[str] | None = None
    for name, part in zip(rule.recurrence.same, key.split("/"), strict=False):
        named = {s for s, event in log if name in event.data and key_part(str(event.data[name])) == part}
        naming = named if naming is None else naming & named
    heard.said = spoken(((s, event) for s, event in log if s in (naming or ())), watch, key)
    if not heard.said:
        heard.near = get_close_matches(key, _keys(log, watch), n=5, cutoff=0.4)
    return heard


def of_facts(records: Iterable[Raw], app: str) -> Heard:
    """Read the facts of one incident that one installation told, as the broker has them."""
    heard = Heard()
    for record in records:
        if dict(record.headers).get(APP_HEADER) != app.encode():
            continue  # another installation's, which may be asked for by its app id
        try:
            fact = read_fact(record.value or b"", record.appended_at)
        except msgspec.DecodeError:
            heard.refused += 1
            continue
        heard.said.append(Spoken(fact, record.appended_at))
    return heard


def _keys(log: list[tuple[str, Event]], watch: Watch) -> list[str]:
    """The incidents that the first tickets of a log belong to."""
    tickets: dict[str, list[Event]] = {}
    for subject, event in log:
        if subject in tickets or len(tickets) < NEAR_AMONG:
            tickets.setdefault(subject, []).append(event)
    bare = Watch(watch.rulebook.limited(()))
    outputs = (o for subject, events in tickets.items() for o in step(None, subject, events, bare).outputs)
    return list(dict.fromkeys(output.key for output in outputs if output.channel is Channel.FACTS))
