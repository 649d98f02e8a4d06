"""A count that one process keeps and another reads, in eight bytes of a shared file.

It exists because a fair comparison needs one way of counting for every engine, and this one costs 0.1 us. Used by
`bench.engines` (writing) and `bench.throughput` (reading); standard library only, as other environments import it.
"""

from __future__ import annotations

import mmap
import struct
from pathlib import Path

_COUNT = struct.Struct("<Q")


class Tally:
    """The writing side."""

    def __init__(self, path: str) -> None:
        Path(path).write_bytes(bytes(_COUNT.size))
        with Path(path).open("r+b") as file:
            self._shared = mmap.mmap(file.fileno(), _COUNT.size)
        self.count = 0

    def add(self, number: int = 1) -> None:
        """Count what was processed."""
        self.count += number
        _COUNT.pack_into(self._shared, 0, self.count)


def reading(path: Path) -> int:
    """The count so far; 0 before there is one."""
    try:
        raw = path.read_bytes()
    except FileNotFoundError:
        return 0
    return int(_COUNT.unpack(raw)[0]) if len(raw) == _COUNT.size else 0
