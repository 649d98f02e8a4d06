"""Kind `deadline`: do B within T of A.

Every event that matches the rule's start opens a clock of its own; the first event after it that matches a
stop ends it. Only `sla.step` imports this.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from sla.duty import BREACH, Duty, clock_id
from sla.event import Event
from sla.rule import InForce, Rule
from sla.ticket import Reading


def duties(rule: Rule, subject: str, reading: Reading, settled: Callable[[str], bool]) -> list[Duty]:
    """The clocks this rule puts on a ticket, in event order of their starts, without those that are settled."""
    found: list[Duty] = []
    if not rule.binds.holds(reading.attributes):
        return found
    start = rule.start
    for position, event in enumerate(reading.events):
        if event.type != start.event or not start.where.holds(event.data):
            continue
        started_at, from_attribute = _started_at(rule, reading, event)
        entry = rule.term_at(started_at, reading.attributes)
        if entry is not None:
            name = clock_id(subject, rule.id, event)
            if not settled(name):
                found.append(_duty(rule, name, reading, position, started_at, from_attribute, entry))
        if start.first:
            break
    return found


def _started_at(rule: Rule, reading: Reading, event: Event) -> tuple[datetime, bool]:
    """When a clock started, and whether an attribute said so."""
    if rule.start.at is not None:
        told = reading.corrections.get(rule.start.at, event.data.get(rule.start.at))
        if told is not None:
            return told, True
    return event.time, False


def _duty(
    rule: Rule,
    name: str,
    reading: Reading,
    position: int,
    started_at: datetime,
    from_attribute: bool,
    entry: InForce,
) -> Duty:
    event = reading.events[position]
    due_at = entry.term.due_at(started_at)
    stop_position = _first_stop(rule, reading, position, event, from_attribute)
    cancel_position = next((p for p in reading.closings if p > position), None)
    stop = reading.events[stop_position] if stop_position is not None else None
    cancel = None
    if cancel_position is not None and (stop_position is None or cancel_position < stop_position):
        cancel = reading.events[cancel_position]
        if cancel.time <= due_at:
            stop = None  # nothing was owed any more; what came later did not stop this clock
    owner, owner_level = _owner(rule, reading, event)
    return Duty(
        clock_id=name,
        rule=rule.id,
        start=event,
        started_at=started_at,
        due_at=due_at,
        limit_seconds=entry.term.seconds,
        thresholds=_thresholds(rule, entry.warn, started_at, due_at),
        stop=stop,
        cancel=cancel,
        owner=owner,
        owner_level=owner_level,
    )


def _first_stop(rule: Rule, reading: Reading, position: int, start: Event, anywhere: bool) -> int | None:
    """Where the first stop stands; a start read from an attribute may have an earlier one (semantics 4)."""
    for candidate in range(0 if anywhere else position + 1, len(reading.events)):
        event = reading.events[candidate]
        if candidate == position:
            continue
        for stop in rule.stops:
            if stop.event == event.type and stop.stops(start.data, event.data):
                return candidate
    return None


def _thresholds(rule: Rule, warn: tuple, started_at: datetime, due_at: datetime) -> list[tuple[str, datetime]]:  # type: ignore[type-arg]
    levels = []
    for threshold in warn:
        at = threshold.at(started_at, due_at)
        if at is not None:
            levels.append((f"warning-{threshold.name}", at))
    levels.sort(key=lambda level: level[1])
    levels.append(("warning-100" if rule.assumed else BREACH, due_at))
    return levels


def _owner(rule: Rule, reading: Reading, start: Event) -> tuple[str | None, str | None]:
    for owner in rule.owners:
        if owner.where.holds(reading.attributes):
            unit = start.data.get(owner.unit) if owner.unit else None
            level = start.data.get(owner.level_from) if owner.level_from else None
            return unit, level or owner.level
    return None, None
