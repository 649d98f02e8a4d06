"""What a rule is: whom it binds, what starts and stops its clock, who owes it, and the terms in force.

Rules come from TOML through `sla.rulebook`; the shapes of duty in `sla/kinds/` give them meaning. Everybody
may import this.
"""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from sla.calendar import Calendar
from sla.duty import Reason
from sla.event import Event
from sla.term import Term, Threshold
from sla.vocabulary import Condition


class Trigger(msgspec.Struct, frozen=True):
    """An event under a condition on it: `where` must hold, and none of `unless` may."""

    event: str
    where: Condition = Condition()
    unless: tuple[Condition, ...] = ()

    def fits(self, event: Event) -> bool:
        """Whether this event is meant."""
        if event.type != self.event or not self.where.holds(event.data):
            return False
        return not (self.unless and any(barred.holds(event.data) for barred in self.unless))


class Start(Trigger, frozen=True):
    """What starts a clock; `at` names an attribute that holds the instant.

    `first`: only the first such event. `last`: only the last one before the clock is stopped; those before it are
    superseded. `ticket` must hold of the ticket as it was then (`check`).
    """

    at: str | None = None
    first: bool = False
    last: bool = False
    ticket: Condition = Condition()


class Stop(Trigger, frozen=True):
    """What ends a clock. `match` pairs an attribute of the start with one of the stop: both must be equal.

    An attribute absent on either side matches anything: a source that does not tell units must not cause breaches.
    `reason` is why a clock that this cancels is owed no more.
    """

    match: tuple[tuple[str, str], ...] = ()
    reason: Reason = Reason.CLOSED

    def stops(self, start: dict[str, Any], event: Event) -> bool:
        """Whether an event stops a clock started by one with these attributes."""
        if event.type != self.event:
            return False
        for mine, theirs in self.match:
            ours, other = start.get(mine), event.data.get(theirs)
            if ours is not None and other is not None and ours != other:
                return False
        return self.fits(event)


class Lack(Trigger, frozen=True):
    """What must not be there before; with `later` only after the last of what is needed."""

    later: bool = False


class Owner(msgspec.Struct, frozen=True):
    """Who owes the duty when `where` holds of the ticket: an attribute of the start, or a fixed level.

    With `of` the attributes are those of the last such event up to the stop instead (the unit that has it now).
    """

    where: Condition = Condition()
    unit: str | None = None
    level: str | None = None
    level_from: str | None = None
    of: Trigger | None = None


class InForce(msgspec.Struct, frozen=True):
    """What is owed as of a date, for the tickets that `where` names.

    `deadline` and `notice` have a `term`; `report` a time of day and whether each calendar or each working day
    counts, or the length of a round (`every`, nothing where it is by day) and how long `after` the start the first
    begins; `attempts` so many a day on so many days, or so many `tries` on whatever days, at least `gap` apart;
    `quota` a cap and the years to keep what it counts. `marks` are the warnings of a term that runs day and night, as
    levels and lengths after the start, in order of time.
    """

    since: datetime
    where: Condition = Condition()
    warn: tuple[Threshold, ...] = ()
    term: Term | None = None
    daily: time | None = None
    each: str = "calendar_day"
    every: timedelta = timedelta(0)
    after: timedelta = timedelta(0)
    days: int = 0
    a_day: int = 0
    tries: int = 0
    gap: timedelta = timedelta(0)
    cap: int = 0
    keep_years: tuple[tuple[Condition, int], ...] = ()
    marks: tuple[tuple[str, timedelta], ...] = ()


class Superior(msgspec.Struct, frozen=True):
    """An event by which a superior sets another due time; `at` is the attribute that holds it."""

    event: str
    at: str


class Sum(msgspec.Struct, frozen=True):
    """What a quota adds up: `amount` of each `add`, less that of each `remove`."""

    add: str
    remove: str | None
    amount: str


