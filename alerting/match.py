"""What a route asks of an alert, and on which field an alert does not fit. Pure.

Only what an alert says of its clock is asked, never how it stands just now: a revision that resolves an alert says
the same of it as the one that fired. May be imported by `alerting` and `cli`.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Final

import msgspec

from alerting.alert import CANARY, Alert
from alerting.hours import INSTANT, Hours
from alerting.unit_tree import at_or_below
from sla.units import Unit

PLAIN: Final = ("level", "kind", "grade", "urgency", "category", "mode", "owner_level", "assumed", "unverified")
"""Fields that are compared as they are, in this order."""

UNNAMED: Final = "for a route that does not name it"
"""What is told of a route that would take a canary with everything else."""

Value = str | int | bool


class Misfit(msgspec.Struct, frozen=True):
    """The first field on which an alert does not fit: what it says there (None: nothing), and what was asked."""

    field: str
    told: str | None
    asked: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.field} is {self.told or 'not told'}, not {' or '.join(self.asked)}"


class Match(msgspec.Struct, frozen=True, kw_only=True):
    """What a route asks; whatever it does not name fits.

    `wanted` holds the values that a field of PLAIN may have. `rules` are ids or `repair/*`, `owners` units that are
    meant with all beneath them, `hours` stretches of the week in one of which the alert's hour lies.
    """

    wanted: Mapping[str, frozenset[Value]] = {}
    rules: tuple[str, ...] = ()
    owners: tuple[str, ...] = ()
    hours: tuple[Hours, ...] = ()

    @property
    def names_canaries(self) -> bool:
        """Whether it names canaries, by rule or by kind: what names no rule at all is not meant for them."""
        kind, _, _ = CANARY.partition("/")
        return kind in self.wanted.get("kind", ()) or any(rule.startswith(f"{kind}/") for rule in self.rules)

    def misfit(self, alert: Alert, units: Mapping[str, Unit]) -> Misfit | None:
        """The first field on which an alert does not fit, None where it does."""
        data = alert.data
        if alert.canary and not self.names_canaries:
            return Misfit("rule", data.rule, (UNNAMED,))
        if self.rules and not any(means(pattern, data.rule) for pattern in self.rules):
            return Misfit("rule", data.rule, self.rules)
        for field in PLAIN:
            wanted = self.wanted.get(field)
            told = getattr(data, field)
            if wanted is not None and told not in wanted:
                return Misfit(field, _text(told), tuple(sorted(filter(None, map(_text, wanted)))))
        if self.owners and not any(at_or_below(units, data.owner, top) for top in self.owners):
            return Misfit("owner", data.owner, self.owners)
        if self.hours:
            at = hour_of(alert)
            if not any(hours.hold(at) for hours in self.hours):
                wall = at.astimezone(self.hours[0].zone).isoformat(sep=" ", timespec="seconds")
                return Misfit("hours", wall, tuple(hours.name for hours in self.hours))
        return None

    def fit(self, alert: Alert) -> str:
        """What an alert that fits says where something is asked of it, in words."""
        asked = [("rule", alert.data.rule)] if self.rules else []
        asked += [(field, _text(getattr(alert.data, field)) or "") for field in PLAIN if field in self.wanted]
        asked += [("owner", alert.data.owner or "")] if self.owners else []
        asked += [("hours", " or ".join(hours.name for hours in self.hours))] if self.hours else []
        return ", ".join(f"{field} {told}" for field, told in asked) or "it takes every alert"

    def covers(self, other: Match, units: Mapping[str, Unit]) -> bool:
        """Whether every alert that fits the other certainly fits this, as far as can be told field by field."""
        if other.names_canaries and not self.names_canaries:
            return False
        for field, wanted in self.wanted.items():
            if not (field in other.wanted and other.wanted[field] <= wanted):
                return False
        rules = all(any(covers_rule(mine, theirs) for mine in self.rules) for theirs in other.rules)
        owners = all(any(at_or_below(units, theirs, mine) for mine in self.owners) for theirs in other.owners)
        hours = {hours.name for hours in other.hours} <= {hours.name for hours in self.hours}
        return (
            (not self.rules or (bool(other.rules) and rules))
            and (not self.owners or (bool(other.owners) and owners))
            and (not self.hours or (bool(other.hours) and hours))
        )


def means(pattern: str, rule: str) -> bool:
    """Whether a rule id is meant by an id or by `repair/*`."""
    return rule.startswith(pattern[:-1]) if pattern.endswith("/*") else rule == pattern


def covers_rule(mine: str, theirs: str) -> bool:
    """Whether one pattern means all that another means."""
    return mine == theirs or (mine.endswith("/*") and theirs.startswith(mine[:-1]))


def hour_of(alert: Alert) -> datetime:
    """The instant whose hour counts: the due time, without one the start, without that the alert's own.

    All revisions of an alert share it, and so do the warnings of a clock and its breach. What is due exactly as a
    window closes is due within it, as everywhere in the law; so it is the last instant before.
    """
    if alert.data.due_at is not None:
        return alert.data.due_at - INSTANT
    return alert.data.started_at or alert.at


def _text(value: Value | None) -> str | None:
    return str(value).lower() if isinstance(value, bool) else (None if value is None else str(value))
