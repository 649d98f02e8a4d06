"""`slawatch backtest FILE`: judge a file of events offline, with the same core as live. Used by `cli.main`.

Deterministic: the same file, rulebook and `--until` give the same verdicts, whatever the order of the lines.
`--against OLD` judges them by two rulebooks and tells what differs. Breaches or differences found is exit 0; lines
that are no events are exit 1 (the rest is judged all the same).
"""

from __future__ import annotations

import argparse
import contextlib
import sys
import zlib
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, BinaryIO

import msgspec
from rich.console import Console
from rich.table import Table

from cli.difference import Comparison
from cli.difference_table import matched, show
from cli.event_lines import writing
from cli.event_progress import events_of, tickets_of
from cli.rulebook_files import OFFLINE_KEY, keyed, load
from cli.rulebook_page import Page
from cli.standing import standings
from cli.trial import Trial
from sla.duty import Outcome
from sla.publication import Channel, Output
from sla.rulebook import Rulebook
from sla.toml_file import RulebookError
from sla.watch import Watch

COLUMNS = (Outcome.MET, Outcome.LATE, Outcome.BREACHED, Outcome.RUNNING, Outcome.CANCELLED, Outcome.UNKNOWN)
PIPE_WIDTH = 120
"""Columns for the summary where no terminal says how many it has: enough for every id on one line."""
ROWS = 50


