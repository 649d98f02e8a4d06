"""Sends canaries, hears of them, closes them: the one place where flock, Kafka and messages meet. Used by `cli`.

    slot -> accepted -> Kafka ... worker ... notifier ... -> hear() -> closed -> Kafka ... -> hear(): over
                          `-- not heard in time: lost ------------------^

One asyncio loop, no locks. What is known is in memory only: whoever starts anew begins with the next slot, and
closes what it is still told of from before.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Protocol

from alerting.alert import Alert, Status
from alerting.canary.flock import Flock
from alerting.canary.metrics import Metrics
from alerting.canary.pages import HEARD, NO_CANARY, NOT_NOW
from alerting.canary.settings import CanarySettings
from alerting.canary.tickets import Canary, accepted, canary, closed, read

logger = logging.getLogger("slawatch.canary")

TURN_S: Final = 0.02
LOOK_S: Final = 0.25
FINISH_S: Final = 12.0
PATIENCE: Final = timedelta(seconds=60)
"""How much longer than two slots nothing may reach Kafka before this process calls itself unwell."""


class Out(Protocol):
    """The way to Kafka."""

    async def put(self, one: Canary, event: bytes) -> int | None:
        """The partition into which Kafka has taken an event of a canary; None if it has not."""

    def turn(self) -> None:
        """Let what became of events be known."""


class Patrol:
    """One process of canaries."""

    def __init__(
        self, settings: CanarySettings, partitions: int, out: Out, metrics: Metrics, now: Callable[[], datetime]
    ) -> None:
        self._every_s, self._partitions = settings.every, partitions
        self._out, self._metrics, self._now = out, metrics, now
        self.flock = Flock(timedelta(seconds=settings.lost_after))
        self._taken_at = self._began_at = now()
        self._under_way: set[asyncio.Task[Any]] = set()
        self._failed: list[BaseException] = []
        self.stop = asyncio.Event()

    async def run(self) -> None:
        """Send and close until `stop` is set, then close what is open. Raises what ended it otherwise."""
        turning = asyncio.create_task(self._turning())
        turning.add_done_callback(self._done)
        try:
            for work in (self._sending(), self._looking()):
                self._spawn(work)
            await self.stop.wait()
            await self._finish()
        finally:
            turning.cancel()
        for error in self._failed:
            raise error

    async def hear(self, alert: Alert, now: datetime) -> int:
        """Take in what the notifier tells, at the instant it came: how it is to be answered.

        A breach is answered once the closing is on Kafka: nobody else would close the ticket.
        """
        one = read(alert.subject) if alert.canary else None
        if one is None:
            return NO_CANARY
        if alert.status is not Status.FIRING:
            if self.flock.end(one):
                self._metrics.resolved.inc()
            return HEARD
        if self.flock.hear(one):
            self._metrics.heard.inc()
            self._metrics.last_seen.labels(one.partition).set(now.timestamp())
            if alert.data.due_at is not None:
                self._metrics.seconds.observe(max(0.0, (now - alert.data.due_at).total_seconds()))
        return HEARD if await self._close(one) else NOT_NOW

    def unwell(self, now: datetime) -> str:
        """What keeps it from proving anything, in a few words; empty while nothing does."""
        silent_for = now - self._taken_at
        if silent_for > timedelta(seconds=2 * self._every_s) + PATIENCE:
            return f"Kafka has taken no canary for {silent_for.total_seconds():.0f} s"
        return ""

    async def send(self, at: datetime) -> None:
        """Send the canaries of a slot, one a partition."""
        ones = [canary(partition, self._partitions, at) for partition in range(self._partitions)]
        taken = await asyncio.gather(*(self._send(one) for one in ones if self.flock.send(one)))
        if any(taken):
            self._taken_at = self._now()
        self._metrics.sent.inc(sum(taken))

    async def look(self, now: datetime) -> None:
        """Count what is lost, and close it; what could not be closed is closed the next time."""
        lost, to_close = self.flock.late(now)
        self._metrics.lost.inc(len(lost))
        if lost:
            partitions = sorted(one.partition for one in lost)
            logger.warning("canaries_lost", extra={"sent_at": lost[0].at.isoformat(), "partitions": partitions})
        for one in to_close:
            self._spawn(self._close(one))

    async def _send(self, one: Canary) -> bool:
        lies = await self._out.put(one, accepted(one))
        if lies is None:
            self.flock.drop(one)
        else:
            self.flock.take(one, proves=lies == one.partition)
        return lies is not None

    async def _close(self, one: Canary) -> bool:
        """Whether it is closed, by now or by somebody else's doing."""
        if not self.flock.close(one, since=self._began_at):
            return True
        if await self._out.put(one, closed(one, self._now())) is not None:
            self.flock.shut(one)
            return True
        self.flock.reopen(one)
        return False

    async def _turning(self) -> None:
        while True:
            self._out.turn()
            await asyncio.sleep(TURN_S)

    async def _sending(self) -> None:
        """At each slot: the same instants for whoever runs, so that a second process would send the same."""
        sent_at = self._slot(self._now())
        while not self.stop.is_set():
            at = self._slot(self._now())
            if at != sent_at:  # earlier, too: the clock may have been ahead
                sent_at = at
                self._spawn(self.send(at))
            await asyncio.sleep(LOOK_S)

    async def _looking(self) -> None:
        while not self.stop.is_set():
            await self.look(self._now())
            await asyncio.sleep(LOOK_S)

    def _slot(self, now: datetime) -> datetime:
        return datetime.fromtimestamp(int(now.timestamp()) // self._every_s * self._every_s, UTC)

    def _spawn(self, work: Coroutine[Any, Any, Any]) -> None:
        task = asyncio.create_task(work)
        self._under_way.add(task)
        task.add_done_callback(self._done)

    def _done(self, task: asyncio.Task[Any]) -> None:
        self._under_way.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            self._failed.append(error)
            self.stop.set()

    async def _finish(self) -> None:
        """Close what is out, so that nothing of it breaches for ever."""
        for one in self.flock.open():
            self._spawn(self._close(one))
        if self._under_way:
            await asyncio.wait(self._under_way, timeout=FINISH_S)
        if left := self.flock.open():
            logger.error("canaries_left_open", extra={"tickets": len(left)})
