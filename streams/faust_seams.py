"""Faust, held tight: every place where slawatch bends faust-streaming 0.15.3, in one file.

What is bent and why (a contract test guards each):
- `RunScheduler`, `KeptConsumer._to_message`: what one poll fetched travels as ONE Faust message. Faust spends
  50-90 us on every message before an agent sees it.
- `KeptConsumer._new_offset`, `_add_gap`, `_filter_tps_with_pending_acks`: offsets to commit come from our ledger,
  which only moves when all effects are acknowledged. Faust's own gap tracking commits past open work.
- `KeptConsumer._getmany`: nothing more is fetched while the keeper's backlog is full; there is no such limit.
- `KeptListener`: Faust assigns the changelog's partitions and would fetch all of them; they are paused.
- `KeptThread`: read committed, short fetches; remembers when the last heartbeat was answered; tells with each fetch
  from where to where it went, which transaction markers at the end of a partition make further than its records.
- `KeptRecovery.need_recovery`: Faust's own changelog recovery hangs when the last record was compacted away and
  swallows errors; `KeptTable.on_recovery_completed`, its hook, restores through `streams.restore` instead.
- `KeptTable._changelog_topic_name`: the name of a changelog holds no word twice.
- `KeptApp.on_rebalance_start`: the earliest sign that partitions go; called in the consumer's thread.
- `KeptApp._create_directories`: no folders for tables that are not on disk.

Only `streams` and `agents` may import this; nothing else imports faust.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping
from typing import Any

import faust
from faust.tables.manager import TableManager
from faust.tables.recovery import Recovery
from faust.transport.drivers import aiokafka as driver
from faust.transport.utils import DefaultSchedulingStrategy
from faust.types import TP
from faust.types.tuples import ConsumerMessage

from streams.runs import Run
from streams.topics import changelog_name

FETCH_WAIT_MS = 20
"""How long a broker may hold an empty fetch. Faust hard-codes 1.5 s; the embedded broker holds it to the end."""

TELL_EVERY_S = 1.0
"""How often it is told again how far an idle partition was read: what was told may have been lost on its way."""

POLL_EVERY_S = 0.01
"""The least time between two polls: at a moderate load a few milliseconds gather a batch worth its overhead."""


class Poll:
    """The value of a Faust message: all runs of one poll, and the generation they were fetched under."""

    __slots__ = ("generation", "runs")

    def __init__(self, runs: list[Run], generation: int = 0) -> None:
        self.runs = runs
        self.generation = generation


class RunScheduler(DefaultSchedulingStrategy):
    """Yield everything a poll fetched as one item, under the name of its first partition.

    `left_out()` names topics whose records are nobody's: changelogs, should Faust fetch one in a rebalance.
    """

    def __init__(self, left_out: Callable[[], set[str]] = set) -> None:
        self._left_out = left_out

    def iterate(self, records: Mapping[TP, Any]) -> Iterator[tuple[TP, Any]]:
        """One item, or none."""
        left_out = self._left_out()
        runs = {tp: run for tp, run in records.items() if tp.topic not in left_out}
        if runs:
            yield next(iter(runs)), Poll(list(runs.values()))


class KeptThread(driver.AIOKafkaConsumerThread):
    """The consumer's thread, told to read committed and to remember its heartbeats."""

    heartbeat_at: float = 0.0

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._told: dict[TP, int] = {}
        self._told_at = 0.0

    def _create_worker_consumer(self, transport: Any) -> Any:
        consumer = super()._create_worker_consumer(transport)
        consumer._isolation_level = "read_committed"
        consumer._fetch_max_wait_ms = FETCH_WAIT_MS
        return consumer

    async def on_start(self) -> None:
        """Start the consumer, then listen in on its heartbeats."""
        await super().on_start()
        coordinator = self._ensure_consumer()._coordinator
        beat = coordinator._do_heartbeat

        async def heard() -> bool:
            sent_at = time.monotonic()
            answered: bool = await beat()
            if answered:
                self.heartbeat_at = sent_at
            return answered

        coordinator._do_heartbeat = heard

    async def _fetch_records(
        self,
        consumer: Any,
        active_partitions: set[TP],
        timeout: float | None = None,
        max_records: int | None = None,
    ) -> dict[TP, Run]:
        """What is there, as runs by partition; waits for something at most `timeout` seconds.

        Where a fetch began and how far it went is only exact because nothing else runs between the two looks.
        """
        fetcher, until = consumer._fetcher, time.monotonic() + (timeout or 0.0)
        while True:
            starts = _positions(consumer, active_partitions)
            fetched = await super()._fetch_records(consumer, active_partitions, timeout=0, max_records=max_records)
            runs = self._runs(starts, fetched, _positions(consumer, active_partitions))
            left = until - time.monotonic()
            if runs or left <= 0 or not self.consumer.flow_active:
                return runs
            waiter = fetcher._create_fetch_waiter()
            await asyncio.wait([waiter], timeout=left)
            if not waiter.done():
                waiter.cancel()
            elif not waiter.cancelled():
                waiter.result()  # raises what the brokers refused

    def _runs(self, starts: dict[TP, int], fetched: Mapping[TP, list[Any]], ends: dict[TP, int]) -> dict[TP, Run]:
        """What was fetched, and where it led when there was nothing in it; the latter is repeated now and then."""
        if time.monotonic() - self._told_at > TELL_EVERY_S:
            self._told.clear()
            self._told_at = time.monotonic()
        runs = {}
        for tp, through in ends.items():
            records, start = fetched.get(tp, []), starts.get(tp)
            if start is not None and (records or (self._told.get(tp) != through and start <= through)):
                runs[tp] = Run(tp.partition, records, start, through)
                self._told[tp] = through
        return runs


