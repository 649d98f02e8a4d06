"""How a clock runs: what stops it, undoes the stop or cancels it, who owes it, and when to speak of it.

What the kinds have in common. Only `sla.kinds` and `sla.explain` import this.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import msgspec

from sla.calendar import Certainty
from sla.duty import BREACH, Duty, Outcome, Reason
from sla.event import Event
from sla.rule import InForce, Rule, Start, Stop, Superior
from sla.term import Continuous
from sla.ticket import Reading

Settled = Callable[[str], bool]
"""Told a clock id: True when that clock cannot have changed. A kind must call it once for every clock it finds."""


class Course(msgspec.Struct, gc=False):
    """What happened to a clock after its start; `at` is the position of its last stop."""

    stop: Event | None = None
    cancel: Event | None = None
    cancelled_for: Reason = Reason.CLOSED
    reopened: Event | None = None
    ended_before: datetime | None = None
    at: int | None = None

    def cut(self, due_at: datetime | None, *, owed: bool) -> None:
        """What was cancelled in time is not stopped by what came later, unless it was owed at closing."""
        cancel = self.cancel
        if cancel is None or (owed and self.cancelled_for is Reason.CLOSED):
            return
        if due_at is None or cancel.time <= due_at:
            self.stop = None


def course(
    rule: Rule,
    reading: Reading,
    position: int,
    start: Event,
    *,
    anywhere: bool = False,
    ends: tuple[int, Reason] | None = None,
) -> Course:
    """Follow a clock from the event at `position`; with `anywhere` a stop may stand before it (semantics 4).

    `ends` is where and why the duty is owed no more whatever happens; a cancelled clock may still be stopped later.
    """
    found = Course()
    closed, turning, events = reading.business.closed, rule.turning, reading.events
    for at in range(0 if anywhere else position + 1, len(events)):
        event = events[at]
        if event.type not in turning and event.type not in closed and ends is None:
            continue
        if found.stop is None:
            if at != position and _stops(rule.stops, start, event):
                found.stop, found.at = event, at
                if not rule.undo:
                    break
            elif found.cancel is None and at > position:
                _cancel(rule, found, start, event, at, ends, closed=event.type in closed)
        elif _stops(rule.undo, start, event):
            found.ended_before, found.reopened = found.stop.time, event
            found.stop = found.at = None
    return found


def _stops(stops: tuple[Stop, ...], start: Event, event: Event) -> bool:
    for stop in stops:
        if stop.event == event.type and stop.stops(start.data, event):
            return True
    return False


def _cancel(
    rule: Rule,
    found: Course,
    start: Event,
    event: Event,
    at: int,
    ends: tuple[int, Reason] | None,
    *,
    closed: bool,
) -> None:
    if ends is not None and at >= ends[0]:
        found.cancel, found.cancelled_for = event, ends[1]
    elif closed:
        found.cancel = event
    else:
        for cancel in rule.cancels:
            if cancel.stops(start.data, event):
                found.cancel, found.cancelled_for = event, cancel.reason


def owner(rule: Rule, reading: Reading, start: Event, until: int | None) -> tuple[str | None, str | None]:
    """Unit and level that owe a duty; `until` is the position of its stop (None: there is none)."""
    for candidate in rule.owners:
        if candidate.where.wanted and not candidate.where.holds(reading.attributes):
            continue
        data: dict[str, Any] | None = start.data
        if candidate.of is not None:
            events = reading.events if until is None else reading.events[: until + 1]
            data = next((event.data for event in reversed(events) if candidate.of.fits(event)), None)
        if data is not None:
            unit = data.get(candidate.unit) if candidate.unit else None
            level = data.get(candidate.level_from) if candidate.level_from else None
            return unit, level or candidate.level
    return None, None


def thresholds(
    rule: Rule,
    entry: InForce,
    started_at: datetime,
    due_at: datetime | None,
    without: datetime | None = None,
    acting: tuple[str | None, str | None] = (None, None),
) -> list[tuple[str, datetime]]:
    """The levels of a clock in order of time; `without` is when it was closed although it was owed.

    `acting` is the unit and level whose hours count.
    """
    if rule.verdict_only:
        return []
    last = "warning-100" if rule.assumed else BREACH
    levels: list[tuple[str, datetime]] = []
    if due_at is not None and type(entry.term) is Continuous and due_at - started_at == entry.term.length:
        levels = [(level, started_at + mark) for level, mark in entry.marks]
        if without is not None:
            levels = [level for level in levels if level[1] < without]
    elif due_at is not None:
        for threshold in entry.warn:
            term = entry.term if entry.term is not None else Continuous("", due_at - started_at)
            at = term.warns_at(threshold, started_at, due_at, *acting)
            if at is not None and (without is None or at < without):
                levels.append((f"warning-{threshold.name}", at))
        if len(levels) > 1:
            levels.sort(key=_when)
    ends_at = without if without is not None else due_at
    return levels if ends_at is None else [*levels, (last, ends_at)]


def _when(level: tuple[str, datetime]) -> datetime:
    return level[1]


def known_at(*events: Event | None) -> datetime | None:
    """When the last of some events was in the log; None over history."""
    return max((e.appended_at for e in events if e is not None and e.appended_at is not None), default=None)


def started_at(start: Start, reading: Reading, event: Event) -> tuple[datetime, bool]:
    """When a clock started, and whether an attribute said so."""
    if start.at is not None:
        told = reading.corrections.get(start.at, event.data.get(start.at))
        if told is not None:
            return told, True
    return event.time, False


def set_anew(superior: Superior, reading: Reading, due_at: datetime | None) -> list[tuple[Event, datetime]]:
    """The due times that superiors set, the last counts; whoever sets one when it has passed changes nothing."""
    found: list[tuple[Event, datetime]] = []
    for event in reading.events:
        told = event.data.get(superior.at) if event.type == superior.event else None
        if told is not None and (due_at is None or event.time <= due_at):
            due_at = told
            found.append((event, told))
    return found


def clock(
    rule: Rule,
    reading: Reading,
    position: int,
    since: datetime,
    entry: InForce,
    *,
    anywhere: bool = False,
    ends: tuple[int, Reason] | None = None,
    name: str,
) -> Duty:
    """One clock with a term and this id: from the event at `position`, running since `since`."""
    event = reading.events[position]
    assert entry.term is not None
    unit, level = acting = owner(rule, reading, event, None)
    due = entry.term.due(since, unit, level)
    due_at, by_superior = due.at, False
    if rule.superior is not None:
        anew = set_anew(rule.superior, reading, due_at)
        if anew:
            due_at, by_superior = anew[-1][1], True
    followed = course(rule, reading, position, event, anywhere=anywhere, ends=ends)
    followed.cut(due_at, owed=rule.owed_at_close)
    standing = None
    if ends is not None and ends[1] is Reason.SUPERSEDED:  # whatever it came to: another counts now
        followed = Course(cancel=reading.events[ends[0]], cancelled_for=Reason.SUPERSEDED)
        standing = (Outcome.CANCELLED, Reason.SUPERSEDED)
    if followed.at is not None and rule.handed_on:
        unit, level = owner(rule, reading, event, followed.at)
    duty = Duty(  # in the order of its fields: a call by names takes ten times as long
        name,
        rule.id,
        event,
        since,
        due_at,
        None if due_at is None else entry.term.seconds_to(since, due_at),
        [],
        followed.stop,
        followed.cancel,
        unit,
        level,
        followed.cancelled_for,
        rule.owed_at_close,
        due.not_before if due_at is None else None,
        followed.reopened,
        followed.ended_before,
        standing,
        None,  # known_at, thresholds: below
        None,  # opens_at
        False,  # excused
        due.certainty is Certainty.ESTIMATED and not by_superior,
    )
    duty.entry = entry
    without = duty.closed_without if duty.owed else None
    if without is not None or followed.reopened is not None:
        duty.known_at = known_at(followed.reopened, followed.cancel if without is not None else None)
    duty.thresholds = thresholds(rule, entry, since, due_at, without, acting)
    return duty
