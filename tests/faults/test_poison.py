"""Records that are no events, far too large ones, null values and a monstrous ticket, among the load."""

from datetime import timedelta

import pytest
from confluent_kafka import Producer
from confluent_kafka.admin import AlterConfigOpType, ConfigEntry, ConfigResource

from tests.faults.load import Load
from tests.faults.settle import settle
from tests.faults.sizes import SIZES
from tests.faults.witness import Witness
from tests.live.stage import Stage, wait_for
from tests.live.test_failures import get
from tests.live.test_spine import event, now

pytestmark = [pytest.mark.kafka, pytest.mark.slow, pytest.mark.timeout(400)]

MIB = 1024 * 1024
POISON = [
    (b"p", b"{not json"),
    (b"p", b"\xff\xfe\x00"),
    (b"p", b"[" * 5000),
    (b"p", b'{"specversion":"1.0","id":1e999}'),
    (b"p", b'{"a":' * 20_000),
    (None, b"{}"),
    (None, None),
    (b"p", None),
    (b"p", b""),
    (b"\x00control", b"\x00"),
    (b"\x00claim", None),
    (b"p", b"x" * 70_000),
    (b"p", b"x" * (MIB - 1)),
    (b"p", b'{"specversion":"1.0","id":"1","source":"s","type":"repair.accepted","subject":"q","time":"2026-11-23T08:00:00Z"}'),
    (b"p", b'{"specversion":"1.0","id":"1","source":"s","type":"repair.accepted","subject":"p","time":"2026-11-23T08:00:00"}'),
]  # fmt: skip


def allow_large(stage: Stage) -> None:
    """Let the source take values of 1 MiB and a little more."""
    resource = ConfigResource(
        ConfigResource.Type.TOPIC,
        stage.topic("ticket-events"),
        incremental_configs=[
            ConfigEntry("max.message.bytes", str(2 * MIB), incremental_operation=AlterConfigOpType.SET)
        ],
    )
    for future in stage.admin.incremental_alter_configs([resource]).values():
        future.result(30)


def test_poison_is_kept_apart(stage: Stage, witness: Witness) -> None:
    """Every record that is no event becomes one dead letter, and the clocks beside it are kept on time."""
    allow_large(stage)
    worker = stage.worker().wait_watching()
    producer = Producer(
        {"bootstrap.servers": stage.bootstrap, "message.max.bytes": 2 * MIB, "partitioner": "murmur2_random"}
    )
    with Load(stage, seed=80) as load:
        for number in range(SIZES.poison):
            key, value = POISON[number % len(POISON)]
            producer.produce(stage.topic("ticket-events"), value, key)
            assert producer.flush(30) == 0
            mark = load.acknowledged
            wait_for("the load to go on", lambda m=mark: load.acknowledged > m + 100, 20, every=0.01)
        load.finish()
        load.check_rate()
        assert worker.process.poll() is None
        settle(stage, load, witness)
    assert len(witness.letters) >= SIZES.poison


def test_the_largest_ticket_there_can_be(stage: Stage, witness: Witness) -> None:
    """A ticket of 500 events with the longest names, sent at once, stops nothing: not its state, not its neighbours."""
    worker = stage.worker().wait_watching()
    began = now() - timedelta(hours=3)
    ticket = "w" * 128
    told = [event(ticket, 1, "repair.accepted", began)]
    for number in range(2, 500, 2):
        at = began + timedelta(seconds=20 * number)
        dispatched = event(ticket, number, "repair.dispatched", at, to_unit="3201", to_level="city")
        returned = event(ticket, number + 1, "repair.returned", at + timedelta(seconds=200), to_unit="NCSC",
                         to_level="national", ground="other")  # fmt: skip
        told += [dispatched, returned]
    told = [{**e, "id": e["id"].rjust(256, "x")[-256:], "source": "国" * 256} for e in told]
    with Load(stage, seed=81) as load:
        load.send(told)
        load.finish()
        settle(stage, load, witness)
    assert get(worker, "/metrics")[0] == 0, "it was stopped in order"
