"""The ladder of a case: which message to which receiver is due now, which is not, and when to look again. Pure.

    raised --after 10 min, nobody acknowledged--> next rung --> ... --> chased at an interval while it is overdue
       `--> over (resolved, retracted): whoever heard it hears that too, and nobody else

Level-triggered: it reads how the case stands and never what has happened since it was last asked, so a restart, a
repeat or a record read twice changes nothing. May be imported by `alerting` and `cli`.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

import msgspec

from alerting.alert import Alert, Level, Status
from alerting.case import Case
from alerting.message import Occasion
from alerting.record import Key, Outcome
from alerting.stages.mute import Mute, Muting

FIRST: Final = "first"
END: Final = "end"
UPDATE: Final = "update"


class Rung(msgspec.Struct, frozen=True):
    """One step: its name, how long after the alert was raised it is due, and who hears it.

    `receivers(at)` are those that were right at that instant (who was on duty then), so it can be audited later.
    """

    name: str
    after: timedelta
    occasion: Occasion
    receivers: Callable[[datetime], tuple[str, ...]]


class Plan(msgspec.Struct, frozen=True):
    """What the routes say of an alert: its rungs by the time they are due, the first at once."""

    rungs: tuple[Rung, ...]
    critical: bool = False


class Task(msgspec.Struct, frozen=True):
    """A message that is due."""

    key: Key
    occasion: Occasion
    alert: Alert
    critical: bool
    due_at: datetime
    attempts: int = 0


class Muffled(msgspec.Struct, frozen=True):
    """A message that is deliberately not sent, to be recorded."""

    key: Key
    why: Mute
    by: str = ""


class Decision(msgspec.Struct):
    """What to do for a case now; `look_at` is when something may be due without anybody saying anything."""

    tasks: list[Task]
    muffled: list[Muffled]
    look_at: datetime | None = None

    def later(self, at: datetime) -> None:
        """Look again then, or earlier."""
        self.look_at = at if self.look_at is None else min(self.look_at, at)


def decide(case: Case, plan: Plan, muting: Muting | None, machines: frozenset[str], now: datetime) -> Decision:
    """What is due for a case, as it stands at `now`; `machines` are the receivers that hear every revision."""
    decision = Decision([], [])
    if case.firing:
        if muting is not None:
            _mute(case, plan, muting, decision)
        else:
            _climb(case, plan, now, decision)
            _update(case, plan, machines, now, decision)
    else:
        _drop(case, decision)
        _end(case, plan, machines, now, decision)
    return decision


def _mute(case: Case, plan: Plan, muting: Muting, decision: Decision) -> None:
    begun = _begun(case)
    for receiver in plan.rungs[0].receivers(begun.appended_at):
        key = Key(case.latest.alert_id, begun.revision, receiver, f"{FIRST}/{muting.why}")
        if key not in case.done and Key(key.alert_id, key.revision, receiver, FIRST) not in case.done:
            decision.muffled.append(Muffled(key, muting.why, muting.by))
    if muting.until is not None:
        decision.later(muting.until)


def _climb(case: Case, plan: Plan, now: datetime, decision: Decision) -> None:
    begun, acknowledged = _begun(case), case.acknowledged
    due_at = begun.appended_at
    climbed: list[tuple[Rung, datetime]] = []
    for number, rung in enumerate(plan.rungs):
        failed_at = _failed_at(case, plan.rungs[number - 1], due_at) if number else None
        by_time = begun.appended_at + rung.after
        due_at = by_time if failed_at is None else max(min(by_time, failed_at), due_at)
        if number and acknowledged is not None:
            _acknowledged(case, rung, due_at, now, decision)
        elif due_at > now:
            decision.later(due_at)
            break
        else:
            climbed.append((rung, due_at))
    chosen: set[str] = set()
    for rung, at in reversed(climbed):  # a receiver hears the highest rung that is due, and the others not as well
        for receiver in rung.receivers(at):
            key = Key(case.latest.alert_id, begun.revision, receiver, rung.name)
            if key in case.done:
                if not _arrived(case, key):
                    continue
            elif receiver in chosen:
                decision.muffled.append(Muffled(key, Mute.OVERTAKEN))
            elif rung.name == FIRST and _still_firing_for(case, receiver):
                decision.muffled.append(Muffled(key, Mute.ALREADY_HEARD))
            else:
                _task(case, key, rung.occasion, plan.critical, at, now, decision)
            chosen.add(receiver)


def _acknowledged(case: Case, rung: Rung, due_at: datetime, now: datetime, decision: Decision) -> None:
    """Record, once its time has come, why a rung was not climbed."""
    if due_at > now:
        decision.later(due_at)
        return
    for receiver in rung.receivers(due_at):
        key = Key(case.latest.alert_id, _begun(case).revision, receiver, rung.name)
        if key not in case.done:
            decision.muffled.append(Muffled(key, Mute.ACKNOWLEDGED))


def _update(case: Case, plan: Plan, machines: frozenset[str], now: datetime, decision: Decision) -> None:
    for receiver, heard in case.heard.items():
        if receiver in machines and heard.status == Status.FIRING and heard.revision < case.latest.revision:
            key = Key(case.latest.alert_id, case.latest.revision, receiver, UPDATE)
            if key.revision != _begun(case).revision:
                _task(case, key, Occasion.RAISED, plan.critical, case.latest.appended_at, now, decision)


def _drop(case: Case, decision: Decision) -> None:
    """What was tried and not delivered is of no use any more."""
    for key in case.tries:
        if key.step != END or key.revision < case.latest.revision:
            decision.muffled.append(Muffled(key, Mute.OVER_BEFORE_HEARD))


def _end(case: Case, plan: Plan, machines: frozenset[str], now: datetime, decision: Decision) -> None:
    latest = case.latest
    occasion = Occasion.RESOLVED if latest.status is Status.RESOLVED else Occasion.RETRACTED
    for receiver, heard in case.heard.items():
        same = heard.status == latest.status
        if same and (receiver not in machines or heard.revision >= latest.revision):
            continue
        key = Key(latest.alert_id, latest.revision, receiver, END)
        if key in case.done:
            continue
        if latest.level is Level.WARNING and occasion is Occasion.RESOLVED and receiver not in machines:
            decision.muffled.append(Muffled(key, Mute.RESOLVED_WARNING))
        else:
            _task(case, key, occasion, plan.critical, latest.appended_at, now, decision)


def _task(
    case: Case, key: Key, occasion: Occasion, critical: bool, due_at: datetime, now: datetime, decision: Decision
) -> None:
    if key in case.done:
        return
    tries = case.tries.get(key)
    if tries is not None and tries.next_at > now:
        decision.later(tries.next_at)
        return
    attempts = 0 if tries is None else tries.count
    decision.tasks.append(Task(key, occasion, case.latest, critical, due_at, attempts))


def _failed_at(case: Case, rung: Rung, due_at: datetime) -> datetime | None:
    """When it was clear that nobody of a rung is reached; None while somebody was, or may still be."""
    keys = [Key(case.latest.alert_id, _begun(case).revision, name, rung.name) for name in rung.receivers(due_at)]
    if any(key not in case.unreached or _arrived(case, key) for key in keys):
        return None
    return max((case.unreached[key] for key in keys), default=None)


def _arrived(case: Case, key: Key) -> bool:
    done = case.done.get(key)
    return done is not None and done.outcome in (Outcome.SENT, Outcome.UNVERIFIED)


def _still_firing_for(case: Case, receiver: str) -> bool:
    heard = case.heard.get(receiver)
    return heard is not None and heard.status == Status.FIRING


def _begun(case: Case) -> Alert:
    assert case.begun is not None  # a firing case has an episode
    return case.begun
