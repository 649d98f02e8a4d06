"""Canaries' events on their way to Kafka. Only this package and `cli` import this.

One asyncio loop: what became of a record is told in it, while `turn` is called again and again.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from typing import Any, Final

from confluent_kafka import KafkaError, KafkaException, Message, Producer

from alerting.canary.tickets import Canary

logger = logging.getLogger("slawatch.canary")

GIVE_UP_AFTER_S: Final = 30
"""A record that Kafka did not take by then is given up: a canary that is older proves nothing."""


class Outlet:
    """The producer."""

    def __init__(self, settings: Mapping[str, Any], topic: str) -> None:
        self._topic = topic
        self._producer = Producer(
            {
                **settings,
                "acks": "all",
                "partitioner": "murmur2_random",
                "message.timeout.ms": GIVE_UP_AFTER_S * 1000,
            }
        )

    async def put(self, one: Canary, event: bytes) -> int | None:
        """The partition in which an event of a canary lies; None when Kafka did not take it in time. Never raises."""
        taken: asyncio.Future[int | None] = asyncio.get_running_loop().create_future()

        def told(error: KafkaError | None, message: Message) -> None:
            lies = message.partition()
            if not taken.done():
                taken.set_result(lies if error is None else None)
            if error is not None:
                logger.warning("canary_not_taken", extra={"error": error.str()})
            elif lies != one.partition:
                logger.error("canary_misplaced", extra={"partition": one.partition, "lies_in": lies})

        try:
            self._producer.produce(self._topic, event, one.id.encode(), on_delivery=told)
        except (BufferError, KafkaException, RuntimeError) as error:  # RuntimeError: it is closed
            logger.warning("canary_not_taken", extra={"error": str(error)})
            return None
        return await taken

    def turn(self) -> None:
        """Tell what became of records."""
        self._producer.poll(0)

    def close(self) -> None:
        """Let go of the brokers; what is not there yet is given up."""
        self._producer.purge()
        self._producer.close()
