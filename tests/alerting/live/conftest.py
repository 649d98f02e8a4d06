"""Fixtures of the live tests of delivery: a real Redis, and topics on a real Kafka."""

from __future__ import annotations

import os
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest

from tests.alerting.live.redis_server import RedisServer, missing
from tests.alerting.live.stage import DeliveryStage

_numbers = count()


@pytest.fixture
def redis(tmp_path: Path) -> Iterator[RedisServer]:
    """A Redis of its own."""
    reason = missing()
    if reason is not None:
        pytest.skip(reason)
    with RedisServer(tmp_path) as server:
        yield server


@pytest.fixture
def delivery(real_kafka: str, redis: RedisServer) -> Iterator[DeliveryStage]:
    """Topics of its own on the session's real Kafka."""
    with DeliveryStage(real_kafka, redis, f"d{os.getpid()}x{next(_numbers)}.") as stage:
        yield stage
