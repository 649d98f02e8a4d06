"""A source that writes in transactions: the markers at the end of a quiet partition are no unread records."""

import time

import pytest
from confluent_kafka import Producer

from tests.faults.witness import Witness
from tests.live.stage import Stage, encoded, wait_for
from tests.live.test_spine import event, now

pytestmark = [pytest.mark.kafka, pytest.mark.slow, pytest.mark.timeout(300)]

TERM_S = 120
SOON_S = 8


def transactional(stage: Stage) -> Producer:
    """A producer that writes in transactions."""
    producer = Producer(
        {
            "bootstrap.servers": stage.bootstrap,
            "transactional.id": f"{stage.app_id}-source",
            "partitioner": "murmur2_random",
        }
    )
    producer.init_transactions(30)
    return producer


def write(stage: Stage, producer: Producer, events: list[dict], *, commit: bool) -> None:
    """One transaction."""
    producer.begin_transaction()
    for told in events:
        producer.produce(stage.topic("ticket-events"), encoded(told), told["subject"].encode())
    producer.flush(30)
    if commit:
        producer.commit_transaction(30)
    else:
        producer.abort_transaction(30)


@pytest.mark.parametrize("aborted", [False, True], ids=["committed", "and one aborted behind"])
def test_a_quiet_partition_that_ends_in_markers_is_proven(stage: Stage, witness: Witness, aborted: bool) -> None:
    """A breach fires on time behind the marker of a transaction, long before the partition would count as blind."""
    worker = stage.worker().wait_watching()
    producer = transactional(stage)
    started = now().timestamp() - TERM_S + SOON_S
    told = [
        event(f"quiet-{number}", 1, "repair.accepted", now().fromtimestamp(started, now().tzinfo))
        for number in range(8)
    ]
    write(stage, producer, told, commit=True)
    if aborted:
        undone = [event(t["subject"], 2, "repair.closed", now(), reason="never happened") for t in told]
        write(stage, producer, undone, commit=False)
    wait_for("the breaches of silence", lambda: len(witness.look().firing()) == len(told), 45)
    assert witness.operator("blind") == []
    late_ms = max(found.late_ms for found in witness.firing())
    assert late_ms < 20_000, "as late as if the partition had been blind"
    first = worker.log_text()
    worker.kill()
    second = stage.worker().wait_watching()
    more = [
        event(
            f"more-{number}", 1, "repair.accepted", now().fromtimestamp(time.time() - TERM_S + SOON_S, now().tzinfo)
        )
        for number in range(8)
    ]
    write(stage, producer, more, commit=True)
    wait_for("the next owner's", lambda: len(witness.look().firing()) == len(told) + len(more), 45)
    assert witness.operator("blind") == [], first + second.log_text()
