"""The notifier: alerts in, people told; several share the partitions, and any of them may die at any moment.

    intake (consumer group) --> office: desks, ladder, mutes --> couriers, one a receiver --> receivers
    command log ----------------^                 ^-------------- journal: sla.notifications

A partition that becomes ours is read back first (what was raised, said and sent), and only then served.
Used by `cli`.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Coroutine, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any, Final

from confluent_kafka import KafkaException, Message

from alerting.alert import Alert, AlertUnreadable
from alerting.command_log import CommandLog
from alerting.courier import Courier, Link
from alerting.desk import Desk
from alerting.history import HistoryUnreadable, alert_of, fill
from alerting.intake import Intake
from alerting.ladder import Plan
from alerting.metrics import Metrics
from alerting.office import Office
from alerting.receiver import Receiver
from alerting.settings import NotifierSettings, Topics
from alerting.stages.dedupe import Claims
from alerting.stages.digest import Holds
from alerting.stages.record import Records

logger = logging.getLogger("slawatch.notifier")

LOOK_S: Final = 0.2
AUDIT_S: Final = 30.0
PING_S: Final = 5.0
FORGET_S: Final = 600.0
MIRROR_S: Final = 60.0
AGAIN_S: Final = 2.0
FINISH_S: Final = 12.0
OPEN_WITHIN_S: Final = 60.0


class EndedByItself(Exception):
    """A task ended that must not, and gave no reason."""


class Notifier:
    """One process of delivery."""

    def __init__(
        self,
        settings: NotifierSettings,
        client: Mapping[str, Any],
        topics: Topics,
        receivers: Mapping[str, Receiver],
        plan: Callable[[Alert], Plan],
        dedupe: Claims,
        metrics: Metrics,
        now: Callable[[], datetime],
        holds: Mapping[str, Holds],
        link: Link,
        journal: Records,
        *,
        from_now: bool = False,
    ) -> None:
        """`client` are settings of Kafka's clients; `holds` says per receiver how much one digest lists.

        `from_now`: only what comes from now on is told, and no offset is kept (a dry run).
        """
        self._settings, self._client, self._topics, self._plan = settings, dict(client), topics, plan
        self._now, self.metrics, self._dedupe, self._receivers = now, metrics, dedupe, receivers
        self.journal = journal
        machines = frozenset(name for name, receiver in receivers.items() if not receiver.traits.people)
        give_up_after = timedelta(seconds=settings.give_up_after)
        self.office = Office(plan, machines, give_up_after, self.journal, metrics, now)
        self._couriers = {
            name: Courier(
                name, receiver, self.office, dedupe, metrics, now, holds.get(name), link, self._fresh, self._break
            )
            for name, receiver in receivers.items()
        }
        self.office.couriers.update(self._couriers)
        self._threads = ThreadPoolExecutor(4, "notifier")
        self._intake_thread = ThreadPoolExecutor(1, "intake")
        self._command_thread = ThreadPoolExecutor(1, "commands")
        self._journal_thread = ThreadPoolExecutor(1, "journal")
        self._from_now = from_now
        self._intake = Intake(
            client,
            topics.alerts,
            settings.group,
            settings.session_timeout,
            instance=settings.instance,
            from_now=from_now,
        )
        self._early: dict[int, list[Message]] = {}
        self._taking: dict[int, asyncio.Task[None]] = {}
        self._commands_known = asyncio.Event()
        self._alerts_at = self._commands_at = 0.0
        self._opening: dict[int, float] = {}
        self.stop = asyncio.Event()

    async def run(self) -> None:
        """Serve until `stop` is set. Raises what ended it otherwise."""
        self._loop = asyncio.get_running_loop()
        tasks = [self._spawn(courier.run(), f"courier {name}") for name, courier in self._couriers.items()]
        tasks += [
            self._spawn(self._read_alerts(), "alerts"),
            self._spawn(self._read_commands(), "commands"),
            self._spawn(self._every(LOOK_S, self._turn), "time"),
            self._spawn(self._every(AUDIT_S, self._audit), "audit"),
            self._spawn(self._every(FORGET_S, self._forget), "memory"),
            self._spawn(self._every(PING_S, self._dedupe.look), "redis"),
        ]
        tasks += [
            self._spawn(self._every(MIRROR_S, courier.mirror), f"mirror {name}")
            for name, courier in self._couriers.items()
            if courier.receiver.traits.mirror
        ]
        self._broken: asyncio.Future[None] = self._loop.create_future()
        stopping = self._spawn(self._stopping(), "stop")
        done, _ = await asyncio.wait([*tasks, stopping, self._broken], return_when=asyncio.FIRST_COMPLETED)
        self.stop.set()
        await self._close(tasks)
        for ended in done - {stopping}:
            ended.result()  # raises what ended it
            raise EndedByItself("a task of the notifier ended by itself")

    def unwell(self) -> str:
        """What keeps it from telling anybody, in a few words; empty while nothing does."""
        now = time.monotonic()
        if not self._commands_known.is_set():
            return "the commands have not been read yet"
        if not self._fresh():
            return "the topics have not been read lately"
        slow = sorted(number for number, since in self._opening.items() if now - since > OPEN_WITHIN_S)
        return f"partitions {slow} are ours and not served yet" if slow else ""

    def _fresh(self) -> bool:
        """Whether alerts and commands were read so lately that nobody else can have our partitions yet.

        A process that was frozen and thaws sends nothing before it has heard what happened meanwhile.
        """
        return time.monotonic() - min(self._alerts_at, self._commands_at) < self._settings.session_timeout

    def _break(self, error: BaseException) -> None:
        """End the notifier with an error."""
        if not self._broken.done():
            self._broken.set_exception(error)

    # -- Kafka in ----------------------------------------------------------------------------------------------

    async def _read_alerts(self) -> None:
        await self._first(
            self._commands_known
        )  # a silence or an acknowledgement must not be missed for being read late
        self._intake.join(
            lambda starts: asyncio.run_coroutine_threadsafe(self._assigned(starts), self._loop).result(),
            lambda gone: asyncio.run_coroutine_threadsafe(self._revoked(gone), self._loop).result(),
        )
        try:
            while not self.stop.is_set():
                messages = await self._loop.run_in_executor(self._intake_thread, self._intake.poll)
                self._alerts_at = time.monotonic()
                for message in messages:
                    await self._arrived(message)
        finally:
            await self._loop.run_in_executor(self._intake_thread, self._intake.close)

    async def _arrived(self, message: Message) -> None:
        number = message.partition()
        if number in self.office.desks:
            await self._take(number, message)
            self._intake.mark({number: message.offset() + 1})
        else:  # what is known of the partition is still being read back
            self._early.setdefault(number, []).append(message)

    async def _take(self, number: int, message: Message) -> None:
        try:
            alert = alert_of(message)
        except AlertUnreadable as error:
            self.metrics.unreadable.inc()
            place = {"topic": self._topics.alerts, "partition": number, "offset": message.offset()}
            logger.warning("alert_unreadable", extra={**place, "error": str(error)})
            await self.journal.dead_letter(message, str(error))
            return
        await self.office.take(number, alert)

    async def _assigned(self, starts: dict[int, int]) -> None:
        for number, offset in starts.items():
            self._opening[number] = time.monotonic()
            taking = self._taking[number] = self._spawn(self._take_over(number, offset), f"partition {number}")
            taking.add_done_callback(self._taken)

    def _taken(self, taking: asyncio.Task[None]) -> None:
        if not taking.cancelled() and (error := taking.exception()) is not None:
            self._break(error)

    async def _take_over(self, number: int, offset: int) -> None:
        while True:
            try:
                desk = await self._loop.run_in_executor(self._threads, self._read_back, number)
                break
            except HistoryUnreadable as error:
                logger.warning("history_not_read", extra={"partition": number, "error": str(error)})
                await asyncio.sleep(AGAIN_S)
        await self.office.open(number, desk, self._dedupe.forget)
        for message in self._early.pop(number, ()):
            await self._arrived(message)
        self._intake.resume([number])
        self._opening.pop(number, None)
        logger.info("partition_served", extra={"partition": number, "offset": offset, "known": len(desk.cases)})

    async def _revoked(self, partitions: list[int]) -> None:
        for number in partitions:
            if (taking := self._taking.pop(number, None)) is not None:
                taking.cancel()
            self._opening.pop(number, None)
            self.office.close(number)
            self._early.pop(number, None)
        if partitions:
            logger.info("partitions_gone", extra={"partitions": partitions})

    def _read_back(self, number: int) -> Desk:
        """What the topics say of a partition. Blocking."""
        desk = self.office.desk()
        if not self._from_now:
            since = self._now() - self._settings.remember_for
            fill(desk, self._client, self._topics, number, since)
            desk.forget(since, self._now())
        return desk

    # -- commands ----------------------------------------------------------------------------------------------

    async def _read_commands(self) -> None:
        log = CommandLog(self._client, self._topics.commands, self._now() - self._settings.remember_for)
        run = self._loop.run_in_executor
        try:
            while not self.stop.is_set() and not await self._began(log):
                await asyncio.sleep(AGAIN_S)
            while not self.stop.is_set():
                for command, at in await run(self._command_thread, log.read, _refused):
                    anew = self.office.command(command, at)
                    await self._dedupe.forget(anew)
                    self.office.again(anew)
                self._commands_at = time.monotonic()
                if log.caught_up:
                    self._commands_known.set()
        finally:
            await run(self._command_thread, log.close)

    async def _began(self, log: CommandLog) -> bool:
        try:
            await self._loop.run_in_executor(self._command_thread, log.begin)
        except KafkaException as error:
            logger.warning("commands_not_read", extra={"error": error.args[0].str()})
            return False
        return True

    # -- time --------------------------------------------------------------------------------------------------

    async def _turn(self) -> None:
        self.journal.turn()
        if self._fresh():
            await self.office.look()
        self.metrics.degraded.set(self._dedupe.degraded)

    async def _audit(self) -> None:
        """Is every step that was due taken, and is somebody reached? What is missing is said, and looked at again."""
        found = await self.office.audit()
        self.metrics.cases.set(found.cases)
        self.metrics.unaudited.set(len(found.lost))
        self.metrics.unreached.set(found.unreached)
        for key in found.lost[:10]:
            told = {"alert_id": key.alert_id, "revision": key.revision, "step": key.step, "receiver": key.receiver}
            logger.error("step_missing", extra=told)
        if found.unreached:
            logger.error("alerts_unreached", extra={"count": found.unreached})

    async def _forget(self) -> None:
        await self._dedupe.forget(self.office.forget(self._now() - self._settings.remember_for))

    async def _every(self, seconds: float, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
        while True:
            await work()
            await asyncio.sleep(seconds)

    # -- its end -----------------------------------------------------------------------------------------------

    def _spawn(self, work: Coroutine[Any, Any, None], name: str) -> asyncio.Task[None]:
        return self._loop.create_task(work, name=name)

    async def _stopping(self) -> None:
        await self.stop.wait()

    async def _first(self, event: asyncio.Event) -> None:
        """Wait for an event, or for the end."""
        waits = [self._spawn(one, "wait") for one in (_set(event), _set(self.stop))]
        await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        for one in waits:
            one.cancel()

    async def _close(self, tasks: list[asyncio.Task[None]]) -> None:
        """Stop taking, let what is on its way arrive, write down what became of it."""
        reading = [task for task in tasks if task.get_name() in ("alerts", "commands")]
        others = [task for task in tasks if task not in reading]
        await asyncio.wait(reading, timeout=FINISH_S)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)
        await asyncio.gather(*(courier.finish(FINISH_S) for courier in self._couriers.values()))
        left = await self._loop.run_in_executor(self._journal_thread, self.journal.close, FINISH_S)
        if left:
            logger.error("records_not_written", extra={"count": left})
        await asyncio.gather(*(receiver.close() for receiver in self._receivers.values()), return_exceptions=True)
        await self._dedupe.close()
        for pool in (self._threads, self._intake_thread, self._command_thread, self._journal_thread):
            pool.shutdown(wait=False)


async def _set(event: asyncio.Event) -> None:
    await event.wait()


def _refused(partition: int, offset: int, why: str) -> None:
    logger.warning("command_refused", extra={"partition": partition, "offset": offset, "error": why})
