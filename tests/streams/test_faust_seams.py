"""Each Faust internal that is bent is still there and still behaves as relied on; versions are what was tried."""

import asyncio
import importlib.metadata
import inspect
from collections.abc import Iterator
from types import SimpleNamespace

import faust
import pytest
from faust.tables.recovery import Recovery
from faust.transport import consumer as base
from faust.transport.drivers import aiokafka as driver
from faust.types import TP

from streams import faust_seams
from streams.runs import Run

RUNS = {
    TP("t", 1): Run(1, [SimpleNamespace(offset=4, timestamp=1, timestamp_type=0), SimpleNamespace(offset=7, timestamp=2, timestamp_type=0)], 4, 8),
    TP("t", 0): Run(0, [SimpleNamespace(offset=9, timestamp=3, timestamp_type=0)], 9, 11),
    TP("t", 2): Run(2, [], 3, 5),
}  # fmt: skip


@pytest.fixture
def app() -> Iterator[faust_seams.KeptApp]:
    """An app that is never started, on a loop of its own."""
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    made = faust_seams.KeptApp(
        "seams",
        broker="kafka://127.0.0.1:1",
        store="memory://",
        TableManager=faust_seams.KeptTables,
        web_enabled=False,
        loop=loop,
    )
    yield made
    made.consumer._thread.thread_loop.close()
    asyncio.set_event_loop(None)
    loop.close()


@pytest.mark.parametrize(
    ("name", "version"), [("faust-streaming", "0.15.3"), ("aiokafka", "0.14.0"), ("mode-streaming", "0.7.1")]
)
def test_versions_are_the_ones_that_were_tried(name: str, version: str) -> None:
    """The engine is pinned exactly: its internals are relied on."""
    assert importlib.metadata.version(name) == version


@pytest.mark.parametrize(
    ("owner", "name", "parameters"),
    [
        (base.Consumer, "_new_offset", ["self", "tp"]),
        (base.Consumer, "_add_gap", ["self", "tp", "offset_from", "offset_to"]),
        (base.Consumer, "_filter_tps_with_pending_acks", ["self", "topics"]),
        (base.ThreadDelegateConsumer, "_getmany", ["self", "active_partitions", "timeout"]),
        (driver.Consumer, "_to_message", ["self", "tp", "record"]),
        (driver.Consumer, "_new_consumer_thread", ["self"]),
        (driver.AIOKafkaConsumerThread, "_create_worker_consumer", ["self", "transport"]),
        (driver.AIOKafkaConsumerThread, "on_start", ["self"]),
        (
            driver.AIOKafkaConsumerThread,
            "_fetch_records",
            ["self", "consumer", "active_partitions", "timeout", "max_records"],
        ),
        (Recovery, "need_recovery", ["self"]),
        (faust.App, "_create_directories", ["self"]),
    ],
)
def test_the_seams_are_there(owner: type, name: str, parameters: list[str]) -> None:
    """What we override exists, with the parameters we override it with."""
    assert list(inspect.signature(getattr(owner, name)).parameters) == parameters


def test_a_poll_is_one_message(app: faust_seams.KeptApp) -> None:
    """All runs of a poll travel as one message that carries them whole."""
    items = list(faust_seams.RunScheduler().iterate(RUNS))
    assert [tp for tp, _ in items] == [TP("t", 1)]
    consumer = app.consumer
    message = consumer._to_message(*items[0])
    assert message.offset == 8
    assert [(run.partition, [r.offset for r in run.records]) for run in message.value.runs] == [
        (1, [4, 7]),
        (0, [9]),
        (2, []),
    ]


def test_commits_come_from_the_ledger(app: faust_seams.KeptApp) -> None:
    """Only what the ledger says is committed, whatever was acknowledged, in whatever order; gaps are not tracked."""
    consumer = app.consumer
    tp = TP("t", 0)
    consumer._acked[tp].extend([5, 6, 9])
    app.loop.run_until_complete(consumer._add_gap(tp, 0, 4))
    assert consumer._filter_committable_offsets(consumer._filter_tps_with_pending_acks()) == {}
    consumer.ledger[tp] = 3
    assert consumer._filter_committable_offsets(consumer._filter_tps_with_pending_acks()) == {tp: 3}


def test_recovery_is_left_to_the_table(app: faust_seams.KeptApp) -> None:
    """Faust never reads a changelog itself."""
    assert isinstance(app.tables.recovery, faust_seams.KeptRecovery)
    assert app.tables.recovery.need_recovery() is False
