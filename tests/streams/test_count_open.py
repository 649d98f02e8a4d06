"""What is open is counted from the states, in portions, and not for a partition that was lost meanwhile."""

import asyncio
import json
from types import SimpleNamespace

import pytest

from agents import count_open
from cli.rulebook_files import folder, texts
from sla.rulebook import parse
from sla.watch import Watch
from streams.clock import LogClock
from streams.metrics import Metrics
from streams.partition import Partition
from tests.streams.test_another_law import Told

LAW = parse(texts(folder("sgcc-2014")))
RUNNING = {"rule": "repair/dispatch", "state": "running"}


def accepted(number):
    """A ticket that waits to be dispatched."""
    event = {
        "specversion": "1.0", "id": f"e{number}", "source": "s", "type": "repair.accepted", "subject": f"t{number}",
        "time": "2026-11-23T08:00:00+08:00", "data": {"unit": "NCSC", "level": "national", "mode": 1},
    }  # fmt: skip
    return Told(number, 0, f"t{number}".encode(), json.dumps(event).encode())


def keeper_with(tickets):
    """A keeper of one partition with so many tickets."""
    partition = Partition(0, "events", Watch(LAW), LogClock(None))
    partition.apply([accepted(number) for number in range(tickets)])
    return SimpleNamespace(partitions={0: partition}, metrics=Metrics(LAW.abouts)), partition


def counted(keeper):
    """The open clocks that the metrics tell."""
    return keeper.metrics.registry.get_sample_value("sla_clocks_open", RUNNING)


async def until(condition):
    """Let the counting go on until a condition holds."""
    async with asyncio.timeout(30):
        while not condition():
            await asyncio.sleep(0)


async def counting(keeper, condition):
    """Count until a condition holds."""
    task = asyncio.create_task(count_open.count_open(keeper))
    try:
        await until(lambda: task.done() or condition())
    finally:
        task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


def test_every_portion_is_counted(monkeypatch):
    """More tickets than fit in one look."""
    monkeypatch.setattr(count_open, "PORTION", 3)
    keeper, _ = keeper_with(10)
    assert counted(keeper) == 0
    asyncio.run(counting(keeper, lambda: counted(keeper) == 10))


def test_tickets_that_leave_while_they_are_counted_are_passed_over(monkeypatch):
    """The states change between two portions."""
    monkeypatch.setattr(count_open, "PORTION", 3)
    _, partition = keeper_with(10)

    async def story():
        counting_one = asyncio.create_task(count_open._count(partition))
        await asyncio.sleep(0)
        for number in range(5, 10):
            del partition.states[f"t{number}".encode()]
        return await counting_one

    assert asyncio.run(story())["repair/dispatch", "running"] == 5


def test_a_partition_that_was_lost_is_not_told(monkeypatch):
    """Its clocks are another worker's by now."""
    monkeypatch.setattr(count_open, "EVERY_S", 0)
    keeper, partition = keeper_with(2)
    partition.live = False
    rounds = []
    monkeypatch.setattr(
        count_open, "_count", lambda lost, count=count_open._count: rounds.append(lost) or count(lost)
    )
    asyncio.run(counting(keeper, lambda: len(rounds) > 2))
    assert counted(keeper) == 0
