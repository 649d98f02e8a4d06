"""The auditor: does every step that was due have an outcome, and did everybody who heard an alert hear its end? Pure.

It asks the records, not the process that wrote them: `slawatch notifications audit` runs it over the topics, and a
notifier over what it holds. May be imported by `alerting` and `cli`.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

from alerting.alert import Alert, Status
from alerting.case import Case
from alerting.ladder import Plan, episode, rungs_due
from alerting.record import END, Key

TOLERANCE: Final = timedelta(minutes=2)
"""How long after its time a step may be without an outcome: a queue, a rate limit, a notifier that starts."""


def missing(
    case: Case, plan: Callable[[Alert], Plan], now: datetime, *, muted: bool, tolerance: timedelta = TOLERANCE
) -> list[Key]:
    """The steps that were due before `now - tolerance` and have no outcome and no attempt that is to follow.

    While an alert is `muted` nothing is due.
    """
    if not case.firing:
        return _ends(case, now - tolerance)
    return [] if muted else _rungs(case, plan(case.begun or case.latest), now - tolerance)


def unreached(case: Case) -> bool:
    """Whether an alert fires, was tried, and has reached nobody: somebody has to look at the receivers.

    A canary is missed by the one who sent it, and by nobody else.
    """
    if case.latest.canary:
        return False
    return case.firing and bool(case.unreached) and not any(case.arrived(key) for key in case.done)


def _rungs(case: Case, plan: Plan, until: datetime) -> list[Key]:
    found = []
    acknowledged, begun = case.acknowledged, episode(case)
    for due in rungs_due(case, plan):
        if due.at is None or due.at > until or (due.number and acknowledged is not None):
            continue
        for receiver in due.rung.receivers(due.at):
            key = Key(begun.alert_id, begun.revision, receiver, due.rung.name)
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
    return [key for key in heard if not _told(case, key)]


def _told(case: Case, key: Key) -> bool:
    return key in case.done or key in case.tries
