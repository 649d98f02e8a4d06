"""What tickets said of an incident, lived again one by one: what was published when, and what brought it about.

Before each fact silence is proven up to when it was said: of a file the time of the event that gave rise to it, live
the instant at which the broker took it. Only `sla.explain` and `cli` import this.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

import msgspec

from sla.event import Event
from sla.explain.explanation import News, Ref, Said, Told, ref
from sla.explain.history import revision_of
from sla.explain.incident_explanation import KeptFact
from sla.fact import Fact, read
from sla.incident import Incident, IncidentStep, step
from sla.publication import Channel
from sla.step import step as ticket_step
from sla.ticket import Ticket
from sla.watch import Watch

WAKES_MAX = 400
"""Silence is followed from one instant at which it changes something to the next this often between two facts."""

_NEXT = timedelta(microseconds=1)


class Spoken(msgspec.Struct, frozen=True):
    """A fact, when it was said, and the event that gave rise to it (None: not known, it comes from the facts)."""

    fact: Fact
    at: datetime | None
    event: Ref | None = None


class IncidentHistory(msgspec.Struct):
    """The incident in the end (None: nothing was said of it), what was published in order, and what was kept out.

    `overturned` are the tickets that counted once and do not any more.
    """

    incident: Incident | None
    told: list[Told]
    refused: list[KeptFact]
    overturned: set[str]


def spoken(log: Iterable[tuple[str, Event]], watch: Watch, key: str) -> list[Spoken]:
    """What the tickets of a log say of one incident, in its order; whatever else they may owe is not judged."""
    bare = Watch(watch.rulebook.limited(()), watch.quiet_before)
    tickets: dict[str, Ticket | None] = {}
    found = []
    for subject, event in log:
        result = ticket_step(tickets.get(subject), subject, [event], bare)
        tickets[subject] = result.ticket
        for output in result.outputs:
            if output.channel is Channel.FACTS and output.key == key:
                found.append(Spoken(read(output.value), event.time, ref(event)))
    return found


def incident_history(watch: Watch, key: str, said: Sequence[Spoken], horizon: datetime | None) -> IncidentHistory:
    """Live through what was said of an incident, silence up to `horizon` (None: silence decides nothing)."""
    incident: Incident | None = None
    lived = IncidentHistory(None, [], [], set())
    last: dict[str, dict[str, Any]] = {}
    for one in said:
        if incident is not None and horizon is not None and one.at is not None:
            _be_silent(incident, key, watch, min(one.at, horizon), lived, last)
        before = incident.facts.get(one.fact.ticket) if incident is not None else None
        result = step(incident, key, [one.fact], watch)
        incident = incident if incident is not None else result.incident
        lived.refused += [KeptFact(fact.ticket, reason.value) for fact, reason in result.refused]
        if before is None or before.revision < one.fact.revision:
            (lived.overturned.add if _overturned(before, one.fact) else lived.overturned.discard)(one.fact.ticket)
        _note(lived, result, last, _news(before, one), None)
    if incident is not None and horizon is not None:
        _be_silent(incident, key, watch, horizon, lived, last)
    lived.incident = incident
    return lived


def _be_silent(
    incident: Incident,
    key: str,
    watch: Watch,
    until: datetime,
    lived: IncidentHistory,
    last: dict[str, dict[str, Any]],
) -> None:
    """Nothing comes up to an instant. An incident past its age is kept: what is asked for is why it stood so."""
    for number in range(WAKES_MAX + 1):
        if incident.wake_at is None or incident.wake_at >= until:
            return
        through = until if number == WAKES_MAX else incident.wake_at + _NEXT
        result = step(incident, key, [], watch, through)
        _note(lived, result, last, None, through)
        if result.incident is not incident:
            return


def _note(
    lived: IncidentHistory,
    result: IncidentStep,
    last: dict[str, dict[str, Any]],
    said: Said | None,
    through: datetime | None,
) -> None:
    for output in result.outputs:
        told = revision_of(output, last, None if said is None else said.event, through)
        told.said = said
        lived.told.append(told)


def _overturned(before: Fact | None, fact: Fact) -> bool:
    """Whether a ticket that does not count did so before; once not judged at all it is open again."""
    return before is not None and before.counts is True and fact.counts is False


def _news(before: Fact | None, one: Spoken) -> Said:
    """What a fact says that the one before it did not, and the event of it: of several the last that happened."""
    fact = one.fact
    known = before if before is not None else Fact(fact.ticket, 0)
    news: list[tuple[News, Event | None]] = []
    if fact.accepted is None:
        news.append((News.LEFT, None))
    elif known.accepted is None:
        news.append((News.JOINED, fact.accepted))
    elif known.accepted != fact.accepted:
        news.append((News.ACCEPTED_ANEW, fact.accepted))
    if fact.accepted is not None:
        if known.closed != fact.closed:
            news.append((News.CLOSING_WITHDRAWN if fact.closed is None else News.CLOSED, fact.closed))
        if (known.judged, known.counts) != (fact.judged, fact.counts):
            news.append((_judged(fact), fact.judged))
        if known.taken_over != fact.taken_over:
            news.append((News.TAKEN_OVER, fact.taken_over[-1] if fact.taken_over else None))
        if before is not None and (known.unit, known.level) != (fact.unit, fact.level):
            news.append((News.HANDED_ON, None))
    events = [event for _, event in news if event is not None]
    last = max(events, key=lambda event: event.time, default=None)
    event = one.event if one.event is not None else (None if last is None else ref(last))
    return Said(fact.ticket, fact.revision, [what for what, _ in news] or [News.DESCRIBED], event)


def _judged(fact: Fact) -> News:
    if fact.counts is None:
        return News.JUDGEMENT_WITHDRAWN
    return News.JUDGED_TO_COUNT if fact.counts else News.JUDGED_NOT_TO_COUNT
