"""The time of a clock as one line of characters, with marks under it. Used by `cli.explain_page`.

====....====|!!!!!     = counts, . does not, ! past due, | due
S                ^     S start, ^ stop or where it is judged
"""

from __future__ import annotations

from datetime import datetime, timedelta

from rich.text import Text

from cli.explain_words import LABELS, say
from cli.rulebook_words import chosen
from sla.explain.explanation import Clock

COLUMNS = 60
LATE_SHARE = 0.4
"""At most this much of the line lies past due; the rest of a long delay is not drawn to scale."""

DRAWN = {"counts": ("█", "green"), "pause": ("░", "dim"), "late": ("▓", "red")}
PLAIN = {"counts": "=", "pause": ".", "late": "!"}


def drawn(clock: Clock, horizon: datetime | None, lang: str, *, terminal: bool) -> list[Text]:
    """The line of a clock, the marks under it and what the characters mean; nothing for a clock without stretches."""
    if not clock.stretches:
        return []
    ends_at, from_at = clock.stretches[-1].to_at, clock.stretches[0].from_at
    due_at = clock.due_at or ends_at
    event = clock.stop or clock.cancel
    until = event.time if event is not None else horizon
    last_at = max(due_at, ends_at)
    if until is not None and until > last_at:
        last_at = min(until, last_at + (last_at - from_at) * (LATE_SHARE / (1 - LATE_SHARE)))
    step = (last_at - from_at) / COLUMNS
    sorts = [_sort(clock, from_at + step * (column + 0.5), due_at) for column in range(COLUMNS)]
    line = Text()
    for sort in sorts:
        line.append(DRAWN[sort][0] if terminal else PLAIN[sort], style=DRAWN[sort][1] if terminal else "")
    marks = [" "] * COLUMNS
    for at, mark in ((due_at, "|"), (until, "^")):
        if at is not None:
            marks[_column(at - from_at, step)] = mark
    legend = {sort: DRAWN[sort][0] if terminal else PLAIN[sort] for sort in DRAWN}
    ended = chosen(LABELS["stop" if clock.stop is not None else "cancel"], lang) if event is not None else None
    meaning = f"| {chosen(LABELS['due'], lang)}  ^ {ended or say('now', lang)}"
    return [line, Text("".join(marks)), Text(f"{say('legend', lang, **legend)}  {meaning}", style="dim")]


def _sort(clock: Clock, at: datetime, due_at: datetime) -> str:
    if at > due_at:
        return "late"
    return next(("counts" for s in clock.stretches if s.counts and s.from_at <= at < s.to_at), "pause")


def _column(after: timedelta, step: timedelta) -> int:
    return max(0, min(COLUMNS - 1, int(after / step)))
