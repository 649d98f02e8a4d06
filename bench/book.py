"""The book of results: every value measured, and median, least and greatest of each row. Used by every section.

Sections note one value a run; `bench.run` writes the book as JSON, `bench.report` reads it back.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from statistics import median
from typing import Any

import msgspec


class Row(msgspec.Struct):
    """One thing that was measured, once a run."""

    section: str
    subject: str
    metric: str
    unit: str
    values: list[float] = []
    note: str = ""

    @property
    def median(self) -> float:
        """The middle value."""
        return median(self.values)


class Book(msgspec.Struct):
    """One run of the benchmark: what it ran on, what came out, which sections failed and why."""

    about: dict[str, Any]
    rows: list[Row] = []
    failed: dict[str, str] = {}

    def note(self, section: str, subject: str, metric: str, unit: str, value: float, note: str = "") -> None:
        """Write down one value."""
        for row in self.rows:
            if (row.section, row.subject, row.metric) == (section, subject, metric):
                row.values.append(value)
                row.note = note or row.note
                return
        self.rows.append(Row(section, subject, metric, unit, [value], note))

    def median(self, section: str, subject: str, metric: str) -> float | None:
        """The middle value of a row; None if it was not measured."""
        for row in self.rows:
            if (row.section, row.subject, row.metric) == (section, subject, metric):
                return row.median
        return None

    def renewed(self, by: Book) -> Book:
        """This book with the sections another has measured later; `about` says of each from when and what it is."""
        sections = list(dict.fromkeys(row.section for row in by.rows))
        rows = [row for row in self.rows if row.section not in sections]
        later = {name: {key: by.about[key] for key in ("began", "commit", "command")} for name in sections}
        about = {**self.about, "later": {**self.about.get("later", {}), **later}}
        failed = {name: why for name, why in self.failed.items() if name not in sections} | by.failed
        return Book(about, [*rows, *by.rows], failed)

    def write(self, path: Path) -> None:
        """Save as JSON, the three figures of each row beside its values."""
        told = msgspec.to_builtins(self)
        for row in told["rows"]:
            row |= {"median": median(row["values"]), "min": min(row["values"]), "max": max(row["values"])}
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(msgspec.json.format(msgspec.json.encode(told), indent=1) + b"\n")


def load(path: Path) -> Book:
    """Read a book."""
    return msgspec.json.decode(path.read_bytes(), type=Book)


def quantile(values: Sequence[float], share: float) -> float:
    """The value that `share` of all are not above (nearest rank)."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, max(0, -(-int(share * 1000) * len(ordered) // 1000) - 1))]
