"""The office: the desks of all partitions a notifier serves, and the way from a decision to a courier and back.

It is the one place where desks, couriers and the journal meet. One asyncio loop, no locks. `alerting` only.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from datetime import datetime, timedelta
from typing import Protocol

import msgspec

from alerting.alert import Alert, Status
from alerting.audit import missing, unreached
from alerting.case import Acknowledged
from alerting.command import Command, Verb
from alerting.desk import Desk
from alerting.ladder import Muffled, Plan, Task
from alerting.metrics import Metrics
from alerting.record import Key, Notification, Outcome
from alerting.stages.mute import Silence
from alerting.stages.record import Records

RESOLVED_KEPT = timedelta(minutes=5)
"""So long a receiver that forgets is told again that an alert is over."""
SILENCES_MAX = 10_000
BREATH = 200
"""After so many cases whatever else is due gets its turn."""


class Parcel(msgspec.Struct, frozen=True):
    """A task with the partition it came from, so that its record goes where its alert lies."""

    partition: int
    task: Task


class Audit(msgspec.Struct):
    """What an audit found: how many alerts, the steps without an outcome, and alerts that reached nobody."""

    cases: int = 0
    unreached: int = 0
    lost: list[Key] = []


class Courier(Protocol):
    """Who brings messages to one receiver."""

    def add(self, parcel: Parcel) -> None:
        """One more to bring."""

    def drop(self, partition: int) -> list[Key]:
        """The partition is another's now: what had waited of it."""


