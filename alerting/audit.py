"""The auditor: does every step that was due have an outcome, and did everybody who heard an alert hear its end? Pure.

It asks the records, not the process that wrote them: `slawatch notifications audit` runs it over the topics, and a
notifier over what it holds. May be imported by `alerting` and `cli`.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from alerting.alert import Level, Status
from alerting.case import Case
from alerting.ladder import END, FIRST, Plan
from alerting.record import Key

TOLERANCE: Final = timedelta(minutes=2)
"""How long after its time a step may be without an outcome: a queue, a rate limit, a notifier that starts."""


def missing(case: Case, plan: Plan, now: datetime, tolerance: timedelta = TOLERANCE) -> list[Key]:
    """The steps that were due before `now - tolerance` and have no outcome and no attempt that is to follow."""
    return _rungs(case, plan, now - tolerance) if case.firing else _ends(case, now - tolerance)


def _rungs(case: Case, plan: Plan, until: datetime) -> list[Key]:
    begun = case.begun
    if begun is None or _muted(case, begun.revision):
        return []
    found = []
    acknowledged = case.acknowledged
    for number, rung in enumerate(plan.rungs):
        due_at = begun.appended_at + rung.after
        if due_at > until:
            break
        if number and acknowledged is not None and acknowledged.at <= due_at:
            continue
        for receiver in rung.receivers(due_at):
            key = Key(case.latest.alert_id, begun.revision, receiver, rung.name)
            if not _told(case, key):
                found.append(key)
    return found


def _ends(case: Case, until: datetime) -> list[Key]:
    latest = case.latest
    if latest.appended_at > until:
        return []
    heard = [
        Key(latest.alert_id, latest.revision, receiver, END)
        for receiver, known in case.heard.items()
        if known.status == Status.FIRING
    ]
    warning = latest.level is Level.WARNING and latest.status is Status.RESOLVED
    return [] if warning else [key for key in heard if not _told(case, key)]


def _told(case: Case, key: Key) -> bool:
    return key in case.done or key in case.tries


def _muted(case: Case, revision: int) -> bool:
    """Whether the first step of the episode was deliberately not told to anybody, and nothing came after it."""
    steps = [key for key in case.done if key.revision == revision]
    return any(key.step.startswith(f"{FIRST}/") for key in steps) and not any(key.step == FIRST for key in steps)
