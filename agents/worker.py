"""One matter watched: settings in, a running Faust app with keeper and timers out; `agents.process` runs it.

    Faust consumer --> watch --> Keeper --> changelog, outputs, dead letters (librdkafka)
                     keep_time ---^  proof of silence
    rebalance: partitions dropped at its first sign; claimed, restored and adopted when they are ours again

Tickets and incidents are matters of their own: each is a Faust app with a consumer group, a table and a changelog, so
that one is not held up when the other changes hands. Used by `agents.process`.
"""

from __future__ import annotations

import asyncio
import logging
import math
import time
from collections.abc import Callable, Coroutine
from functools import partial
from typing import Any

from faust.types import TP

from agents import watch_records
from agents.count_open import count_open
from agents.credentials import credentials
from agents.facts_prober import FactsProber
from agents.keep_time import Steps, keep_time
from agents.replay import replay
from agents.watch_sources import watch_sources
from agents.watchdog import watch_progress
from sla.publication import Channel
from sla.watch import Watch
from streams.changelog import NEVER
from streams.clock import Clock, LogClock
from streams.effects import Effects, Names
from streams.faust_seams import KeptApp, KeptConsumer, KeptTable, KeptTables, event_topic
from streams.guard import Guard, KafkaChangelogs
from streams.health import Health
from streams.keeper import BACKLOG_MAX, Keeper, SourceLossError
from streams.matter import Matter, Tickets
from streams.metrics import Metrics
from streams.partition import StepFailed
from streams.patience import OwnershipLostError, patiently
from streams.progress import Prober
from streams.publisher import Publisher
from streams.restore import Restored, restore
from streams.settings import Settings
from streams.source_check import Source, examine, owned_beyond_doubt
from streams.topics import changelog_name, group_of

logger = logging.getLogger("slawatch.worker")

NOTE_WITHIN_S = 10.0


class EndedByItselfError(Exception):
    """Something ended that must not, and gave no reason."""


