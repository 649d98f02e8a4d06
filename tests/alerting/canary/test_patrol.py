"""What is sent, heard, closed and lost, with a Kafka that answers as told and no clock but the test's."""

import asyncio
import json
from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from prometheus_client import CollectorRegistry

from alerting.canary.metrics import Metrics
from alerting.canary.pages import HEARD, NO_CANARY, NOT_NOW
from alerting.canary.patrol import Patrol
from alerting.canary.settings import CanarySettings
from alerting.canary.tickets import canary
from tests.alerting.folders import alert

AT = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)
LOST_AFTER = 180


class Kafka:
    """Takes what it is given while it is well."""

    def __init__(self):
        self.well, self.taken, self.elsewhere = True, [], 0

    async def put(self, one, event):
        """Take an event, or not."""
        await asyncio.sleep(0)
        if not self.well:
            return None
        told = json.loads(event)
        assert told["subject"] == one.id
        self.taken.append((told["type"], one.id))
        return one.partition + self.elsewhere

    def turn(self):
        """There is nothing to wait for."""

    def closed(self):
        """The tickets that were closed, in order."""
        return [ticket for type_, ticket in self.taken if type_ == "canary.closed"]


class Play:
    """A patrol over two partitions, and the time."""

    def __init__(self):
        self.kafka, self.now = Kafka(), AT
        self.metrics = Metrics(2, CollectorRegistry())
        self.patrol = Patrol(CanarySettings(lost_after=LOST_AFTER), 2, self.kafka, self.metrics, lambda: self.now)
        self.ones = [canary(partition, 2, AT) for partition in range(2)]

    async def hear(self, one, status="firing", after=6 * SECOND, **told):
        """Let the notifier tell of a canary; the status of the answer."""
        self.now = AT + after
        known = {"alert_id": f"{one.id}/canary/heard/s/e/breach", "rule": "canary/heard", "ticket": one.id}
        return await self.patrol.hear(alert(**known, status=status, due_at=AT + 5 * SECOND, **told), self.now)

    async def look(self, after):
        """Let time pass, and whatever follows from it."""
        self.now = AT + after
        await self.patrol.look(self.now)
        while self.patrol._under_way:
            await asyncio.sleep(0)

    def counted(self, name):
        """A counter or gauge."""
        labels = {"partition": "0"} if name.endswith("timestamp_seconds") else {}
        return self.metrics.registry.get_sample_value(f"sla_canary_{name}", labels)


def play(work):
    """Run a test's work on a play of its own."""
    asyncio.run(work(Play()))


def test_each_partition_gets_one_and_each_is_heard_once():
    """A breach told twice counts once, and is closed once; its end leaves nothing behind."""

    async def work(it):
        await it.patrol.send(AT)
        assert it.kafka.taken == [("canary.accepted", one.id) for one in it.ones]
        assert [await it.hear(it.ones[0]) for _ in range(2)] == [HEARD, HEARD]
        assert it.kafka.closed() == [it.ones[0].id]
        assert [await it.hear(it.ones[0], "resolved", revision=2) for _ in range(2)] == [HEARD, HEARD]
        assert [it.counted(f"{name}_total") for name in ("sent", "heard", "resolved", "lost")] == [2, 1, 1, 0]
        assert it.counted("last_seen_timestamp_seconds") == (AT + 6 * SECOND).timestamp()
        assert it.counted("seconds_sum") == 1
        assert len(it.patrol.flock) == 1

    play(work)


def test_what_is_not_heard_in_time_is_lost_once_closed_and_forgotten():
    """And what is told of it later is no hearing: the partition stays unproven."""

    async def work(it):
        it.patrol._began_at = AT - SECOND
        await it.patrol.send(AT)
        await it.look(LOST_AFTER * SECOND)
        assert it.counted("lost_total") == 0
        for _ in range(2):
            await it.look((LOST_AFTER + 1) * SECOND)
        assert it.counted("lost_total") == 2
        assert sorted(it.kafka.closed()) == sorted(one.id for one in it.ones)
        assert len(it.patrol.flock) == 0
        closed = it.kafka.closed()
        assert await it.hear(it.ones[0], after=(LOST_AFTER + 2) * SECOND) == HEARD
        assert it.kafka.closed() == closed, "a closing of what is forgotten by then would be a dead letter"
        assert (it.counted("heard_total"), it.counted("last_seen_timestamp_seconds")) == (0, 0)

    play(work)


def test_a_breach_is_not_taken_until_its_closing_is_on_kafka():
    """Until then the notifier shall tell it again, and it is still heard once."""

    async def work(it):
        await it.patrol.send(AT)
        it.kafka.well = False
        assert await it.hear(it.ones[0]) == NOT_NOW
        it.kafka.well = True
        assert await it.hear(it.ones[0]) == HEARD
        assert it.kafka.closed() == [it.ones[0].id]
        assert it.counted("heard_total") == 1

    play(work)


def test_one_from_before_a_restart_is_closed_and_counts_for_nothing():
    """Nobody else would close it."""

    async def work(it):
        assert await it.hear(it.ones[0]) == HEARD
        assert it.kafka.closed() == [it.ones[0].id]
        assert it.counted("heard_total") == 0

    play(work)


