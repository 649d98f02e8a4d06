"""Progress on a terminal while a file of events is read and its tickets are judged. Only `cli.backtest` uses it."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Collection, Iterator
from pathlib import Path
from typing import Any, BinaryIO, TypeVar, cast

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    SpinnerColumn,
    TaskProgressColumn,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

from cli.event_lines import lines, reading

T = TypeVar("T")

_TICK = 1000
"""The bar moves every so many lines; asking for each would cost more than reading it."""


@contextlib.contextmanager
def events_of(name: str) -> Iterator[Iterator[bytes]]:
    """The lines of a file that hold something; progress by bytes of the file, packed or not.

    Standard input and pipes have no end to measure by: a spinner counts the events.
    """
    with reading(name) as file:
        found = (line for _, line in lines(file))
        console = Console(stderr=True)
        if not console.is_terminal:
            yield found
            return
        size = Path(name).stat().st_size if name != "-" and Path(name).is_file() else None
        columns: tuple[ProgressColumn, ...] = (SpinnerColumn(), TextColumn("{task.completed:,.0f} events read"))
        if size is not None:
            columns = (TextColumn("read {task.description}"), BarColumn(), TaskProgressColumn())
        with Progress(*columns, TimeElapsedColumn(), console=console, transient=True) as bar:
            task = bar.add_task(name, total=size)
            at = None if size is None else position(name, file)

            def moved(number: int) -> None:
                bar.update(task, completed=number if at is None else at())

            yield _moving(found, moved)


def tickets_of(tickets: Collection[str], what: str) -> Iterator[str]:
    """The tickets one by one, with progress by their number; `what` says what is done with them."""
    console = Console(stderr=True)
    if not console.is_terminal:
        yield from tickets
        return
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task(what, total=len(tickets))
        yield from _moving(iter(tickets), lambda number: bar.update(task, completed=number), 100)


def position(name: str, file: BinaryIO) -> Callable[[], int]:
    """How many bytes of the file on disk were read: of a packed one those still packed."""
    on_disk = cast(Any, file).fileobj if name.endswith(".gz") else file
    return cast(Callable[[], int], on_disk.tell)


def _moving(items: Iterator[T], moved: Callable[[int], None], tick: int = _TICK) -> Iterator[T]:
    number = 0
    for number, item in enumerate(items, start=1):
        yield item
        if number % tick == 0:
            moved(number)
    moved(number)
