"""What the explanation of an incident consists of: the layout of `slawatch explain INCIDENT --json`, and of its page.

All instants are aware and in UTC. Tickets are named, customers only by the hash in the incident's key. Everybody may
import this.
"""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum

import msgspec

from sla.explain.explanation import Ref, Told, Wanted, Warned, Withdrawn


class TicketReason(StrEnum):
    """Why a ticket of an incident counts, or does not."""

    COUNTS = "counts"
    FIRST = "first"
    BEFORE_CLOSING = "before_closing"
    BEFORE_WINDOW = "before_window"
    OUTSIDE_WINDOW = "outside_window"
    NOT_JUDGED = "not_judged"
    NOT_SUBSTANTIATED = "not_substantiated"
    OVERTURNED = "overturned"


class UnstartedReason(StrEnum):
    """Why some tickets of an incident have no clock."""

    FIRST_NOT_CLOSED = "first_not_closed"
    BEFORE_IN_FORCE = "before_in_force"


class NoEscalation(StrEnum):
    """Why nobody is called in, where a person might expect it."""

    TOO_FEW = "too_few"
    TAKEN_BACK = "taken_back"
    NOT_JUDGED = "not_judged"
    TAKEN_OVER_BEFORE = "taken_over_before"
    NOT_PROVEN = "not_proven"


class Unit(StrEnum):
    """How the unit that has to step in was found."""

    LISTED = "listed"
    LEVEL_ONLY = "level_only"
    NOTHING_ABOVE = "nothing_above"
    NOT_TOLD = "not_told"
    NONE_COUNTS = "none_counts"


class IncidentTicket(msgspec.Struct, omit_defaults=True):
    """One ticket of an incident. `number` is its place among those that count, by when they were known to."""

    ticket: str
    accepted: Ref
    reason: TicketReason
    closed: Ref | None = None
    judged: Ref | None = None
    substantiated: bool | None = None
    counts_from: datetime | None = None
    number: int | None = None
    unit: str | None = None
    level: str | None = None
    taken_over: list[Ref] = []


class Counting(msgspec.Struct, frozen=True):
    """How a rule counts: how many within how many months, and by which reading of the text."""

    times: int
    warn_at: int
    months: int
    term: str
    window: str
    first_counts: bool
    since: date


class Called(msgspec.Struct, omit_defaults=True):
    """Which unit has to step in: the one above that which had `ticket`, the last that counts."""

    found: Unit
    ticket: str | None = None
    unit: str | None = None
    level: str | None = None
    to_unit: str | None = None
    to_level: str | None = None
    to_name: dict[str, str] = {}


class Pending(msgspec.Struct, omit_defaults=True):
    """What would make the next count: so many more, accepted by then; `judgement_of` are filed and not yet judged."""

    missing: int
    accepted_by: datetime
    judgement_of: list[str] = []


class IncidentClock(msgspec.Struct, omit_defaults=True):
    """The clock of an incident, and everything it rests on.

    `start` is the first closing, of the ticket accepted first. The window that decides reaches from
    `window_begins_at` to `window_ends_at`; rolling, the last of all ends at `counting_ends_at`.
    """

    clock_id: str
    outcome: str
    reason: str
    first: str
    start: Ref
    started_at: datetime
    window_begins_at: datetime
    window_ends_at: datetime
    counting_ends_at: datetime
    counting: Counting
    count: int
    tickets: list[IncidentTicket]
    called: Called
    historic: bool = False
    stop: Ref | None = None
    stop_ticket: str | None = None
    pending: Pending | None = None
    awaits: list[Wanted] = []
    no_escalation: NoEscalation | None = None
    warnings: list[Warned] = []
    told: list[Told] = []


class Unstarted(msgspec.Struct):
    """Tickets of an incident without a clock, in order of acceptance, and why."""

    reason: UnstartedReason
    tickets: list[IncidentTicket]


class KeptFact(msgspec.Struct, frozen=True):
    """A ticket that was kept out of the incident, and the reason."""

    ticket: str
    reason: str


class IncidentExplanation(msgspec.Struct, omit_defaults=True):
    """All clocks of one incident, and the tickets that have none.

    `elsewhere` are tickets that belonged to it once. `horizon` is the instant through which silence was judged.
    """

    incident: str
    rulebook: str
    rule: str
    clause: str
    title: dict[str, str]
    says: str
    clause_says: dict[str, str]
    assumed: bool
    horizon: datetime | None = None
    refused: list[KeptFact] = []
    elsewhere: list[str] = []
    clocks: list[IncidentClock] = []
    unstarted: list[Unstarted] = []
    withdrawn: list[Withdrawn] = []
