"""`slawatch convert`: a CSV or XES export of a ticket system, turned into events for every other verb.

History is the cheapest test of a rulebook: convert it once, then `backtest` it. Good rows are written
although others are bad; each bad one is named on standard error and makes the exit code 1. Only
`cli.main` imports this.
"""

from __future__ import annotations

import argparse
import gzip
import os
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import datetime
from pathlib import Path
from typing import IO, Any, cast

import msgspec
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

from cli.conversion import Tally, convert
from cli.export_rows import ExportError
from cli.mapping import Mapping, MappingError, parse

FINE, HOLDS_NOT, WRONG_USE = 0, 1, 2
TOLD_MAX = 100
"""So many bad rows are named one by one; a thousand more would say the same."""

KINDS_MAX = 20
_GZIP = b"\x1f\x8b"
_TICK = 500
"""Events between two movements of the progress bar."""

ABOUT = """Turn a CSV or XES export of a ticket system into events (JSON lines), as a mapping says.
Good rows are written although others are bad; each bad one is named, and the exit code is then 1."""


def add(verbs: Any) -> None:
    """Declare the verb and its flags."""
    verb = verbs.add_parser("convert", help="turn a CSV or XES export into events", description=ABOUT)
    verb.add_argument("file", metavar="FILE", help="the export, plain or .gz; - for standard input")
    verb.add_argument("--mapping", required=True, metavar="M", help="TOML that says which rows are which events")
    verb.add_argument("--out", metavar="F", help="write to this file (.gz packs it) instead of standard output")
    verb.add_argument("--sort", action="store_true", help="order all events by time; holds them in memory")
    verb.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Convert; 1 when a row was bad or the file breaks off, 2 when the mapping or a file name is wrong."""
    bad = 0

    def told(what: str) -> None:
        nonlocal bad
        bad += 1
        if bad <= TOLD_MAX:
            _say(f"{options.file}: {what}")
        elif bad == TOLD_MAX + 1:
            _say(f"{options.file}: further bad rows are only counted")

    tally = Tally(told)
    try:
        mapping = parse(options.mapping, Path(options.mapping).read_text(encoding="utf-8"))
        whole = _write(options, mapping, tally)
    except MappingError as error:
        _say(str(error))
        return WRONG_USE
    except UnicodeDecodeError:
        _say(f"{options.mapping}: the mapping is no UTF-8 text; save it as UTF-8")
        return WRONG_USE
    except BrokenPipeError:
        # Whoever reads us has seen enough (`| head`). What is still buffered must not fail again on exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FINE
    except OSError as error:
        _say(str(error))
        return WRONG_USE
    _summarise(options.file, tally, mapping)
    return FINE if whole and not tally.bad else HOLDS_NOT


def _write(options: argparse.Namespace, mapping: Mapping, tally: Tally) -> bool:
    """Convert and write; False when the export breaks off, after what came before it has been written."""
    whole = True

    def events(stream: IO[bytes]) -> Iterator[dict[str, Any]]:
        nonlocal whole
        try:
            yield from convert(stream, mapping, tally)
        except ExportError as error:
            _say(f"{options.file}: {error}")
            whole = False

    with _opened(options.file) as (stream, moved), _sink(options.out) as out:
        found: Iterable[dict[str, Any]] = events(stream)
        if options.sort:
            found = sorted(found, key=lambda event: datetime.fromisoformat(event["time"]))
        encoder = msgspec.json.Encoder()
        for number, event in enumerate(found):
            out.write(encoder.encode(event) + b"\n")
            if number % _TICK == 0:
                moved()
    return whole


@contextmanager
def _opened(name: str) -> Iterator[tuple[IO[bytes], Callable[[], None]]]:
    """The unpacked bytes of a file or of standard input, and what moves the progress bar, if there is one."""
    with ExitStack() as stack:
        raw = sys.stdin.buffer if name == "-" else stack.enter_context(Path(name).open("rb"))
        size = None if name == "-" else os.fstat(raw.fileno()).st_size
        packed = cast(Any, raw).peek(len(_GZIP))[: len(_GZIP)] == _GZIP
        stream = cast(IO[bytes], gzip.GzipFile(fileobj=raw)) if packed else raw
        if not sys.stderr.isatty():
            yield stream, lambda: None
            return
        columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeElapsedColumn())
        bar = stack.enter_context(Progress(*columns, console=Console(stderr=True), transient=True))
        task = bar.add_task(f"convert {name}", total=size)
        yield stream, lambda: bar.update(task, completed=raw.tell() if size is not None else 0)


@contextmanager
def _sink(name: str | None) -> Iterator[IO[bytes]]:
    """Where the events go. A file appears under its name only when it is whole."""
    if name is None:
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
        return
    target = Path(name)
    if target.exists() and not target.is_file():  # a pipe or a device, which nothing may replace
        with target.open("wb") as device:
            yield device
        return
    part = Path(f"{name}.part")
    try:
        with part.open("wb") as raw:
            if name.endswith(".gz"):
                # No name and no time in the header: the same events give the same bytes.
                with gzip.GzipFile(filename="", fileobj=raw, mode="wb", mtime=0) as packed:
                    yield cast(IO[bytes], packed)
            else:
                yield raw
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)


def _summarise(name: str, tally: Tally, mapping: Mapping) -> None:
    """Say on standard error what became of the rows."""
    unmatched = sum(tally.unmatched.values())
    _say(
        f"{name}: {tally.rows} rows of {tally.tickets} tickets became {tally.events} events; "
        f"{unmatched} matched no [[row]], {tally.ignored} ignored, {tally.bad} bad"
    )
    for kind, count in tally.unmatched.most_common(KINDS_MAX):
        _say(f"{name}: no [[row]] matches {count} x {kind}")
    if len(tally.unmatched) > KINDS_MAX:
        _say(f"{name}: and {len(tally.unmatched) - KINDS_MAX} other combinations")
    if tally.decided:
        _say(f"{name}: {tally.decided} local times exist twice and were read as the {mapping.time.twice.value}")
    # A CSV file has its header to be checked against; in XES a typing error would pass for an empty cell.
    for column in mapping.columns if tally.rows and mapping.format == "xes" else ():
        if column not in tally.seen:
            fault = mapping.fault(
                column, f"the export never fills {column!r}", "see that it is spelled as in the export"
            )
            _say(str(fault))


def _say(what: str) -> None:
    print(what, file=sys.stderr)