def _positions(consumer: Any, partitions: set[TP]) -> dict[TP, int]:
    """The next offset to hand out, of each partition that has one; none while partitions are handed out anew."""
    subscriptions = consumer._subscription
    if subscriptions.reassignment_in_progress:
        return {}
    states = {tp: subscriptions.subscription.assignment._tp_state.get(tp) for tp in partitions}
    return {tp: state.position for tp, state in states.items() if state is not None and state.has_valid_position}


class KeptListener(driver.ConsumerRebalanceListener):
    """Puts the changelog out of the consumer's reach: it is read by `streams.restore`, and fetching it costs."""

    async def on_partitions_assigned(self, assigned: Any) -> None:
        """Pause the changelog's partitions before anything is fetched of them."""
        consumer = self._thread._ensure_consumer()
        changelogs = self._thread.app.tables.changelog_topics
        consumer.pause(*(tp for tp in assigned if tp.topic in changelogs))
        await super().on_partitions_assigned(assigned)


class KeptConsumer(driver.Consumer):
    """A consumer whose commits come from a ledger and whose intake has a limit."""

    RebalanceListener = KeptListener

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.scheduler = RunScheduler(lambda: self.app.tables.changelog_topics)
        self.ledger: dict[TP, int] = {}
        self.full: Callable[[], bool] = lambda: False
        self._polled_at = 0.0

    def _new_consumer_thread(self) -> KeptThread:
        return KeptThread(self, loop=self.loop, beacon=self.beacon)

    def _to_message(self, tp: TP, record: Any) -> ConsumerMessage:
        record.generation = self.app.consumer_generation_id
        run = record.runs[0]
        stamped = run.records[-1] if run.records else None
        return ConsumerMessage(
            tp.topic,
            tp.partition,
            run.through,  # never below what Faust has read: it would drop the poll
            0.0 if stamped is None else stamped.timestamp / 1000.0,
            0 if stamped is None else stamped.timestamp_type,
            (),
            None,
            record,
            None,
            0,
            0,
            tp,
            generation_id=record.generation,
        )

    async def _getmany(self, active_partitions: Any, timeout: float) -> Any:
        while self.full() and not self.should_stop:
            await asyncio.sleep(0.005)
        pause = self._polled_at + POLL_EVERY_S - time.monotonic()
        if pause > 0:
            await asyncio.sleep(pause)
        records = await super()._getmany(active_partitions, timeout)
        self._polled_at = time.monotonic()
        return records

    def _filter_tps_with_pending_acks(self, topics: Any = None) -> Iterator[TP]:
        return iter(list(self.ledger))

    def _new_offset(self, tp: TP) -> int | None:
        return self.ledger.get(tp)

    async def _add_gap(self, tp: TP, offset_from: int, offset_to: int) -> None:
        """Gaps are the keeper's business."""

    async def on_partitions_revoked(self, revoked: set[TP]) -> None:
        """The ledger of lost partitions ends with them."""
        await super().on_partitions_revoked(revoked)
        self.ledger.clear()

    @property
    def heartbeat_at(self) -> float:
        """When the last answered heartbeat was sent (monotonic seconds)."""
        thread: Any = self._thread
        return float(thread.heartbeat_at)


