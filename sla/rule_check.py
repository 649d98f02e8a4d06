"""What the names and values of a rule must satisfy beyond their types; every fault with file, line and remedy.

Only `sla.rule_file` imports this.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from typing import Any

from sla.rule_layout import (
    InForceFile,
    RecurrenceFile,
    RuleFile,
    StartFile,
    StopFile,
    TriggerFile,
    alternatives,
    starts,
)
from sla.toml_file import Fault, Where, plain
from sla.toml_lines import Path
from sla.vocabulary import Attribute, Kind, Vocabulary

_ALWAYS_STOPS = {"deadline", "notice", "report", "attempts"}
"""Kinds whose clock somebody must be able to stop."""
_PARAMETERS: dict[str, tuple[tuple[str, ...], ...]] = {
    "deadline": (("term",),),
    "notice": (("term",),),
    "report": (("daily",), ("every", "after")),
    "attempts": (("days", "a_day", "gap"), ("tries", "gap")),
    "quota": (("cap",),),
    "check": ((),),
    "recurrence": (("term",),),
}
"""What `[[in_force]]` must say, by kind: one of these ways. `each` and `keep` are optional."""
_OF_KIND = {
    "undo": {"deadline", "report"},
    "superior": {"deadline"},
    "quota": {"quota"},
    "needs": {"check"},
    "recurrence": {"recurrence"},
}
RECURRENCE = "recurrence"
"""The kind whose clocks are an incident's, not a ticket's (`sla.incident`)."""
TIMES_MAX = 100


class Check:
    """Collects the faults of one rule."""

    def __init__(self, path: str, files: Mapping[str, str], vocabulary: Vocabulary, faults: list[Fault]) -> None:
        self.path, self.files, self.vocabulary, self.faults = path, files, vocabulary, faults

    def fault(self, at: Path, what: str, remedy: str) -> None:
        """Note a fault at a key of the rule's file."""
        self.faults.append(Fault.at(self.path, self.files, at, what, remedy))

    def rule(self, file: RuleFile) -> None:
        """Look at everything a rule says."""
        expected = self.path.removesuffix(".toml")
        if file.id != expected:
            self.fault(("id",), f"the id is {file.id!r}", f"make it {expected!r}, the path of the file")
        if file.kind not in _PARAMETERS:
            self.fault(("kind",), f"unknown kind {file.kind!r}", f"use one of {', '.join(sorted(_PARAMETERS))}")
        if {"zh", "en"} - file.title.keys():
            self.fault(("title",), "the title lacks a language", "give it in zh and en")
        for where in alternatives(file.binds):
            self.where(("binds",), where, remembered=True)
        for number, where in enumerate(file.excepts):
            self.where(("except", number), where, remembered=True)
        if file.business not in {business.name for business in self.vocabulary.businesses.values()}:
            self.fault(("business",), f"unknown business {file.business!r}", "name one of vocabulary.toml")
            return
        self.starts(file)
        self.ends(file)
        for number, owner in enumerate(file.owner):
            self.where(("owner", number, "where"), owner.where, remembered=True)
            for key, told in (("unit", owner.unit), ("level_from", owner.level_from)):
                if told is not None:
                    self.attribute(("owner", number, key), told)
            if owner.of is not None:
                of = TriggerFile(event=owner.of) if isinstance(owner.of, str) else owner.of
                self.trigger(("owner", number, "of"), of, file.business)
        self.particulars(file)
        self.dated(file)
        if not file.case:
            self.fault((), "the rule has no worked case", "add [[case]]s: met, breached, exactly on the boundary")

    def starts(self, file: RuleFile) -> None:
        """What starts its clock: events that exist and can happen, or its beginning to bind."""
        tables = file.start if isinstance(file.start, list) else [file.start]
        for number, start in enumerate(tables):
            at: Path = ("from", number) if isinstance(file.start, list) else ("from",)
            if start.bound:
                self.bound(at, file, start)
                continue
            self.event((*at, "event"), start.event, file.business)
            self.where((*at, "where"), start.where)
            self.unless((*at, "unless"), start)
            self.where((*at, "ticket"), start.ticket, remembered=True)
            if start.ticket and file.kind != "check":
                self.fault((*at, "ticket"), f"ticket does not belong to kind {file.kind!r}", "write it into binds")
            if start.at is not None:
                self.instant((*at, "at"), start.at)
            if start.first and start.last:
                self.fault(at, "a start is the first or the last, not both", "remove one")
            self.reachable(at, file, start)

    def bound(self, at: Path, file: RuleFile, start: StartFile) -> None:
        """A rule that starts when it begins to bind needs something that can begin."""
        if file.kind not in ("notice", "check"):
            self.fault(at, f"kind {file.kind!r} starts with an event", "name the event")
        if start.event or start.where or start.at:
            self.fault(at, "bound = true names no event", "remove bound, or everything else of [from]")
        if not file.binds:
            self.fault(at, "the rule could never start: it binds every ticket from the first", "add binds")

    def reachable(self, at: Path, file: RuleFile, start: StartFile) -> None:
        """A start whose own condition contradicts what the rule binds, or itself, never comes."""
        if not isinstance(start.unless, list) and start.unless and start.unless == start.where:
            self.fault(at, "the rule could never start: unless bars what where asks for", "mend one of them")
        for name, values in start.where.items():
            bounds = [where.get(name) for where in alternatives(file.binds)]
            if not bounds or None in bounds or not plain(values) or not all(plain(bound) for bound in bounds):
                continue
            if all(_set(values).isdisjoint(_set(bound)) for bound in bounds) and name in self.vocabulary.remembered:
                what = f"the rule could never start: {name!r} is asked for here and bound otherwise"
                self.fault((*at, "where", name), what, "mend one of them")

    def ends(self, file: RuleFile) -> None:
        """What stops, reopens and cancels its clock."""
        if not file.to and file.kind in _ALWAYS_STOPS:
            self.fault(("to",), "nothing stops the clock", "add at least one [[to]]")
        for table, stops in (("to", file.to), ("undo", file.undo), ("cancel", file.cancel)):
            for number, stop in enumerate(stops):
                at: Path = (table, number)
                self.trigger(at, stop, file.business)
                for name in (*stop.match, *stop.match.values()):
                    self.attribute((*at, "match"), name)
                self.stoppable(at, file, stop)
                own = any(stop.event == start.event for start in starts(file))
                told_apart = stop.match or stop.where or stop.unless or any(s.where for s in starts(file))
                if table == "to" and own and not told_apart:
                    remedy = "add a where or a match that tells them apart"
                    self.fault(at, "the rule could stop on its own start", remedy)
                if (table == "cancel") != (stop.reason is not None):
                    self.fault(at, "a reason belongs to [[cancel]], and each has one", "add or remove it")

    def stoppable(self, at: Path, file: RuleFile, stop: StopFile) -> None:
        """A stop that bars what it asks for, or is matched to values it excludes, never stops anything."""
        if not isinstance(stop.unless, list) and stop.unless and stop.unless == stop.where:
            self.fault(at, "this never stops the clock: unless bars what where asks for", "mend one of them")
        for mine, theirs in stop.match.items():
            asked = stop.where.get(theirs)
            given = [start.where.get(mine) for start in starts(file)]
            if asked is None or not given or any(values is None or not plain(values) for values in given):
                continue
            if plain(asked) and all(_set(values).isdisjoint(_set(asked)) for values in given):
                what = f"this never stops the clock: {mine!r} of the start is never a {theirs!r} asked for here"
                self.fault((*at, "match"), what, "mend where or match")

    def particulars(self, file: RuleFile) -> None:
        """Tables that belong to certain kinds only, and what they name."""
        for key, kinds in _OF_KIND.items():
            if getattr(file, key) and file.kind in _PARAMETERS and file.kind not in kinds:
                self.fault((key,), f"{key} does not belong to kind {file.kind!r}", "remove it")
        if file.superior is not None:
            self.event(("superior", "event"), file.superior.event, file.business)
            self.instant(("superior", "at"), file.superior.at, remembered=False)
        for key, triggers in (("needs", file.needs), ("lacks", file.lacks)):
            for number, trigger in enumerate(triggers):
                self.trigger((key, number), trigger, file.business)
        if file.kind == "quota" and file.quota is None:
            self.fault((), "a quota adds something up", "add a [quota] with add and amount")
        if file.quota is not None:
            for event in filter(None, (file.quota.add, file.quota.remove)):
                self.event(("quota",), event, file.business)
            self.attribute(("quota", "amount"), file.quota.amount)
        if file.kind == RECURRENCE and file.recurrence is None:
            self.fault((), "a recurrence counts something", "add a [recurrence] with same, times and counts")
        if file.recurrence is not None:
            self.recurrence(file, file.recurrence)

    def recurrence(self, file: RuleFile, table: RecurrenceFile) -> None:
        """What makes tickets belong together, and what makes them count."""
        at: Path = ("recurrence",)
        for name in table.same:
            attribute = self.attribute((*at, "same"), name)
            if attribute is not None and not attribute.remembered:
                self.fault((*at, "same"), f"no ticket remembers {name!r}", "set remembered = true in vocabulary.toml")
        if not table.same:
            self.fault((*at, "same"), "nothing says which tickets belong together", "name at least one attribute")
        if not table.counts:
            self.fault((*at, "counts"), "no ticket would ever count", "add at least one event")
        if not 1 <= table.times <= TIMES_MAX:
            self.fault((*at, "times"), f"{table.times} is out of range", f"give 1 to {TIMES_MAX}")
        if table.warn_at and not 0 < table.warn_at < table.times:
            self.fault((*at, "warn_at"), "the warning comes too late or never", "give less than times")
        for key, triggers in (("counts", table.counts), ("discounts", table.discounts)):
            for number, trigger in enumerate(triggers):
                self.trigger((*at, key, number), trigger, file.business)
        self.of_an_incident(file)

    def of_an_incident(self, file: RuleFile) -> None:
        """What a rule about single tickets may say, and one about incidents would not heed."""
        for number, entry in enumerate(file.in_force):
            if entry.warn:
                remedy = "use warn_at of [recurrence]"
                self.fault(("in_force", number, "warn"), "a recurrence warns at a number, not at a share", remedy)
            if entry.where:
                remedy = "write it into binds, in a rule of its own"
                self.fault(("in_force", number, "where"), "an incident has no attributes of its own", remedy)
            if entry.term is not None and re.search("w[hd]", entry.term):
                remedy = "count in months or days"
                self.fault(("in_force", number, "term"), "incidents are not counted in working time", remedy)
        for start in starts(file):
            if start.where or start.unless or start.at or start.first or start.last:
                self.fault(
                    ("from",), "an incident begins with a closing, whatever the start says", "name the event only"
                )
        if file.cancel or any(stop.match for stop in file.to):
            self.fault(
                ("to",), "what ends an incident is any such event, and nothing cancels it", "remove match, [[cancel]]"
            )

    def dated(self, file: RuleFile) -> None:
        """The terms in force: what each kind needs, and no two from one date for the same tickets."""
        if not file.in_force:
            self.fault(("in_force",), "no term is in force", "add at least one [[in_force]]")
        dated: set[tuple[date, str]] = set()
        for number, entry in enumerate(file.in_force):
            at: Path = ("in_force", number)
            self.where((*at, "where"), entry.where, remembered=True)
            if file.kind in _PARAMETERS:
                self.parameters(at, file.kind, entry)
            for keep in entry.keep:
                self.where((*at, "keep"), keep.where, remembered=True)
                if not 0 < keep.years <= 100:
                    self.fault((*at, "keep"), f"{keep.years} years is out of range", "give 1 to 100 years")
            key = (entry.since, repr(sorted(entry.where.items())))
            if key in dated:
                self.fault(at, "two terms are in force from the same date", "remove one")
            dated.add(key)

    def parameters(self, at: Path, kind: str, entry: InForceFile) -> None:
        """What a kind must and must not be told."""
        ways = _PARAMETERS[kind]
        needed = next((way for way in ways if way and getattr(entry, way[0])), ways[0])
        told = {"term", "daily", "every", "after", "days", "a_day", "tries", "gap", "cap"}
        for key in sorted(told):
            value = getattr(entry, key)
            if key in needed and not value:
                self.fault(at, f"kind {kind!r} needs {key}", f"add {key}")
            elif key not in needed and value:
                self.fault((*at, key), f"{key} does not belong to kind {kind!r}", "remove it")
            elif isinstance(value, int) and not 0 <= value <= 2**40:
                self.fault((*at, key), f"{key} is out of range", "give a number that is not negative")

    def trigger(self, at: Path, trigger: TriggerFile | StopFile, business: str) -> None:
        """An event of this business under conditions on its attributes."""
        self.event((*at, "event"), trigger.event, business)
        self.where((*at, "where"), trigger.where)
        self.unless((*at, "unless"), trigger)

    def unless(self, at: Path, trigger: TriggerFile | StopFile | StartFile) -> None:
        """Each table of `unless`, like a `where`."""
        for table in alternatives(trigger.unless):
            self.where(at, table)

    def event(self, at: Path, name: str, business: str) -> None:
        """An event type of the business."""
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
        """An attribute that may be kept."""
        attribute = self.vocabulary.attributes.get(name)
        if attribute is None:
            self.fault(at, f"unknown attribute {name!r}", "name an attribute of vocabulary.toml, or add it there")
        elif not attribute.kept:
            self.fault(at, f"{name!r} is personal or free text and is never kept", "a rule cannot rest on it")
        return attribute

    def instant(self, at: Path, name: str, *, remembered: bool = True) -> None:
        """An attribute that holds an instant."""
        attribute = self.attribute(at, name)
        if attribute is not None and remembered and not attribute.remembered:
            what = f"no ticket remembers {name!r}, so it could not be corrected"
            self.fault(at, what, "set remembered = true in vocabulary.toml")
        if attribute is not None and attribute.kind is not Kind.INSTANT:
            self.fault(at, f"{name!r} holds no instant", "name an attribute of type instant")

    def where(self, at: Path, where: Where, *, remembered: bool = False) -> None:
        """A condition on attributes: known ones, with values they may have."""
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


def _set(values: Any) -> set[Any]:
    return set(values) if isinstance(values, list) else {values}
