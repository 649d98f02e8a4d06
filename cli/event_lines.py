"""Files of events: JSON lines, `.gz` too, `-` for standard input or output. Used by the verbs of this package."""

from __future__ import annotations

import contextlib
import gzip
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO


@contextlib.contextmanager
def reading(name: str) -> Iterator[BinaryIO]:
    """A file opened for reading bytes."""
    if name == "-":
        yield sys.stdin.buffer
    elif name.endswith(".gz"):
        with gzip.open(name, "rb") as file:
            yield file  # type: ignore[misc]  # a GzipFile reads like any binary file
    else:
        with Path(name).open("rb") as file:
            yield file


@contextlib.contextmanager
def writing(name: str) -> Iterator[BinaryIO]:
    """A file opened for writing bytes."""
    if name == "-":
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
    elif name.endswith(".gz"):
        with gzip.open(name, "wb") as file:
            yield file  # type: ignore[misc]  # as above
    else:
        with Path(name).open("wb") as file:
            yield file


def lines(file: BinaryIO) -> Iterator[tuple[int, bytes]]:
    """The lines that hold something, with their numbers."""
    for number, line in enumerate(file, start=1):
        stripped = line.strip()
        if stripped:
            yield number, stripped