class Recurrence(msgspec.Struct, frozen=True):
    """When one incident draws too many tickets: `times` of them within the term after the first was closed.

    Tickets are about the same incident when all attributes of `same` are equal. The last event of a ticket that one
    of `counts` or of `discounts` means says whether it counts; without one that is not decided. At `warn_at` so many
    there is a warning (0: never). `first_counts`: the first ticket is one of them. `rolling`: any stretch of the
    length of the term after the first closing will do, not only the one that begins with it.
    """

    same: tuple[str, ...]
    times: int
    counts: tuple[Trigger, ...]
    discounts: tuple[Trigger, ...] = ()
    warn_at: int = 0
    first_counts: bool = False
    rolling: bool = False


class Rule(msgspec.Struct, frozen=True):
    """One duty of the law. `id` equals the rule's path inside the rulebook.

    `binds` are alternatives (none: every ticket), of which none of `excepts` may hold.
    `bound`: the clock starts when `binds` begins to hold, not with an event of its own. `owed_at_close`: closing does
    not end the duty, it breaks it. `verdict_only`: nobody is alerted. `needs` and `lacks` are events before the start
    that must or must not be there (`check`). `settles`: a clock of it that came to a final outcome is changed by no
    later plain event. `turning` are the events that stop, reopen or cancel it, `opening` those that start it or say
    where to look no further for a start. `handed_on`: who owes it may change while it runs. `changing` are
    the attributes that a ticket has first with one value, then with another.
    """

    id: str
    clause: str
    says: str
    title: dict[str, str]
    kind: str
    business: str
    zone: ZoneInfo
    calendar: Calendar | None
    binds: tuple[Condition, ...]
    starts: tuple[Start, ...]
    stops: tuple[Stop, ...]
    owners: tuple[Owner, ...]
    in_force: tuple[InForce, ...]
    excepts: tuple[Condition, ...] = ()
    undo: tuple[Stop, ...] = ()
    cancels: tuple[Stop, ...] = ()
    needs: tuple[Trigger, ...] = ()
    lacks: tuple[Lack, ...] = ()
    superior: Superior | None = None
    sum: Sum | None = None
    recurrence: Recurrence | None = None
    also: tuple[str, ...] = ()
    bound: bool = False
    owed_at_close: bool = False
    verdict_only: bool = False
    assumed: bool = False
    off: bool = False
    settles: bool = False
    turning: frozenset[str] = frozenset()
    opening: frozenset[str] = frozenset()
    handed_on: bool = False
    changing: frozenset[str] = frozenset()

    def binding(self, attributes: dict[str, Any]) -> bool:
        """Whether the rule binds a ticket with these attributes."""
        if self.binds:
            for bound in self.binds:
                if bound.holds(attributes):
                    break
            else:
                return False
        return not (self.excepts and any(barred.holds(attributes) for barred in self.excepts))

    def told(self, attributes: dict[str, Any]) -> bool:
        """Whether the rule may ever have bound a ticket, by how it stands last: a quick no for most tickets."""
        if not self.binds:
            return True
        for bound in self.binds:
            for name, values in bound.wanted:
                if name not in attributes or (name not in self.changing and attributes[name] not in values):
                    break
            else:
                return True
        return False

    def term_at(self, started_at: datetime, attributes: dict[str, Any]) -> InForce | None:
        """What was in force when the clock started; None before the first date or for tickets nobody named."""
        best: InForce | None = None
        for entry in self.in_force:
            later = best is None or entry.since > best.since
            if entry.since <= started_at and later and entry.where.holds(attributes):
                best = entry
        return best

    def event_types(self) -> set[str]:
        """Every event type that can change a clock of this rule, beside what is remembered of the ticket."""
        named = {trigger.event for trigger in (*self.starts, *self.stops, *self.undo, *self.cancels)}
        named |= {trigger.event for trigger in (*self.needs, *self.lacks)}
        named |= {owner.of.event for owner in self.owners if owner.of is not None}
        if self.superior is not None:
            named.add(self.superior.event)
        if self.sum is not None:
            named |= {self.sum.add} | ({self.sum.remove} if self.sum.remove else set())
        if self.recurrence is not None:
            named |= {trigger.event for trigger in (*self.recurrence.counts, *self.recurrence.discounts)}
        return named


def local_date(instant: datetime, zone: ZoneInfo) -> date:
    """The calendar day of an instant where the rulebook applies."""
    return instant.astimezone(zone).date()
