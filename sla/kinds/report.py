"""Kind `report`: once a day while something is open.

One clock a day, named by its date: it runs from the first instant of the day to `daily`, from the day after the
later of the first start event and the moment the rule began to bind. A stop on or after that day ends it (late when
after due); a cancel or the closing ends the daily duty, an undo takes it up again from the next day. Only `sla.kinds`
imports this.
"""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

from sla.duty import Duty, Reason, clock_id
from sla.event import Event
from sla.kinds.course import Settled, known_at, owner, thresholds
from sla.rule import InForce, Rule, local_date
from sla.ticket import Reading

ROUNDS_MAX = 366
"""No duty is asked for on more days than this: a complaint that is open for a year has other troubles."""


def duties(rule: Rule, subject: str, reading: Reading, settled: Settled) -> list[Duty]:
    """The clocks of all days up to the day after the horizon; the last lies ahead and is not told yet."""
    found: list[Duty] = []
    for opened, (ended, why) in _stretches(rule, reading):
        start = reading.events[opened]
        entry = rule.term_at(start.time, reading.over_time()[opened])
        if entry is None or entry.daily is None:
            continue
        latest = _latest(reading, ended)
        last = local_date(latest, rule.zone) if ended is not None else date.max
        day = local_date(start.time, rule.zone) + timedelta(days=1)
        until = day + timedelta(days=ROUNDS_MAX)
        while day <= last and day < until:
            if entry.each == "calendar_day" or _works(rule, day):
                duty = _day(rule, subject, reading, start, day, entry, ended, why)
                settled(duty.clock_id)
                found.append(duty)
                if ended is None and duty.started_at >= latest:
                    duty.opens_at = duty.started_at
                    break
            day += timedelta(days=1)
    return found


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


def _works(rule: Rule, day: date) -> bool:
    """Whether a day counts where only working days do; a day the calendar does not know is taken for one."""
    return rule.calendar is None or rule.calendar.working(day) is not False


def _day(
    rule: Rule,
    subject: str,
    reading: Reading,
    start: Event,
    day: date,
    entry: InForce,
    ended: Event | None,
    why: Reason,
) -> Duty:
    assert entry.daily is not None
    begins_at = datetime.combine(day, time(0), rule.zone)
    due_at = datetime.combine(day, entry.daily, rule.zone)
    stop = next((e for e in reading.events if e.time >= begins_at and any(s.fits(e) for s in rule.stops)), None)
    cancel = ended
    if stop is not None and cancel is not None:
        if reading.events.index(stop) < reading.events.index(cancel):
            cancel = None
        elif cancel.time <= due_at:
            stop = None
    duty = Duty(
        clock_id=clock_id(subject, rule.id, start, day.isoformat()),
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
    )
    duty.owner, duty.owner_level = owner(rule, reading, start, None if stop is None else reading.events.index(stop))
    return duty
