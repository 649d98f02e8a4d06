"""How the files of a delivery folder are read, and how a fault in them is told. Pure.

Only the modules of `alerting` that read such a file import this.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from difflib import get_close_matches
from typing import Any, Final, TypeVar
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec

from sla.term import parse_length
from sla.toml_file import Fault, load, misfit
from sla.toml_lines import Path

RECEIVERS: Final = "receivers.toml"
ROUTES: Final = "routes.toml"
GUIDE: Final = "the delivery guide"
NAMES_MAX: Final = 2_000
_NAME = re.compile(r"[A-Za-z0-9_-]{1,60}")
_NOTHING = re.compile(r"\s*0\s*(s|min|h|d)\s*")
T = TypeVar("T")


class Notes:
    """The texts of the folder, and the faults found in them so far."""

    def __init__(self, files: Mapping[str, str], faults: list[Fault]) -> None:
        self.files, self.faults = files, faults

    def fault(self, file: str, at: Path, what: str, remedy: str) -> None:
        """Note a fault at a key of a file."""
        self.faults.append(Fault.at(file, self.files, at, what, remedy))

    def unknown(self, file: str, at: Path, sort: str, name: object, known: Collection[object]) -> None:
        """Note that something is named that is not there."""
        names = sorted(map(str, known))
        near = get_close_matches(str(name), names, n=1)
        if near:
            remedy = f"did you mean {near[0]!r}?"
        elif names:
            remedy = f"there are {', '.join(names[:12])}{' and more' if len(names) > 12 else ''}"
        else:
            remedy = "there are none"
        self.fault(file, at, f"unknown {sort} {str(name)!r}", remedy)

    def load(self, file: str, layout: type[T]) -> T | None:
        """A file in its layout; None after noting the fault."""
        if file not in self.files:
            what = "the file is missing"
            self.faults.append(Fault(file, 1, what, f"a delivery folder has a {RECEIVERS} and a {ROUTES}"))
            return None
        return load(file, self.files, layout, self.faults, GUIDE)

    def convert(self, file: str, at: Path, raw: Any, layout: type[T]) -> T | None:
        """One table in its layout; None after noting the fault."""
        try:
            return msgspec.convert(raw, layout)
        except msgspec.ValidationError as error:
            self.faults.append(misfit(file, self.files, at, error, GUIDE))
        return None

    def named(self, file: str, table: str, sort: str, entries: Mapping[str, Any]) -> None:
        """Check the names of a table of tables, and that there are not too many."""
        for name in entries:
            if not _NAME.fullmatch(name):
                remedy = "letters, digits, _ and -, 60 at most: it goes into logs and metrics"
                self.fault(file, (table, name), f"{name!r} is no name for a {sort}", remedy)
        if len(entries) > NAMES_MAX:
            self.fault(file, (table,), f"more than {NAMES_MAX} entries", "split the installation")

    def seconds(self, file: str, at: Path, text: str, least: float, most: float) -> float | None:
        """A length of time such as `10 min`, in seconds; None after noting that it is none, or out of range."""
        if least == 0 and _NOTHING.fullmatch(text):
            return 0.0  # a term is longer than nothing, so its reader refuses this
        try:
            length = parse_length(text).seconds
        except ValueError as error:
            self.fault(file, at, str(error), "write it as in '0 s', '10 min', '2 h'")
            return None
        if not least <= length <= most:
            self.fault(file, at, f"{text} is out of range", f"give {least:.0f} to {most:.0f} seconds")
            return None
        return length

    def zone(self, file: str, at: Path, name: str) -> ZoneInfo | None:
        """A time zone; None after noting that there is none of this name."""
        try:
            return ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            self.fault(file, at, f"unknown time zone {name!r}", "name one such as Asia/Shanghai")
        return None
