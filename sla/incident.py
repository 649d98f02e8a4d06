"""The one step of an incident: what becomes of it, and what is published, when facts arrive or silence is proven.

It is to facts what `sla.step` is to events, and as pure. Everybody may import this.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import msgspec

from sla.duty import Reason, Status, next_instant
from sla.fact import Fact, rule_name
from sla.kinds.recurrence import FORGET_AFTER, Course, courses, last_moment, stretches
from sla.publication import Output, Subject
from sla.revision import revise, withdraw
from sla.rule import Rule
from sla.rulebook import Rulebook
from sla.step import Refusal
from sla.ticket import Published
from sla.turn import Turn
from sla.units import above
from sla.vocabulary import MARKER_TERM
from sla.watch import Watch

TICKETS_MAX = 500
"""An incident holds at most so many tickets; what comes beyond is refused (`too_many_events`)."""


class Incident(msgspec.Struct, array_like=True, gc=False):
    """All that is remembered of one incident: the last fact of each ticket, and what was published.

    `horizon`, `wake_at` and `law` are as in `sla.ticket.Ticket`. Tickets accepted up to `forgotten_through` are
    forgotten: they have no part in what comes after.
    """

    facts: dict[str, Fact] = {}
    published: dict[str, Published] = {}
    horizon: datetime | None = None
    wake_at: datetime | None = None
    forgotten_through: datetime | None = None
    law: str = ""


class IncidentStep(msgspec.Struct, frozen=True, gc=False):
    """What one step came to; as `sla.step.Step`."""

    incident: Incident | None
    outputs: list[Output]
    refused: list[tuple[Fact, Refusal]]
    changed: bool
    unknown: bool = False
    turns: list[Turn] = []
    fired: list[str] = []

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
    changed = bool(current.facts and current.law != watch.rulebook.hash)
    for fact in facts:
        known = current.facts.get(fact.ticket)
        refusal = _refusal(current, fact) if known is None else None
        if refusal is not None:
            refused.append((fact, refusal))
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
    turns: list[Turn] = []
    fired: list[str] = []
    if current.facts:
        _judge(current, key, watch, outputs, turns, fired)
    return IncidentStep(_aged(current), outputs, refused, True, turns=turns, fired=fired)


def encode(incident: Incident) -> bytes:
    """An incident as bytes (MessagePack)."""
    return _encoder.encode(incident)


def decode(raw: bytes) -> Incident:
    """An incident from bytes; msgspec.ValidationError when they are none."""
    return _decoder.decode(raw)


_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(Incident)


def _refusal(incident: Incident, fact: Fact) -> Refusal | None:
    """Why the first fact of a ticket is kept out; None where it is taken."""
    forgotten = incident.forgotten_through
    if forgotten is not None and (fact.accepted is None or fact.accepted.time <= forgotten):
        return Refusal.FORGOTTEN_TICKET
    return Refusal.TOO_MANY_EVENTS if len(incident.facts) >= TICKETS_MAX else None


def _aged(incident: Incident) -> Incident | None:
    """The incident after its time has passed: whole, only a marker of what is forgotten, or nothing."""
    horizon, wake_at = incident.horizon, incident.wake_at
    if horizon is None or wake_at is None or horizon <= wake_at:
        return incident
    if not incident.facts or horizon > wake_at + MARKER_TERM:
        return None
    return Incident({}, {}, horizon, wake_at + MARKER_TERM, wake_at, incident.law)


def _judge(
    incident: Incident, key: str, watch: Watch, outputs: list[Output], turns: list[Turn], fired: list[str]
) -> None:
    """Judge an incident anew; append what differs from what was published, and set `wake_at`."""
    rulebook = watch.rulebook
    facts = [incident.facts[ticket] for ticket in sorted(incident.facts)]
    rule = _rule(rulebook, key)
    found = courses(rule, key, facts, incident.horizon) if rule is not None else []
    instants: list[datetime] = []
    for course in found:
        instant = _tell(incident, key, course, watch, outputs, turns, fired)
        instants += [] if instant is None else [instant]
    told = {course.duty.clock_id for course in found}
    subject = _subject(key, [fact for fact in facts if fact.accepted is not None])
    historic = watch.historic(max(last_moment(fact) for fact in facts))
    for clock_id, published in incident.published.items():
        if clock_id not in told and published.reason != Reason.START_WITHDRAWN:
            about = rulebook.about_clock(clock_id)
            withdraw(clock_id, published, subject, about, outputs, turns, historic=historic)
    if not instants and all(fact.closed is not None for fact in _last_stretch(facts)):
        instants = [max(last_moment(fact) for fact in facts) + FORGET_AFTER]
    incident.wake_at = min(instants, default=None)


def _last_stretch(facts: list[Fact]) -> list[Fact]:
    found = stretches(facts)
    return found[-1] if found else []


def _tell(
    incident: Incident,
    key: str,
    course: Course,
    watch: Watch,
    outputs: list[Output],
    turns: list[Turn],
    fired: list[str],
) -> datetime | None:
    """Publish what changed about one clock; the next instant at which silence would change it."""
    duty, counted = course.duty, course.counted
    if counted:
        duty.owner, duty.owner_level = above(watch.rulebook.units, counted[-1].unit, counted[-1].level)
    known = incident.published
    if revise(
        known,
        duty,
        incident.horizon,
        watch.rulebook.abouts[duty.rule],
        _subject(key, counted or course.filed),
        watch,
        outputs,
        turns,
        silent=False,
        # Facts come in for many reasons: what one of them made known does not wait again because another came.
        proven=_firing(known.get(duty.clock_id)),
        each_by_its_instant=True,
    ):
        fired.append(duty.rule)
    return next_instant(duty, incident.horizon)


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