def add(verbs: Any) -> None:
    """Add the verb."""
    verb = verbs.add_parser("backtest", help="judge a file of events offline")
    verb.add_argument("file", help="JSON lines, .gz too, - for standard input")
    verb.add_argument("--rulebook", default="sgcc-2014", help="a folder, or the name of a shipped rulebook")
    verb.add_argument("--calendar-override", default="", metavar="FILE", help="days the calendar does not know")
    verb.add_argument("--units", default="", metavar="FILE", help="which unit stands above which")
    verb.add_argument("--customer-key-file", default="", metavar="FILE", help="the workers' key for customers")
    verb.add_argument("--until", metavar="TIME", help="judge silence up to then (default: the last event's time)")
    verb.add_argument("--quiet-before", metavar="TIME", help="alerts due before then are marked historic")
    verb.add_argument("--alerts", metavar="FILE", help="write the alerts as JSON lines")
    verb.add_argument("--verdicts", metavar="FILE", help="write the verdicts as JSON lines")
    trying = verb.add_argument_group("trying a change of the rulebook")
    trying.add_argument("--against", metavar="OLD", help="a second rulebook: tell what --rulebook judges otherwise")
    trying.add_argument("--against-calendar-override", default="", metavar="FILE", help="the same for the second")
    trying.add_argument("--differences", metavar="FILE", help="write the clocks that differ as JSON lines")
    trying.add_argument(
        "--rows", type=_rows, metavar="N", help=f"list so many differing clocks a rule, and units (default {ROWS})"
    )
    verb.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Judge; 0 also when breaches or differences were found."""
    if options.against is None:
        for name in ("against_calendar_override", "differences", "rows"):
            if getattr(options, name) not in (None, ""):
                print(f"--{name.replace('_', '-')} goes with --against", file=sys.stderr)
                return 2
    try:
        until = _aware(options.until) if options.until else None
        quiet_before = _aware(options.quiet_before) if options.quiet_before else None
    except ValueError as error:
        print(error, file=sys.stderr)
        return 2
    rulebooks = _rulebooks(options)
    if rulebooks is None:
        return 2
    trial, *others = (Trial(Watch(rulebook, quiet_before)) for rulebook in rulebooks)
    try:
        with events_of(options.file) as events:
            if others:
                trial.take_both(others[0], events)
            else:
                trial.take(events)
    except (OSError, EOFError, zlib.error) as error:
        print(f"{options.file}: {getattr(error, 'strerror', None) or error}", file=sys.stderr)
        return 2
    try:
        if others:
            _compared(trial, others[0], until, options)
        else:
            _judged(trial, until, options)
    except OSError as error:
        if error.filename is None:
            raise
        print(f"{error.filename}: {error.strerror}", file=sys.stderr)
        return 2
    return _complain(trial, others)


def _judged(trial: Trial, until: datetime | None, options: argparse.Namespace) -> None:
    """Judge by one rulebook and say how the clocks stand."""
    counts: Counter[tuple[str, Outcome]] = Counter()
    with _files(options) as files:
        for subject in tickets_of(trial.tickets, "tickets judged"):
            outputs = trial.judged(subject, until or trial.last_at)
            _write(outputs, files)
            _count(outputs, counts)
        for key in trial.incidents.keys:
            outputs = trial.incidents.judged(key, until or trial.last_at)
            _write(outputs, files)
            _count(outputs, counts)
    if "-" not in (options.alerts, options.verdicts):
        _summary(counts, len(trial.tickets), trial.watch.rulebook)


def _count(outputs: list[Output], counts: Counter[tuple[str, Outcome]]) -> None:
    verdicts = (output for output in outputs if output.channel is Channel.VERDICTS)
    counts.update((stands.rule, stands.outcome) for stands in standings(verdicts).values())


def _compared(trial: Trial, old: Trial, until: datetime | None, options: argparse.Namespace) -> None:
    """Judge by both rulebooks, one ticket after the other, and say what differs."""
    comparison = Comparison(ROWS if options.rows is None else options.rows)
    horizon = until or max((at for at in (trial.last_at, old.last_at) if at is not None), default=None)
    tickets = {**trial.tickets, **old.tickets}
    encode = msgspec.json.Encoder().encode
    with _files(options) as files, _file(options.differences) as differences:

        def compare(before: list[Output], outputs: list[Output]) -> None:
            _write(outputs, files)
            found = comparison.take(standings(before), standings(outputs))
            if differences is not None:
                differences.writelines(encode(differs) + b"\n" for differs in found)

        for subject in tickets_of(tickets, "tickets judged by both rulebooks"):
            compare(old.judged(subject, horizon), trial.judged(subject, horizon))
        for key in dict.fromkeys([*old.incidents.keys, *trial.incidents.keys]):
            compare(old.incidents.judged(key, horizon), trial.incidents.judged(key, horizon))
    if "-" not in (options.alerts, options.verdicts, options.differences):
        show(Page(), comparison, old.watch.rulebook, trial.watch.rulebook, len(tickets))


def _rulebooks(options: argparse.Namespace) -> list[Rulebook] | None:
    """The rulebook, and the one it is held against; None after saying what is wrong with which."""
    wanted = [("--rulebook", options.rulebook, options.calendar_override)]
    if options.against is not None:
        wanted.append(("--against", options.against, options.against_calendar_override))
    found = []
    for flag, name, override in wanted:
        try:
            rulebook = load(name, override, options.units)
            found.append(keyed(rulebook, OFFLINE_KEY if rulebook.recurrences else "", options.customer_key_file))
        except (RulebookError, OSError, ValueError) as error:
            if len(wanted) > 1:
                print(f"{flag} {name}:", file=sys.stderr)
            print(error, file=sys.stderr)
    return found if len(found) == len(wanted) else None


Files = dict[Channel, BinaryIO]


@contextlib.contextmanager
def _files(options: argparse.Namespace) -> Iterator[Files]:
    """The files that alerts and verdicts are wanted in."""
    with _file(options.alerts) as alerts, _file(options.verdicts) as verdicts:
        wanted = {Channel.ALERTS: alerts, Channel.VERDICTS: verdicts}
        yield {channel: file for channel, file in wanted.items() if file is not None}


@contextlib.contextmanager
def _file(name: str | None) -> Iterator[BinaryIO | None]:
    if name is None:
        yield None
        return
    with writing(name) as file:
        yield file


def _write(outputs: list[Output], files: Files) -> None:
    for channel, file in files.items():
        file.writelines(output.value + b"\n" for output in outputs if output.channel is channel)


def _complain(trial: Trial, others: list[Trial]) -> int:
    """Say what was kept out, by which rulebook where two do not agree; 1 when anything was refused."""
    kept_out = [(one.refused, one.unknown) for one in (trial, *others)]
    agreed = all(one == kept_out[0] for one in kept_out)
    names = [""] if agreed else ["NEW: ", "OLD: "]
    for name, (refused, unknown) in zip(names, kept_out, strict=False):
        for reason, count in sorted(refused.items()):
            print(f"{name}{count} events refused: {reason}", file=sys.stderr)
        for type_, count in sorted(unknown.items()):
            print(f"{name}{count} events of the unknown type {type_}", file=sys.stderr)
    return 1 if any(refused for refused, _ in kept_out) else 0


def _summary(counts: Counter[tuple[str, Outcome]], tickets: int, rulebook: Rulebook) -> None:
    """The last verdict of each clock, counted by rule."""
    title = f"{rulebook.label}: {tickets:,} tickets, {counts.total():,} clocks"
    table = Table(title=title, box=None, padding=(0, 1, 0, 0), pad_edge=False, title_justify="left")
    table.add_column("rule", overflow="fold")
    for outcome in COLUMNS:
        table.add_column(outcome, justify="right", no_wrap=True)
    for rule in rulebook.rules:
        cells = [f"{counts[rule.id, outcome]:,}" for outcome in COLUMNS]
        total = sum(counts[rule.id, outcome] for outcome in COLUMNS)
        table.add_row(rule.id, *(cells if total else [matched(0, rulebook, rule.id)]))
    console = Console()
    if not console.is_terminal:
        console = Console(width=PIPE_WIDTH)
    console.print(table)
    unknown = sum(count for (_, outcome), count in counts.items() if outcome == Outcome.UNKNOWN)
    if unknown and rulebook.calendar is not None:
        ends = f"working days are known up to {rulebook.calendar.known_until()}"
        remedy = "--calendar-override FILE tells those after it (docs/calendar.md)"
        console.print(f"{unknown:,} clocks unknown: {ends}; {remedy}", soft_wrap=True, highlight=False)


def _aware(text: str) -> datetime:
    instant = datetime.fromisoformat(text)
    if instant.tzinfo is None:
        raise ValueError(f"{text!r} has no offset from UTC; write it as in 2026-11-23T08:00:00+08:00")
    return instant.astimezone(UTC)


def _rows(text: str) -> int:
    rows = int(text)
    if rows < 0:
        raise ValueError(text)
    return rows
