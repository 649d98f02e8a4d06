"""Kind `attempts`: so many tries a day on so many days, or so many at all, at least so far apart, before giving up.

The first start event (a failed try) opens the clock, and each further one is a try; a stop (success) ends it, and so
does the try that makes them enough. There is no due time: what breaks the duty is closing the ticket before. Thin
days do not count, and days need not follow each other. Only `sla.kinds` and `sla.explain` import this.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
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
        returned = _next(rule, reading, position)
        found.append(_series(rule, subject, reading, position, entry, followed, returned))
        if returned is None:
            break
        after = returned
    return found


def _next(rule: Rule, reading: Reading, position: int) -> int | None:
    """Where the next event that cancels a series stands."""
    later = range(position + 1, len(reading.events))
    return next((p for p in later if any(cancel.fits(reading.events[p]) for cancel in rule.cancels)), None)


def _series(
    rule: Rule,
    subject: str,
    reading: Reading,
    position: int,
    entry: InForce,
    followed: Course,
    returned: int | None,
) -> Duty:
    start = reading.events[position]
    followed.cut(None, owed=rule.owed_at_close)
    enough = _enough(rule, reading, position, entry, len(reading.events) if returned is None else returned)
    standing = None
    if enough is not None and (followed.at is None or enough < followed.at):
        followed = Course(stop=reading.events[enough], at=enough, cancel=_closing(followed))
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
    duty.entry = entry
    without = duty.closed_without
    duty.known_at = known_at(followed.cancel) if without is not None else None
    duty.thresholds = thresholds(rule, entry, start.time, None, without)
    return duty


def _closing(followed: Course) -> Event | None:
    """A closing before the last try; what is owed at closing may still be done after it."""
    return followed.cancel if followed.cancelled_for is Reason.CLOSED else None


def _enough(rule: Rule, reading: Reading, position: int, entry: InForce, until: int) -> int | None:
    """The position of the try with which they were enough, before `until`; None when they never were.

    Where only their number counts, it is as if all came on one day.
    """
    days, a_day = (1, entry.tries) if entry.tries else (entry.days, entry.a_day)
    counted: Counter[date] = Counter()
    for at, day, counts in tries(rule, reading, position, entry, until):
        if counts:
            counted[day] += 1
            if sum(number >= a_day for number in counted.values()) >= days:
                return at
    return None


def tries(
    rule: Rule, reading: Reading, position: int, entry: InForce, until: int
) -> Iterator[tuple[int, date, bool]]:
    """Every try from one position up to another: where, on which day, and whether it is far enough from the last."""
    last: dict[date, datetime] = {}
    for at in range(position, until):
        event = reading.events[at]
        if not any(start.fits(event) for start in rule.starts):
            continue
        day = date.min if entry.tries else local_date(event.time, rule.zone)
        counts = day not in last or event.time - last[day] >= entry.gap
        if counts:
            last[day] = event.time
        yield at, day, counts
