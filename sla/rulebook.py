"""The rulebook: a folder of TOML, read whole and checked whole.

`parse` takes the texts (reading files is the shell's job) and gives a compiled `Rulebook`, or raises
`RulebookError` with every fault: file, line, what is wrong, what to do. Everybody may import this.
"""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import sha256
from zoneinfo import ZoneInfo

import msgspec

from sla.event import Event
from sla.publication import About
from sla.rule import Rule
from sla.rule_file import read_rule
from sla.toml_file import Fault, RulebookError, load
from sla.vocabulary import Vocabulary
from sla.vocabulary_file import read_vocabulary


class Header(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """`rulebook.toml`: what the rulebook is."""

    name: str
    edition: str
    says: str
    zone: str


class Rulebook(msgspec.Struct, frozen=True):
    """A checked law: vocabulary, rules by business, and the name and hash that outputs carry."""

    name: str
    edition: str
    zone: ZoneInfo
    hash: str
    vocabulary: Vocabulary
    rules: tuple[Rule, ...]
    by_business: dict[str, tuple[Rule, ...]]
    abouts: dict[str, About]
    stirring: frozenset[str]
    unsettling: frozenset[str]

    @property
    def label(self) -> str:
        """Name and hash, as outputs carry it."""
        return f"{self.name}@{self.hash}"

    def stirs(self, event: Event) -> bool:
        """Whether an event can change any clock at all: a start, a stop, or something told of the ticket."""
        return event.type in self.stirring or not self.vocabulary.remembered.isdisjoint(event.data)

    def unsettles(self, event: Event) -> bool:
        """Whether an event can change clocks that came to a final outcome before it, but for what is inferred."""
        return event.type in self.unsettling or not self.vocabulary.remembered.isdisjoint(event.data)

    def rules_of(self, business: str) -> tuple[Rule, ...]:
        """The rules that may bind tickets of a business, in order of their ids."""
        return self.by_business.get(business, ())

    def about(self, rule: Rule) -> About:
        """What outputs say of a rule."""
        return self.abouts[rule.id]

    def about_id(self, rule_id: str) -> About:
        """The same by id; for a rule that is no longer in the rulebook its id alone."""
        found = self.abouts.get(rule_id)
        return found or About(rule=rule_id, clause="", title={}, assumed=False, rulebook=self.label)


def parse(files: Mapping[str, str]) -> Rulebook:
    """Compile a rulebook from its files (path inside the folder -> text).

    Raises RulebookError with all faults found; nothing is taken from a rulebook that has one.
    """
    faults: list[Fault] = []
    header = load("rulebook.toml", files, Header, faults)
    vocabulary = read_vocabulary(files, faults)
    if header is None or vocabulary is None:
        raise RulebookError(faults)
    zone = _zone(header, files, faults)
    rules: list[Rule] = []
    for path in sorted(files):
        if path in ("rulebook.toml", "vocabulary.toml", "clauses.toml"):
            continue
        rule = read_rule(path, files, vocabulary, zone, faults)
        if rule is not None:
            rules.append(rule)
    if not rules and not faults:
        faults.append(Fault("rulebook.toml", 1, "the rulebook has no rules", "add one TOML file a rule"))
    if faults:
        raise RulebookError(faults)
    return _compiled(header, zone, vocabulary, rules, files)


def _compiled(
    header: Header, zone: ZoneInfo, vocabulary: Vocabulary, rules: list[Rule], files: Mapping[str, str]
) -> Rulebook:
    digest = sha256()
    for path in sorted(files):
        digest.update(f"{path}\0{files[path]}\0".encode())
    short = digest.hexdigest()[:12]
    by_business: dict[str, tuple[Rule, ...]] = {}
    for rule in rules:
        by_business[rule.business] = (*by_business.get(rule.business, ()), rule)
    label = f"{header.name}@{short}"
    abouts = {
        rule.id: About(rule=rule.id, clause=rule.clause, title=rule.title, assumed=rule.assumed, rulebook=label)
        for rule in rules
    }
    unsettling = {
        type_
        for business in vocabulary.businesses.values()
        for type_ in (business.accepted, business.corrected, business.voided)
    }
    stirring = {inference.event for attribute in vocabulary.inferred for inference in attribute.infer} | unsettling
    stirring |= {type_ for business in vocabulary.businesses.values() for type_ in business.closed}
    stirring |= {rule.start.event for rule in rules} | {stop.event for rule in rules for stop in rule.stops}
    return Rulebook(
        name=header.name,
        edition=header.edition,
        zone=zone,
        hash=short,
        vocabulary=vocabulary,
        rules=tuple(rules),
        by_business=by_business,
        abouts=abouts,
        stirring=frozenset(stirring),
        unsettling=frozenset(unsettling),
    )


def _zone(header: Header, files: Mapping[str, str], faults: list[Fault]) -> ZoneInfo:
    try:
        return ZoneInfo(header.zone)
    except (KeyError, ValueError, OSError):
        faults.append(
            Fault.at(
                "rulebook.toml",
                files,
                ("zone",),
                f"unknown time zone {header.zone!r}",
                "use an IANA name, as in Asia/Shanghai",
            )
        )
        return ZoneInfo("UTC")
