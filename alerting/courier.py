"""Stage "send": the courier of one receiver. It picks what goes next, claims it, sends it, and says how that ended.

    outbox --pick--> still wanted? --> claim --> send (bounded) --> settle --> record

Each receiver has its own, so one that hangs delays no other. `alerting` only.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from hashlib import blake2b
from typing import Final

import msgspec

from alerting.answer import Answer, Class, Why
from alerting.breaker import Breaker
from alerting.ladder import Task
from alerting.message import Message, Occasion
from alerting.metrics import Metrics
from alerting.office import Office, Parcel
from alerting.rates import Allowance
from alerting.receiver import Receiver
from alerting.record import END, Key, Notification, Outcome
from alerting.schedule import follows
from alerting.stages.dedupe import Claim, Claims, Held
from alerting.stages.digest import Holds, Outbox
from alerting.stages.record import RecordFailed

logger = logging.getLogger("slawatch.notifier")

SEND_WITHIN_S: Final = 12.0
"""A receiver has its own, shorter limit; this one is for a receiver that forgets its own."""
LEASE_S: Final = 15.0
IDLE_S: Final = 30.0
STALE_S: Final = 1.0
AFTER_OUR_FAULT: Final = timedelta(seconds=5)

Link = Callable[[str, str], str | None]
"""Where the reader of an alert, or of a message that told many, acknowledges it at a receiver; None: nowhere."""


class Courier:
    """Of one receiver."""

    def __init__(
        self,
        name: str,
        receiver: Receiver,
        office: Office,
        dedupe: Claims,
        metrics: Metrics,
        now: Callable[[], datetime],
        holds: Holds | None,
        link: Link,
        fresh: Callable[[], bool],
        failed: Callable[[BaseException], None],
    ) -> None:
        """`fresh` says whether topics were read lately; `failed` ends the notifier."""
        self.name, self.receiver = name, receiver
        self._office, self._dedupe, self._metrics, self._now, self._link = office, dedupe, metrics, now, link
        self._fresh, self._failed = fresh, failed
        self._outbox = Outbox(holds if receiver.traits.people else None)
        self._parcels: dict[Key, Parcel] = {}
        self._breaker = Breaker()
        self._allowance = Allowance(receiver.traits.rates)
        self._woken = asyncio.Event()
        self._sending: set[asyncio.Task[None]] = set()

    def add(self, parcel: Parcel) -> None:
        """One more to bring."""
        self._parcels[parcel.task.key] = parcel
        self._outbox.add(parcel.task)
        self._metrics.waiting.labels(self.name).set(len(self._outbox))
        self._woken.set()

    def drop(self, partition: int) -> list[Key]:
        """The partition is another's now: what waits of it is not ours to bring; its keys."""
        gone = [key for key, parcel in self._parcels.items() if parcel.partition == partition]
        for key in gone:
            self._outbox.discard(key)
            del self._parcels[key]
        self._metrics.waiting.labels(self.name).set(len(self._outbox))
        return gone

    async def run(self) -> None:
        """Bring what is due, until cancelled; what is on its way then is waited for by `finish`."""
        while True:
            wait = self._wait()
            if wait is None or wait > timedelta():
                self._woken.clear()
                seconds = IDLE_S if wait is None else min(wait.total_seconds(), IDLE_S)
                with suppress(TimeoutError):
                    async with asyncio.timeout(seconds):
                        await self._woken.wait()
                continue
            tasks = self._outbox.next(self._now())
            self._metrics.waiting.labels(self.name).set(len(self._outbox))
            parcels = [self._parcels.pop(task.key) for task in tasks]
            if parcels:
                sending = asyncio.create_task(self._bring(parcels), name=f"send to {self.name}")
                self._sending.add(sending)
                sending.add_done_callback(self._sent)

    async def finish(self, timeout_s: float) -> None:
        """Wait for what is on its way."""
        if self._sending:
            await asyncio.wait(self._sending, timeout=timeout_s)

    async def mirror(self) -> None:
        """Tell a receiver that forgets how all its alerts stand."""
        alerts = tuple(self._office.mirrored(self.name))
        if alerts and self._breaker.closed(self._now()):
            message = Message(f"mirror/{self.name}", Occasion.MIRROR, alerts)
            self._breaker.tell(await self._attempt(message), self._now())

    def _wait(self) -> timedelta | None:
        """How long until something may go out; None: nothing is to be brought."""
        now = self._now()
        ready_at = self._outbox.ready_at(now)
        closed = self._breaker.closed(now)
        self._metrics.breaker.labels(self.name).set(not closed)
        if ready_at is None:
            return None
        if not closed and self._breaker.open_until is not None:
            ready_at = max(ready_at, self._breaker.open_until)
        if len(self._sending) >= (self.receiver.traits.at_once if self._breaker.calm else 1):
            return timedelta(seconds=IDLE_S)  # the end of a sending wakes us
        return max(ready_at - now, self._allowance.wait(now))

    def _sent(self, sending: asyncio.Task[None]) -> None:
        self._sending.discard(sending)
        self._woken.set()

    async def _bring(self, parcels: Sequence[Parcel]) -> None:
        try:
            await self._deliver(parcels)
        except RecordFailed as error:
            self._failed(error)
        except Exception:
            # Whatever it was, nothing that is owed may be forgotten: it is looked at again, and tried again.
            alerts = sorted({parcel.task.key.alert_id for parcel in parcels})
            logger.exception("delivery_failed", extra={"receiver": self.name, "alerts": alerts})
            for parcel in parcels:
                self._office.later(parcel, self._now() + AFTER_OUR_FAULT)

    async def _deliver(self, parcels: Sequence[Parcel]) -> None:
        wanted = [found for parcel in parcels if (found := self._office.wanted(parcel)) is not None]
        if not wanted:
            return
        claims = await self._dedupe.claim([parcel.task.key for parcel in wanted], LEASE_S)
        ours: list[Parcel] = []
        degraded = False
        for parcel, claim in zip(wanted, claims, strict=True):
            if claim.held in (Held.CLAIMED, Held.DEGRADED):
                degraded = degraded or claim.held is Held.DEGRADED
                ours.append(parcel)
            else:
                await self._others(parcel, claim)
        if not ours:
            return
        wait = await self._held_back()
        if wait > 0:
            await self._dedupe.settle([parcel.task.key for parcel in ours], Outcome.RETRY)
            for parcel in ours:
                self._office.later(parcel, self._now() + timedelta(seconds=wait))
            return
        message = self._message([parcel.task for parcel in ours], degraded=degraded)
        began = self._now()
        for parcel in ours:
            if parcel.task.attempts == 0:
                self._metrics.late.labels(self.name).observe(max(0.0, (began - parcel.task.due_at).total_seconds()))
        answer = await self._attempt(message)
        self._breaker.tell(answer, self._now())
        await self._ended(ours, message, answer, began)

    async def _held_back(self) -> float:
        """Seconds until a message may go: we must know how things stand, and the receiver must have room for it."""
        if not self._fresh():
            return STALE_S
        wait = self._allowance.wait(self._now()).total_seconds()
        if wait <= 0:
            wait = await self._dedupe.allowance(self.name, self.receiver.traits.rates)
        if wait <= 0:
            self._allowance.note(self._now())
        return wait

    async def _attempt(self, message: Message) -> Answer:
        try:
            async with asyncio.timeout(SEND_WITHIN_S):
                return await self.receiver.send(message, self._now())
        except TimeoutError:
            return Answer(Class.RETRY, Why.TIMED_OUT)
        except Exception:
            logger.exception("receiver_failed", extra={"receiver": self.name, "key": message.key})
            return Answer(Class.RETRY, Why.OUR_FAULT)

    async def _others(self, parcel: Parcel, claim: Claim) -> None:
        """Somebody else has it, or brought it and could not write that down."""
        if claim.held is Held.BUSY:
            self._office.later(parcel, self._now() + timedelta(seconds=max(claim.wait_s, 0.1)))
            return
        told = self._record(parcel.task, Outcome(claim.held.value), "found_settled", self._now())
        await self._office.note(parcel, told)

    async def _ended(self, parcels: Sequence[Parcel], message: Message, answer: Answer, began: datetime) -> None:
        now = self._now()
        outcomes = {parcel.task.key: follows(answer, parcel.task.attempts + 1, now) for parcel in parcels}
        for outcome in {found for found, _ in outcomes.values()}:
            await self._dedupe.settle([key for key, (found, _) in outcomes.items() if found is outcome], outcome)
        for parcel in parcels:
            task = parcel.task
            outcome, next_at = outcomes[task.key]
            told = self._record(task, outcome, str(answer.why), now)
            await self._office.note(parcel, _with(told, task, message, answer, began, next_at))

    def _record(self, task: Task, outcome: Outcome, reason: str, now: datetime) -> Notification:
        return Notification(
            alert_id=task.key.alert_id,
            revision=task.key.revision,
            receiver=task.key.receiver,
            step=task.key.step,
            outcome=outcome,
            reason=reason,
            status=str(task.alert.status),
            at=now,
            attempt=task.attempts + (reason != "found_settled"),
            occasion=str(task.occasion),
            told_revision=task.alert.revision,
        )

    def _message(self, tasks: Sequence[Task], *, degraded: bool) -> Message:
        firing = any(task.key.step != END for task in tasks)
        critical = firing and any(task.critical for task in tasks)
        if len(tasks) == 1 and tasks[0].digest is None:
            [task] = tasks
            link = self._link(task.alert.alert_id, self.name) if task.key.step != END else None
            return Message(str(task.key), task.occasion, (task.alert,), critical, link, degraded)
        listed = "\n".join(str(task.key) for task in tasks).encode()
        key = tasks[0].digest or f"digest/{self.name}/{blake2b(listed, digest_size=16).hexdigest()}"
        link = self._link(key, self.name) if firing else None
        return Message(key, Occasion.DIGEST, tuple(task.alert for task in tasks), critical, link, degraded)


def _with(
    told: Notification, task: Task, message: Message, answer: Answer, began: datetime, next_at: datetime | None
) -> Notification:
    """A record with what the attempt was like."""
    return msgspec.structs.replace(
        told,
        http_status=answer.status,
        code=answer.code,
        detail=answer.detail,
        latency_ms=round((told.at - began).total_seconds() * 1000, 1),
        late_ms=round((began - task.due_at).total_seconds() * 1000, 1),
        next_at=next_at,
        digest=message.key if message.occasion is Occasion.DIGEST else None,
        dedupe="degraded" if message.degraded else "ok",
    )
