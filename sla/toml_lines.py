"""Where a key stands in a TOML file, so that a fault in a rulebook can name its line.

The standard parser keeps no positions; this finds them again for files as people write them (one key a line,
tables under headers). Only `sla.rulebook` and `sla.cases` import this.
"""

from __future__ import annotations

import re

_HEADER = re.compile(r"^\s*(\[\[?)\s*([^\]]+?)\s*\]\]?\s*(?:#.*)?$")
_KEY = re.compile(r'^\s*("[^"]*"|[A-Za-z0-9_.-]+)\s*=')

Path = tuple[str | int, ...]


def line_of(text: str, path: Path) -> int:
    """The 1-based line of a key such as `("in_force", 0, "term")`; of its nearest table when it is not there."""
    best, line = 0, 1
    for number, at in positions(text):
        shared = 0
        while shared < min(len(at), len(path)) and at[shared] == path[shared]:
            shared += 1
        if shared == len(at) and shared > best:
            best, line = shared, number
    return line


def positions(text: str) -> list[tuple[int, Path]]:
    """Each table header and key of a file with the line it stands on."""
    found: list[tuple[int, Path]] = []
    table: Path = ()
    counts: dict[Path, int] = {}
    for number, raw in enumerate(text.splitlines(), start=1):
        header = _HEADER.match(raw)
        if header:
            table = _table(header[2], is_array=header[1] == "[[", counts=counts)
            found.append((number, table))
            continue
        key = _KEY.match(raw)
        if key:
            found.append((number, table + _parts(key[1])))
    return found


def _table(name: str, *, is_array: bool, counts: dict[Path, int]) -> Path:
    path: Path = ()
    parts = _parts(name)
    for part in parts[:-1]:
        path += (part,)
        if path in counts:
            path += (counts[path] - 1,)
    path += (parts[-1],)
    if is_array:
        counts[path] = counts.get(path, 0) + 1
        path += (counts[path] - 1,)
    return path


def _parts(name: str) -> tuple[str, ...]:
    return tuple(part.strip().strip('"') for part in re.findall(r'"[^"]*"|[^.\s]+', name))


def parse_path(text: str) -> Path:
    """Read a path as the schema checker writes it: `$.in_force[0].term`."""
    path: Path = ()
    for name, index in re.findall(r"\.([A-Za-z0-9_-]+)|\[(\d+|\.\.\.)\]", text):
        if name:
            path += (name,)
        elif index != "...":
            path += (int(index),)
    return path
