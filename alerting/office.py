"""The office: the desks of all partitions a notifier serves, and the way from a decision to a courier and back.

It is the one place where desks, couriers and the journal meet. One asyncio loop, no locks. `alerting` only.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Sequence
from datetime import datetime, timedelta
from typing import Protocol

import msgspec

from alerting.alert import Alert
from alerting.case import Acknowledged, Case
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


class Parcel(msgspec.Struct, frozen=True):
    """A task with the partition it came from, so that its record goes where its alert lies."""

    partition: int
    task: Task


class Courier(Protocol):
    """Who brings messages to one receiver."""

    def add(self, parcel: Parcel) -> None:
        """One more to bring."""

    def drop(self, partition: int) -> None:
        """The partition is another's now."""


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

    # -- partitions come and go --------------------------------------------------------------------------------

    def desk(self) -> Desk:
        """An empty desk, which knows the commands given so far; `open` puts it to work."""
        return Desk(self._plan, self._machines, self._give_up_after, self._holding, self._acks)

    async def open(self, partition: int, desk: Desk, forget: Callable[[Sequence[Key]], Awaitable[None]]) -> None:
        """Serve a partition with what has been read back of it; `forget` lets keys be claimed that were given up."""
        await forget([key for at, command in self.commands for key in desk.command(command, at)])
        self.desks[partition] = desk
        self._metrics.partitions.set(len(self.desks))
        for alert_id in list(desk.cases):
            await self._look(partition, desk, alert_id)

    def close(self, partition: int) -> None:
        """Let go of a partition: nothing more of it goes out, beside what is on its way."""
        self.desks.pop(partition, None)
        self._metrics.partitions.set(len(self.desks))
        for courier in self.couriers.values():
            courier.drop(partition)

    # -- what comes in -----------------------------------------------------------------------------------------

    async def take(self, partition: int, alert: Alert) -> None:
        """A revision as it was read."""
        desk = self.desks.get(partition)
        if desk is not None and desk.take(alert):
            self._metrics.alerts.inc()
            for alert_id in desk.related(alert.alert_id):
                await self._look(partition, desk, alert_id)

    def command(self, command: Command, at: datetime) -> list[Key]:
        """What somebody asks for; the keys that are sent anew, at the next look."""
        anew: list[Key] = []
        self.commands.append((at, command))
        if command.verb is Verb.ACKNOWLEDGE:
            self._acks.setdefault(command.target, []).append(Acknowledged(at, command.by))
        if command.verb is Verb.SILENCE and len(self.silences) < SILENCES_MAX:
            self.silences[command.name] = Silence(command, at)
        elif command.verb is Verb.UNSILENCE:
            self.silences.pop(command.name, None)
        for desk in self.desks.values():
            anew += desk.command(command, at)
            silences = command.verb in (Verb.SILENCE, Verb.UNSILENCE)
            for alert_id in list(desk.cases) if silences else desk.meant_by(command.target):
                desk.look_again(alert_id, self._now())
        return anew

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
        if task is None and desk is not None:
            desk.under_way.discard(parcel.task.key)
        return Parcel(parcel.partition, task) if task is not None else None

    async def note(self, parcel: Parcel, told: Notification) -> None:
        """How an attempt ended: kept for good, known at once, and what follows from it is done."""
        self._metrics.attempts.labels(told.receiver, told.outcome).inc()
        await self._journal.write(told, parcel.task.alert.subject, parcel.partition)
        desk = self.desks.get(parcel.partition)
        if desk is not None:
            desk.note(told)
            desk.under_way.discard(parcel.task.key)
            if told.alert_id in desk.cases:
                await self._look(parcel.partition, desk, told.alert_id)

    def later(self, parcel: Parcel, at: datetime) -> None:
        """Another process holds it; it is looked at again then."""
        desk = self.desks.get(parcel.partition)
        if desk is not None:
            desk.under_way.discard(parcel.task.key)
            desk.look_again(parcel.task.key.alert_id, at)

    def mirrored(self, receiver: str) -> list[Alert]:
        """What a receiver that forgets is told again: what it knows as firing, and what is over since a moment."""
        since = self._now() - RESOLVED_KEPT
        return [
            case.latest
            for desk in self.desks.values()
            for case in desk.cases.values()
            if receiver in case.heard and (case.firing or case.latest.appended_at >= since)
        ]

    # -- small things ------------------------------------------------------------------------------------------

    def cases(self) -> Iterable[Case]:
        """All that are known."""
        return (case for desk in self.desks.values() for case in desk.cases.values())

    def forget(self, before: datetime) -> None:
        """Drop what lies too far back."""
        self.commands = [(at, command) for at, command in self.commands if at >= before]
        for target, acks in list(self._acks.items()):
            if acks[-1].at < before:
                del self._acks[target]
        self.silences = {name: told for name, told in self.silences.items() if told.until > self._now()}
        for desk in self.desks.values():
            desk.forget(before)

    def _holding(self) -> Iterable[Silence]:
        return self.silences.values()

    async def _look(self, partition: int, desk: Desk, alert_id: str) -> None:
        decision = desk.decide(alert_id, self._now())
        for muffled in decision.muffled:
            await self._mute(partition, desk, muffled)
        for task in decision.tasks:
            courier = self.couriers.get(task.key.receiver)
            parcel = Parcel(partition, task)
            desk.under_way.add(task.key)
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
