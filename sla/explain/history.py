"""A ticket's log lived again: what was published when, event by event in the order of the log.

Before each event silence is proven up to its time, as it is live when events come when they happen; so a breach
fires before the event that comes too late resolves it. Only `sla.explain` imports this.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import msgspec

from sla.duty import next_instant
from sla.event import Event
from sla.explain.explanation import Kept, Ref, Told, ref
from sla.kinds import KINDS
from sla.publication import Channel, Output
from sla.step import Refusal, Step, business_of, step
from sla.ticket import Reading, Ticket
from sla.watch import Watch

WAKES_MAX = 400
"""Silence is followed from one instant at which it changes something to the next this often between two events."""

WAKES_FEW = 3
"""After so many it is found out which rules wait for silence at all: a ticket may stay open for months."""

_SAID_ALREADY = frozenset({"revision", "outcome", "status", "reason", "evidence"})
"""What a revision tells of itself, and what follows from its events."""
_NEXT = timedelta(microseconds=1)
_decode = msgspec.json.Decoder().decode


class History(msgspec.Struct):
    """The events that entered the ticket, in event order; what was published in order; what was kept out.

    `last` is what the last revision of each verdict and alert said.
    """

    events: list[Event]
    told: list[Told]
    refused: list[Kept]
    last: dict[str, dict[str, Any]]


def history(watch: Watch, subject: str, events: Sequence[Event], horizon: datetime | None) -> History:
    """Live through the log of one ticket, silence up to `horizon` (None: silence decides nothing)."""
    ticket: Ticket | None = None
    lived = History([], [], [], {})
    for event in events:
        if ticket is not None and horizon is not None:
            _be_silent(ticket, subject, watch, min(event.time, horizon), lived)
        result = step(ticket, subject, [event], watch)
        ticket = ticket or result.ticket
        for refused, reason in result.refused:
            if reason is not Refusal.NEVER_ACCEPTED:  # said when a ticket is forgotten, which this one is not
                lived.refused.append(Kept(ref(refused), reason.value))
        _note(lived, result, ref(event), None)
    if ticket is not None:
        if horizon is not None:
            _be_silent(ticket, subject, watch, horizon, lived)
        lived.events = ticket.events
    return lived


def _be_silent(ticket: Ticket, subject: str, watch: Watch, until: datetime, lived: History) -> None:
    """Nothing comes up to an instant. What the step makes of a ticket past its age is left aside: it is kept here."""
    for number in range(WAKES_MAX + 1):
        if number == WAKES_FEW:
            watch = _waking(ticket, subject, watch)
        if ticket.wake_at is None or ticket.wake_at >= until:
            return
        through = until if number == WAKES_MAX else ticket.wake_at + _NEXT
        result = step(ticket, subject, [], watch, through)
        _note(lived, result, None, through)
        if result.ticket is not ticket:
            return


def _waking(ticket: Ticket, subject: str, watch: Watch) -> Watch:
    """Only the rules of which a clock still waits for silence; no other is changed by it, so no other is judged."""
    rulebook = watch.rulebook
    business = business_of(ticket.events, rulebook)
    if business is None:
        return watch
    reading = Reading(ticket.events, rulebook.vocabulary, business, ticket.horizon)
    rules = tuple(
        rule
        for rule in rulebook.rules_of(business.name)
        if any(
            duty.opens_at is not None or next_instant(duty, ticket.horizon) is not None
            for duty in KINDS[rule.kind](rule, subject, reading, unsettled)
        )
    )
    return Watch(rulebook.limited(rules), watch.quiet_before)


def unsettled(_clock_id: str) -> bool:
    """Every clock is asked for, also those that nothing can change any more."""
    return False


def _note(lived: History, result: Step, after: Ref | None, through: datetime | None) -> None:
    for output in result.outputs:
        if output.channel is Channel.FACTS:
            continue  # said to other workers, about an incident; no revision of a clock
        lived.told.append(revision_of(output, lived.last, after, through))


def revision_of(output: Output, last: dict[str, dict[str, Any]], after: Ref | None, through: datetime | None) -> Told:
    """One revision of a verdict or an alert; `last` is what each said last, and is brought up to date."""
    data: dict[str, Any] = _decode(output.value)["data"]
    verdict = output.channel is Channel.VERDICTS
    name = data["clock_id" if verdict else "alert_id"]
    before = last.get(name)
    last[name] = data
    changed = {}
    if before is not None:
        news = sorted((before.keys() | data.keys()) - _SAID_ALREADY)
        changed = {key: data.get(key) for key in news if before.get(key) != data.get(key)}
    return Told(
        clock_id=data["clock_id"],
        revision=data["revision"],
        state=data["outcome" if verdict else "status"],
        reason=data["reason"],
        level=None if verdict else data["alert_id"].rpartition("/")[2],
        after=after,
        silent_through=through,
        changed=changed,
        historic=data.get("historic", False),
    )