class Office:
    """Desks by partition."""

    def __init__(
        self,
        plan: Callable[[Alert], Plan],
        machines: frozenset[str],
        give_up_after: timedelta,
        journal: Records,
        metrics: Metrics,
        now: Callable[[], datetime],
    ) -> None:
        self._plan, self._machines, self._give_up_after = plan, machines, give_up_after
        self._journal, self._metrics, self._now = journal, metrics, now
        self.couriers: dict[str, Courier] = {}
        self.desks: dict[int, Desk] = {}
        self.silences: dict[str, Silence] = {}
        self.commands: list[tuple[datetime, Command]] = []
        self._acks: dict[str, list[Acknowledged]] = {}
        self._ended: dict[str, datetime] = {}
        self._under_way: set[Key] = set()

    # -- partitions come and go --------------------------------------------------------------------------------

    def desk(self) -> Desk:
        """An empty desk, which knows the commands given so far; `open` puts it to work."""
        return Desk(self._plan, self._machines, self._give_up_after, self._holding, self._acks, self._under_way)

    async def open(self, partition: int, desk: Desk, forget: Callable[[Sequence[Key]], Awaitable[None]]) -> None:
        """Serve a partition with what has been read back of it; `forget` lets keys be claimed that were given up."""
        anew = [key for at, command in self.commands for key in desk.command(command, at)]
        self.desks[partition] = desk  # with no pause since the commands: those that come now reach it
        self._metrics.partitions.set(len(self.desks))
        await forget(anew)
        for number, alert_id in enumerate(list(desk.cases)):
            if number % BREATH == 0:
                await asyncio.sleep(0)
            if self.desks.get(partition) is not desk:
                return
            if alert_id in desk.cases:
                await self._look(partition, desk, alert_id)

    def close(self, partition: int) -> None:
        """Let go of a partition: nothing more of it goes out, beside what is on its way."""
        self.desks.pop(partition, None)
        self._metrics.partitions.set(len(self.desks))
        for courier in self.couriers.values():
            self._under_way.difference_update(courier.drop(partition))

    # -- what comes in -----------------------------------------------------------------------------------------

    async def take(self, partition: int, alert: Alert) -> None:
        """A revision as it was read."""
        desk = self.desks.get(partition)
        if desk is not None and desk.take(alert):
            self._metrics.alerts.inc()
            for alert_id in desk.related(alert.alert_id):
                await self._look(partition, desk, alert_id)

    def command(self, command: Command, at: datetime) -> list[Key]:
        """What somebody asks for; the keys that may be sent anew, once they are forgotten (then `again`)."""
        anew: list[Key] = []
        self.commands.append((at, command))
        if command.verb is Verb.ACKNOWLEDGE:
            self._acks.setdefault(command.target, []).append(Acknowledged(at, command.by))
        elif command.verb is Verb.UNSILENCE:
            self._ended[command.name] = max(at, self._ended.get(command.name, at))
            self.silences.pop(command.name, None)
        elif command.verb is Verb.SILENCE and not self._is_ended(command.name, at):
            while len(self.silences) >= SILENCES_MAX:
                del self.silences[next(iter(self.silences))]
            self.silences[command.name] = Silence(command, at)
        for desk in self.desks.values():
            anew += desk.command(command, at)
            for alert_id in self._touched(desk, command):
                desk.look_again(alert_id, self._now())
        return anew

    def again(self, keys: Iterable[Key]) -> None:
        """Look at these once more."""
        for key in keys:
            for desk in self.desks.values():
                if key.alert_id in desk.cases:
                    desk.look_again(key.alert_id, self._now())

    def _is_ended(self, name: str, at: datetime) -> bool:
        """Records of one name may come from two partitions, in any order."""
        return name in self._ended and self._ended[name] >= at

    def _touched(self, desk: Desk, command: Command) -> list[str]:
        if command.verb in (Verb.SILENCE, Verb.UNSILENCE):
            return [alert_id for alert_id, case in desk.cases.items() if case.firing]
        return desk.meant_by(command.target) if command.verb is Verb.ACKNOWLEDGE else []

    async def look(self) -> None:
        """Whatever has become due by itself."""
        now = self._now()
        for partition, desk in list(self.desks.items()):
            for alert_id in desk.to_look_at(now):
                await self._look(partition, desk, alert_id)

    def next_look_at(self) -> datetime | None:
        """When something becomes due by itself."""
        return min((at for desk in self.desks.values() if (at := desk.next_look_at()) is not None), default=None)

    # -- what couriers ask and tell ----------------------------------------------------------------------------

    def wanted(self, parcel: Parcel) -> Parcel | None:
        """The task as it stands right before it is sent; None: not any more."""
        desk = self.desks.get(parcel.partition)
        task = desk.wanted(parcel.task, self._now()) if desk is not None else None
        if task is None:
            self._under_way.discard(parcel.task.key)
        return Parcel(parcel.partition, task) if task is not None else None

    async def note(self, parcel: Parcel, told: Notification) -> None:
        """How an attempt ended: kept for good, known at once, and what follows from it is done."""
        self._metrics.attempts.labels(told.receiver, told.outcome).inc()
        await self._journal.write(told, parcel.task.alert.subject, parcel.partition)
        self._under_way.discard(parcel.task.key)
        desk = self.desks.get(parcel.partition)
        if desk is not None:
            desk.note(told)
            if told.alert_id in desk.cases:
                await self._look(parcel.partition, desk, told.alert_id)

    def later(self, parcel: Parcel, at: datetime) -> None:
        """It cannot go out now; it is looked at again then."""
        self._under_way.discard(parcel.task.key)
        desk = self.desks.get(parcel.partition)
        if desk is not None:
            desk.look_again(parcel.task.key.alert_id, at)

    def mirrored(self, receiver: str) -> list[Alert]:
        """What a receiver that forgets is told again: what it knows as firing, and what is over since a moment."""
        since = self._now() - RESOLVED_KEPT
        return [
            case.latest
            for desk in self.desks.values()
            for case in desk.cases.values()
            if (known := case.heard.get(receiver)) is not None
            and (known.status == Status.FIRING if case.firing else case.latest.appended_at >= since)
        ]

    # -- small things ------------------------------------------------------------------------------------------

    async def audit(self) -> Audit:
        """Whether every step that was due has an outcome, and every alert has reached somebody."""
        now, found = self._now(), Audit()
        for desk in list(self.desks.values()):
            for alert_id, case in list(desk.cases.items()):
                found.cases += 1
                if found.cases % BREATH == 0:
                    await asyncio.sleep(0)
                is_muted = case.firing and desk.muting(case, now) is not None
                found.unreached += unreached(case) and not is_muted
                lost = missing(case, self._plan, now, muted=is_muted)
                lost = [key for key in lost if key not in self._under_way]
                found.lost += lost
                if lost:
                    desk.look_again(alert_id, now)
        return found

    def forget(self, before: datetime) -> list[Key]:
        """Drop what lies too far back; the claims that can be let go with it."""
        self.commands = [(at, command) for at, command in self.commands if at >= before]
        self._ended = {name: at for name, at in self._ended.items() if at >= before}
        for target, acks in list(self._acks.items()):
            if acks[-1].at < before:
                del self._acks[target]
        self.silences = {name: told for name, told in self.silences.items() if told.until > self._now()}
        return [key for desk in self.desks.values() for key in desk.forget(before, self._now())]

    def _holding(self) -> Iterable[Silence]:
        return self.silences.values()

    async def _look(self, partition: int, desk: Desk, alert_id: str) -> None:
        decision = desk.decide(alert_id, self._now())
        for muffled in decision.muffled:
            await self._mute(partition, desk, muffled)
        for task in decision.tasks:
            courier = self.couriers.get(task.key.receiver)
            parcel = Parcel(partition, task)
            self._under_way.add(task.key)
            if courier is not None:
                courier.add(parcel)
            else:  # it was configured once
                await self.note(parcel, _undeliverable(task, self._now()))

    async def _mute(self, partition: int, desk: Desk, muffled: Muffled) -> None:
        case, key = desk.cases[muffled.key.alert_id], muffled.key
        self._metrics.suppressed.labels(muffled.why).inc()
        told = Notification(
            alert_id=key.alert_id,
            revision=key.revision,
            receiver=key.receiver,
            step=key.step,
            outcome=Outcome.MUTED,
            reason=str(muffled.why),
            status=str(case.latest.status),
            at=self._now(),
            detail=muffled.by[:200],
        )
        desk.note(told)
        await self._journal.write(told, case.latest.subject, partition)


def _undeliverable(task: Task, now: datetime) -> Notification:
    return Notification(
        alert_id=task.key.alert_id,
        revision=task.key.revision,
        receiver=task.key.receiver,
        step=task.key.step,
        outcome=Outcome.DEAD,
        reason="no_such_receiver",
        status=str(task.alert.status),
        at=now,
    )
