"""The one step of an incident: what becomes of it, and what is published, when facts arrive or silence is proven.

It is to facts what `sla.step` is to events, and as pure. Everybody may import this.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

import msgspec

from sla.duty import Reason, Status, next_instant
from sla.fact import Fact, rule_name
from sla.kinds import recurrence
from sla.publication import Output, Subject
from sla.revision import revise, withdraw
from sla.rule import Rule
from sla.rulebook import Rulebook
from sla.step import Refusal, Watch
from sla.ticket import Published
from sla.units import above
from sla.vocabulary import EARLIEST

TICKETS_MAX = 500
"""An incident holds at most so many tickets; what comes beyond is refused (`too_many_events`)."""
FORGET_AFTER = timedelta(days=215)
"""Seven months after its last event an incident is forgotten: a month longer than the longest window."""


class Incident(msgspec.Struct, array_like=True, gc=False):
    """All that is remembered of one incident: the last fact of each ticket, and what was published.

    `horizon`, `wake_at` and `law` are as in `sla.ticket.Ticket`.
    """

    facts: dict[str, Fact] = {}
    published: dict[str, Published] = {}
    horizon: datetime | None = None
    wake_at: datetime | None = None
    law: str = ""


class IncidentStep(msgspec.Struct, frozen=True, gc=False):
    """What one step came to; as `sla.step.Step`."""

    incident: Incident | None
    outputs: list[Output]
    refused: list[tuple[Fact, Refusal]]
    changed: bool
    unknown: bool = False

    @property
    def state(self) -> Incident | None:
        """The incident; a ticket's step has it under the same name."""
        return self.incident


def step(
    incident: Incident | None, key: str, facts: Sequence[Fact], watch: Watch, horizon: datetime | None = None
) -> IncidentStep:
    """Fold facts and proven silence into an incident.

    `incident` is changed in place and returned (None: unknown so far). Of each ticket the fact of the highest
    revision counts, whatever the order they come in. `horizon` is the instant through which nothing more can come; it
    only grows.
    """
    current = incident if incident is not None else Incident({}, {})
    refused: list[tuple[Fact, Refusal]] = []
    changed = bool(incident is not None and current.law != watch.rulebook.hash)
    for fact in facts:
        known = current.facts.get(fact.ticket)
        if known is None and len(current.facts) >= TICKETS_MAX:
            refused.append((fact, Refusal.TOO_MANY_EVENTS))
        elif known is None or known.revision < fact.revision:
            current.facts[fact.ticket] = fact
            changed = True
    if horizon is not None and (changed or (current.wake_at is not None and horizon > current.wake_at)):
        current.horizon = max(horizon, current.horizon or horizon)
        changed = True
    if not changed:
        return IncidentStep(incident, [], refused, False)
    current.law = watch.rulebook.hash
    outputs: list[Output] = []
    _judge(current, key, watch, outputs)
    over = current.horizon is not None and current.wake_at is not None and current.horizon > current.wake_at
    return IncidentStep(None if over else current, outputs, refused, True)


def encode(incident: Incident) -> bytes:
    """An incident as bytes (MessagePack)."""
    return _encoder.encode(incident)


def decode(raw: bytes) -> Incident:
    """An incident from bytes; msgspec.ValidationError when they are none."""
    return _decoder.decode(raw)


_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(Incident)


def _judge(incident: Incident, key: str, watch: Watch, outputs: list[Output]) -> None:
    """Judge an incident anew; append what differs from what was published, and set `wake_at`."""
    rulebook = watch.rulebook
    facts = [incident.facts[ticket] for ticket in sorted(incident.facts)]
    rule = _rule(rulebook, key)
    found, counted = recurrence.duty(rule, key, facts, incident.horizon) if rule is not None else (None, ())
    subject = _subject(key, counted or [fact for fact in facts if fact.accepted is not None])
    instant: datetime | None = None
    if rule is not None and found is not None:
        if counted:
            found.owner, found.owner_level = above(rulebook.units, counted[-1].unit, counted[-1].level)
        about, known = rulebook.about(rule), incident.published
        # Facts come in for many reasons: what one of them made known does not wait again because another came.
        proven = _firing(known.get(found.clock_id))
        revise(known, found, incident.horizon, about, subject, watch, outputs, silent=False, proven=proven)
        instant = next_instant(found, incident.horizon)
    for clock_id, published in incident.published.items():
        if (found is None or clock_id != found.clock_id) and published.reason != Reason.START_WITHDRAWN:
            withdraw(clock_id, published, subject, rulebook.about_clock(clock_id), outputs)
    if instant is None and facts:
        instant = max(_last_at(fact) for fact in facts) + FORGET_AFTER
    incident.wake_at = instant


def _firing(published: Published | None) -> set[str]:
    """The levels that were last said to fire."""
    if published is None:
        return set()
    return {level for level, raised in published.alerts.items() if raised.status == Status.FIRING}


def _rule(rulebook: Rulebook, key: str) -> Rule | None:
    """The rule whose name ends a key; None when the rulebook has it no more."""
    name = key.rpartition("/")[2]
    rules = (rule for rules in rulebook.recurrences.values() for rule in rules)
    return next((rule for rule in rules if rule_name(rule) == name), None)


def _subject(key: str, facts: Sequence[Fact]) -> Subject:
    """What alerts say of an incident: it is as grave as the last ticket of these."""
    if not facts:
        return Subject(key, "", incident=True)
    last = facts[-1]
    return Subject(key, last.kind or "", grade=last.grade, category=last.category, incident=True)


def _last_at(fact: Fact) -> datetime:
    """When the last of what a fact tells happened."""
    moments = (fact.accepted, fact.closed, fact.taken_over, fact.judged)
    return max((event.time for event in moments if event is not None), default=fact.gone_at or EARLIEST)
