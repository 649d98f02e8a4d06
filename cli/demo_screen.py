"""The demo on a terminal: clocks running out, the latest alerts, who was told, and what is staged.

Everything is drawn anew some times a second from what the topics and the receivers say; it holds no state but the
notes about the stage. Used by `cli.demo_play` only.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Self

from rich.cells import cell_len
from rich.console import Console, Group, RenderableType
from rich.layout import Layout
from rich.live import Live
from rich.panel import Panel
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from cli.demo_heard import Heard
from cli.demo_lines import title
from cli.demo_receivers import DemoReceivers
from cli.demo_receivers import Text as Message
from cli.demo_tally import Seen, Tally
from cli.demo_words import Words
from sla.alert_layout import AlertData, VerdictData

LEVELS = {"notice": "blue", "warning": "yellow", "breach": "bold white on red", "escalation": "bold white on magenta"}
STATUSES = {"firing": "bold", "resolved": "green", "retracted": "cyan"}
BAR_CELLS = 20
HEAD_ROWS, FOOT_ROWS, FOOT_ROWS_MIN = 5, 13, 8
FRAME_ROWS = 3  # what a box needs beside its rows: two borders and the names of the columns
WIDE_CELLS = 110
WARNED, BROKEN = "yellow", "red"


class Screen:
    """Draws the demo on a terminal while the `with` block lasts."""

    def __init__(
        self,
        console: Console,
        words: Words,
        lang: str,
        titles: Mapping[str, dict[str, str]],
        tally: Tally,
        heard: Mapping[str, Heard],
        receivers: DemoReceivers,
        start: datetime,
        length: timedelta,
        speed: float,
    ) -> None:
        self._console, self._words, self._lang, self._titles = console, words, lang, titles
        self._tally, self._heard, self._receivers = tally, heard, receivers
        self._start, self._length, self._speed = start, length, speed
        self._told: list[str] = []
        self._live = Live(console=console, screen=True, auto_refresh=False, vertical_overflow="crop")

    def __enter__(self) -> Self:
        self._live.__enter__()
        return self

    def __exit__(self, *_: object) -> None:
        self._live.__exit__(None, None, None)
        for text in self._told:  # the other screen is gone, and with it everything that was shown
            self._console.print(f"› {text}", style="dim", highlight=False)

    def note(self, text: str) -> None:
        """Tell what happens on the stage."""
        self._told.append(text)

    def alert(self, seen: Seen) -> None:
        """Nothing to keep: the tally holds the latest alerts."""

    def read(self, text: Message) -> None:
        """Nothing to keep: the receivers hold the last message."""

    def draw(self, now: datetime, sent: int) -> None:
        """Draw it as it stands."""
        height = self._console.height
        foot_rows = max(FOOT_ROWS_MIN, min(FOOT_ROWS, height // 3))
        free = max(2 * FRAME_ROWS + 2, height - HEAD_ROWS - foot_rows)
        upper = free // 2
        layout, foot = Layout(), Layout(size=foot_rows)
        foot.split_row(Layout(self._delivered(foot_rows - 2)), Layout(self._room(foot_rows - 2)))
        layout.split_column(
            Layout(self._head(now, sent), size=HEAD_ROWS),
            Layout(self._clocks(now, upper - FRAME_ROWS), size=upper),
            Layout(self._alerts(free - upper - FRAME_ROWS), size=free - upper),
            foot,
        )
        self._live.update(layout, refresh=True)

    def _head(self, now: datetime, sent: int) -> RenderableType:
        words, all_ = self._words, self._length.total_seconds()
        done = min(max((now - self._start).total_seconds(), 0.0), all_)
        top = Table.grid(expand=True, padding=(0, 1))
        top.add_column(no_wrap=True)
        top.add_column(ratio=1)
        top.add_column(justify="right", no_wrap=True)
        top.add_row(
            Text(words.storm.format(speed=self._speed), "bold"),
            ProgressBar(total=all_, completed=done, complete_style="cyan"),
            Text(f"{words.of_minutes.format(done=done / 60, all=all_ / 60)}   {now:%H:%M:%S %Z}", "cyan"),
        )
        return Panel(
            Group(top, self._counters(sent), self._raised()), title="[bold]slawatch demo", border_style="cyan"
        )

    def _counters(self, sent: int) -> Text:
        terms, outcomes = self._words.terms, self._tally.outcomes()
        told: list[tuple[str, int, str]] = [
            (terms["events"], sent, "bold"),
            (terms["clocks"], outcomes.total(), "bold"),
            (terms["running"], outcomes["running"], "bold cyan"),
            (terms["met"], outcomes["met"], "bold green"),
            (terms["late"], outcomes["late"], "bold red"),
            (terms["breached"], outcomes["breached"], "bold red"),
            (terms["cancelled"], outcomes["cancelled"], "bold"),
        ]
        return _counted(told)

    def _raised(self) -> Text:
        terms, standing = self._words.terms, self._tally.standing()
        told = Text(no_wrap=True, overflow="crop")
        for level, colour in (("warning", WARNED), ("breach", BROKEN)):
            told.append(f"{terms[level]}: ", colour)
            for status, style in (("firing", f"bold {colour}"), ("resolved", "green"), ("retracted", "cyan")):
                told.append(f"{standing[level, status]}", style).append(f" {terms[status]}  ")
            told.append(" ")
        return told

    def _clocks(self, now: datetime, rows: int) -> RenderableType:
        words = self._words
        table = _table((words.ticket, 13), (words.rule, None), (words.owner, 8), (words.left, BAR_CELLS + 7))
        for clock in self._tally.soonest(rows):
            told = title(self._titles.get(clock.rule, {}), self._lang)
            table.add_row(clock.ticket, told, clock.owner or clock.owner_level or "-", _time_left(clock, now))
        return _box(table, f"{words.clocks} ({len(self._tally.running)})")

    def _alerts(self, rows: int) -> RenderableType:
        words = self._words
        table = _table(
            (words.at, 8), (words.level, 9), (words.status, 9), (words.rule, None), (words.ticket, 13),
            (words.owner, 8), (words.due, 8),
        )  # fmt: skip
        for seen in self._tally.latest(rows):
            table.add_row(f"{seen.at:%H:%M:%S}", *self._alert_cells(seen.alert.data, seen.at))
        return _box(table, words.latest)

    def _alert_cells(self, data: AlertData, at: datetime) -> list[Text]:
        terms = self._words.terms
        taken_back = data.status == "retracted"
        quiet = "strike dim" if taken_back else "dim" if data.status == "resolved" else ""
        due = f"{data.due_at.astimezone(at.tzinfo):%H:%M:%S}" if data.due_at is not None else ""
        return [
            Text(f" {terms[data.level]} ", quiet or LEVELS[data.level]),
            Text(terms[data.status], STATUSES[data.status]),
            Text(title(data.title, self._lang), quiet),
            Text(data.ticket or "-", quiet),
            Text(data.owner or data.owner_level or "-", quiet),
            Text(due, quiet),
        ]

    def _delivered(self, rows: int) -> RenderableType:
        words, wide = self._words, self._console.width >= WIDE_CELLS
        names = [words.alerts_told, words.messages, words.late]
        if wide:
            names += [words.ends_told, words.again, words.refused]
        table = _table((words.receiver, None), *((name, max(5, cell_len(name))) for name in names), pad=1)
        for name, one in self._heard.items():
            counts = [len(one.told), one.messages, f"{one.late_s[0]:.1f} s"]
            if wide:
                counts += [len(one.ended), one.again, one.dead]
            table.add_row(words.names[name], *map(str, counts))
        good, bad = sum(self._receivers.verified.values()), self._receivers.unsigned
        lines = [Text(f"✓ {words.signatures.format(good=good, bad=bad)}", "red" if bad else "green")]
        left = rows - len(self._heard) - 2
        lines += [Text.assemble(("› ", "cyan"), note) for note in self._told[-left:]]
        return _box(Group(table, _ended(lines)), words.delivered)

    def _room(self, rows: int) -> RenderableType:
        last = self._receivers.last
        if last is None:
            return _box(Text(self._words.none_yet, "dim"), self._words.room)
        lines = [Text(last.title, "bold"), *map(Text, last.lines)]
        return _box(_ended(lines[:rows]), self._words.room)


def _counted(told: list[tuple[str, int, str]]) -> Text:
    parts = [part for name, count, style in told for part in (f"{name} ", (f"{count}", style), "   ")]
    return Text.assemble(*parts, no_wrap=True, overflow="crop")


def _table(*columns: tuple[str, int | None], pad: int = 2) -> Table:
    table = Table(box=None, expand=True, header_style="dim", padding=(0, pad, 0, 0), pad_edge=False)
    for name, width in columns:
        table.add_column(name, width=width, ratio=None if width else 1, no_wrap=True, overflow="ellipsis")
    return table


def _box(inside: RenderableType, name: str) -> Panel:
    return Panel(inside, title=name, title_align="left", border_style="grey50", padding=(0, 1))


def _ended(lines: list[Text]) -> RenderableType:
    for line in lines:
        line.no_wrap, line.overflow = True, "ellipsis"
    return Group(*lines)


def _time_left(clock: VerdictData, now: datetime) -> Text:
    """A bar that gets shorter and redder; a clock that begins in a moment still has all of its time.

    Clocks of repairs and complaints stand side by side, so that days must fit where seconds count: as whole hours.
    """
    if clock.due_at is None or not clock.limit_seconds:
        return Text("")
    left = max(0.0, min((clock.due_at - now).total_seconds(), clock.limit_seconds))
    share = left / clock.limit_seconds
    colour = "green" if share > 0.5 else "yellow" if share > 0.2 else "red"
    full = round(share * BAR_CELLS)
    minutes = int(left) // 60
    shown = f"{minutes:>3}:{int(left) % 60:02d} " if minutes < 1000 else f"{minutes // 60:>4} h "
    return Text.assemble((shown, colour), ("━" * full, colour), ("─" * (BAR_CELLS - full), "grey30"))
