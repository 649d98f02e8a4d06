"""Fixtures of the live tests: a stage on real Kafka, and one on either broker."""

import os
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest

from streams.brokers.embedded import EmbeddedKafka
from tests.live.stage import Stage

_numbers = count()
_LANE = os.environ.get("PYTEST_XDIST_WORKER", "")
"""Which of the processes that share the tests this is: they may share a Kafka too (SLAWATCH_KAFKA_BOOTSTRAP)."""


@pytest.fixture
def stage(real_kafka: str, tmp_path: Path) -> Iterator[Stage]:
    """A stage of its own on the session's real Kafka."""
    with Stage(real_kafka, tmp_path, f"{_LANE}t{next(_numbers)}-{tmp_path.name[-8:].replace('_', '-')}") as made:
        yield made


@pytest.fixture(params=["real", "embedded"])
def any_stage(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Stage]:
    """The same stage on real Kafka and on the embedded broker: one contract for both."""
    name = f"{_LANE}a{next(_numbers)}"
    if request.param == "real":
        with Stage(request.getfixturevalue("real_kafka"), tmp_path, f"{name}-real") as made:
            yield made
    else:
        with EmbeddedKafka() as broker, Stage(broker.bootstrap, tmp_path, name, embedded=broker) as made:
            yield made
