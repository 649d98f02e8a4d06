"""The ceiling: consume and decode, nothing else. By librdkafka or by aiokafka, whichever is named.

Run by `bench.throughput`:
`python -m bench.engines.raw_consumer BOOTSTRAP TOPIC GROUP PARTITIONS TALLY SCRATCH LIBRARY`.
"""

from __future__ import annotations

import asyncio
import sys
from datetime import datetime

import msgspec
import uvloop
from aiokafka import AIOKafkaConsumer
from aiokafka import TopicPartition as AioPartition
from confluent_kafka import Consumer, TopicPartition

from bench.tally import Tally


class TicketEvent(msgspec.Struct, gc=False):
    """The fields of an event."""

    id: str
    source: str
    type: str
    subject: str
    time: datetime
    data: dict[str, str | int | float | bool | None]


decode = msgspec.json.Decoder(TicketEvent).decode


def by_librdkafka(bootstrap: str, topic: str, group: str, partitions: int, tally: Tally) -> None:
    """confluent-kafka, 5,000 messages a call."""
    consumer = Consumer({"bootstrap.servers": bootstrap, "group.id": group, "enable.auto.commit": False})
    consumer.assign([TopicPartition(topic, number, 0) for number in range(partitions)])
    while True:
        messages = consumer.consume(5000, timeout=0.1)
        for message in messages:
            decode(message.value())
        tally.add(len(messages))


async def by_aiokafka(bootstrap: str, topic: str, partitions: int, tally: Tally) -> None:
    """aiokafka, whatever a poll fetched."""
    consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap, auto_offset_reset="earliest", enable_auto_commit=False)
    await consumer.start()
    consumer.assign([AioPartition(topic, number) for number in range(partitions)])
    await consumer.seek_to_beginning()
    while True:
        for records in (await consumer.getmany(timeout_ms=100, max_records=5000)).values():
            for record in records:
                decode(record.value)
            tally.add(len(records))


def main() -> None:
    bootstrap, topic, group, partitions, tally_path, _, library = sys.argv[1:]
    tally = Tally(tally_path)
    if library == "librdkafka":
        by_librdkafka(bootstrap, topic, group, int(partitions), tally)
    else:
        uvloop.install()
        asyncio.run(by_aiokafka(bootstrap, topic, int(partitions), tally))


if __name__ == "__main__":
    main()
