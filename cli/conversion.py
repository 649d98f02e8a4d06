"""An export of a ticket system becomes events: the pure half of `slawatch convert`.

A mapping (see `cli.mapping`) says which rows are which events; nothing is guessed, and what did not convert
is counted and named. The same export and mapping always give the same events under the same ids. Any verb may
import this.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import IO, Any

import msgspec

from cli.export_rows import ExportError, Row, Unreadable, batches
from cli.export_time import TimeFormat, read_time
from cli.mapping import Attribute, Mapping
from cli.mapping_file import As, Scalar
from sla import cloudevent
from sla.vocabulary import Vocabulary

_NO_WORDS = Vocabulary({}, frozenset(), {}, frozenset())
_WHOLE = re.compile(r"[+-]?[0-9]{1,18}")


class Tally:
    """What became of the rows. `told` hears of each bad row at once, by place and reason."""

    def __init__(self, told: Callable[[str], None] = lambda _: None) -> None:
        self.told = told
        self.rows = self.events = self.bad = self.ignored = self.decided = 0
        self.tickets = 0
        self.unmatched: Counter[str] = Counter()
        self.seen: set[str] = set()

    def refuse(self, place: str, what: str) -> None:
        """Count a bad row and tell of it."""
        self.bad += 1
        self.told(f"{place}: {what}")


class _Life(msgspec.Struct):
    """How far a ticket has come: rows read, whether its first row is past, its last event."""

    rows: int = 0
    begun: bool = False
    last: str = ""


class _Placed(msgspec.Struct):
    """A row that has its ticket, its ordinal among the ticket's rows as read, and its time."""

    row: Row
    ticket: str
    ordinal: int
    time: datetime


def convert(stream: IO[bytes], mapping: Mapping, tally: Tally | None = None) -> Iterator[dict[str, Any]]:
    """The events of an export, in the order of its rows; those of one ticket in order of time.

    Bad rows are left out and counted in `tally`. Raises ExportError when the file breaks off (what came
    before has been given), MappingError when the mapping does not fit the file.
    """
    tally = tally if tally is not None else Tally()
    lives: dict[str, _Life] = {}
    for batch in batches(stream, mapping):
        placed = [p for p in (_place(row, mapping, lives, tally) for row in batch) if p is not None]
        for row in _in_time_order(placed):
            for event in _events(row, mapping, lives[row.ticket], tally):
                tally.events += 1
                yield event
        tally.tickets = len(lives)
    if not tally.rows:
        raise ExportError(f"there are no rows in it; is it {mapping.format.upper()}?")


def _place(row: Row | Unreadable, mapping: Mapping, lives: dict[str, _Life], tally: Tally) -> _Placed | None:
    tally.rows += 1
    if isinstance(row, Unreadable):
        tally.refuse(row.place, row.what)
        return None
    tally.seen.update(row.cells)
    ticket = row.cells.get(mapping.ticket)
    if ticket is None:
        tally.refuse(row.place, f"no ticket: {mapping.ticket!r} is empty")
        return None
    life = lives.setdefault(ticket, _Life())
    life.rows += 1
    try:
        time = _instant(row.cells.get(mapping.time_column, ""), mapping, tally)
    except ValueError as error:
        # Most likely the first in time too. No later row may pass for it, or the ticket's clocks start late.
        life.begun = life.begun or life.rows == 1
        tally.refuse(row.place, str(error))
        return None
    return _Placed(row, ticket, life.rows, time)


def _instant(text: str, mapping: Mapping, tally: Tally) -> datetime:
    if not text:
        raise ValueError(f"no time: {mapping.time_column!r} is empty")
    time, decided = read_time(text, mapping.time)
    tally.decided += decided
    return time


def _in_time_order(rows: list[_Placed]) -> Iterator[_Placed]:
    """Each ticket's rows in order of time, on the places that the ticket's rows had."""
    by_ticket: dict[str, list[_Placed]] = {}
    for row in rows:
        by_ticket.setdefault(row.ticket, []).append(row)
    turns = {ticket: iter(sorted(own, key=lambda row: (row.time, row.ordinal))) for ticket, own in by_ticket.items()}
    return (next(turns[row.ticket]) for row in rows)


