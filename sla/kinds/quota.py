"""Kind `quota`: a sum stays under a cap, and what it counts is kept for some years after closing.

The clock of a ticket runs from its first start event to its closing. Over the cap it is broken until something is
removed again; the clause says "in principle", so rules of this kind are `assumed` and warn. Only `sla.kinds` and
`sla.explain` import this.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime

from sla.duty import WARNING, Duty, Outcome, Reason, clock_id
from sla.event import Event
from sla.kinds.course import Settled, known_at, owner
from sla.rule import InForce, Rule, local_date
from sla.ticket import Reading


def duties(rule: Rule, subject: str, reading: Reading, settled: Settled) -> list[Duty]:
    """The one clock of a ticket; it stands as the sum stands now, and at closing says until when to keep it all."""
    if not rule.binding(reading.attributes) or rule.sum is None:
        return []
    start = next((e for e in reading.events if any(s.fits(e) for s in rule.starts)), None)
    entry = rule.term_at(start.time, reading.attributes) if start is not None else None
    if start is None or entry is None:
        return []
    settled(clock_id(subject, rule.id, start))
    excesses = _excesses(rule, reading, entry.cap)
    too_much = bool(excesses) and excesses[-1][1] is None
    over, under = _told(excesses, reading.horizon)
    latest = excesses[-1][0] if too_much else None
    closing = reading.events[reading.closings[-1]] if reading.closings else None
    standing = (Outcome.RUNNING, Reason.AWAITED)
    if too_much:
        standing = (Outcome.BREACHED, Reason.OVER_QUOTA)
    elif closing is not None:
        standing = (Outcome.MET, Reason.IN_TIME)
    unit, level = owner(rule, reading, start, None)
    return [
        Duty(
            clock_id=clock_id(subject, rule.id, start),
            rule=rule.id,
            start=start,
            started_at=start.time,
            due_at=None,
            limit_seconds=None,
            thresholds=[(WARNING, over.time)] if over is not None and not rule.verdict_only else [],
            stop=closing if standing[0] is Outcome.MET else None,
            cancel=under,
            owner=unit,
            owner_level=level,
            cancelled_for=Reason.PUT_RIGHT,
            ended_before=under.time if under is not None else None,
            standing=standing,
            known_at=known_at(over),
            wakes_at=_counts_from(latest) if latest is not None else None,
            keep_until=_keep_until(rule, reading, entry, closing),
            entry=entry,
        )
    ]


Excess = tuple[Event | None, Event | None]
"""The event that took the sum over the cap, and the one that brought it back (None: it is still over)."""


def _excesses(rule: Rule, reading: Reading, cap: int) -> list[Excess]:
    """Every time the sum was over the cap, for longer than an instant."""
    over: Event | None = None
    found: list[Excess] = []
    for event, total in sums(rule, reading):
        if total > cap and over is None:
            over = event
        elif total <= cap and over is not None:
            if event.time > over.time:
                found.append((over, event))
            over = None
    return found if over is None else [*found, (over, None)]


def sums(rule: Rule, reading: Reading) -> Iterator[tuple[Event, int]]:
    """Every event that adds or removes something, with the sum after it."""
    assert rule.sum is not None
    total = 0
    for event in reading.events:
        if event.type not in (rule.sum.add, rule.sum.remove):
            continue
        amount = max(0, event.data.get(rule.sum.amount, 0))
        total = total + amount if event.type == rule.sum.add else max(0, total - amount)
        yield event, total


def _counts_from(over: Event) -> datetime:
    """The instant after which silence confirms an excess."""
    return max(over.time, over.appended_at or over.time)


def _told(excesses: list[Excess], horizon: datetime | None) -> Excess:
    """The excess the alert is about: the last, but for one that no silence confirms yet."""
    for over, under in reversed(excesses):
        assert over is not None
        if under is not None or (horizon is not None and horizon > _counts_from(over)) or len(excesses) == 1:
            return over, under
    return excesses[-1] if excesses else (None, None)


def _keep_until(rule: Rule, reading: Reading, entry: InForce, closing: Event | None) -> date | None:
    """The last day on which what was counted must still be there: some years after the day of closing."""
    if closing is None:
        return None
    years = next((years for where, years in entry.keep_years if where.holds(reading.attributes)), None)
    if years is None:
        return None
    on = local_date(closing.time, rule.zone)
    leap_day = on.month == 2 and on.day == 29
    return date(on.year + years, 2, 28) if leap_day and years % 4 else on.replace(year=on.year + years)
