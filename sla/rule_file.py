"""How the files of a rulebook are read: their layout, and every fault with file, line and remedy.

Only `sla.rulebook` and `sla.cases` import this.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from datetime import date, datetime, time
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

import msgspec

from sla.kinds import KINDS
from sla.rule import InForce, Owner, Rule, Start, Stop
from sla.term import parse_term, parse_threshold
from sla.toml_lines import Path, line_of, parse_path
from sla.vocabulary import Attribute, Business, Condition, Inference, Kind, Vocabulary

Where = dict[str, Any]


class Fault(msgspec.Struct, frozen=True):
    """One thing wrong with a rulebook."""

    file: str
    line: int
    what: str
    remedy: str

    @classmethod
    def at(cls, file: str, files: Mapping[str, str], path: Path, what: str, remedy: str) -> Fault:
        """A fault at a key of a file."""
        return cls(file, line_of(files[file], path), what, remedy)

    def __str__(self) -> str:
        """`file:line: what; remedy`, as editors understand it."""
        return f"{self.file}:{self.line}: {self.what}; {self.remedy}"


class RulebookError(Exception):
    """A rulebook that cannot be used, with all its faults."""

    def __init__(self, faults: list[Fault]) -> None:
        self.faults = faults
        super().__init__("\n".join(str(fault) for fault in faults))


class InferFile(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """`[[attributes.<name>.infer]]`."""

    event: str
    value: Any
    where: Where = {}


class AttributeFile(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """`[attributes.<name>]`."""

    type: Kind
    values: list[Any] = []
    remembered: bool = False
    personal: bool = False
    infer: list[InferFile] = []
    default: Any = None


class BusinessFile(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """`[businesses.<name>]`."""

    events: list[str]
    accepted: str
    closed: list[str]
    forget_after: str


class VocabularyFile(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """`vocabulary.toml`."""

    businesses: dict[str, BusinessFile]
    attributes: dict[str, AttributeFile]


class StartFile(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """`[from]`."""

    event: str
    where: Where = {}
    at: str | None = None
    first: bool = False


class StopFile(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """`[[to]]`."""

    event: str
    where: Where = {}
    match: dict[str, str] = {}


class OwnerFile(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """`[[owner]]`."""

    where: Where = {}
    unit: str | None = None
    level: str | None = None
    level_from: str | None = None


class InForceFile(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """`[[in_force]]`."""

    since: date
    term: str
    warn: list[str] = []
    where: Where = {}


class RuleFile(msgspec.Struct, forbid_unknown_fields=True, kw_only=True, rename={"start": "from"}):
    """One rule."""

    id: str
    clause: str
    says: str
    title: dict[str, str]
    kind: str
    business: str
    start: StartFile
    to: list[StopFile]
    owner: list[OwnerFile]
    in_force: list[InForceFile]
    case: list[dict[str, Any]]
    binds: Where = {}
    assumed: bool = False


F = TypeVar("F")


def load(file: str, files: Mapping[str, str], layout: type[F], faults: list[Fault]) -> F | None:
    """Parse one file into its layout; None after noting the fault."""
    if file not in files:
        faults.append(
            Fault(file, 1, "the file is missing", "every rulebook has a rulebook.toml and a vocabulary.toml")
        )
        return None
    try:
        return msgspec.convert(tomllib.loads(files[file]), layout)
    except tomllib.TOMLDecodeError as error:
        line = getattr(error, "lineno", None) or _line_in(str(error))
        faults.append(Fault(file, line, f"not valid TOML: {error}", "mend the syntax"))
    except msgspec.ValidationError as error:
        what, _, path = str(error).partition(" - at `")
        remedy = "see the rulebook guide for the keys of this file and their types"
        faults.append(Fault.at(file, files, parse_path(path), what.strip(), remedy))
    return None


def _line_in(message: str) -> int:
    for word in message.replace(",", " ").replace(")", " ").split("line ")[1:]:
        digits = word.split()[0]
        if digits.isdigit():
            return int(digits)
    return 1


def read_vocabulary(files: Mapping[str, str], faults: list[Fault]) -> Vocabulary | None:
    """Read `vocabulary.toml`; None after noting its faults."""
    name = "vocabulary.toml"
    file = load(name, files, VocabularyFile, faults)
    if file is None:
        return None
    found = len(faults)
    types = frozenset(event for business in file.businesses.values() for event in business.events)
    businesses: dict[str, Business] = {}
    for title, business in file.businesses.items():
        try:
            forget_after = parse_term(business.forget_after).length
        except ValueError as error:
            faults.append(Fault.at(name, files, ("businesses", title, "forget_after"), str(error), "as in '7 d'"))
            continue
        for event in (business.accepted, *business.closed):
            if event not in business.events:
                what = f"{event!r} opens or closes {title!r} but is not among its events"
                faults.append(Fault.at(name, files, ("businesses", title), what, "add it to events"))
        known = Business(
            name=title,
            accepted=business.accepted,
            closed=frozenset(business.closed),
            corrected=f"{title}.corrected",
            voided=f"{title}.voided",
            forget_after=forget_after,
        )
        businesses.update(dict.fromkeys(business.events, known))
    attributes = {
        title: _attribute(title, attribute, types, files, faults) for title, attribute in file.attributes.items()
    }
    if len(faults) > found:
        return None
    inferred = tuple(a for a in attributes.values() if a.infer or a.default is not None)
    remembered = frozenset(a.name for a in attributes.values() if a.remembered and a.kept)
    return Vocabulary(attributes, types, businesses, remembered, inferred)


def _attribute(
    title: str, file: AttributeFile, types: frozenset[str], files: Mapping[str, str], faults: list[Fault]
) -> Attribute:
    path: Path = ("attributes", title)
    if (file.type is Kind.ENUM) != bool(file.values):
        what = f"attribute {title!r}: an enum needs values, any other type has none"
        faults.append(Fault.at("vocabulary.toml", files, path, what, "add or remove values"))
    for inference in file.infer:
        if inference.event not in types:
            what = f"attribute {title!r} is inferred from the unknown event {inference.event!r}"
            faults.append(Fault.at("vocabulary.toml", files, path, what, "name an event of this vocabulary"))
    infer = tuple(Inference(i.event, condition(i.where), i.value) for i in file.infer)
    return Attribute(title, file.type, frozenset(file.values), file.remembered, file.personal, infer, file.default)


def condition(where: Where) -> Condition:
    """Compile `{ level = "national", to_level = ["city", "county"] }`."""
    return Condition(
        tuple((name, frozenset(values if isinstance(values, list) else [values])) for name, values in where.items())
    )


def read_rule(
    path: str, files: Mapping[str, str], vocabulary: Vocabulary, zone: ZoneInfo, faults: list[Fault]
) -> Rule | None:
    """Read one rule; None after noting its faults."""
    file = load(path, files, RuleFile, faults)
    if file is None:
        return None
    found = len(faults)
    check = _Check(path, files, vocabulary, faults)
    check.rule(file)
    in_force = []
    for number, entry in enumerate(file.in_force):
        try:
            since = datetime.combine(entry.since, time(0), zone)
            warn = tuple(parse_threshold(text) for text in entry.warn)
            in_force.append(InForce(since, parse_term(entry.term), warn, condition(entry.where)))
        except ValueError as error:
            check.fault(("in_force", number), str(error), "mend the term or the warning")
    if len(faults) > found:
        return None
    return Rule(
        id=file.id,
        clause=file.clause,
        says=file.says,
        title=file.title,
        kind=file.kind,
        business=file.business,
        binds=condition(file.binds),
        start=Start(file.start.event, condition(file.start.where), file.start.at, file.start.first),
        stops=tuple(Stop(s.event, condition(s.where), tuple(s.match.items())) for s in file.to),
        owners=tuple(Owner(condition(o.where), o.unit, o.level, o.level_from) for o in file.owner),
        in_force=tuple(in_force),
        assumed=file.assumed,
    )


class _Check:
    """What a rule's names and values must satisfy beyond their types."""

    def __init__(self, path: str, files: Mapping[str, str], vocabulary: Vocabulary, faults: list[Fault]) -> None:
        self.path, self.files, self.vocabulary, self.faults = path, files, vocabulary, faults

    def fault(self, at: Path, what: str, remedy: str) -> None:
        self.faults.append(Fault.at(self.path, self.files, at, what, remedy))

    def rule(self, file: RuleFile) -> None:
        expected = self.path.removesuffix(".toml")
        if file.id != expected:
            self.fault(("id",), f"the id is {file.id!r}", f"make it {expected!r}, the path of the file")
        if file.kind not in KINDS:
            self.fault(("kind",), f"unknown kind {file.kind!r}", f"use one of {', '.join(sorted(KINDS))}")
        if {"zh", "en"} - file.title.keys():
            self.fault(("title",), "the title lacks a language", "give it in zh and en")
        self.where(("binds",), file.binds)
        self.event(("from", "event"), file.start.event, file.business)
        self.where(("from", "where"), file.start.where)
        if file.start.at is not None:
            attribute = self.attribute(("from", "at"), file.start.at)
            if attribute is not None and attribute.kind is not Kind.INSTANT:
                self.fault(("from", "at"), f"{file.start.at!r} holds no instant", "name an attribute of type instant")
        for number, stop in enumerate(file.to):
            at: Path = ("to", number)
            self.event((*at, "event"), stop.event, file.business)
            self.where((*at, "where"), stop.where)
            for name in (*stop.match, *stop.match.values()):
                self.attribute((*at, "match"), name)
            if stop.event == file.start.event and not stop.match and not stop.where:
                self.fault(at, "the rule could stop on its own start", "add a where or a match that tells them apart")
        for number, owner in enumerate(file.owner):
            self.where(("owner", number, "where"), owner.where)
            for told in (owner.unit, owner.level_from):
                if told is not None:
                    self.attribute(("owner", number), told)
        self.lists(file)

    def lists(self, file: RuleFile) -> None:
        if not file.to:
            self.fault(("to",), "nothing stops the clock", "add at least one [[to]]")
        if not file.in_force:
            self.fault(("in_force",), "no term is in force", "add at least one [[in_force]]")
        if not file.case:
            self.fault((), "the rule has no worked case", "add [[case]]s: met, breached, exactly on the boundary")
        dated: set[tuple[date, str]] = set()
        for number, entry in enumerate(file.in_force):
            self.where(("in_force", number, "where"), entry.where)
            key = (entry.since, repr(sorted(entry.where.items())))
            if key in dated:
                self.fault(("in_force", number), "two terms are in force from the same date", "remove one")
            dated.add(key)

    def event(self, at: Path, name: str, business: str) -> None:
        known = self.vocabulary.businesses.get(name)
        if known is None:
            self.fault(at, f"unknown event {name!r}", "name an event of vocabulary.toml, or add it there")
        elif known.name != business:
            self.fault(
                at,
                f"{name!r} is an event of {known.name!r}, not of {business!r}",
                "name one of this business",
            )

    def attribute(self, at: Path, name: str) -> Attribute | None:
        attribute = self.vocabulary.attributes.get(name)
        if attribute is None:
            self.fault(at, f"unknown attribute {name!r}", "name an attribute of vocabulary.toml, or add it there")
        elif not attribute.kept:
            self.fault(at, f"{name!r} is personal or free text and is never kept", "a rule cannot rest on it")
        return attribute

    def where(self, at: Path, where: Where) -> None:
        for name, values in where.items():
            attribute = self.attribute((*at, name), name)
            if attribute is None or attribute.kind is not Kind.ENUM:
                continue
            for value in values if isinstance(values, list) else [values]:
                if value not in attribute.values:
                    allowed = ", ".join(sorted(str(v) for v in attribute.values))
                    self.fault((*at, name), f"{value!r} is no value of {name!r}", f"use one of {allowed}")
