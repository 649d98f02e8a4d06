"""What an output says of a clock beside how it stands: instants, overrun, evidence, whether it is excused.

It is apart from `sla.publication` because what is said and the fingerprint of it must come from one place. Only
`sla.publication` and `sla.explain` import this.
"""

from __future__ import annotations

from datetime import datetime

from sla.duty import BREACH, WARNING, Duty, Outcome, Status

BROKEN = frozenset({BREACH, WARNING, f"{WARNING}-100"})
"""The levels that say what the verdict says: it is broken. Those before it are no breach that could be excused."""


def excused(duty: Duty, outcome: Outcome) -> bool:
    """Whether what is broken is excused; nothing else can be."""
    return duty.excused and outcome in (Outcome.LATE, Outcome.BREACHED)


def verdict_time(duty: Duty, outcome: Outcome) -> datetime:
    """The instant a verdict is about: the end, or when the duty was broken, or the start."""
    ended_at = duty.ended_at
    if ended_at is not None:
        return ended_at
    if outcome is not Outcome.BREACHED:
        return duty.started_at
    return (duty.closed_without if duty.owed else None) or duty.due_at or duty.started_at


def alert_time(duty: Duty, at: datetime, status: Status) -> datetime:
    """The instant an alert is about: that of its threshold while it fires, then the end."""
    return at if status is Status.FIRING else (duty.ended_at or at)


def evidence(duty: Duty) -> list[str]:
    """The ids of the events a clock rests on: its start and what ended it."""
    if duty.rests_on:
        return list(duty.rests_on)
    ids = [duty.start.id]
    for event in (duty.reopened, duty.stop, duty.cancel):
        if event is not None:
            ids.append(event.id)
    return ids


def overrun(duty: Duty, status: Status) -> float | None:
    """Seconds past due: at the end, or at the moment the clock became known when that was past due already.

    Without a limit there is no due time to run over: a contradiction is wrong from its first instant.
    """
    if status is Status.RETRACTED or duty.limit_seconds is None:
        return None
    until = duty.ended_at or duty.start.appended_at
    if until is None or duty.due_at is None or until <= duty.due_at:
        return None
    return (until - duty.due_at).total_seconds()
