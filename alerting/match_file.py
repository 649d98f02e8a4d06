"""How the `match` of a route is read, and what in it no alert could ever fit. Pure.

Only `alerting.routes_file` imports this.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from alerting.hours import Hours
from alerting.match import PLAIN, Match, means
from alerting.routes_layout import MatchFile
from alerting.tables import ROUTES, Notes
from alerting.unit_tree import RANKS
from sla.rulebook import Rulebook
from sla.toml_lines import Path

OPERATOR: Final = "operator/"
OF_TICKETS: Final = ("grade", "urgency", "category", "mode")
"""Fields whose values the vocabulary of the rulebook lists."""


class MatchReading:
    """Reads matches against a rulebook; faults are noted as they are met."""

    def __init__(self, notes: Notes, rulebook: Rulebook, hours: Mapping[str, Hours | None]) -> None:
        self.notes, self.rulebook, self.hours = notes, rulebook, hours
        self.rules = {rule.id: rule.business for rule in rulebook.rules}

    def read(self, at: Path, file: MatchFile) -> Match:
        """The match; after a fault it is not used."""
        found = len(self.notes.faults)
        wanted = {field: frozenset(told) for field in PLAIN if (told := _listed(getattr(file, field))) is not None}
        rules, owners = tuple(_listed(file.rule) or ()), tuple(_listed(file.owner) or ())
        names = _listed(file.hours) or []
        for key in MatchFile.__struct_fields__:
            if getattr(file, key) == []:
                self.fault((*at, key), f"{key} is a list without a value, which nothing fits", "leave it out")
        for pattern in rules:
            self.rule((*at, "rule"), pattern)
        kinds = {business.name for business in self.rulebook.vocabulary.businesses.values()}
        self.known((*at, "kind"), "kind of ticket", wanted.get("kind", ()), kinds)
        for field in OF_TICKETS:
            attribute = self.rulebook.vocabulary.attributes.get(field)
            known = attribute.values if attribute is not None else ()
            self.known((*at, field), field, wanted.get(field, ()), known)
        if self.rulebook.units:
            self.known((*at, "owner"), "unit", owners, self.rulebook.units)
        self.known((*at, "hours"), "hours", names, self.hours)
        match = Match(
            wanted=wanted,
            rules=rules,
            owners=owners,
            hours=tuple(hours for name in names if (hours := self.hours.get(name)) is not None),
        )
        why = self.never(match) if len(self.notes.faults) == found else None
        if why is not None:
            self.fault(at, f"the route can never match: {why}", "mend one of the two")
        return match

    def fault(self, at: Path, what: str, remedy: str) -> None:
        """Note a fault at a key of `routes.toml`."""
        self.notes.fault(ROUTES, at, what, remedy)

    def known(self, at: Path, sort: str, names: Iterable[Any], known: Any) -> None:
        """Note what is named and not there."""
        for name in names:
            if name not in known:
                self.notes.unknown(ROUTES, at, sort, name, known)

    def rule(self, at: Path, pattern: str) -> None:
        """An id of the rulebook, a folder of it, or anything about the monitor itself."""
        folder = pattern.endswith("/*")
        if pattern.startswith(OPERATOR) and len(pattern) > len(OPERATOR) and "*" not in pattern.removesuffix("/*"):
            return
        if "*" in pattern.removesuffix("/*"):
            self.fault(at, f"{pattern!r} is no pattern", "write an id, or a folder as in 'repair/*'")
        elif folder and not any(means(pattern, rule) for rule in self.rules):
            folders = {f"{rule.rpartition('/')[0]}/*" for rule in self.rules} | {f"{OPERATOR}*"}
            self.notes.unknown(ROUTES, at, "rules", pattern, folders)
        elif not folder and pattern not in self.rules:
            self.notes.unknown(ROUTES, at, "rule", pattern, self.rules)

    def never(self, match: Match) -> str | None:
        """Why no alert can fit, where one condition rules another out; None where some may."""
        kinds, levels = match.wanted.get("kind"), match.wanted.get("level")
        about_us = bool(match.rules) and all(pattern.startswith(OPERATOR) for pattern in match.rules)
        of_ticket = sorted({"kind", "owner_level", *OF_TICKETS} & match.wanted.keys()) + ["owner"] * bool(
            match.owners
        )
        if about_us and of_ticket:
            return f"an alert about the monitor itself has no {of_ticket[0]}"
        if match.rules and kinds is not None:
            of_rules = {kind for rule, kind in self.rules.items() if any(means(one, rule) for one in match.rules)}
            if of_rules.isdisjoint(kinds):
                return f"these rules are about {' and '.join(sorted(of_rules)) or 'no tickets'}"
        if levels is not None and levels <= {"breach"} and False not in match.wanted.get("assumed", {False}):
            return "an assumed limit raises warnings, never breaches"
        owner_levels = match.wanted.get("owner_level")
        if owner_levels is not None and match.owners and self.rulebook.units:
            highest = max(RANKS[self.rulebook.units[owner].level] for owner in match.owners)
            if min(RANKS[str(level)] for level in owner_levels) > highest:
                return "no unit at or beneath owner is of such a high level"
        return None


def _listed(value: Any) -> list[Any] | None:
    return value if value is None or isinstance(value, list) else [value]
