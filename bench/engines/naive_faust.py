"""The same job as a Faust tutorial would write it: a Record a message, a Table write a message.

It is the line beside which slawatch must show its worth; memory store, at least once, Faust's own changelog.
Run by `bench.throughput`: `python -m bench.engines.naive_faust BOOTSTRAP TOPIC GROUP PARTITIONS TALLY SCRATCH`.
"""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator
from typing import Any

import faust

from bench.tally import Tally


class TicketEvent(faust.Record, serializer="json"):
    """The fields of an event."""

    id: str
    source: str
    type: str
    subject: str
    time: str
    data: dict[str, Any]


def main() -> None:
    bootstrap, topic, group, partitions, tally_path, scratch = sys.argv[1:7]
    tally = Tally(tally_path)
    app = faust.App(
        group,
        broker=f"kafka://{bootstrap}",
        store="memory://",
        datadir=scratch,
        web_enabled=False,
        topic_allow_declare=False,  # the benchmark makes the changelog: Faust asks in a version Kafka 4 has dropped
        topic_disable_leader=True,
        consumer_auto_offset_reset="earliest",
    )
    events = app.topic(topic, key_type=str, key_serializer="raw", value_type=TicketEvent)
    tickets = app.Table("tickets", default=list, partitions=int(partitions))

    async def watch(stream: Any) -> AsyncIterator[None]:
        async for event in stream:
            told = tickets[event.subject]
            told.append({"id": event.id, "type": event.type, "time": event.time, "data": event.data})
            tickets[event.subject] = told
            tally.add()
            yield

    app.agent(events)(watch)
    faust.Worker(app, loglevel="warning").execute_from_commandline()


if __name__ == "__main__":
    main()
