"""`slawatch generate`: the events of tickets that never were, as many as asked for, ordered by time.

`lives` is the same without a command line; the demo, the benchmarks and the tests import it.
"""

from __future__ import annotations

import argparse
import gzip
import heapq
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from itertools import count
from random import Random
from typing import IO, Any, Literal, cast

import msgspec
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from cli.complaint_lives import complaint_life
from cli.facts import SECOND, Fact
from cli.lives import life
from cli.office_days import Office
from sla.term import parse_length

CHUNK = 2_000
"""So many events are encoded and written at a time."""

COMPLAINTS = 0.2
"""Of both businesses, the share that complains."""

ACCEPTED = frozenset({"repair.accepted", "complaint.accepted"})
INSTANTS = frozenset({"hung_up_at", "due_at", "agreed_for"})

Business = Literal["repair", "complaint", "both"]


def add(verbs: Any) -> None:
    """Add the verb to the command line."""
    verb = verbs.add_parser(
        "generate",
        help="draw lives of tickets and write their events",
        description="Draw lives of repair tickets, of complaints or of both at random and write their events as JSON "
        "lines, ordered by time. The same options give the same lines. A complaint may take three weeks.",
    )
    verb.add_argument("--tickets", type=_count, required=True, metavar="N", help="how many tickets")
    verb.add_argument("--seed", type=int, required=True, metavar="S", help="which lives; the same S, the same lives")
    verb.add_argument(
        "--business",
        choices=("repair", "complaint", "both"),
        default="repair",
        help="lives of what; of both, one in five is a complaint (%(default)s)",
    )
    verb.add_argument(
        "--start",
        type=_instant,
        default="2026-11-23T08:00:00+08:00",
        metavar="TIME",
        help="when the first ticket may come (RFC 3339 with offset; %(default)s)",
    )
    verb.add_argument(
        "--span", type=_span, default="1 h", metavar="TERM", help="over how long they come (%(default)s)"
    )
    verb.add_argument(
        "--trouble",
        type=_share,
        default=0.1,
        metavar="SHARE",
        help="share of tickets in trouble (%(default)s)",
    )
    verb.add_argument("--out", default="-", metavar="FILE", help="JSON lines, packed if .gz (%(default)s: stdout)")
    verb.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Write the events; 1 when the file cannot be written."""
    events = lives(options.tickets, options.seed, options.start, options.span, options.trouble, options.business)
    try:
        with _opened(options.out) as out, _progress() as progress:
            bar = progress.add_task("tickets", total=options.tickets)
            for chunk, begun in _chunks(events):
                out.write(chunk)
                progress.update(bar, completed=min(begun, options.tickets))
            out.flush()
    except BrokenPipeError:
        # Whoever read us has seen enough (`| head`). What is still buffered must not fail again on exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except OSError as error:
        print(f"slawatch generate: {options.out}: {error.strerror}", file=sys.stderr)
        return 1
    return 0


def lives(
    tickets: int, seed: int, start: datetime, span: timedelta, trouble: float = 0.1, business: Business = "repair"
) -> Iterator[dict[str, Any]]:
    """Draw that many lives and give their events, structured CloudEvents, in order of their time.

    Tickets come in evenly over `span` from the aware instant `start`; a share of `trouble` goes wrong. Of both
    businesses, one ticket in five is a complaint.
    Ids are unique over all events; an event that is told twice has the same content both times.
    """
    dice = Random(seed)  # noqa: S311 -- guards nothing
    step = span.total_seconds() * SECOND / max(tickets, 1)
    numbers, pushed = count(1), count()
    # Only what is open is held, and as facts, not yet as events: that weighs a third less.
    ahead: list[tuple[int, int, Fact, str]] = []

    def earliest() -> dict[str, Any]:
        _, _, fact, subject = heapq.heappop(ahead)
        return _event(fact, subject, start)

    office = Office(start)
    for ticket in range(tickets):
        born = int((ticket + dice.random()) * step)
        # What lies before the birth of the next ticket can be overtaken by nothing any more.
        while ahead and ahead[0][0] < born:
            yield earliest()
        subject = f"{start + timedelta(milliseconds=born):%Y%m%d}{ticket:05d}"
        if business == "complaint" or (business == "both" and dice.random() < COMPLAINTS):
            facts = complaint_life(dice, born, trouble, office)
        else:
            facts = life(dice, born, trouble)
        # Ids in another order than things happened contradict it wherever times are equal.
        for fact in dice.sample(facts, len(facts)) if dice.random() < trouble / 4 else facts:
            fact.number = fact.number or next(numbers)
        for fact in facts:
            heapq.heappush(ahead, (fact.at, next(pushed), fact, subject))
    while ahead:
        yield earliest()


def _event(fact: Fact, subject: str, start: datetime) -> dict[str, Any]:
    data = fact.data
    for name in INSTANTS.intersection(data):
        data = {**data, name: _written(start, data[name])}
    target = fact.takes_back
    if target is not None:
        data = {**data, "event_id": f"e-{target.number}"}
        if target.source != fact.source:
            data["event_source"] = target.source
    return {
        "specversion": "1.0",
        "id": f"e-{fact.number}",
        "source": fact.source,
        "type": fact.type,
        "subject": subject,
        "time": _written(start, fact.at),
        "data": data,
    }


def _written(start: datetime, at: int) -> str:
    return (start + timedelta(milliseconds=at)).isoformat(timespec="milliseconds")


def _chunks(events: Iterator[dict[str, Any]]) -> Iterator[tuple[bytes, int]]:
    """The events as lines, some thousand at a time, and how many tickets have begun by then."""
    encode = msgspec.json.Encoder().encode
    lines: list[bytes] = []
    begun = 0
    for event in events:
        begun += event["type"] in ACCEPTED
        lines.append(encode(event))
        if len(lines) == CHUNK:
            yield b"\n".join(lines) + b"\n", begun
            lines.clear()
    if lines:
        yield b"\n".join(lines) + b"\n", begun


@contextmanager
def _opened(path: str) -> Iterator[IO[bytes]]:
    if path == "-":
        yield sys.stdout.buffer
        return
    with open(path, "wb") as file:
        if not path.endswith(".gz"):
            yield file
            return
        # Without a name and a time in it, the same seed gives the same file.
        with gzip.GzipFile("", "wb", 6, file, mtime=0) as packed:
            yield cast(IO[bytes], packed)


def _progress() -> Progress:
    """A bar on standard error, for a person only."""
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=Console(stderr=True),
        disable=not sys.stderr.isatty(),
    )


def _count(text: str) -> int:
    number = int(text)
    if number < 0:
        raise argparse.ArgumentTypeError(f"{text} is less than none")
    return number


def _share(text: str) -> float:
    share = float(text)
    if not 0 <= share <= 1:
        raise argparse.ArgumentTypeError(f"{text} is no share; write a number from 0 to 1")
    return share


def _instant(text: str) -> datetime:
    try:
        at = datetime.fromisoformat(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text!r} is no time: {error}") from None
    if at.tzinfo is None:
        raise argparse.ArgumentTypeError(f"{text!r} has no offset from UTC; write it as in 2026-11-23T08:00:00+08:00")
    return at


def _span(text: str) -> timedelta:
    try:
        return parse_length(text).length
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None
