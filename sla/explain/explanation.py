"""What an explanation consists of: the layout of `slawatch explain --json`, and what its pages are drawn from.

All instants are aware and in UTC, lengths of stretches in whole microseconds. It names events, units and the
attributes that rules look at; personal data never enters a ticket. Everybody may import this.
"""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from typing import Any

import msgspec

from sla.event import Event
from sla.passage import Stretch


class Ref(msgspec.Struct, frozen=True):
    """An event by what names it."""

    id: str
    source: str
    type: str
    time: datetime


def ref(event: Event) -> Ref:
    """What names an event."""
    return Ref(event.id, event.source, event.type, event.time)


class Misfit(msgspec.Struct, frozen=True):
    """An attribute that is not as a condition wants it; `value` is None where nobody told it."""

    attribute: str
    value: Any
    wanted: list[Any]


class Wanted(msgspec.Struct, omit_defaults=True):
    """An event that would stop or start a clock.

    Each attribute of `where` must have one of its values; `unless` are conditions of which none may hold; each
    attribute of `match` must have this value if it is told.
    """

    event: str
    where: dict[str, list[Any]] = {}
    unless: list[dict[str, list[Any]]] = []
    match: dict[str, Any] = {}


class AbsenceReason(StrEnum):
    """Why a rule put no clock on a ticket."""

    NOT_ACCEPTED = "not_accepted"
    RULE_IS_OFF = "rule_is_off"
    DOES_NOT_BIND = "does_not_bind"
    EXCEPTED = "excepted"
    CUSTOMER_BARS = "customer_bars"
    NO_CONTRADICTION = "no_contradiction"
    NO_START = "no_start"
    START_DOES_NOT_FIT = "start_does_not_fit"
    START_VOIDED = "start_voided"
    BEFORE_IN_FORCE = "before_in_force"
    NO_TERM = "no_term"
    DONE_BEFORE = "done_before"
    NEEDS = "needs"
    LACKS = "lacks"
    ENDED_BEFORE = "ended_before"
    LIES_AHEAD = "lies_ahead"
    NO_INCIDENT = "no_incident"
    PER_INCIDENT = "per_incident"
    NOT_KNOWN = "not_known"


class Absence(msgspec.Struct, omit_defaults=True):
    """A rule of the ticket's business that put no clock on it, and why.

    `misfits` are those of each alternative of the rule, the nearest first. `events` are the types that would start
    one, or that are needed before, or the attributes without which nobody knows what a ticket is about; `because` is
    the event that stands in the way. `at` is from when a term is in force, or when a clock that lies ahead begins.
    `incident` is the one whose clock it is.
    """

    rule: str
    clause: str
    title: dict[str, str]
    reason: AbsenceReason
    misfits: list[list[Misfit]] = []
    events: list[str] = []
    because: Ref | None = None
    at: datetime | None = None
    incident: str | None = None


class Granted(msgspec.Struct, omit_defaults=True):
    """What was in force of a rule when the clock started, and since which day.

    Which fields there are depends on the kind: a `term` (in what it is counted is `counted_in`, how much of it in
    `amount`: microseconds, working days or months), a time of day, rounds, tries, a cap.
    """

    since: date
    term: str | None = None
    counted_in: str | None = None
    amount: int | None = None
    profile: str | None = None
    daily: str | None = None
    each: str | None = None
    every_seconds: float | None = None
    after_seconds: float | None = None
    days: int | None = None
    a_day: int | None = None
    tries: int | None = None
    gap_seconds: float | None = None
    cap: int | None = None


class Anew(msgspec.Struct, frozen=True):
    """A superior set another due time."""

    event: Ref
    due_at: datetime


class Counted(msgspec.Struct, omit_defaults=True):
    """One event that a clock without a term counts: a try, and whether it was far enough from the last; or a sum."""

    event: Ref
    counts: bool | None = None
    total: int | None = None