class KeptTransport(driver.Transport):
    """The transport that makes such consumers."""

    Consumer = KeptConsumer


class KeptRecovery(Recovery):
    """Recovery that leaves reading the changelog to the table's hook."""

    def need_recovery(self) -> bool:
        """Never; see `KeptTable`."""
        return False


class KeptTables(TableManager):
    """The table manager that makes such a recovery."""

    @property
    def recovery(self) -> Recovery:
        """The one recovery of this app."""
        made: Recovery | None = getattr(self, "_recovery", None)
        if made is None:
            made = self._recovery = KeptRecovery(self.app, self, beacon=self.beacon, loop=self.loop)
        return made


class KeptTable(faust.Table):
    """The table of a matter's states: Faust knows its changelog and tells when its partitions are ours.

    `take_over(partitions, generation)` is awaited before any event flows. What it raises ends the app: Faust would
    swallow it here.
    """

    take_over: Callable[[list[int], int], Awaitable[None]]

    def _changelog_topic_name(self) -> str:
        """Named after the installation, of which the group's name (Faust's app id) holds the matter once already."""
        group: str = self.app.conf.id
        return changelog_name(group if self.name == "tickets" else group.removesuffix(f"-{self.name}"), self.name)

    async def on_recovery_completed(self, active_tps: set[TP], standby_tps: set[TP]) -> None:
        """Restore the partitions that are ours now."""
        try:
            await super().on_recovery_completed(active_tps, standby_tps)
            await self.take_over(sorted(tp.partition for tp in active_tps), self.app.consumer_generation_id)
        except Exception as error:
            await self.app.crash(error)


class RawSchema(faust.Schema):
    """Messages as they are: nothing is decoded before the agent."""

    def compile(self, app: Any, **_: Any) -> Any:
        """A decoder that decodes nothing."""
        create_event = app.create_event

        async def decode(message: Any, *, propagate: bool = False) -> Any:
            return create_event(None, message.value, message.headers, message)

        return decode


class KeptApp(faust.App):
    """The app: our transport, and a call the moment a rebalance begins."""

    rebalance_began: Callable[[], None] = staticmethod(lambda: None)

    def _new_transport(self) -> Any:
        return KeptTransport(self.conf.broker_consumer, self)

    def _create_directories(self) -> None:
        """Nothing of ours lies on disk; a worker runs on a read-only file system."""

    def on_rebalance_start(self) -> None:
        """Called in the consumer's thread, before any partition is given up."""
        super().on_rebalance_start()
        self.rebalance_began()


def event_topic(app: faust.App, name: str) -> Any:
    """A topic whose messages are polls."""
    return app.topic(name, schema=RawSchema())
