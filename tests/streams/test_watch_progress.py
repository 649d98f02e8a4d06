"""What a worker says of how it stands beside the ends of its partitions, whether or not it owns any."""

import asyncio
import time
from dataclasses import dataclass, field
from types import SimpleNamespace

import pytest

from agents import watchdog
from sla.watch import Watch
from streams.clock import LogClock, WallClock
from streams.health import Health
from streams.metrics import Metrics
from streams.partition import Partition
from streams.progress import ProofFailedError
from tests.streams.test_count_open import LAW, accepted, until


@dataclass
class Brokers:
    """A prober; `ends` is None while nobody answers. `asked` is what was asked for, in order."""

    told: dict | None
    asked: list = field(default_factory=list)

    async def ends(self, partitions):
        """Where these end."""
        self.asked.append(partitions)
        if self.told is None:
            raise ProofFailedError("no answer in time")
        return 0, {number: self.told[number] for number in partitions}


def keeper_of(*partitions):
    """A keeper of these partitions."""
    owned = {partition.number: partition for partition in partitions}
    return SimpleNamespace(partitions=owned, metrics=Metrics(), clock=WallClock())


def looked_at(monkeypatch, keeper, brokers):
    """Health after two looks."""
    monkeypatch.setattr(watchdog, "LOOK_EVERY_S", 0)
    health = Health(restored=True, rebalancing=False)

    async def looks():
        task = asyncio.create_task(watchdog.watch_progress(keeper, brokers, health))
        await until(lambda: task.done() or len(brokers.asked) > 2)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(looks())
    return health


def value(keeper, name, **labels):
    """What a metric tells."""
    return keeper.metrics.registry.get_sample_value(name, labels)


def test_a_worker_that_stands_by_is_not_ready_while_no_broker_answers(monkeypatch):
    """It could take nothing over, and the metric says so too."""
    keeper = keeper_of()
    health = looked_at(monkeypatch, keeper, Brokers(None))
    assert health.ready(time.monotonic()) == (False, "the brokers do not answer")
    assert value(keeper, "sla_brokers_answered_timestamp_seconds") == 0


def test_a_worker_that_stands_by_asks_the_brokers(monkeypatch):
    """And is ready by what they answer."""
    keeper, brokers = keeper_of(), Brokers({0: 7})
    health = looked_at(monkeypatch, keeper, brokers)
    assert health.ready(time.monotonic()) == (True, "watching")
    assert value(keeper, "sla_brokers_answered_timestamp_seconds") > 0
    assert brokers.asked[0] == [0]


def test_a_partition_is_caught_up_without_any_timer(monkeypatch):
    """All it holds was read; beside it one of which ten records were not."""
    read, behind = (Partition(number, "events", Watch(LAW), LogClock(None)) for number in (0, 1))
    read.apply([accepted(0)])
    keeper = keeper_of(read, behind)
    looked_at(monkeypatch, keeper, Brokers({0: 1, 1: 10}))
    assert [value(keeper, "sla_partition_caught_up", partition=p) for p in "01"] == [1, 0]
    assert [value(keeper, "sla_partition_backlog_records", partition=p) for p in "01"] == [0, 10]


def test_nothing_is_said_of_a_partition_that_was_lost(monkeypatch):
    """It is another's to tell."""
    keeper = keeper_of(Partition(0, "events", Watch(LAW), LogClock(None)))
    looked_at(monkeypatch, keeper, Brokers({0: 3}))
    keeper.metrics.forget("0")
    for name in ("sla_partition_caught_up", "sla_partition_backlog_records"):
        assert value(keeper, name, partition="0") is None