class Warned(msgspec.Struct, omit_defaults=True):
    """A level of alert: when it is due to be raised, and how it stands (None: not raised)."""

    level: str
    at: datetime
    status: str | None = None


class News(StrEnum):
    """What a ticket said anew about an incident."""

    JOINED = "joined"
    LEFT = "left"
    ACCEPTED_ANEW = "accepted_anew"
    CLOSED = "closed"
    CLOSING_WITHDRAWN = "closing_withdrawn"
    JUDGED_TO_COUNT = "judged_to_count"
    JUDGED_NOT_TO_COUNT = "judged_not_to_count"
    JUDGEMENT_WITHDRAWN = "judgement_withdrawn"
    TAKEN_OVER = "taken_over"
    HANDED_ON = "handed_on"
    DESCRIBED = "described"


class Said(msgspec.Struct, omit_defaults=True):
    """What a ticket said about an incident, under a revision of its own: what is new in it, and of which event."""

    ticket: str
    revision: int
    news: list[News]
    event: Ref | None = None


class Told(msgspec.Struct, omit_defaults=True):
    """One revision that was published of a clock's verdict (no `level`) or of one of its alerts.

    `after` is the event that brought it about (of an incident: `said` what a ticket said), else silence
    proven through `silent_through` did. `state` is the outcome or the status; `changed` is what else it says other
    than the revision before, as it was published.
    """

    clock_id: str
    revision: int
    state: str
    reason: str
    level: str | None = None
    after: Ref | None = None
    silent_through: datetime | None = None
    changed: dict[str, Any] = {}
    historic: bool = False
    said: Said | None = None


class Clock(msgspec.Struct, omit_defaults=True):
    """One clock of a ticket, and everything that it rests on.

    `stretches` lead from `started_at` to `term_due_at` without a gap, or where the calendar does not reach to
    `certain_until`; `anew` are the due times that superiors set after that. `started_from` is the attribute that told
    the start, `bound_by` the event with which the rule began to bind the ticket where that came after the start.
    `facts` are what a contradiction consists of.
    """

    clock_id: str
    rule: str
    clause: str
    kind: str
    title: dict[str, str]
    says: str
    clause_says: dict[str, str]
    outcome: str
    reason: str
    start: Ref
    started_at: datetime
    assumed: bool
    excused: bool
    historic: bool
    calendar: str
    granted: Granted | None = None
    started_from: str | None = None
    bound_by: Ref | None = None
    term_due_at: datetime | None = None
    due_at: datetime | None = None
    certain_until: datetime | None = None
    stretches: list[Stretch] = []
    anew: list[Anew] = []
    stop: Ref | None = None
    cancel: Ref | None = None
    cancelled_for: str | None = None
    closed_without_at: datetime | None = None
    reopened: Ref | None = None
    ended_before: datetime | None = None
    owner: str | None = None
    owner_level: str | None = None
    awaits: list[Wanted] = []
    counted: list[Counted] = []
    facts: dict[str, Any] = {}
    evidence: list[Ref] = []
    keep_until: date | None = None
    warnings: list[Warned] = []
    told: list[Told] = []


class Withdrawn(msgspec.Struct, omit_defaults=True):
    """A clock that was published and has no ground any more."""

    clock_id: str
    rule: str
    clause: str
    told: list[Told]


class Kept(msgspec.Struct, frozen=True):
    """An event that was kept out of the ticket, and the reason."""

    event: Ref
    reason: str


class Explanation(msgspec.Struct, omit_defaults=True):
    """All clocks of one ticket, and the rules of its business that put none on it.

    `horizon` is the instant through which silence was judged; `business` is None where the rulebook knows no event of
    the ticket.
    """

    ticket: str
    rulebook: str
    events: int
    horizon: datetime | None = None
    business: str | None = None
    accepted: Ref | None = None
    refused: list[Kept] = []
    voided: list[Ref] = []
    corrected: list[Ref] = []
    clocks: list[Clock] = []
    withdrawn: list[Withdrawn] = []
    absences: list[Absence] = []
