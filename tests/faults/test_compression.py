"""Sources that compress what they send, each in its own way."""

from pathlib import Path

import pytest
from confluent_kafka import Producer

from streams.brokers.embedded import EmbeddedKafka
from tests.faults.load import chunk
from tests.live.stage import Stage, encoded
from tests.live.test_spine import now

pytestmark = [pytest.mark.embedded, pytest.mark.slow, pytest.mark.timeout(120)]


@pytest.mark.parametrize("codec", ["gzip", "snappy", "lz4", "zstd"])
def test_a_compressed_source(tmp_path: Path, codec: str) -> None:
    """Whatever codec a ticket system chose, its events are read and judged."""
    with EmbeddedKafka() as broker, Stage(broker.bootstrap, tmp_path, codec, embedded=broker) as stage:
        stage.worker().wait_watching()
        producer = Producer(
            {
                "bootstrap.servers": stage.bootstrap,
                "compression.type": codec,
                "linger.ms": 50,
                "partitioner": "murmur2_random",
            }
        )
        for told in chunk(0):
            producer.produce(stage.topic("ticket-events"), encoded(told), told["subject"].encode())
        assert producer.flush(30) == 0
        stage.wait_judged(stage.backtest(chunk(0), now()), 30)
