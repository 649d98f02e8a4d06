"""The rows of an export, whatever its format: CSV or XES in, cells by column name out.

Only the columns that the mapping names are ever taken out of the file; all else, people's names first, stays
in it. XES goes by in a stream, one trace at a time in memory. A row that cannot be read is told, and the next
one is read. Only `cli.conversion` imports this.

In XES an attribute of the event is a column under its key, one of the trace under `case:` and its key.
"""

from __future__ import annotations

import csv
import io
import sys
import zlib
from collections.abc import Iterator
from typing import IO, Any

import msgspec
from defusedxml import DefusedXmlException
from defusedxml.ElementTree import ParseError, iterparse

from cli.mapping import Cells, Mapping, MappingError

CASE = "case:"
BROKEN = (OSError, EOFError, zlib.error)
"""What a damaged or truncated file raises, packed or not."""


class Row(msgspec.Struct, frozen=True):
    """One row of an export; `place` is how a person finds it there. Empty cells are left out."""

    place: str
    cells: Cells


class Unreadable(msgspec.Struct, frozen=True):
    """A row that could not be taken apart, and why."""

    place: str
    what: str


class ExportError(Exception):
    """An export that cannot be read on, or at all; the text says from where and why."""


def batches(stream: IO[bytes], mapping: Mapping) -> Iterator[list[Row | Unreadable]]:
    """Rows in the order of the file, in lists that hold all rows of each of their tickets.

    A list is a trace of an XES file, or all of a CSV file (whose tickets may be interleaved). Raises
    ExportError when the file breaks off, MappingError when a CSV file lacks a column that the mapping names.
    """
    return _xes(stream, mapping) if mapping.format == "xes" else iter([_csv(stream, mapping)])


def _csv(stream: IO[bytes], mapping: Mapping) -> list[Row | Unreadable]:
    # What is no text in this encoding is carried along, so that only the row it stands in is lost.
    text = io.TextIOWrapper(stream, mapping.csv.encoding, errors="surrogateescape", newline="")
    # strict, or a quote nobody closes would swallow the rest of the file in silence.
    reader = csv.reader(text, delimiter=mapping.csv.delimiter, strict=True)
    try:
        header = [name.strip() for name in next(reader, [])]
        wanted = _positions(header, mapping)
        return list(_csv_rows(reader, wanted, len(header)))
    except (*BROKEN, UnicodeError) as error:
        raise ExportError(f"line {reader.line_num}: the file breaks off: {error}") from error
    except csv.Error as error:
        raise ExportError(f"line {reader.line_num}: no CSV header: {error}") from error
    finally:
        text.detach()  # the stream is the caller's to close


def _positions(header: list[str], mapping: Mapping) -> list[tuple[str, int]]:
    faults = []
    for column in mapping.columns:
        if column not in header:
            has = ", ".join(header) or "none"
            faults.append(mapping.fault(column, f"the export has no column {column!r}", f"its columns are: {has}"))
        elif header.count(column) > 1:
            what = f"the export has two columns {column!r}"
            faults.append(mapping.fault(column, what, "rename one of them in the export"))
    if faults:
        raise MappingError(faults)
    return [(column, header.index(column)) for column in mapping.columns]


def _csv_rows(reader: Any, wanted: list[tuple[str, int]], width: int) -> Iterator[Row | Unreadable]:
    while True:
        place = f"line {reader.line_num + 1}"
        try:
            fields = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            yield Unreadable(place, f"no CSV: {error}")
            continue
        if not fields:
            continue
        if len(fields) != width:
            yield Unreadable(place, f"it has {len(fields)} cells where the header has {width}")
            continue
        # The same few words come again and again; interned, a row costs little.
        cells = {column: sys.intern(fields[at].strip()) for column, at in wanted}
        yield Row(place, {column: value for column, value in cells.items() if value})


def _xes(stream: IO[bytes], mapping: Mapping) -> Iterator[list[Row | Unreadable]]:
    wanted = frozenset(mapping.columns)
    root: Any = None
    number = 0
    try:
        for happening, element in iterparse(stream, events=("start", "end")):
            if root is None:
                root = element
            if happening == "end" and _tag(element) == "trace":
                number += 1
                yield _trace(element, number, wanted)
                root.clear()  # and with it the trace, or the whole log would pile up
    except ParseError as error:
        raise ExportError(f"after trace {number}: the file breaks off or is no XML: {error}") from error
    except DefusedXmlException as error:
        raise ExportError(f"after trace {number}: the file defines entities, which a log never needs") from error
    except BROKEN as error:
        raise ExportError(f"after trace {number}: the file breaks off: {error}") from error


def _trace(trace: Any, number: int, wanted: frozenset[str]) -> list[Row | Unreadable]:
    case = _attributes(trace, wanted, CASE)
    events = [element for element in trace if _tag(element) == "event"]
    return [
        Row(f"trace {number}, event {ordinal}", case | _attributes(event, wanted, ""))
        for ordinal, event in enumerate(events, start=1)
    ]


def _attributes(element: Any, wanted: frozenset[str], prefix: str) -> dict[str, str]:
    found = {}
    for child in element:
        key = prefix + child.get("key", "")
        if key in wanted:
            value = child.get("value", "").strip()
            if value:
                found[key] = value
    return found


def _tag(element: Any) -> str:
    """The name of an element without its namespace, which older logs do not have."""
    return str(element.tag).rpartition("}")[2]
