"""Kind `report`: once a day, or once every so often, while something is open.

The duty begins with the later of the first start event and the moment the rule began to bind. By day: one clock a
day from the day after, named by its date, from its first instant to `daily`. Else one clock for each length of
`every`, named by its number; the first begins `after` the beginning. A stop within the round or later ends it (late
when after due); a cancel or the closing ends the duty, an undo takes it up again. Only `sla.kinds` imports this.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from sla.calendar import Calendar
from sla.duty import Duty, Reason, clock_id
from sla.event import Event
from sla.kinds.course import Settled, known_at, owner, thresholds
from sla.rule import InForce, Rule, local_date
from sla.ticket import Reading

ROUNDS_MAX = 366
"""No duty is asked for on more days, or more often, than this: what is open for a year has other troubles."""
MIDNIGHT = time(0)

Round = tuple[str, datetime]
"""One time that a report is owed: its name and when it begins."""


def duties(rule: Rule, subject: str, reading: Reading, settled: Settled) -> list[Duty]:
    """The clocks of all rounds up to the one after the horizon, without those that are settled.

    The last lies ahead and is not told yet.
    """
    found: list[Duty] = []
    for opened, (ended, why) in _stretches(rule, reading):
        start = reading.events[opened]
        entry = rule.term_at(start.time, reading.over_time()[opened])
        if entry is None:
            continue
        latest = _latest(reading, ended)
        name = clock_id(subject, rule.id, start)
        for round_, begins_at in _rounds(rule, start, entry):
            if ended is not None and begins_at > latest:
                break
            of_round = f"{name}/{round_}"
            past = settled(of_round)
            ahead = ended is None and begins_at >= latest
            if ahead or not past:
                found.append(_duty(rule, of_round, reading, start, begins_at, entry, ended, why))
            if ahead:
                found[-1].opens_at = begins_at
                break
    return found


def _rounds(rule: Rule, start: Event, entry: InForce) -> Iterator[Round]:
    """When a report is owed, from the first time on."""
    if entry.daily is None:
        begins_at = start.time + entry.after
        for number in range(1, ROUNDS_MAX + 1):
            yield str(number), begins_at
            begins_at += entry.every
        return
    calendar = None if entry.each == "calendar_day" else rule.calendar
    yield from _days(local_date(start.time, rule.zone), rule.zone, calendar)


@lru_cache(maxsize=256)
def _days(after: date, zone: ZoneInfo, calendar: Calendar | None) -> list[Round]:
    """The days after one, or those of them that a calendar does not know to be off: a ticket asks at each step."""
    days = (after + timedelta(days=number) for number in range(1, ROUNDS_MAX + 1))
    return [
        (day.isoformat(), datetime.combine(day, MIDNIGHT, zone))
        for day in days
        if calendar is None or calendar.working(day) is not False
    ]


def _stretches(rule: Rule, reading: Reading) -> list[tuple[int, tuple[Event | None, Reason]]]:
    """From which event the duty held, to the event that ended it and why (None: it still holds)."""
    if not rule.told(reading.attributes):
        return []
    found: list[tuple[int, tuple[Event | None, Reason]]] = []
    spans = reading.spans(rule.binding)
    for begun, ended, why in _in_hand(rule, reading):
        for since, until in spans:
            opened = max(begun, since)
            if (until is not None and opened >= until) or (ended is not None and opened >= ended):
                continue
            if ended is not None and (until is None or ended < until):
                found.append((opened, (reading.events[ended], why)))
            else:
                found.append((opened, (None if until is None else reading.events[until], Reason.REGRADED)))
    return sorted(found, key=lambda stretch: stretch[0])


def _in_hand(rule: Rule, reading: Reading) -> list[tuple[int, int | None, Reason]]:
    """While somebody had it in hand: from its first start until it ended, and again once that was undone."""
    found: list[tuple[int, int | None, Reason]] = []
    begun: int | None = None
    started = ended = False
    for position, event in enumerate(reading.events):
        why = _ended_by(rule, reading, event)
        started = started or any(start.fits(event) for start in rule.starts)
        if why is not None:
            if begun is not None:
                found.append((begun, position, why))
            begun, ended = None, True
        elif ended and any(undo.fits(event) for undo in rule.undo):
            begun, ended = position if started else None, False
        elif started and not ended and begun is None:
            begun = position
    if begun is not None:
        found.append((begun, None, Reason.CLOSED))
    return found


def _ended_by(rule: Rule, reading: Reading, event: Event) -> Reason | None:
    if event.type in reading.business.closed:
        return Reason.CLOSED
    return next((cancel.reason for cancel in rule.cancels if cancel.fits(event)), None)


def _latest(reading: Reading, ended: Event | None) -> datetime:
    """How far this stretch is known to have come: to its end, else to the horizon or the last event."""
    if ended is not None:
        return ended.time
    latest = reading.events[-1].time
    return latest if reading.horizon is None or reading.horizon < latest else reading.horizon


def _duty(
    rule: Rule,
    of_round: str,
    reading: Reading,
    start: Event,
    begins_at: datetime,
    entry: InForce,
    ended: Event | None,
    why: Reason,
) -> Duty:
    if entry.daily is None:
        due_at = begins_at + entry.every
    else:
        due_at = datetime.combine(begins_at.date(), entry.daily, rule.zone)
    told = (e for e in reading.events if e.time >= begins_at and any(stop.fits(e) for stop in rule.stops))
    if entry.daily is None:  # a round ends where the next begins: what comes at that instant is of the former
        told = (event for event in told if event.time > begins_at)
    stop = next(told, None)
    cancel = ended
    if stop is not None and cancel is not None:
        if reading.events.index(stop) < reading.events.index(cancel):
            cancel = None
        elif cancel.time <= due_at:
            stop = None
    duty = Duty(
        clock_id=of_round,
        rule=rule.id,
        start=start,
        started_at=begins_at,
        due_at=due_at,
        limit_seconds=(due_at - begins_at).total_seconds(),
        thresholds=thresholds(rule, entry, begins_at, due_at),
        stop=stop,
        cancel=cancel,
        owner=None,
        owner_level=None,
        cancelled_for=why,
        known_at=known_at(start),
        entry=entry,
    )
    duty.owner, duty.owner_level = owner(rule, reading, start, None if stop is None else reading.events.index(stop))
    return duty
