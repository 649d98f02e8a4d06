"""The ladder of a case: which message to which receiver is due now, which is not, and when to look again. Pure.

    raised --after 10 min, nobody acknowledged--> next rung --> ... --> chased at an interval while it is overdue
       `--> over (resolved, retracted): whoever heard it hears that too, and nobody else

Level-triggered: it reads how the case stands and never what has happened since it was last asked, so a restart, a
repeat or a record read twice changes nothing. Times of later rungs count from the moment the first one was settled:
nobody is called because somebody was silent who had not been told. May be imported by `alerting` and `cli`.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import datetime, timedelta
from typing import Final

import msgspec

from alerting.alert import Alert, Level, Status
from alerting.case import ARRIVED, Case
from alerting.message import Occasion
from alerting.record import END, FIRST, Key
from alerting.stages.mute import Mute, Muting

UPDATE: Final = "update"
OPERATOR: Final = "operator/"
"""What rules of alerts about the monitor itself begin with."""


class Rung(msgspec.Struct, frozen=True):
    """One step: its name, how long after the alert was told it is due, and who hears it.

    `after` None: only when nobody of all rungs before it is reached. `receivers(at)` are those that were right at
    that instant (who was on duty then), so it can be audited later.
    """

    name: str
    after: timedelta | None
    occasion: Occasion
    receivers: Callable[[datetime], tuple[str, ...]]


class Plan(msgspec.Struct, frozen=True):
    """What the routes say of an alert: its rungs by the time they are due, the first at once."""

    rungs: tuple[Rung, ...]
    critical: bool = False


class Task(msgspec.Struct, frozen=True):
    """A message that is due; `digest` is the key of the message in which it was told with others, and not taken."""

    key: Key
    occasion: Occasion
    alert: Alert
    critical: bool
    due_at: datetime
    attempts: int = 0
    digest: str | None = None


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


class Due(msgspec.Struct, frozen=True):
    """A rung and the instant from which it is due; None: not yet known."""

    number: int
    rung: Rung
    at: datetime | None


def rungs_due(case: Case, plan: Plan) -> list[Due]:
    """When each rung of the episode is due, as far as it is known; a firing case only."""
    begun = episode(case)
    told_at = _told_at(case, plan)
    found = [Due(0, plan.rungs[0], begun.appended_at)]
    for number, rung in enumerate(plan.rungs[1:], 1):
        before = found[-1]
        if rung.after is None:
            at = _nobody_at(case, found)
        elif told_at is None or before.at is None:
            at = None
        else:
            failed_at = _failed_at(case, before.rung, before.at)
            at = told_at + rung.after
            at = at if failed_at is None else max(min(at, failed_at), before.at)
        found.append(Due(number, rung, at))
    return found


def episode(case: Case) -> Alert:
    """The revision that opened the episode of a firing case."""
    assert case.begun is not None  # a firing case has an episode
    return case.begun


def decide(
    case: Case,
    plan: Plan,
    muting: Muting | None,
    machines: Collection[str],
    now: datetime,
    under_way: Collection[Key] = (),
) -> Decision:
    """What is due for a case, as it stands at `now`, beside what is under way; `machines` hear every revision."""
    decision = Decision([], [])
    if not case.firing:
        _drop(case, machines, decision)
        _end(case, plan, machines, now, decision)
    elif muting is not None:
        _mute(case, plan, muting, decision)
    else:
        _climb(case, plan, now, under_way, decision)
        _update(case, plan, machines, now, decision)
    return decision


def _mute(case: Case, plan: Plan, muting: Muting, decision: Decision) -> None:
    begun = episode(case)
    for receiver in plan.rungs[0].receivers(begun.appended_at):
        key = Key(begun.alert_id, begun.revision, receiver, f"{FIRST}/{muting.why}")
        if key not in case.done and Key(key.alert_id, key.revision, receiver, FIRST) not in case.done:
            decision.muffled.append(Muffled(key, muting.why, muting.by))
    if muting.until is not None:
        decision.later(muting.until)


def _climb(case: Case, plan: Plan, now: datetime, under_way: Collection[Key], decision: Decision) -> None:
    acknowledged = case.acknowledged
    climbed: list[tuple[Rung, datetime]] = []
    for due in rungs_due(case, plan):
        if due.at is None:
            continue
        if due.number and due.at > now:  # the first is due whatever our own clock says
            decision.later(due.at)
        elif due.number and acknowledged is not None:
            _acknowledged(case, due.rung, due.at, decision)
        else:
            climbed.append((due.rung, due.at))
    chosen: set[str] = set()
    for rung, at in reversed(climbed):  # a receiver hears the highest rung that is due, and the others not as well
        for receiver in rung.receivers(at):
            _step(case, plan, rung, at, receiver, now, under_way, chosen, decision)


def _step(
    case: Case,
    plan: Plan,
    rung: Rung,
    at: datetime,
    receiver: str,
    now: datetime,
    under_way: Collection[Key],
    chosen: set[str],
    decision: Decision,
) -> None:
    begun = episode(case)
    key = Key(begun.alert_id, begun.revision, receiver, rung.name)
    knows = case.heard.get(receiver)
    knows_it_fires = knows is not None and knows.status == Status.FIRING
    done = case.done.get(key)
    if done is not None and (done.reason != Mute.ALREADY_HEARD or knows_it_fires):
        if case.arrived(key):
            chosen.add(receiver)
        return
    told_of_end = any(_is_end(other, begun, receiver) for other in under_way)
    maybe_ended = any(tries.maybe and _is_end(other, begun, receiver) for other, tries in case.tries.items())
    if receiver in chosen or _told_since(case, receiver, at):
        decision.muffled.append(Muffled(key, Mute.OVERTAKEN))
    elif told_of_end:
        return  # it is being told that it was over: then it hears this as news
    elif rung.name == FIRST and knows_it_fires and not maybe_ended:
        decision.muffled.append(Muffled(key, Mute.ALREADY_HEARD))
    else:  # where the end may have arrived unheard of, it hears this as well
        _task(case, key, rung.occasion, plan.critical, at, now, decision)
    chosen.add(receiver)


def _is_end(key: Key, begun: Alert, receiver: str) -> bool:
    return (
        key.step == END
        and key.receiver == receiver
        and key.alert_id == begun.alert_id
        and key.revision < begun.revision
    )


def _told_since(case: Case, receiver: str, at: datetime) -> bool:
    """Whether a receiver heard of this episode, by another step, after a rung was due."""
    begun = episode(case)
    return any(
        key.receiver == receiver and key.revision == begun.revision and done.outcome in ARRIVED and done.at > at
        for key, done in case.done.items()
    )


def _acknowledged(case: Case, rung: Rung, due_at: datetime, decision: Decision) -> None:
    """Record, once its time has come, why a rung was not climbed."""
    begun = episode(case)
    for receiver in rung.receivers(due_at):
        key = Key(begun.alert_id, begun.revision, receiver, rung.name)
        if key not in case.done:
            decision.muffled.append(Muffled(key, Mute.ACKNOWLEDGED))


def _update(case: Case, plan: Plan, machines: Collection[str], now: datetime, decision: Decision) -> None:
    latest = case.latest
    for receiver, heard in case.heard.items():
        if receiver in machines and heard.status == Status.FIRING and heard.revision < latest.revision:
            key = Key(latest.alert_id, latest.revision, receiver, UPDATE)
            if key.revision != episode(case).revision:
                _task(case, key, Occasion.RAISED, plan.critical, latest.appended_at, now, decision)


def _drop(case: Case, machines: Collection[str], decision: Decision) -> None:
    """What was tried and not delivered is of no use any more; a machine that may have it hears the end first."""
    for key, tries in case.tries.items():
        owed = key.step == END and key.revision == case.latest.revision
        maybe = key.receiver in machines and tries.maybe
        if not owed and (not maybe or _end_key(case, key.receiver) in case.done):
            decision.muffled.append(Muffled(key, Mute.OVER_BEFORE_HEARD))


def _end(case: Case, plan: Plan, machines: Collection[str], now: datetime, decision: Decision) -> None:
    latest = case.latest
    occasion = Occasion.RESOLVED if latest.status is Status.RESOLVED else Occasion.RETRACTED
    quiet = latest.level is Level.WARNING and occasion is Occasion.RESOLVED and not _is_operator(latest)
    maybe = (key.receiver for key, tries in case.tries.items() if key.receiver in machines and tries.maybe)
    for receiver in dict.fromkeys((*case.heard, *maybe)):
        heard, key = case.heard.get(receiver), _end_key(case, receiver)
        if key in case.done:
            continue
        knows = heard is not None and heard.status == latest.status
        if knows and (receiver not in machines or (heard is not None and heard.revision >= latest.revision)):
            continue
        if quiet and receiver not in machines:
            decision.muffled.append(Muffled(key, Mute.RESOLVED_WARNING))
        else:
            _task(case, key, occasion, plan.critical, latest.appended_at, now, decision)


def _end_key(case: Case, receiver: str) -> Key:
    return Key(case.latest.alert_id, case.latest.revision, receiver, END)


def _is_operator(alert: Alert) -> bool:
    return alert.data.rule.startswith(OPERATOR)


def _task(
    case: Case, key: Key, occasion: Occasion, critical: bool, due_at: datetime, now: datetime, decision: Decision
) -> None:
    if key in case.done and case.done[key].reason != Mute.ALREADY_HEARD:
        return
    tries = case.tries.get(key)
    if tries is not None and tries.next_at > now:
        decision.later(tries.next_at)
        return
    attempts, digest = (0, None) if tries is None else (tries.count, tries.digest)
    decision.tasks.append(Task(key, occasion, case.latest, critical, due_at, attempts, digest))


def _told_at(case: Case, plan: Plan) -> datetime | None:
    """When the first rung was settled for somebody, or was known not to get through; None: not yet."""
    begun = episode(case)
    at: list[datetime] = []
    for receiver in plan.rungs[0].receivers(begun.appended_at):
        key = Key(begun.alert_id, begun.revision, receiver, FIRST)
        done = case.done.get(key)
        if done is not None:
            at.append(done.at)
        elif key in case.unreached:
            at.append(case.unreached[key])
    return min(at, default=None)


def _failed_at(case: Case, rung: Rung, due_at: datetime) -> datetime | None:
    """When it was clear that nobody of a rung is reached; None while somebody was, or may still be."""
    begun = episode(case)
    keys = [Key(begun.alert_id, begun.revision, name, rung.name) for name in rung.receivers(due_at)]
    if any(key not in case.unreached or case.arrived(key) for key in keys):
        return None
    return max((case.unreached[key] for key in keys), default=None)


def _nobody_at(case: Case, before: list[Due]) -> datetime | None:
    """When it was clear that nobody of all rungs is reached; chases repeat and are not waited for."""
    at: list[datetime] = []
    for due in before:
        if due.rung.occasion is Occasion.CHASED:
            continue
        failed_at = _failed_at(case, due.rung, due.at) if due.at is not None else None
        if failed_at is None:
            return None
        at.append(failed_at)
    return max(at)
