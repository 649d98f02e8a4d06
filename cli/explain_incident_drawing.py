"""The window of an incident as a line of characters, the complaints under it. Used by `cli.explain_incident_page`.

================.....     = window  . outside
  1 x   2    ?  |  ^      1 2 count, x does not, ? is not judged, | end of the window, ^ judged
"""

from __future__ import annotations

from datetime import datetime, timedelta

from rich.text import Text

from cli.explain_drawing import COLUMNS, DRAWN, PLAIN
from cli.explain_incident_words import say
from sla.explain.incident_explanation import IncidentClock, IncidentTicket, TicketReason

BARRED, OPEN, END, UNTIL = "x", "?", "|", "^"
MANY = "+"
"""Stands for several complaints in one column."""
AFTER_SHARE = 0.25
"""At most this much of the line lies after the window; what comes later is drawn at its end."""


def drawn(clock: IncidentClock, horizon: datetime | None, lang: str, *, terminal: bool) -> list[Text]:
    """The line from the first closing on, the marks under it and what the characters mean."""
    until = clock.stop.time if clock.stop is not None else horizon
    accepted = [one.accepted.time for one in clock.tickets]
    last_at = max([clock.window_ends_at, *accepted, *([] if until is None else [until])])
    length = clock.window_ends_at - clock.started_at
    last_at = min(last_at, clock.window_ends_at + length * (AFTER_SHARE / (1 - AFTER_SHARE)))
    step = (last_at - clock.started_at) / COLUMNS
    line = Text()
    for column in range(COLUMNS):
        at = clock.started_at + step * (column + 0.5)
        sort = "counts" if clock.window_begins_at <= at <= clock.window_ends_at else "pause"
        line.append(DRAWN[sort][0] if terminal else PLAIN[sort], style=DRAWN[sort][1] if terminal else "")
    marks = [" "] * COLUMNS
    marks[_column(clock.window_ends_at - clock.started_at, step)] = END
    if until is not None:
        marks[_column(until - clock.started_at, step)] = UNTIL
    complaints = [" "] * COLUMNS
    for one in clock.tickets:
        if one.accepted.time > clock.started_at:
            column = _column(one.accepted.time - clock.started_at, step)
            complaints[column] = _mark(one) if complaints[column] == " " else MANY
    shapes = {sort: DRAWN[sort][0] if terminal else PLAIN[sort] for sort in ("counts", "pause")}
    legend = say(
        "legend",
        lang,
        within=shapes["counts"],
        outside=shapes["pause"],
        digit="1 2",
        barred=BARRED,
        open=OPEN,
        end=END,
    )
    ended = say("stopped" if clock.stop is not None else "judged_now", lang)
    return [line, Text("".join(complaints)), Text("".join(marks)), Text(f"{legend}  {ended}", style="dim")]


def _mark(one: IncidentTicket) -> str:
    if one.number is not None:
        return str(one.number) if one.number < 10 else MANY
    return OPEN if one.reason is TicketReason.NOT_JUDGED else BARRED


def _column(after: timedelta, step: timedelta) -> int:
    return max(0, min(COLUMNS - 1, int(after / step)))
