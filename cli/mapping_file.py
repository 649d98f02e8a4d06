"""The layout of a mapping file: its tables and keys with their types, as `cli.mapping` reads them.

A key that is not here is refused, so that a typing error never passes for a wish. Only `cli.mapping` and
`cli.conversion` import this.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Any, Literal

import msgspec

from cli.export_time import Twice

Scalar = str | int | float | bool


class As(StrEnum):
    """What the text of a cell is read as."""

    TEXT = "text"
    INTEGER = "integer"
    NUMBER = "number"
    BOOLEAN = "boolean"
    INSTANT = "instant"


class CsvFile(msgspec.Struct, forbid_unknown_fields=True, kw_only=True, frozen=True):
    """`[csv]`."""

    delimiter: str = ","
    encoding: str = "utf-8-sig"


class TimeFile(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """`[time]`."""

    column: str
    format: str = "iso"
    zone: str | None = None
    ambiguous: Twice = Twice.REFUSE


class FirstFile(msgspec.Struct, forbid_unknown_fields=True, kw_only=True, frozen=True):
    """`[first]`: the event that a ticket's first row stands for, beside its own or instead of it."""

    type: str
    instead: bool = False


class RowFile(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """`[[row]]`: which rows become which events; the first that matches counts."""

    where: dict[str, str | list[str]] = {}
    type: str | list[str] = []
    ignore: bool = False
    set: dict[str, Scalar] = {}


class ExtraFile(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """`[[extra]]`: an event put before a row's own when the ticket's last event was one of `after`."""

    after: str | list[str]
    type: str
    where: dict[str, str | list[str]] = {}


class AttributeFile(msgspec.Struct, forbid_unknown_fields=True, kw_only=True, rename={"as_": "as"}):
    """`[attributes.<name>]`."""

    column: str
    as_: As = As.TEXT
    values: dict[str, Scalar] = {}
    other: Scalar | None = None
    on: list[str] = []


class MappingFile(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """The whole file. Each attribute is an AttributeFile, read on its own, so that a fault can name it."""

    format: Literal["csv", "xes"]
    source: str
    ticket: str
    time: TimeFile
    row: list[RowFile]
    csv: CsvFile = CsvFile()
    first: FirstFile | None = None
    extra: list[ExtraFile] = []
    attributes: dict[str, Any] = {}
