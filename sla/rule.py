"""What a rule is: whom it binds, what starts and stops its clock, who owes it, and the terms in force.

Rules come from TOML through `sla.rulebook`; the shapes of duty in `sla/kinds/` give them meaning. Everybody
may import this.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec

from sla.term import Continuous, Threshold
from sla.vocabulary import Condition


class Start(msgspec.Struct, frozen=True):
    """What starts a clock: an event, under a condition on it; `at` names an attribute that holds the instant."""

    event: str
    where: Condition = Condition()
    at: str | None = None
    first: bool = False


class Stop(msgspec.Struct, frozen=True):
    """What stops a clock. `match` pairs an attribute of the start with one of the stop: both must be equal.

    An attribute absent on either side matches anything: a source that does not tell units must not cause breaches.
    """

    event: str
    where: Condition = Condition()
    match: tuple[tuple[str, str], ...] = ()

    def stops(self, start: dict[str, Any], stop: dict[str, Any]) -> bool:
        """Whether an event with these attributes stops a clock started by one with those."""
        for mine, theirs in self.match:
            ours, other = start.get(mine), stop.get(theirs)
            if ours is not None and other is not None and ours != other:
                return False
        return self.where.holds(stop)


class Owner(msgspec.Struct, frozen=True):
    """Who owes the duty when `where` holds of the ticket: an attribute of the start, or a fixed level."""

    where: Condition = Condition()
    unit: str | None = None
    level: str | None = None
    level_from: str | None = None


class InForce(msgspec.Struct, frozen=True):
    """A term as of a date, for the tickets that `where` names."""

    since: datetime
    term: Continuous
    warn: tuple[Threshold, ...] = ()
    where: Condition = Condition()


class Rule(msgspec.Struct, frozen=True):
    """One duty of the law. `id` equals the rule's path inside the rulebook."""

    id: str
    clause: str
    says: str
    title: dict[str, str]
    kind: str
    business: str
    binds: Condition
    start: Start
    stops: tuple[Stop, ...]
    owners: tuple[Owner, ...]
    in_force: tuple[InForce, ...]
    assumed: bool = False

    def term_at(self, started_at: datetime, attributes: dict[str, Any]) -> InForce | None:
        """The term in force when the clock started; None before the first date or for tickets nobody named."""
        best: InForce | None = None
        for entry in self.in_force:
            later = best is None or entry.since > best.since
            if entry.since <= started_at and later and entry.where.holds(attributes):
                best = entry
        return best
