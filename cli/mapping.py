"""How an export becomes events, as its owner writes it down: the mapping file, read whole and checked whole.

A bad mapping is refused with every fault: file, line, what is wrong, what to do. `examples/bpic2013.toml` is
one to start from. Only `cli.convert`, `cli.conversion` and `cli.export_rows` import this.
"""

from __future__ import annotations

import codecs
import re
import tomllib
from collections.abc import Mapping as Table
from typing import Literal
from zoneinfo import ZoneInfo

import msgspec

from cli.export_time import TimeFormat
from cli.mapping_file import As, AttributeFile, CsvFile, FirstFile, MappingFile, Scalar, TimeFile
from sla.toml_file import Fault
from sla.toml_lines import Path, line_of, parse_path

PEOPLE = frozenset({"org:resource", "case:org:resource"})
"""Where XES keeps the names of people; they stay out of events."""

Cells = Table[str, str]


class MappingError(Exception):
    """A mapping that cannot be used, or not on this export, with all its faults."""

    def __init__(self, faults: list[Fault]) -> None:
        self.faults = faults
        super().__init__("\n".join(str(fault) for fault in faults))


class Where(msgspec.Struct, frozen=True):
    """Columns that must each hold one of some values; an empty value stands for a cell that is not there."""

    wanted: tuple[tuple[str, frozenset[str]], ...]

    def holds(self, cells: Cells) -> bool:
        """Whether a row matches."""
        return all(cells.get(column, "") in values for column, values in self.wanted)


class RowRule(msgspec.Struct, frozen=True):
    """What a matching row becomes: its event types in order (none: it is ignored), with fixed attributes."""

    where: Where
    types: tuple[str, ...]
    fixed: dict[str, Scalar]


class Extra(msgspec.Struct, frozen=True):
    """An event that a row makes because of what came before it."""

    after: frozenset[str]
    where: Where
    type: str


class Attribute(msgspec.Struct, frozen=True):
    """One attribute of the events of some types (`on` empty: of all)."""

    name: str
    column: str
    kind: As
    values: dict[str, Scalar]
    other: Scalar | None
    on: frozenset[str]


class Mapping(msgspec.Struct, frozen=True):
    """A checked mapping. `columns` tells the key that first names each column; no others are ever read."""

    file: str
    text: str
    format: Literal["csv", "xes"]
    csv: CsvFile
    source: str
    ticket: str
    time_column: str
    time: TimeFormat
    first: FirstFile | None
    rows: tuple[RowRule, ...]
    extras: tuple[Extra, ...]
    attributes: tuple[Attribute, ...]
    columns: dict[str, Path]

    def rule_for(self, cells: Cells) -> RowRule | None:
        """The first row rule that matches; None when no rule does."""
        return next((rule for rule in self.rows if rule.where.holds(cells)), None)

    def fault(self, column: str, what: str, remedy: str) -> Fault:
        """A fault at the place where the mapping names a column."""
        return Fault(self.file, line_of(self.text, self.columns[column]), what, remedy)


def parse(file: str, text: str) -> Mapping:
    """Read and check a mapping; raises MappingError with all faults found."""
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        line = re.search(r"at line (\d+)", str(error))
        fault = Fault(file, int(line[1]) if line else 1, f"not valid TOML: {error}", "mend the syntax")
        raise MappingError([fault]) from None
    at: Path = ()
    try:
        told = msgspec.convert(table, MappingFile)
        attributes: dict[str, AttributeFile] = {}
        for name, attribute in told.attributes.items():
            at = ("attributes", name)
            attributes[name] = msgspec.convert(attribute, AttributeFile)
    except msgspec.ValidationError as error:
        what, _, inside = str(error).partition(" - at `")
        unknown = re.search(r"unknown field `(.+)`", what)
        path = (*at, *parse_path(inside), *((unknown[1],) if unknown else ()))
        remedy = "examples/bpic2013.toml shows the keys of a mapping"
        raise MappingError([Fault(file, line_of(text, path), what.strip(), remedy)]) from None
    check = _Check(file, text)
    zone = check.mapping(told, attributes)
    if check.faults:
        raise MappingError(check.faults)
    return Mapping(
        file=file,
        text=text,
        format=told.format,
        csv=told.csv,
        source=told.source,
        ticket=told.ticket,
        time_column=told.time.column,
        time=TimeFormat(told.time.format, zone, told.time.ambiguous),
        first=told.first,
        rows=tuple(RowRule(_where(row.where), tuple(_list(row.type)), row.set) for row in told.row),
        extras=tuple(Extra(frozenset(_list(e.after)), _where(e.where), e.type) for e in told.extra),
        attributes=tuple(
            Attribute(name, a.column, a.as_, a.values, a.other, frozenset(a.on)) for name, a in attributes.items()
        ),
        columns=_columns(told, attributes),
    )


