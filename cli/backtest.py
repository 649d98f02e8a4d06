"""`slawatch backtest FILE`: judge a file of events offline, with the same core as live. Used by `cli.main`.

Deterministic: the same file, rulebook and `--until` give the same verdicts, whatever the order of the lines.
Breaches found is exit 0; lines that are no events are exit 1 (the rest is judged all the same).
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import msgspec
from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

from cli.event_lines import lines, reading, writing
from cli.rulebook_files import load
from sla.cloudevent import Refused, UnknownType, read
from sla.duty import Outcome
from sla.event import Event
from sla.publication import Channel, Output
from sla.rulebook import Rulebook
from sla.step import Watch, step
from sla.toml_file import RulebookError

COLUMNS = (Outcome.MET, Outcome.LATE, Outcome.BREACHED, Outcome.RUNNING, Outcome.CANCELLED, Outcome.UNKNOWN)
PIPE_WIDTH = 120
"""Columns for the summary where no terminal says how many it has: enough for every id on one line."""


def add(verbs: Any) -> None:
    """Add the verb."""
    verb = verbs.add_parser("backtest", help="judge a file of events offline")
    verb.add_argument("file", help="JSON lines, .gz too, - for standard input")
    verb.add_argument("--rulebook", default="sgcc-2014", help="a folder, or the name of a shipped rulebook")
    verb.add_argument("--calendar-override", default="", metavar="FILE", help="days the calendar does not know")
    verb.add_argument("--until", metavar="TIME", help="judge silence up to then (default: the last event's time)")
    verb.add_argument("--quiet-before", metavar="TIME", help="alerts due before then are marked historic")
    verb.add_argument("--alerts", metavar="FILE", help="write the alerts as JSON lines")
    verb.add_argument("--verdicts", metavar="FILE", help="write the verdicts as JSON lines")
    verb.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Judge; 0 also when breaches were found."""
    try:
        rulebook = load(options.rulebook, options.calendar_override)
        until = _aware(options.until) if options.until else None
        quiet_before = _aware(options.quiet_before) if options.quiet_before else None
    except (RulebookError, FileNotFoundError, ValueError) as error:
        print(error, file=sys.stderr)
        return 2
    trial = Trial(Watch(rulebook, quiet_before))
    try:
        with reading(options.file) as file:
            trial.take(_tracked((line for _, line in lines(file)), "events read"))
    except OSError as error:
        print(f"{options.file}: {error.strerror}", file=sys.stderr)
        return 2
    outputs = list(_tracked(trial.outputs(until), "outputs"))
    for name, channel in ((options.alerts, Channel.ALERTS), (options.verdicts, Channel.VERDICTS)):
        if name:
            with writing(name) as out:
                out.writelines(output.value + b"\n" for output in outputs if output.channel is channel)
    if "-" not in (options.alerts, options.verdicts):
        _summary(outputs, trial, rulebook)
    for reason, count in sorted(trial.refused.items()):
        print(f"{count} events refused: {reason}", file=sys.stderr)
    for type_, count in sorted(trial.unknown.items()):
        print(f"{count} events of the unknown type {type_}", file=sys.stderr)
    return 1 if trial.refused else 0


class Trial:
    """A set of events on its way through the core."""

    def __init__(self, watch: Watch) -> None:
        self.watch = watch
        self.tickets: dict[str, list[Event]] = {}
        self.refused: Counter[str] = Counter()
        self.unknown: Counter[str] = Counter()
        self.last_at: datetime | None = None

    def take(self, raw_events: Iterator[bytes]) -> None:
        """Read events; what is no event is counted by reason."""
        vocabulary = self.watch.rulebook.vocabulary
        tickets = self.tickets
        for raw in raw_events:
            try:
                subject, event = read(raw, vocabulary)
            except Refused as refused:
                self.refused[refused.reason.value] += 1
            except UnknownType as unknown:
                self.unknown[unknown.type] += 1
            else:
                tickets.setdefault(subject, []).append(event)
                if self.last_at is None or event.time > self.last_at:
                    self.last_at = event.time

    def outputs(self, until: datetime | None) -> Iterator[Output]:
        """Judge ticket by ticket, silence up to `until` (None: the last event's time); yields what is published."""
        horizon = until or self.last_at
        for subject, events in self.tickets.items():
            result = step(None, subject, events, self.watch)
            yield from self._counted(result.outputs, result.refused)
            if result.ticket is not None and horizon is not None:
                silent = step(result.ticket, subject, [], self.watch, horizon)
                yield from self._counted(silent.outputs, silent.refused)

    def _counted(self, outputs: list[Output], refused: list[Any]) -> list[Output]:
        for _, refusal in refused:
            self.refused[refusal.value] += 1
        return outputs


def _tracked(items: Iterator[Any], what: str) -> Iterator[Any]:
    """The items, with progress on a terminal."""
    console = Console(stderr=True)
    if not console.is_terminal:
        yield from items
        return
    columns = (SpinnerColumn(), TextColumn("{task.completed:,.0f} " + what), TimeElapsedColumn())
    with Progress(*columns, console=console) as bar:
        task = bar.add_task(what, total=None)
        for number, item in enumerate(items, start=1):
            yield item
            if number % 1000 == 0:
                bar.update(task, completed=number)
        bar.update(task)


def _summary(outputs: list[Output], trial: Trial, rulebook: Rulebook) -> None:
    """The last verdict of each clock, counted by rule."""
    last: dict[str, tuple[str, str]] = {}
    decode = msgspec.json.Decoder().decode
    for output in outputs:
        if output.channel is Channel.VERDICTS:
            data = decode(output.value)["data"]
            last[data["clock_id"]] = (data["rule"], data["outcome"])
    counts = Counter(last.values())
    title = f"{rulebook.label}: {len(trial.tickets):,} tickets, {len(last):,} clocks"
    table = Table(title=title, box=None, padding=(0, 1, 0, 0), pad_edge=False, title_justify="left")
    table.add_column("rule", overflow="fold")
    for outcome in COLUMNS:
        table.add_column(outcome, justify="right", no_wrap=True)
    for rule in rulebook.rules:
        cells = [f"{counts[rule.id, outcome]:,}" for outcome in COLUMNS]
        matched = any(counts[rule.id, outcome] for outcome in COLUMNS)
        table.add_row(rule.id, *(cells if matched else ["off" if rule.off else "none"]))
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