def _events(placed: _Placed, mapping: Mapping, life: _Life, tally: Tally) -> list[dict[str, Any]]:
    """What one row becomes: all its events, or none when one of them is bad."""
    cells = placed.row.cells
    rule = mapping.rule_for(cells)
    if rule is None:
        tally.unmatched[_described(cells, mapping)] += 1
    elif not rule.types:
        tally.ignored += 1
    own = rule.types if rule is not None else ()
    made: list[str] = []
    if mapping.first is not None and not life.begun:
        made.append(mapping.first.type)
        own = () if mapping.first.instead else own
    life.begun = True
    if own:
        made += [extra.type for extra in mapping.extras if life.last in extra.after and extra.where.holds(cells)]
    made += [type_ for type_ in own if type_ not in made]
    try:
        events = []
        for number, type_ in enumerate(made):
            fixed = rule.fixed if rule is not None and type_ in own else {}
            events.append(_event(placed, number, type_, _data(type_, placed, mapping) | fixed, mapping))
    except ValueError as error:
        tally.refuse(placed.row.place, str(error))
        return []
    if made:
        life.last = made[-1]
    return events


def _described(cells: Any, mapping: Mapping) -> str:
    """The values that no row rule matched, in the columns that the rules look at."""
    columns = dict.fromkeys(column for rule in mapping.rows for column, _ in rule.where.wanted)
    return ", ".join(f"{column}={cells.get(column, '')!r}" for column in columns)


def _event(placed: _Placed, number: int, type_: str, data: dict[str, Scalar], mapping: Mapping) -> dict[str, Any]:
    """One event, as the contract wants it; ValueError when the contract would refuse it.

    Ids of one row sort as its events were made, because among events of one instant the id decides.
    """
    own = f"{placed.ticket}-{placed.ordinal}"
    event = {
        "specversion": "1.0",
        "id": own if number == 0 else f"{own}-{number + 1}",
        "source": mapping.source,
        "type": type_,
        "subject": placed.ticket,
        "time": placed.time.isoformat(),
        "data": data,
    }
    try:
        cloudevent.read(msgspec.json.encode(event), _NO_WORDS)
    except cloudevent.UnknownType:
        return event  # with no words to know, this is what passing looks like
    except cloudevent.Refused as refusal:
        raise ValueError(str(refusal)) from None
    except UnicodeEncodeError:
        raise ValueError(f"a cell is no text in {mapping.csv.encoding}; give the encoding under [csv]") from None
    raise AssertionError("an event of a type that nobody declared was taken")


def _data(type_: str, placed: _Placed, mapping: Mapping) -> dict[str, Scalar]:
    data: dict[str, Scalar] = {}
    for attribute in mapping.attributes:
        if attribute.on and type_ not in attribute.on:
            continue
        text = placed.row.cells.get(attribute.column)
        if text is not None:
            data[attribute.name] = _value(text, attribute, mapping.time)
    return data


def _value(text: str, attribute: Attribute, how: TimeFormat) -> Scalar:
    """The value of one cell; ValueError names the column and what it allows."""
    if attribute.values:
        value = attribute.values.get(text, attribute.other)
        if value is None:
            raise ValueError(
                f"{attribute.column!r} holds {text!r}, which [attributes.{attribute.name}] does not list"
            )
        return value
    match attribute.kind:
        case As.TEXT:
            return text
        case As.INTEGER if _WHOLE.fullmatch(text):
            return int(text)
        case As.NUMBER if _is_number(text):
            return float(text)
        case As.BOOLEAN if text.lower() in ("true", "false"):
            return text.lower() == "true"
        case As.INSTANT:
            return read_time(text, how)[0].isoformat()
        case _:
            raise ValueError(f"{attribute.column!r} must hold a value of type {attribute.kind.value}, not {text!r}")


def _is_number(text: str) -> bool:
    try:
        return math.isfinite(float(text))
    except ValueError:
        return False