class Worker:
    """One matter of this process. `failed` is set, and `failure` says why, when it cannot go on."""

    def __init__(self, settings: Settings, matter: Matter, watch: Watch, clock: Clock, metrics: Metrics) -> None:
        self.settings = settings
        self.matter = matter
        self.clock = clock
        self.metrics = metrics
        self.health = Health()
        self.group = group_of(settings.own_id, matter.name)
        own = settings.own_prefix
        self.names = Names(
            events=f"{settings.prefix if isinstance(matter, Tickets) else own}{matter.source}",
            changelog=changelog_name(settings.own_id, matter.name),
            dead_letters=f"{own}dead-letters",
            channels={
                Channel.ALERTS: f"{own}alerts",
                Channel.VERDICTS: f"{own}verdicts",
                Channel.FACTS: f"{own}incident-facts",
            },
            app=settings.own_id,
        )
        self.app = _app(settings, self.group)
        self.topic = event_topic(self.app, self.names.events)
        self.table = self.app.Table(matter.name, key_type=bytes, value_type=bytes, partitions=settings.partitions)
        # Half a session: a worker that was frozen must not write long after its partitions went to another.
        self.publisher = Publisher(settings.client(), message_timeout_ms=int(settings.session_timeout * 500))
        effects = Effects(
            names=self.names,
            clock=clock,
            metrics=self.metrics,
            publisher=self.publisher,
            may_write=self._may_write,
            grace_us=int(settings.grace * 1_000_000),
        )
        self.keeper = Keeper(
            effects=effects,
            watch=watch,
            clock=clock,
            metrics=self.metrics,
            acknowledge=self._acknowledge,
            source=self,
            guard=Guard(KafkaChangelogs(settings.client(), self.names.changelog, clock)),
            matter=matter,
            accept_loss=settings.accept_loss,
        )
        self.prober = _prober(settings, matter, self.names.events, clock)
        self.stop = asyncio.Event()
        self.ended = asyncio.Event()
        self.failure: BaseException | None = None

    # -- what the engine asks of us ----------------------------------------------------------------------------

    def _consumer(self) -> KeptConsumer:
        consumer: KeptConsumer = self.app.consumer
        return consumer

    def _acknowledge(self, partition: int, next_offset: int) -> None:
        self._consumer().ledger[TP(self.names.events, partition)] = next_offset

    async def seek(self, partition: int, offset: int) -> None:
        """Fetch a partition again from an offset (`streams.keeper.Source`)."""
        await self._consumer().seek(TP(self.names.events, partition), offset)

    async def beginning(self, partition: int) -> int:
        """The first offset a partition still holds (`streams.keeper.Source`)."""
        return await self.prober.beginning(partition)

    def _may_write(self) -> bool:
        """Whether the group heard of us lately enough that our partitions cannot be another's yet."""
        return time.monotonic() - self._consumer().heartbeat_at < self.settings.session_timeout / 2

    def _rebalance_began(self) -> None:
        """Called in the consumer's thread; the partitions are dropped on ours, before it can write again."""
        self.health.rebalancing = True
        for partition in list(self.keeper.partitions.values()):
            partition.live = False
        self.loop.call_soon_threadsafe(self.keeper.drop_all)

    async def _take_over(self, partitions: list[int], generation: int) -> None:
        """Claim, read and adopt the partitions of a new assignment, before any event of them flows."""
        self.keeper.drop_all()
        began = time.monotonic()
        if partitions:
            loop = asyncio.get_running_loop()

            def still_owned() -> bool:
                return bool(self.app.consumer_generation_id == generation and not self.stop.is_set())

            try:
                restored, source = await loop.run_in_executor(None, self._restore, partitions, still_owned)
            except OwnershipLostError:
                return
            if source.faults and not self.settings.accept_loss:
                if not await owned_beyond_doubt(still_owned, self._may_write):
                    return
                raise SourceLossError("; ".join(source.faults))
            if not still_owned():
                return
            self.keeper.topic_id = source.topic_id
            for state in restored.values():
                if state.control is not None and state.control.topic_id != source.topic_id:
                    state.control.next_offset = 0
                fresh = state.control is None or self.settings.accept_loss
                self.keeper.adopt(state, source.beginnings[state.partition] if fresh else 0)
        self.metrics.restore_seconds.observe(time.monotonic() - began)
        self.health.rebalancing = False
        self.health.restored = True
        if not partitions:
            logger.warning("worker_stands_by", extra={"matter": self.matter.name})
            return
        states = sum(len(partition.states) for partition in self.keeper.partitions.values())
        took_s = round(time.monotonic() - began, 3)
        told = {"matter": self.matter.name, "partitions": partitions, "known": states, "took_s": took_s}
        logger.info("partitions_watched", extra=told)

    def _restore(self, partitions: list[int], still_owned: Callable[[], bool]) -> tuple[dict[int, Restored], Source]:
        """State and source of the partitions; blocking. Raises what `restore` and `examine` raise."""
        client, until = self.settings.client(), time.monotonic() + self.settings.restore_deadline
        restored = restore(
            client,
            self.names.changelog,
            partitions,
            still_owned=still_owned,
            may_write=self._may_write,
            deadline_s=self.settings.restore_deadline,
            accept_loss=self.settings.accept_loss,
            progress=self.metrics.restored.inc,
        )
        question = partial(examine, client, self.group, self.names.events, restored)
        return restored, patiently(question, until, still_owned)

    # -- its life ----------------------------------------------------------------------------------------------

    def start(self, after: asyncio.Event | None = None) -> None:
        """Begin to watch. On the log clock history is replayed once `after` is set, and `ended` set at its end."""
        self.loop = asyncio.get_running_loop()
        self.table.take_over = self._take_over
        self.app.rebalance_began = self._rebalance_began
        watch_records.register(self.app, self.topic, self.keeper)
        self._consumer().full = lambda: self.keeper.backlog >= BACKLOG_MAX
        self._spawn(self._keep(), "keeper")
        steps = Steps(self.keeper, self.settings.client(), self.names.changelog)
        # Append times of facts prove nothing about events nobody has read: incidents wait instead.
        blind_after = self.settings.blind_after if isinstance(self.matter, Tickets) else math.inf
        self._spawn(keep_time(self.keeper, self.prober, steps, blind_after), "time")
        self._spawn(watch_progress(self.keeper, self.prober, self.health), "progress")
        self._spawn(count_open(self.keeper), "open clocks")
        if isinstance(self.matter, Tickets) and not isinstance(self.clock, LogClock):
            self._spawn(watch_sources(self.keeper, self.prober, self.matter, self.health), "sources")
        if isinstance(self.clock, LogClock):
            self._spawn(self._replay(self.clock, after), "replay")
        self._spawn(self._start_app(), "app")

    async def _replay(self, clock: LogClock, after: asyncio.Event | None) -> None:
        if after is not None:
            await after.wait()
        await replay(self.keeper, self.prober, clock, self.health)
        self.ended.set()
        await self.stop.wait()

    async def close(self) -> None:
        """An orderly end: what is stepped is published and committed."""
        await self.keeper.close()
        await self._consumer().commit()
        await self.app.stop()

    async def _keep(self) -> None:
        try:
            await self.keeper.run()
        except StepFailed as failure:
            place = {"partition": failure.partition, "offset": failure.offset}
            logger.critical("step_failed", extra=place, exc_info=failure)
            async with asyncio.timeout(NOTE_WITHIN_S):
                await self.keeper.note_crash(failure)
            raise

    async def _start_app(self) -> None:
        await self.app.start()
        await self.app.wait_until_stopped()
        if self.app.crash_reason is not None:
            raise self.app.crash_reason
        if not self.stop.is_set():
            raise EndedByItselfError("the Faust app stopped by itself")

    def _spawn(self, work: Coroutine[Any, Any, None], name: str) -> asyncio.Task[None]:
        task = self.loop.create_task(work, name=name)
        task.add_done_callback(self._ended)
        return task

    def _ended(self, task: asyncio.Task[None]) -> None:
        if task.cancelled() or self.stop.is_set():
            return
        self.failure = task.exception() or EndedByItselfError(f"the task {task.get_name()} ended by itself")
        told = {"matter": self.matter.name, "task": task.get_name()}
        logger.critical("task_failed", extra=told, exc_info=self.failure)
        self.ended.set()

    def refresh(self) -> None:
        """Bring up to date what is only measured when it is asked for."""
        if isinstance(self.matter, Tickets):
            self._refresh_sources(self.matter)
        for partition in self.keeper.partitions.values():
            self.metrics.tickets.labels(partition.label).set(len(partition.states))
            self.metrics.timers.labels(partition.label).set(len(partition.timers))
            if partition.last_appended_us != NEVER:
                self.metrics.watermark.labels(partition.label).set(partition.last_appended_us / 1e6)

    def _refresh_sources(self, tickets: Tickets) -> None:
        for name, delay in tickets.sources.delays().items():
            self.metrics.source_delay.labels(name).set(delay.total_seconds())
            appended_at = tickets.sources.heard[name].appended_at
            if appended_at is not None:
                self.metrics.source_heard.labels(name).set(appended_at.timestamp())
            self.metrics.source_silent.labels(name).set(name in tickets.watch.unverified)


