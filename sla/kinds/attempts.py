"""Kind `attempts`: so many tries a day, at least so far apart, on so many days, before giving up.

The first start event (a failed try) opens the clock, and each further one is a try; a stop (success) ends it, and so
does the try that makes them enough. There is no due time: what breaks the duty is closing the ticket before. Thin
days do not count, and days need not follow each other. Only `sla.kinds` imports this.
"""

from __future__ import annotations

from collections import Counter
from datetime import date, datetime

from sla.duty import Duty, Outcome, Reason, clock_id
from sla.event import Event
from sla.kinds.course import Course, Settled, course, known_at, owner, thresholds
from sla.rule import InForce, Rule, local_date
from sla.ticket import Reading


def duties(rule: Rule, subject: str, reading: Reading, settled: Settled) -> list[Duty]:
    """One clock for each series of tries; a series that was cancelled is followed by another."""
    found: list[Duty] = []
    if not rule.binding(reading.attributes):
        return found
    after = -1
    for position, event in enumerate(reading.events):
        if position <= after or not any(start.fits(event) for start in rule.starts):
            continue
        entry = rule.term_at(event.time, reading.attributes)
        if entry is None:
            break
        settled(clock_id(subject, rule.id, event))
        followed = course(rule, reading, position, event)
        found.append(_series(rule, subject, reading, position, entry, followed))
        if followed.cancel is None or followed.cancelled_for is Reason.CLOSED:
            break
        after = reading.events.index(followed.cancel)
    return found


def _series(rule: Rule, subject: str, reading: Reading, position: int, entry: InForce, followed: Course) -> Duty:
    start = reading.events[position]
    followed.cut(None, owed=rule.owed_at_close)
    enough = _enough(rule, reading, position, entry)
    standing = None
    if enough is not None and (followed.stop is None or enough.time < followed.stop.time):
        before_cancel = followed.cancel is None or enough.time <= followed.cancel.time
        if before_cancel:
            followed = Course(stop=enough, at=reading.events.index(enough))
            standing = (Outcome.MET, Reason.ENOUGH_ATTEMPTS)
    unit, level = owner(rule, reading, start, followed.at)
    duty = Duty(
        clock_id=clock_id(subject, rule.id, start),
        rule=rule.id,
        start=start,
        started_at=start.time,
        due_at=None,
        limit_seconds=None,
        thresholds=[],
        stop=followed.stop,
        cancel=followed.cancel,
        owner=unit,
        owner_level=level,
        cancelled_for=followed.cancelled_for,
        owed=rule.owed_at_close,
        standing=standing,
    )
    without = duty.closed_without
    duty.known_at = known_at(followed.cancel) if without is not None else None
    duty.thresholds = thresholds(rule, entry, start.time, None, without)
    return duty


def _enough(rule: Rule, reading: Reading, position: int, entry: InForce) -> Event | None:
    """The try with which they were enough; None when they never were."""
    counted: Counter[date] = Counter()
    last: dict[date, datetime] = {}
    for event in reading.events[position:]:
        if not any(start.fits(event) for start in rule.starts):
            continue
        day = local_date(event.time, rule.zone)
        if day in last and event.time - last[day] < entry.gap:
            continue
        last[day] = event.time
        counted[day] += 1
        if sum(tries >= entry.a_day for tries in counted.values()) >= entry.days:
            return event
    return None
