"""The rulebook: a folder of TOML, read whole and checked whole.

`parse` takes the texts (reading files is the shell's job) and gives a compiled `Rulebook`, or raises
`RulebookError` with every fault: file, line, what is wrong, what to do. Everybody may import this.
"""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import sha256
from zoneinfo import ZoneInfo

import msgspec

from sla.calendar import Calendar
from sla.calendar_file import read_calendar
from sla.clauses import CLAUSES, Clause, read_clauses
from sla.event import Event
from sla.publication import About
from sla.rule import Rule, Trigger
from sla.rule_check import Check
from sla.rule_file import Place, read_rule
from sla.ticket import Reading
from sla.toml_file import Fault, RulebookError, Where, condition, load
from sla.toml_lines import Path
from sla.units import UNITS, Unit, read_units
from sla.vocabulary import Condition, Vocabulary
from sla.vocabulary_file import read_vocabulary


class ExcuseFile(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """`[[excuse]]`: what excuses a breach of any rule of a business; it never deletes it."""

    business: str
    clause: str
    ticket: Where = {}
    event: str | None = None
    where: Where = {}
    granted: Where = {}


class Header(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """`rulebook.toml`: what the rulebook is."""

    name: str
    edition: str
    says: str
    zone: str
    extends: str | None = None
    switch_on: list[str] = []
    switch_off: list[str] = []
    excuse: list[ExcuseFile] = []


class Excuse(msgspec.Struct, frozen=True):
    """What excuses breaches: a fact of the ticket, or the last event of a sort, where it grants it."""

    business: str
    ticket: Condition
    event: Trigger | None
    granted: Condition

    def holds(self, reading: Reading) -> bool:
        """Whether breaches of the ticket are excused as things stand."""
        if self.event is None:
            return self.ticket.holds(reading.attributes)
        if self.event.event not in reading.types:
            return False
        last = next((event for event in reversed(reading.events) if self.event.fits(event)), None)
        return last is not None and self.granted.holds(last.data) and self.ticket.holds(reading.attributes)


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
    excuses: dict[str, tuple[Excuse, ...]] = {}
    recurrences: dict[str, tuple[Rule, ...]] = {}
    calendar: Calendar | None = None
    units: dict[str, Unit] = {}
    clauses: tuple[Clause, ...] = ()

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

    def excused(self, business: str, reading: Reading) -> bool:
        """Whether breaches of a ticket of a business are excused as things stand."""
        for excuse in self.excuses.get(business, ()):
            if excuse.holds(reading):
                return True
        return False

    def about(self, rule: Rule) -> About:
        """What outputs say of a rule."""
        return self.abouts[rule.id]

    def about_clock(self, clock_id: str) -> About:
        """The same by the id of a clock; for a rule that is no longer in the rulebook its id alone.

        A clock id ends in source and id of the start, and in the round where there is one.
        """
        parts = clock_id.split("/")
        for end in (-2, -3):
            found = self.abouts.get("/".join(parts[1:end]))
            if found is not None:
                return found
        return About(rule="/".join(parts[1:-2]), clause="", title={}, assumed=False, rulebook=self.label)

    def limited(self, rules: tuple[Rule, ...]) -> Rulebook:
        """This rulebook judging by some of its rules in force, all of one business; its name and hash stay."""
        return msgspec.structs.replace(self, by_business={rule.business: rules for rule in rules[:1]})

    def only(self, rule_id: str) -> Rulebook:
        """This rulebook with one rule in force and no other, even one that is off: for playing its worked cases."""
        alone = tuple(msgspec.structs.replace(rule, off=False) for rule in self.rules if rule.id == rule_id)
        return msgspec.structs.replace(
            self,
            by_business={rule.business: (rule,) for rule in alone if rule.recurrence is None},
            recurrences={rule.business: (rule,) for rule in alone if rule.recurrence is not None},
        )

    def keyed(self, secret: bytes) -> Rulebook:
        """This rulebook with the key under which personal attributes become pseudonyms."""
        return msgspec.structs.replace(self, vocabulary=msgspec.structs.replace(self.vocabulary, secret=secret))


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
    calendar = read_calendar(files, zone, faults)
    place = Place(zone, calendar)
    rules: list[Rule] = []
    for path in sorted(files):
        if path in NOT_RULES:
            continue
        rule = read_rule(path, files, vocabulary, place, faults)
        if rule is not None:
            rules.append(rule)
    if not rules and not faults:
        faults.append(Fault("rulebook.toml", 1, "the rulebook has no rules", "add one TOML file a rule"))
    excuses = _excuses("rulebook.toml", header, files, vocabulary, faults)
    if BASE_HEADER in files:
        base = load(BASE_HEADER, files, Header, faults)
        excuses += () if base is None else _excuses(BASE_HEADER, base, files, vocabulary, faults)
    rules = _switched(header, rules, files, faults)
    units = read_units(files, faults)
    _told_apart(rules, files, faults)
    clauses: tuple[Clause, ...] = ()
    if CLAUSES in files and not faults:
        clauses = read_clauses(files, {rule.id: (rule.clause, *rule.also) for rule in rules}, faults)
    if faults:
        raise RulebookError(faults)
    compiled = _compiled(header, vocabulary, place, rules, excuses, files)
    return msgspec.structs.replace(compiled, clauses=clauses, units=units)


OVERRIDE = "calendar-override.toml"
"""The operator's own days: holidays the calendar does not know, years it does not hold yet."""
BASE_HEADER = "base/rulebook.toml"
"""The header of the rulebook that this one extends: its excuses hold on."""
NOT_RULES = ("rulebook.toml", "vocabulary.toml", "calendar.toml", OVERRIDE, BASE_HEADER, CLAUSES, UNITS)
"""The files of a rulebook that hold no rule."""


def _switched(header: Header, rules: list[Rule], files: Mapping[str, str], faults: list[Fault]) -> list[Rule]:
    """The rules with what the header switches on and off; it may only name rules there are."""
    known = {rule.id for rule in rules}
    for key in ("switch_on", "switch_off"):
        for name in getattr(header, key):
            if name not in known and not faults:
                what = f"{key} names the unknown rule {name!r}"
                faults.append(Fault.at("rulebook.toml", files, (key,), what, "name a rule by its id"))
    on, off = set(header.switch_on), set(header.switch_off)
    for name in sorted(on & off):
        what = f"{name!r} is switched on and off"
        faults.append(Fault.at("rulebook.toml", files, ("switch_on",), what, "remove one"))
    return [msgspec.structs.replace(rule, off=(rule.off and rule.id not in on) or rule.id in off) for rule in rules]


def _told_apart(rules: list[Rule], files: Mapping[str, str], faults: list[Fault]) -> None:
    """Keys of incidents end in the last part of a rule's id, so no two rules that count may share it."""
    names: dict[str, str] = {}
    for rule in rules:
        name = rule.id.rpartition("/")[2]
        if rule.recurrence is not None and names.setdefault(name, rule.id) != rule.id:
            what = f"{rule.id!r} and {names[name]!r} would count the same incidents"
            faults.append(Fault.at(f"{rule.id}.toml", files, ("id",), what, "give one of them another last part"))


def _excuses(
    path: str, header: Header, files: Mapping[str, str], vocabulary: Vocabulary, faults: list[Fault]
) -> tuple[Excuse, ...]:
    check = Check(path, files, vocabulary, faults)
    found = []
    for number, file in enumerate(header.excuse):
        at: Path = ("excuse", number)
        if file.business not in {business.name for business in vocabulary.businesses.values()}:
            check.fault((*at, "business"), f"unknown business {file.business!r}", "name one of vocabulary.toml")
            continue
        check.where((*at, "ticket"), file.ticket, remembered=True)
        check.where((*at, "where"), file.where)
        check.where((*at, "granted"), file.granted)
        event = None
        if file.event is not None:
            check.event((*at, "event"), file.event, file.business)
            event = Trigger(file.event, condition(file.where))
        elif not file.ticket:
            check.fault(at, "nothing excuses here", "name an event, or a fact of the ticket")
        found.append(Excuse(file.business, condition(file.ticket), event, condition(file.granted)))
    return tuple(found)


def _compiled(
    header: Header,
    vocabulary: Vocabulary,
    place: Place,
    rules: list[Rule],
    excuses: tuple[Excuse, ...],
    files: Mapping[str, str],
) -> Rulebook:
    digest = sha256()
    for path in sorted(files):
        digest.update(f"{path}\0{files[path]}\0".encode())
    if place.calendar is not None:
        digest.update(place.calendar.label.encode())
    short = digest.hexdigest()[:12]
    by_business: dict[str, tuple[Rule, ...]] = {}
    recurrences: dict[str, tuple[Rule, ...]] = {}
    for rule in rules:
        if not rule.off:
            among = by_business if rule.recurrence is None else recurrences
            among[rule.business] = (*among.get(rule.business, ()), rule)
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
    unsettling |= {excuse.event.event for excuse in excuses if excuse.event is not None}
    inferences = (i for attributes in vocabulary.inferred.values() for a in attributes for i in a.infer)
    stirring = {inference.event for inference in inferences} | unsettling
    stirring |= {type_ for business in vocabulary.businesses.values() for type_ in business.closed}
    for rule in rules:
        stirring |= rule.event_types()
    return Rulebook(
        name=header.name,
        edition=header.edition,
        zone=place.zone,
        hash=short,
        vocabulary=vocabulary,
        rules=tuple(rules),
        by_business=by_business,
        abouts=abouts,
        stirring=frozenset(stirring),
        unsettling=frozenset(unsettling),
        excuses={b: tuple(e for e in excuses if e.business == b) for b in by_business},
        recurrences=recurrences,
        calendar=place.calendar,
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