def _prober(settings: Settings, matter: Matter, source: str, clock: Clock) -> Prober:
    if isinstance(matter, Tickets):
        return Prober(settings.client(), source, clock)
    events = f"{settings.prefix}{Tickets.source}"
    return FactsProber(settings.client(), source, events, settings.own_id, settings.partitions, clock)


def _app(settings: Settings, group: str) -> KeptApp:
    """The Faust app: one consumer group, no web server, no producer of its own in use."""
    return KeptApp(
        group,
        broker="kafka://" + settings.bootstrap.replace(",", ";kafka://"),
        broker_credentials=credentials(settings),
        Table=KeptTable,
        TableManager=KeptTables,
        store="memory://",
        web_enabled=False,
        topic_allow_declare=False,
        topic_disable_leader=True,
        table_standby_replicas=0,
        stream_wait_empty=False,
        stream_recovery_delay=0,
        consumer_auto_offset_reset="earliest",
        broker_commit_interval=settings.commit_interval,
        broker_session_timeout=settings.session_timeout,
        broker_heartbeat_interval=settings.heartbeat_interval,
        broker_request_timeout=max(40.0, settings.session_timeout + 5),
        broker_max_poll_records=2000,
        producer_request_timeout=45,
        # A worker that stands by polls nothing and would be put out of the group; the watchdog sees to the others.
        broker_max_poll_interval=86_400.0,
    )
