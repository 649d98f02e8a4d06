"""How one TOML file of a rulebook is read into its layout, and how a fault in it is told: file, line, remedy.

Used by `sla.rule_file`, `sla.vocabulary_file`, `sla.rulebook`, `sla.cases` and by what reads files of the same kind.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from typing import Any, TypeVar

import msgspec

from sla.toml_lines import Path, line_of, parse_path
from sla.vocabulary import Condition

Where = dict[str, Any]
"""Attributes that must each hold a value, or one of a list of values."""


def plain(values: Any) -> bool:
    """Whether a condition on an attribute is a value or a list of values."""
    return all(isinstance(value, str | int | float) for value in (values if isinstance(values, list) else [values]))


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


F = TypeVar("F")


RULEBOOK_GUIDE = "the rulebook guide"


def load(
    file: str, files: Mapping[str, str], layout: type[F], faults: list[Fault], guide: str = RULEBOOK_GUIDE
) -> F | None:
    """Parse one file into its layout; None after noting the fault. `guide` tells the keys of the file."""
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
        faults.append(misfit(file, files, (), error, guide))
    return None


def misfit(
    file: str, files: Mapping[str, str], above: Path, error: msgspec.ValidationError, guide: str = RULEBOOK_GUIDE
) -> Fault:
    """The fault of a value that does not fit its layout, at the key that it is about."""
    what, _, path = str(error).partition(" - at `")
    at = above + parse_path(path)
    unknown = re.search(r"unknown field `([^`]+)`", what)
    if unknown:
        at = (*at, unknown[1])
    remedy = f"see {guide} for the keys of this file and their types"
    return Fault.at(file, files, at, what.strip(), remedy)


def each(
    file: str,
    name: str,
    table: dict[str, Any],
    layout: type[F],
    files: Mapping[str, str],
    faults: list[Fault],
    guide: str = RULEBOOK_GUIDE,
) -> dict[str, F]:
    """The entries of a table of tables, each converted on its own so that a fault names its key."""
    found: dict[str, F] = {}
    for title, raw in table.items():
        try:
            found[title] = msgspec.convert(raw, layout)
        except msgspec.ValidationError as error:
            faults.append(misfit(file, files, (name, title), error, guide))
    return found


def _line_in(message: str) -> int:
    for word in message.replace(",", " ").replace(")", " ").split("line ")[1:]:
        digits = word.split()[0]
        if digits.isdigit():
            return int(digits)
    return 1


def condition(where: Where) -> Condition:
    """Compile `{ level = "national", to_level = ["city", "county"] }`."""
    return Condition(
        tuple((name, frozenset(values if isinstance(values, list) else [values])) for name, values in where.items())
    )
