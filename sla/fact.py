"""What a ticket contributes to an incident: one fact for each, always the whole of it.

A ticket's fact replaces the one before it by its revision, so repeats and disorder between partitions change nothing.
A ticket that no longer belongs to an incident says so with an empty fact. Everybody may import this.
"""

from __future__ import annotations

from datetime import datetime
from hashlib import blake2b

import msgspec

from sla.duty import quoted
from sla.event import Event
from sla.kinds.course import owner
from sla.publication import Channel, Output
from sla.rule import Recurrence, Rule
from sla.ticket import Contributed, Reading, Ticket
from sla.vocabulary import Business

PART_MAX = 100
"""Characters of a part of an incident's key, percent-encoded; what is longer stands there as its hash."""


class Fact(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """All that one ticket says about an incident, as of its `revision`.

    `accepted` None: it does not belong to it (any more). `judged` is the event that decided whether it `counts`; both
    are None until then. `taken_over` are all events by which the unit above stepped in. The events are bare: when,
    which, and when the broker had them. `gone_at` is when the last event happened of a ticket that belongs here no
    more. `appended_at` is when the broker took the fact itself (None for history, and in the record, which cannot
    know).
    """

    ticket: str
    revision: int
    accepted: Event | None = None
    closed: Event | None = None
    taken_over: tuple[Event, ...] = ()
    judged: Event | None = None
    counts: bool | None = None
    unit: str | None = None
    level: str | None = None
    kind: str | None = None
    grade: str | None = None
    category: str | None = None
    gone_at: datetime | None = None
    appended_at: datetime | None = None


_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(Fact)


def contribute(
    ticket: Ticket, subject: str, reading: Reading, business: Business, rules: tuple[Rule, ...], outputs: list[Output]
) -> None:
    """Append the facts of a ticket that differ from what it last said, under the next revision of each incident."""
    told: dict[str, Fact] = {}
    for rule in rules:
        assert rule.recurrence is not None
        key = incident_key(rule, rule.recurrence, reading)
        if key is not None and reading.accepted is not None:
            told[key] = _fact(subject, rule, rule.recurrence, reading, reading.accepted, business)
    for key in (*told, *(key for key in ticket.contributed if key not in told)):
        known = ticket.contributed.get(key)
        fact = told.get(key) or Fact(subject, 0)
        seen = blake2b(_encoder.encode(fact), digest_size=8).digest()
        if known is None:
            known = ticket.contributed[key] = Contributed(0, b"")
        if known.facts != seen:
            known.revision, known.facts = known.revision + 1, seen
            gone_at = reading.last_at if key not in told else None
            fact = msgspec.structs.replace(fact, revision=known.revision, gone_at=gone_at)
            outputs.append(Output(Channel.FACTS, key, _encoder.encode(fact)))


def read(raw: bytes, appended_at: datetime | None = None) -> Fact:
    """A fact from its record; msgspec.ValidationError when it is none."""
    fact = _decoder.decode(raw)
    return fact if appended_at is None else msgspec.structs.replace(fact, appended_at=appended_at)


def incident_key(rule: Rule, recurrence: Recurrence, reading: Reading) -> str | None:
    """The incident a ticket belongs to under a rule; None where it names none, or the rule does not bind it."""
    if not rule.binding(reading.attributes):
        return None
    parts = [reading.attributes.get(name) for name in recurrence.same]
    if None in parts:
        return None
    return "/".join([*(key_part(str(part)) for part in parts), rule_name(rule)])


def key_part(text: str) -> str:
    """A part of an incident's key, for what an attribute says."""
    part = quoted(text)
    return part if len(part) <= PART_MAX else blake2b(text.encode(), digest_size=16).hexdigest()


def rule_name(rule: Rule) -> str:
    """The last part of a rule's id: how keys of incidents name it."""
    return rule.id.rpartition("/")[2]


def _fact(
    subject: str, rule: Rule, recurrence: Recurrence, reading: Reading, accepted: Event, business: Business
) -> Fact:
    judged, counts = _judgement(recurrence, reading)
    unit, level = owner(rule, reading, accepted, None)
    return Fact(
        ticket=subject,
        revision=0,
        accepted=_bare(accepted),
        closed=_bare(reading.events[reading.closings[0]]) if reading.closings else None,
        taken_over=tuple(_bared(e) for e in reading.events if any(stop.fits(e) for stop in rule.stops)),
        judged=_bare(judged),
        counts=counts,
        unit=unit,
        level=level,
        kind=business.name,
        grade=reading.attributes.get("grade"),
        category=reading.attributes.get("category"),
    )


def _judgement(recurrence: Recurrence, reading: Reading) -> tuple[Event | None, bool | None]:
    """The last event that says whether a ticket counts, and what it says; a correction holds from the start."""
    for event in reversed(reading.events):
        corrected = {name: reading.corrections[name] for name in event.data if name in reading.corrections}
        seen = msgspec.structs.replace(event, data={**event.data, **corrected}) if corrected else event
        for triggers, counts in ((recurrence.counts, True), (recurrence.discounts, False)):
            if any(trigger.fits(seen) for trigger in triggers):
                return event, counts
    return None, None


def _bare(event: Event | None) -> Event | None:
    return None if event is None else _bared(event)


def _bared(event: Event) -> Event:
    """An event without what it said."""
    return Event(event.time, event.id, event.source, event.type, {}, b"", event.appended_at)
