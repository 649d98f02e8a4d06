"""The one step: what a ticket becomes, and what is published, when events arrive or silence is proven.

`step` is a pure function. Live, offline and in simulation the same call is made; the clocks are judged anew
from the ticket's set of events each time, and only what differs from what was last published goes out, under
the next revision. Everybody may import this.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum

import msgspec

from sla.duty import BREACH, FINAL, Outcome, Reason, Status, next_instant
from sla.event import Event, insert
from sla.fact import contribute
from sla.kinds import KINDS
from sla.publication import Output, Subject
from sla.revision import revise, withdraw
from sla.rulebook import Rulebook
from sla.ticket import EVENTS_MAX, Published, Reading, Ticket, effective
from sla.turn import Turn
from sla.vocabulary import Business
from sla.watch import Watch


class Refusal(StrEnum):
    """Why an event was kept out of its ticket; each is a reason of a dead letter."""

    CONFLICTING_REPEAT = "conflicting_repeat"
    """An event of this `source` and `id` is known with other content. Send a correction, under an id of its own."""
    TOO_MANY_EVENTS = "too_many_events"
    """The ticket (or incident) is full. Look for a source that repeats itself under ever new ids."""
    FORGOTTEN_TICKET = "forgotten_ticket"
    """The ticket was closed and is forgotten. Too late for the clocks: judge it offline, by `slawatch backtest`."""
    NEVER_ACCEPTED = "never_accepted"
    """No acceptance came before the ticket was forgotten. Find it, then send all events of the ticket again."""


class Step(msgspec.Struct, frozen=True, gc=False):
    """What one step came to.

    `ticket` is None when nothing of it is to be remembered any more. `changed` says whether the state must be
    stored; an unchanged step has no outputs. `unknown` says that a clock waits for a calendar that ends before it is
    due. `turns` are the clocks whose outcome changed, and `fired` the rules of which an alert fires that did not, or
    by silence says something else; both without historic ones.
    """

    ticket: Ticket | None
    outputs: list[Output]
    refused: list[tuple[Event, Refusal]]
    changed: bool
    unknown: bool = False
    turns: list[Turn] = []
    fired: list[str] = []

    @property
    def state(self) -> Ticket | None:
        """The ticket; an incident's step has it under the same name."""
        return self.ticket


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
    turns: list[Turn] = []
    fired: list[str] = []
    unknown = False
    if stirred and not current.forgotten:
        silent = not events and not another_law
        unknown = _judge(current, subject, watch, outputs, turns, fired, calm=calm, silent=silent)
    return Step(_aged(current, rulebook, refused), outputs, refused, True, unknown, turns, fired)


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


def _judge(
    ticket: Ticket,
    subject: str,
    watch: Watch,
    outputs: list[Output],
    turns: list[Turn],
    fired: list[str],
    *,
    calm: bool,
    silent: bool,
) -> bool:
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
    of_ticket = Subject(subject, business.name, told("mode"), told("grade"), told("urgency"), told("category"))
    known = ticket.published
    wake_at: datetime | None = None
    seen: set[str] = set()

    calm = calm and not reading.inferred
    rests, unknown = False, False

    def settled(clock_id: str) -> bool:
        seen.add(clock_id)
        published = known.get(clock_id) if rests else None
        if published is None or published.reason == Reason.START_WITHDRAWN:
            return False
        return published.outcome in FINAL or (silent and _said_all(published))

    if reading.accepted is not None:
        excused = rulebook.excused(business.name, reading)
        for rule in rulebook.rules_of(business.name):
            rests = silent or (calm and rule.settles)
            for duty in KINDS[rule.kind](rule, subject, reading, settled):
                instant = duty.opens_at
                if instant is None or (ticket.horizon is not None and ticket.horizon > instant):
                    duty.excused = excused
                    about = rulebook.about(rule)
                    if revise(known, duty, ticket.horizon, about, of_ticket, watch, outputs, turns, silent=silent):
                        fired.append(duty.rule)
                    instant = next_instant(duty, ticket.horizon)
                    unknown = unknown or (duty.certain_until is not None and duty.due_at is None)
                else:  # it lies ahead; if it was told, what told it was taken back since
                    seen.discard(duty.clock_id)
                if instant is not None and (wake_at is None or instant < wake_at):
                    wake_at = instant
    if not silent:
        past = watch.historic(ticket.events[-1].time)
        for clock_id, published in known.items():
            if clock_id not in seen and published.reason != Reason.START_WITHDRAWN:
                about = rulebook.about_clock(clock_id)
                withdraw(clock_id, published, of_ticket, about, outputs, turns, historic=past)
    recurrences = rulebook.recurrences.get(business.name)
    if not silent and (recurrences or ticket.contributed):
        contribute(ticket, subject, reading, business, recurrences or (), outputs)
    if wake_at is None and (reading.closings or reading.accepted is None):
        wake_at = ticket.events[-1].time + business.forget_after
    ticket.wake_at = wake_at
    return unknown


def _said_all(published: Published) -> bool:
    """Whether silence can add nothing to a clock: the breach, the last of its alerts, is out."""
    breach = published.alerts.get(BREACH) if published.outcome == Outcome.BREACHED else None
    return breach is not None and breach.status != Status.RETRACTED


def _aged(ticket: Ticket, rulebook: Rulebook, refused: list[tuple[Event, Refusal]]) -> Ticket | None:
    """The ticket after its time has passed: whole, only a marker of it, or nothing.

    The marker stays `marked_for` longer, so that a late event is known for what it is and opens no new ticket.
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
    forgotten_until = wake_at + business.marked_for
    if forgotten_until < horizon:
        return None
    return Ticket(events=[], published={}, horizon=horizon, wake_at=forgotten_until, forgotten=True, law=ticket.law)


REPEAT = "repeat"
"""What `_admit` answers for an event that is there already."""