def test_what_kafka_did_not_take_is_neither_sent_nor_lost():
    """But if that goes on, the process says that it is unwell."""

    async def work(it):
        it.kafka.well = False
        await it.patrol.send(AT)
        await it.look((LOST_AFTER + 1) * SECOND)
        assert (it.counted("sent_total"), it.counted("lost_total"), len(it.patrol.flock)) == (0, 0, 0)
        assert it.patrol.unwell(AT + 60 * SECOND) == ""
        assert "for 200 s" in it.patrol.unwell(AT + 200 * SECOND)

    play(work)


def test_what_has_not_reached_kafka_yet_is_not_closed():
    """A closing without a ticket would be a dead letter."""

    async def work(it):
        for one in it.ones:
            it.patrol.flock.send(one)
        await it.look((LOST_AFTER + 1) * SECOND)
        assert (it.kafka.taken, it.counted("lost_total")) == ([], 0)

    play(work)


def test_what_could_not_be_closed_is_closed_later():
    """An outage of Kafka leaves no ticket open."""

    async def work(it):
        await it.patrol.send(AT)
        it.kafka.well = False
        await it.look((LOST_AFTER + 1) * SECOND)
        it.kafka.well = True
        await it.look((LOST_AFTER + 2) * SECOND)
        assert sorted(it.kafka.closed()) == sorted(one.id for one in it.ones)
        assert it.counted("lost_total") == 2

    play(work)


def test_one_whose_end_is_never_told_is_forgotten():
    """Memory holds what was sent within `lost_after`, and no more."""

    async def work(it):
        await it.patrol.send(AT)
        for one in it.ones:
            await it.hear(one)
        await it.look((LOST_AFTER + 1) * SECOND)
        assert len(it.patrol.flock) == 0
        assert it.counted("lost_total") == 0

    play(work)


@pytest.mark.parametrize(
    "told", [{"rule": "repair/dispatch"}, {"ticket": "2026112300017"}], ids=["another rule", "another ticket"]
)
def test_another_alert_is_refused_for_good(told):
    """So that a route that sends people's alerts here goes on to its fallback."""

    async def work(it):
        found = alert(**{"rule": "canary/heard", "ticket": it.ones[0].id, **told})
        assert await it.patrol.hear(found, AT) == NO_CANARY
        assert it.kafka.taken == []

    play(work)


def test_what_is_out_at_the_end_is_closed():
    """An orderly stop leaves nothing that breaches for ever."""

    async def work(it):
        await it.patrol.send(AT)
        await it.hear(it.ones[0])
        it.patrol.stop.set()
        await asyncio.wait_for(it.patrol.run(), 30)
        assert sorted(it.kafka.closed()) == sorted(one.id for one in it.ones)

    play(work)


def test_one_that_lies_on_another_partition_proves_nothing_and_is_closed():
    """The topic got more partitions than this process was told of."""

    async def work(it):
        it.kafka.elsewhere = 1
        await it.patrol.send(AT)
        assert await it.hear(it.ones[0]) == HEARD
        assert it.kafka.closed() == [it.ones[0].id]
        assert (it.counted("heard_total"), it.counted("last_seen_timestamp_seconds")) == (0, 0)

    play(work)


def test_after_a_clock_that_was_ahead_it_goes_on_at_once():
    """Whoever waited for that time to come again would prove nothing for as long, and say nothing of it."""

    async def work(it):
        it.now = AT + timedelta(days=1)
        running = asyncio.create_task(it.patrol.run())
        for _ in range(10):  # its tasks are all under way
            await asyncio.sleep(0)
        it.now = AT + SECOND
        async with asyncio.timeout(30):
            while not it.kafka.taken:
                await asyncio.sleep(0.01)
        assert it.kafka.taken[0] == ("canary.accepted", it.ones[0].id)
        it.patrol.stop.set()
        await asyncio.wait_for(running, 30)

    play(work)


def test_a_producer_that_fails_ends_it():
    """Without its turns nothing would ever be known of what was sent."""

    class Broken(Kafka):
        def turn(self):
            raise RuntimeError("broken")

    async def work(it):
        it.patrol._out = Broken()
        with pytest.raises(RuntimeError, match="broken"):
            await asyncio.wait_for(it.patrol.run(), 30)

    play(work)


def test_a_fault_of_our_own_ends_it():
    """It is not passed over."""

    class Broken(Kafka):
        async def put(self, one, event):
            raise RuntimeError("broken")

    async def work(it):
        it.patrol._out = Broken()
        it.patrol._spawn(it.patrol.send(AT))
        with pytest.raises(RuntimeError, match="broken"):
            await asyncio.wait_for(it.patrol.run(), 30)

    play(work)


def test_a_slot_is_the_same_for_whoever_runs():
    """Counted from the epoch, not from the start."""
    it = Play()
    slots = {it.patrol._slot(AT + offset * SECOND) for offset in (0, 17, 59.9)}
    assert slots == {AT}
    assert msgspec.structs.asdict(it.ones[0])["at"] == AT
