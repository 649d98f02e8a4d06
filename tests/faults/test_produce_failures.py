"""Produce requests that fail, one kind at a time, on the embedded broker: tried again, or the worker stops loudly."""

import signal
from datetime import timedelta
from pathlib import Path

import pytest
from confluent_kafka import KafkaError

from streams.brokers.embedded import EmbeddedKafka
from tests.faults.load import Load
from tests.faults.settle import settle
from tests.faults.sizes import SIZES
from tests.faults.witness import GRACE, Witness
from tests.live.stage import Stage, wait_for
from tests.live.test_failures import committed

pytestmark = [pytest.mark.embedded, pytest.mark.slow, pytest.mark.timeout(300)]

PRODUCE = 0
KINDS = {
    "not enough replicas": KafkaError.NOT_ENOUGH_REPLICAS,
    "timed out": KafkaError.REQUEST_TIMED_OUT,
    "disconnected": KafkaError._TRANSPORT,
    "not authorized": KafkaError.TOPIC_AUTHORIZATION_FAILED,
    "too large": KafkaError.MSG_SIZE_TOO_LARGE,
}
FOR_GOOD = ("not authorized", "too large")
STOPPED_WITHIN_S = 60
TOLD_LATE = timedelta(seconds=1)
"""Here a record carries its producer's time; so much later, at most, it was appended."""


@pytest.mark.parametrize("kind", KINDS)
def test_a_passing_failure(tmp_path: Path, kind: str) -> None:
    """Some failed requests in a row: the worker, or its successor, ends where `backtest` ends."""
    with EmbeddedKafka() as broker, Stage(broker.bootstrap, tmp_path, "errors", embedded=broker) as stage:
        witness = Witness(stage, grace=GRACE - TOLD_LATE)
        worker = stage.worker().wait_watching()
        worker.process.send_signal(signal.SIGSTOP)  # so that the errors meet the worker, not the load
        with Load(stage, seed=121, probes=0) as load:
            load.finish()
        broker.push_errors(PRODUCE, [KINDS[kind]] * SIZES.produce_errors)
        worker.process.send_signal(signal.SIGCONT)
        wait_for(
            "the errors to be over",
            lambda: worker.process.poll() is not None or len(stage.seen("verdicts").records) > 100,
            90,
        )
        broker.clear_errors(PRODUCE)  # the load must meet none
        with Load(stage, seed=122, first_chunk=90) as more:
            wait_for("more load", lambda: more.acknowledged > 1000, 60)
            more.finish()
        more.chunks += load.chunks
        more.events += load.events
        if worker.process.poll() is not None:
            assert worker.process.returncode == 70, "a loud end"
            stage.worker().wait_watching()
        settle(stage, more, witness)
        witness.close()


@pytest.mark.parametrize("kind", FOR_GOOD)
def test_a_failure_for_good_stops_the_worker(tmp_path: Path, kind: str) -> None:
    """What will never be accepted ends the worker with a failure, and nothing is committed past it."""
    with EmbeddedKafka() as broker, Stage(broker.bootstrap, tmp_path, "refused", embedded=broker) as stage:
        worker = stage.worker().wait_watching()
        wait_for("the first commit", lambda: committed(stage) >= 0, 20)
        worker.process.send_signal(signal.SIGSTOP)
        with Load(stage, seed=123, probes=0) as load:
            load.finish()
        broker.push_errors(PRODUCE, [KINDS[kind]] * 1_000_000)
        worker.process.send_signal(signal.SIGCONT)
        wait_for("the failure to be said", lambda: "event=not_acknowledged" in worker.log_text(), STOPPED_WITHIN_S)
        wait_for("the worker to end", lambda: worker.process.poll() is not None, STOPPED_WITHIN_S)
        assert worker.process.returncode == 70
        assert committed(stage) == 0
