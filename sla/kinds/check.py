"""Kind `check`: facts that contradict a clause.

With an event: each such event, while the rule binds the ticket as it was then, after what it `needs` and without
what it `lacks`. Without one (`bound`): each span in which the facts of the ticket contradict each other. It stands
once silence through it is proven, until a stop or better facts put it right. Only `sla.kinds` imports this.
"""

from __future__ import annotations

from datetime import datetime

from sla.duty import WARNING, Duty, Outcome, Reason, clock_id
from sla.event import Event
from sla.kinds.course import Settled, owner
from sla.rule import Rule, Trigger
from sla.ticket import Reading


def duties(rule: Rule, subject: str, reading: Reading, settled: Settled) -> list[Duty]:
    """One clock for every contradiction; a fact that is contradicted again is round 2."""
    found: list[Duty] = []
    if not rule.told(reading.attributes):
        return found
    if rule.bound:
        for since, until in reading.spans(rule.binding):
            right = reading.events[until] if until is not None else None
            found.append(_contradiction(rule, subject, reading, since, right))
    else:
        for position, event in enumerate(reading.events):
            attributes = reading.over_time()[position]
            fits = any(start.fits(event) and start.ticket.holds(attributes) for start in rule.starts)
            if fits and rule.binding(attributes) and _told(rule, reading, position):
                found.append(_contradiction(rule, subject, reading, position, None))
    for duty in found:
        settled(duty.clock_id)
    return found


def _told(rule: Rule, reading: Reading, position: int) -> bool:
    """Whether what came before is as the contradiction has it: all it needs, nothing it lacks."""
    before = reading.events[:position]

    def last(trigger: Trigger) -> int:
        return next((p for p in reversed(range(position)) if trigger.fits(before[p])), -1)

    needed = [last(trigger) for trigger in rule.needs]
    if -1 in needed:
        return False
    since = max(needed, default=-1)
    return not any(last(lack) > (since if lack.later else -1) for lack in rule.lacks)


def _contradiction(rule: Rule, subject: str, reading: Reading, position: int, right: Event | None) -> Duty:
    event = reading.events[position]
    after = reading.events[position + 1 :]
    stop = next((e for e in after if any(s.stops(event.data, e) for s in rule.stops)), None)
    if right is not None and (stop is None or right.time < stop.time):
        stop = right
    unit, level = owner(rule, reading, event, None if stop is None else reading.events.index(stop))
    duty = Duty(
        clock_id=clock_id(subject, rule.id, event),
        rule=rule.id,
        start=event,
        started_at=event.time,
        due_at=event.time,
        limit_seconds=None,
        thresholds=[] if rule.verdict_only else [(WARNING, event.time)],
        stop=stop,
        cancel=None,
        owner=unit,
        owner_level=level,
    )
    duty.standing = _standing(duty, reading.horizon)
    return duty


def _standing(duty: Duty, horizon: datetime | None) -> tuple[Outcome, Reason]:
    if duty.stop is not None:
        return Outcome.LATE, Reason.PUT_RIGHT
    if horizon is not None and horizon > duty.silence_counts_from(duty.started_at):
        return Outcome.BREACHED, Reason.CONTRADICTION
    return Outcome.RUNNING, Reason.AWAITED
