"""The one step: what a ticket becomes, and what is published, when events arrive or silence is proven.

`step` is a pure function. Live, offline and in simulation the same call is made; the clocks are judged anew
from the ticket's set of events each time, and only what differs from what was last published goes out, under
the next revision. Everybody may import this.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import StrEnum

import msgspec

from sla.duty import BREACH, FINAL, Duty, Outcome, Reason, Status, alert_status, judge, next_instant
from sla.event import Event, insert
from sla.kinds import KINDS
from sla.publication import (
    About,
    Output,
    Subject,
    alert,
    alert_facts,
    verdict,
    verdict_facts,
    withdrawn_alert,
    withdrawn_verdict,
)
from sla.rulebook import Rulebook
from sla.ticket import EVENTS_MAX, Published, Raised, Reading, Ticket, effective
from sla.vocabulary import Business


class Refusal(StrEnum):
    """Why an event was kept out of its ticket; each is a reason of a dead letter."""

    CONFLICTING_REPEAT = "conflicting_repeat"
    TOO_MANY_EVENTS = "too_many_events"
    FORGOTTEN_TICKET = "forgotten_ticket"
    NEVER_ACCEPTED = "never_accepted"


class Step(msgspec.Struct, frozen=True, gc=False):
    """What one step came to.

    `ticket` is None when nothing of it is to be remembered any more. `changed` says whether the state must be
    stored; an unchanged step has no outputs. `unknown` says that a clock waits for a calendar that ends before it is
    due.
    """

    ticket: Ticket | None
    outputs: list[Output]
    refused: list[tuple[Event, Refusal]]
    changed: bool
    unknown: bool = False


class Watch(msgspec.Struct, frozen=True):
    """What the judging needs beside a ticket: the law, and from when on alerts are for people.

    Alerts whose due time lies before `quiet_before` are `historic`: published, never delivered.
    """

    rulebook: Rulebook
    quiet_before: datetime | None = None


def step(
    ticket: Ticket | None,
    subject: str,
    events: Sequence[Event],
    watch: Watch,
    horizon: datetime | None = None,
) -> Step:
    """Fold events and proven silence into a ticket.

    `ticket` is changed in place and returned (None: unknown so far). `horizon` is the instant through which nothing
    more can come (None: silence decides nothing yet); it only grows. A repeat of an event changes nothing.
    """
    current = ticket if ticket is not None else Ticket(events=[], published={})
    refused: list[tuple[Event, Refusal]] = []
    rulebook = watch.rulebook
    another_law = current.law != rulebook.hash
    changed, stirred, calm = False, another_law, not another_law
    for event in events:
        answer = _admit(current, event, rulebook)
        if answer is None:
            last = insert(current.events, event)
            changed = True
            stirred = stirred or rulebook.stirs(event)
            calm = calm and last and not rulebook.unsettles(event)
        elif answer is not REPEAT:
            refused.append((event, Refusal(answer)))
    due = horizon is not None and current.wake_at is not None and horizon > current.wake_at
    changed = changed or (another_law and ticket is not None and not current.forgotten)
    if horizon is not None and (changed or due):
        current.horizon = max(horizon, current.horizon or horizon)
        changed = stirred = True
    if not changed:
        return Step(ticket, [], refused, False)
    current.law = rulebook.hash
    outputs: list[Output] = []
    unknown = False
    if stirred and not current.forgotten:
        silent = not events and not another_law
        unknown = _judge(current, subject, watch, outputs, calm=calm, silent=silent)
    return Step(_aged(current, rulebook, refused), outputs, refused, True, unknown)


def _admit(ticket: Ticket, event: Event, rulebook: Rulebook) -> str | None:
    """None to take an event, `REPEAT`, or the refusal."""
    if ticket.forgotten:
        return Refusal.FORGOTTEN_TICKET
    events = ticket.events
    for known in events:
        if known.id == event.id and known.source == event.source:
            return REPEAT if known.digest == event.digest else Refusal.CONFLICTING_REPEAT
    if len(events) >= EVENTS_MAX:
        return Refusal.TOO_MANY_EVENTS
    business = business_of(events, rulebook)
    if business is None or event.time <= events[-1].time + business.forget_after:
        return None
    closed = any(known.type in business.closed for known in effective(events, business))
    return Refusal.FORGOTTEN_TICKET if closed else None


def business_of(events: list[Event], rulebook: Rulebook) -> Business | None:
    """The business of a ticket: that of its first event whose type this rulebook knows."""
    businesses = rulebook.vocabulary.businesses
    for event in events:
        found = businesses.get(event.type)
        if found is not None:
            return found
    return None


def _judge(ticket: Ticket, subject: str, watch: Watch, outputs: list[Output], *, calm: bool, silent: bool) -> bool:
    """Judge the clocks of a ticket anew; append what differs from what was published, and set `wake_at`.

    Answers whether any of them waits for a calendar that ends before its due time.
    `calm`: only plain events were added, behind all others; what came to a final outcome before is passed over.
    `silent`: none were added at all, so no clock has lost its ground and no alert that stands says anything new.
    """
    rulebook = watch.rulebook
    business = business_of(ticket.events, rulebook)
    if business is None:  # every type it holds has left the vocabulary
        return False
    reading = Reading(ticket.events, rulebook.vocabulary, business, ticket.horizon)
    attributes = reading.attributes
    told = attributes.get
    about_ticket = Subject(subject, business.name, told("mode"), told("grade"), told("urgency"), told("category"))
    wake_at: datetime | None = None
    seen: set[str] = set()

    calm = calm and not reading.inferred

    def settled(clock_id: str) -> bool:
        seen.add(clock_id)
        published = ticket.published.get(clock_id) if calm else None
        return published is not None and published.outcome in FINAL and published.reason != Reason.START_WITHDRAWN

    unknown = False
    if reading.accepted is not None:
        excused = rulebook.excused(business.name, reading)
        for rule in rulebook.rules_of(business.name):
            for duty in KINDS[rule.kind](rule, subject, reading, settled):
                instant = duty.opens_at
                if instant is None or (ticket.horizon is not None and ticket.horizon > instant):
                    duty.excused = excused
                    _publish(ticket, duty, rulebook.about(rule), about_ticket, watch, outputs, silent=silent)
                    instant = next_instant(duty, ticket.horizon)
                    unknown = unknown or (duty.certain_until is not None and duty.due_at is None)
                else:  # it lies ahead; if it was told, what told it was taken back since
                    seen.discard(duty.clock_id)
                if instant is not None and (wake_at is None or instant < wake_at):
                    wake_at = instant
    if not silent:
        for clock_id, published in ticket.published.items():
            if clock_id not in seen and published.reason != Reason.START_WITHDRAWN:
                _withdraw(clock_id, published, about_ticket, rulebook, outputs)
    if wake_at is None and (reading.closings or reading.accepted is None):
        wake_at = ticket.events[-1].time + business.forget_after
    ticket.wake_at = wake_at
    return unknown


def _publish(
    ticket: Ticket,
    duty: Duty,
    about: About,
    subject: Subject,
    watch: Watch,
    outputs: list[Output],
    *,
    silent: bool,
) -> None:
    """Publish what changed about one clock: its verdict, then its alerts in order of time."""
    outcome, reason = judge(duty, ticket.horizon)
    said = verdict_facts(duty, outcome, subject)
    published = ticket.published.get(duty.clock_id)
    if published is None:
        published = ticket.published[duty.clock_id] = Published(0, "", "", b"", {})
    if published.outcome != outcome or published.reason != reason or published.facts != said:
        published.revision += 1
        published.outcome, published.reason, published.facts = outcome, reason, said
        outputs.append(verdict(duty, published.revision, outcome, reason, subject, about))
    historic = watch.quiet_before is not None and (duty.due_at or duty.started_at) < watch.quiet_before
    unmoved = silent and duty.wakes_at is None  # what stands rests on events; only an excess waits for silence
    alerts = published.alerts
    for level, at in duty.thresholds:
        raised = alerts.get(level)
        if unmoved and raised is not None and raised.status != Status.RETRACTED:
            continue
        status = alert_status(duty, at, ticket.horizon)
        if status is None:
            if raised is None or raised.status == Status.RETRACTED:
                continue
            status = Status.RETRACTED
        if raised is None:
            raised = alerts[level] = Raised(0, "", b"")
        facts = alert_facts(duty, level, at, status, outcome, subject)
        told = facts.fingerprint()
        if raised.status != status or raised.facts != told:
            raised.revision += 1
            raised.status, raised.facts, raised.historic = status, told, historic
            why = reason
            if status is Status.FIRING and reason in _WHILE_OPEN:
                why = Reason.NOT_DONE if level == BREACH else Reason.AWAITED
            outputs.append(alert(duty, level, raised.revision, status, why, facts, about, historic=historic))
    if not unmoved:
        levels = {level for level, _ in duty.thresholds}
        for level, raised in alerts.items():
            if level not in levels and raised.status != Status.RETRACTED:
                _retract(duty.clock_id, level, raised, subject, about, reason, outputs)


def _withdraw(
    clock_id: str, published: Published, subject: Subject, rulebook: Rulebook, outputs: list[Output]
) -> None:
    """Take back a clock that has no ground any more: its start was voided or corrected away."""
    about = rulebook.about_clock(clock_id)
    published.revision += 1
    published.outcome, published.reason = Outcome.CANCELLED, Reason.START_WITHDRAWN
    published.facts = b""
    outputs.append(withdrawn_verdict(clock_id, published.revision, subject, about))
    for level, raised in published.alerts.items():
        if raised.status != Status.RETRACTED:
            _retract(clock_id, level, raised, subject, about, Reason.START_WITHDRAWN, outputs)


def _retract(
    clock_id: str,
    level: str,
    raised: Raised,
    subject: Subject,
    about: About,
    reason: Reason,
    outputs: list[Output],
) -> None:
    raised.revision += 1
    raised.status, raised.facts = Status.RETRACTED, b""
    outputs.append(
        withdrawn_alert(clock_id, level, raised.revision, reason, subject, about, historic=raised.historic)
    )


def _aged(ticket: Ticket, rulebook: Rulebook, refused: list[tuple[Event, Refusal]]) -> Ticket | None:
    """The ticket after its time has passed: whole, only a marker of it, or nothing.

    The marker stays `MARKER_TERM` longer, so that a late event is known for what it is and opens no new ticket.
    """
    horizon, wake_at = ticket.horizon, ticket.wake_at
    if horizon is None or wake_at is None or horizon <= wake_at:
        return ticket
    if ticket.forgotten:
        return None
    business = business_of(ticket.events, rulebook)
    if business is None or not any(event.type == business.accepted for event in ticket.events):
        refused.extend((event, Refusal.NEVER_ACCEPTED) for event in ticket.events)
        return None
    forgotten_until = wake_at + MARKER_TERM
    if forgotten_until < horizon:
        return None
    return Ticket(events=[], published={}, horizon=horizon, wake_at=forgotten_until, forgotten=True, law=ticket.law)


_WHILE_OPEN = frozenset({Reason.AWAITED, Reason.NOT_DONE, Reason.CALENDAR_ENDS})
"""Reasons that tell nothing beyond the level of an alert that fires."""

REPEAT = "repeat"
"""What `_admit` answers for an event that is there already."""

MARKER_TERM = timedelta(days=210)
"""How long a forgotten ticket stays known: as long as `sla.ticket-events` keeps records that could come again."""