def _list(value: str | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else value


def _where(where: dict[str, str | list[str]]) -> Where:
    return Where(tuple((column, frozenset(_list(values))) for column, values in where.items()))


def _columns(told: MappingFile, attributes: dict[str, AttributeFile]) -> dict[str, Path]:
    """Each column that the mapping names, with the key that names it first."""
    named: list[tuple[str, Path]] = [(told.ticket, ("ticket",)), (told.time.column, ("time", "column"))]
    for number, row in enumerate(told.row):
        named += [(column, ("row", number, "where")) for column in row.where]
    for number, extra in enumerate(told.extra):
        named += [(column, ("extra", number, "where")) for column in extra.where]
    named += [(a.column, ("attributes", name, "column")) for name, a in attributes.items()]
    return dict(reversed(named))


class _Check:
    """What the values of a mapping must satisfy beyond their types."""

    def __init__(self, file: str, text: str) -> None:
        self.file, self.text = file, text
        self.faults: list[Fault] = []

    def fault(self, at: Path, what: str, remedy: str) -> None:
        self.faults.append(Fault(self.file, line_of(self.text, at), what, remedy))

    def mapping(self, told: MappingFile, attributes: dict[str, AttributeFile]) -> ZoneInfo | None:
        """Check everything; give the zone of the times, if any."""
        for key in ("source", "ticket"):
            if not getattr(told, key):
                self.fault((key,), f"{key} is empty", "name it")
        if len(told.csv.delimiter) != 1 or told.csv.delimiter in '\r\n"':
            self.fault(("csv", "delimiter"), "a delimiter is one character", 'write it as in ";" or "\\t"')
        try:
            codecs.lookup(told.csv.encoding)
        except LookupError:
            self.fault(("csv", "encoding"), f"unknown encoding {told.csv.encoding!r}", 'write it as in "cp1252"')
        if not told.row:
            self.fault((), "no row becomes an event", "add at least one [[row]]")
        self.rows(told)
        made = self.made(told)
        for number, extra in enumerate(told.extra):
            self.types(("extra", number, "after"), _list(extra.after), made)
        for name, attribute in attributes.items():
            self.attribute(("attributes", name), attribute, made)
        return self.time(told.time)

    def rows(self, told: MappingFile) -> None:
        for number, row in enumerate(told.row):
            if row.ignore == bool(row.type):
                remedy = "give it one or the other, so that nothing is left out by oversight"
                self.fault(("row", number), "a row has a type, or ignore = true", remedy)

    def made(self, told: MappingFile) -> set[str]:
        """Every event type that this mapping can make."""
        made = {told.first.type} if told.first else set()
        made.update(extra.type for extra in told.extra)
        made.update(type_ for row in told.row for type_ in _list(row.type))
        if "" in made:
            self.fault((), "an event type is empty", "name a type of the rulebook, as in incident.accepted")
        return made

    def types(self, at: Path, named: list[str], made: set[str]) -> None:
        for type_ in named:
            if type_ not in made:
                self.fault(at, f"no row becomes {type_!r}", "name a type that this mapping makes")

    def attribute(self, at: Path, attribute: AttributeFile, made: set[str]) -> None:
        if attribute.column in PEOPLE:
            remedy = "people's names stay out of events; take org:group or org:role"
            self.fault((*at, "column"), f"{attribute.column!r} holds the names of people", remedy)
        if attribute.values and attribute.as_ is not As.TEXT:
            self.fault((*at, "as"), "values have their types already", "leave out either values or as")
        if attribute.other is not None and not attribute.values:
            self.fault((*at, "other"), "other stands for what values does not list", "add values")
        self.types((*at, "on"), attribute.on, made)

    def time(self, told: TimeFile) -> ZoneInfo | None:
        problem = TimeFormat.problem(told.format, told.zone)
        if problem is not None:
            self.fault(("time", "format"), problem, "mend [time]")
        if told.zone is None:
            return None
        try:
            return ZoneInfo(told.zone)
        except (KeyError, ValueError, OSError):
            self.fault(
                ("time", "zone"),
                f"unknown time zone {told.zone!r}",
                "use an IANA name, as in Europe/Stockholm",
            )
            return None
