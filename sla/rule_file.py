"""How the file of a rule is read: its layout, and every fault with file, line and remedy.

Only `sla.rulebook` and `sla.cases` import this.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from sla.kinds import KINDS
from sla.rule import InForce, Owner, Rule, Start, Stop
from sla.term import parse_term, parse_threshold
from sla.toml_file import Fault, Where, condition, load, plain
from sla.toml_lines import Path
from sla.vocabulary import Attribute, Kind, Vocabulary


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
    if len(faults) > found:
        return None
    in_force = [_in_force(number, entry, zone, check) for number, entry in enumerate(file.in_force)]
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
        in_force=tuple(entry for entry in in_force if entry is not None),
        assumed=file.assumed,
    )


def _in_force(number: int, entry: InForceFile, zone: ZoneInfo, check: _Check) -> InForce | None:
    at: Path = ("in_force", number, "term")
    try:
        term = parse_term(entry.term)
        at = ("in_force", number, "warn")
        warn = tuple(parse_threshold(text) for text in entry.warn)
    except ValueError as error:
        check.fault(at, str(error), "mend it")
        return None
    if len({(threshold.share, threshold.lead) for threshold in warn}) < len(warn):
        check.fault(at, "two warnings are the same", "remove one")
    return InForce(datetime.combine(entry.since, time(0), zone), term, warn, condition(entry.where))


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
        self.where(("binds",), file.binds, remembered=True)
        if file.business not in {business.name for business in self.vocabulary.businesses.values()}:
            self.fault(("business",), f"unknown business {file.business!r}", "name one of vocabulary.toml")
            return
        self.event(("from", "event"), file.start.event, file.business)
        self.where(("from", "where"), file.start.where)
        if file.start.at is not None:
            attribute = self.attribute(("from", "at"), file.start.at)
            if attribute is not None and not attribute.remembered:
                what = f"no ticket remembers {file.start.at!r}, so it could not be corrected"
                self.fault(("from", "at"), what, "set remembered = true in vocabulary.toml")
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
            self.where(("owner", number, "where"), owner.where, remembered=True)
            for key, told in (("unit", owner.unit), ("level_from", owner.level_from)):
                if told is not None:
                    self.attribute(("owner", number, key), told)
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
            self.where(("in_force", number, "where"), entry.where, remembered=True)
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

    def where(self, at: Path, where: Where, *, remembered: bool = False) -> None:
        for name, values in where.items():
            attribute = self.attribute((*at, name), name)
            if not plain(values):
                self.fault((*at, name), f"{name!r} takes a value or a list of values", "write it as in mode = [1, 2]")
                continue
            if attribute is not None and remembered and not attribute.remembered:
                self.fault((*at, name), f"no ticket remembers {name!r}", "set remembered = true in vocabulary.toml")
            if attribute is None or attribute.kind is not Kind.ENUM:
                continue
            for value in values if isinstance(values, list) else [values]:
                if value not in attribute.values or isinstance(value, bool):
                    allowed = ", ".join(sorted(str(v) for v in attribute.values))
                    self.fault((*at, name), f"{value!r} is no value of {name!r}", f"use one of {allowed}")
