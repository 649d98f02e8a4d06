"""Has the source lost what the state builds on? Asked once for each partition that is taken over.

A topic that was recreated, or records that retention took before they were read, make offsets lie: events would
be skipped in silence. The worker refuses to run on that, unless told to accept the loss. `streams` only.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import msgspec
from confluent_kafka import Consumer, TopicCollection, TopicPartition
from confluent_kafka.admin import AdminClient

from streams.restore import Restored

GROUP: Final = "slawatch-source-check"
"""Required by the client, never joined: partitions are assigned by hand. It must be allowed to be described."""
LOOK_EVERY_S = 0.2


async def owned_beyond_doubt(still_owned: Callable[[], bool], may_write: Callable[[], bool]) -> bool:
    """Whether partitions whose state was read are ours still; waits while the group has not heard from us lately.

    To be asked before a fault is believed: a worker that was stopped after it had read finds that another has gone on
    from there, which looks as if the changelog had lost its end.
    """
    while still_owned() and not may_write():
        await asyncio.sleep(LOOK_EVERY_S)
    return still_owned()


def topic_id(settings: Mapping[str, Any], topic: str) -> str:
    """The id of this incarnation of a topic; it changes when the topic is deleted and made again."""
    admin = AdminClient(dict(settings))
    described = admin.describe_topics(TopicCollection([topic]), request_timeout=30)[topic].result(35)
    return str(described.topic_id)


def committed(settings: Mapping[str, Any], group: str, topic: str, partitions: Sequence[int]) -> dict[int, int]:
    """The group's committed offset of each partition; -1001 where there is none."""
    consumer = Consumer({**settings, "group.id": group, "enable.auto.commit": False})
    try:
        found = consumer.committed([TopicPartition(topic, number) for number in partitions], timeout=30)
        return {tp.partition: tp.offset for tp in found}
    finally:
        consumer.close()


class Source(msgspec.Struct, frozen=True):
    """What the source is like: the topic's id, where each partition begins, and what is wrong with it."""

    topic_id: str
    beginnings: dict[int, int]
    faults: list[str]


def examine(settings: Mapping[str, Any], group: str, topic: str, restored: Mapping[int, Restored]) -> Source:
    """Look at the partitions that are taken over; faults are in words that say what to do.

    Blocking, so call it in a thread. Raises KafkaException when the brokers do not answer.
    """
    found: list[str] = []
    beginnings: dict[int, int] = {}
    current_id = topic_id(settings, topic)
    offsets = committed(settings, group, topic, sorted(restored))
    consumer = Consumer({**settings, "group.id": GROUP, "enable.auto.commit": False})
    try:
        for number, state in sorted(restored.items()):
            low, high = consumer.get_watermark_offsets(TopicPartition(topic, number), timeout=30)
            beginnings[number] = int(low)
            found += _partition_faults(topic, number, state, current_id, int(low), int(high), offsets[number])
    finally:
        consumer.close()
    return Source(current_id, beginnings, found)


def _partition_faults(
    topic: str, number: int, state: Restored, current_id: str, low: int, high: int, committed_offset: int
) -> list[str]:
    control = state.control
    where = f"{topic}, partition {number}"
    if control is None:
        if committed_offset > low:
            return [
                f"{where}: offsets through {committed_offset} are committed, but the changelog knows nothing: "
                "restore the changelog, or start under a new app_id to judge the topic anew"
            ]
        return []
    if control.topic_id and current_id and control.topic_id != current_id:
        return [f"{where}: the topic was deleted and made again; start under a new app_id, or accept the loss"]
    if low > control.next_offset:
        return [
            f"{where}: records {control.next_offset} to {low - 1} are gone before they were read "
            "(retention); accept the loss to go on without them"
        ]
    if high < control.next_offset:
        return [f"{where}: the topic ends at {high}, the state has seen {control.next_offset}; was it truncated?"]
    if committed_offset > control.next_offset:
        return [
            f"{where}: offsets through {committed_offset} are committed, the changelog only knows "
            f"{control.next_offset}: its end was lost; restore it, or start under a new app_id"
        ]
    return []
