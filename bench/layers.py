"""What each layer of the worker costs, in this process and without Kafka, at several batch sizes.

decode: `sla.cloudevent.read`. judge: `sla.step.step` on tickets in memory. state: ticket from and to stored bytes.
apply: `Partition.apply` whole (the three above and the timers). render: changelog records and outgoing records of
what a batch changed.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from bench import load
from bench.arena import Arena
from bench.book import Book
from bench.plan import Plan
from cli.rulebook_files import load as load_rulebook
from sla.cloudevent import read
from sla.step import step
from sla.ticket import Ticket, decode, encode
from sla.watch import Watch
from streams.changelog import HEADER_BYTES, pack, record
from streams.clock import WallClock
from streams.partition import Group, Partition
from streams.publisher import Outgoing

SECTION = "layers"
BATCHES = (1, 10, 100, 1000)
HEADERS = (("detected_at", b"2026-11-23T00:00:00.000000+00:00"), ("epoch", b"1"))


@dataclass(slots=True)
class Taken:
    """A consumed record, as a partition sees it."""

    offset: int
    timestamp: int
    key: bytes
    value: bytes
    headers: Sequence[tuple[str, bytes]] = ()


def measure(arena: Arena, plan: Plan, runs: int, book: Book) -> None:
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, arena.cores.measured)
    try:
        watch = Watch(load_rulebook("sgcc-2014"))
        now_ms = int(datetime.now(UTC).timestamp() * 1000)
        start = datetime.now(UTC) - timedelta(hours=5)
        records = [
            Taken(offset, now_ms, key, value)
            for offset, (key, value) in enumerate(load.life_records(plan.layer_events, 2, start))
        ]
        for run in range(runs):
            _decode(records, watch, book)
            _judge_and_state(records, watch, book)
            for batch in BATCHES:
                _apply_and_render(records, watch, batch, book)
            arena.say(f"run {run + 1} of {runs} done")
    finally:
        os.sched_setaffinity(0, before)


def _timed(work: Callable[[], object], events: int) -> float:
    began = time.process_time()
    work()
    return (time.process_time() - began) * 1e6 / events


def _decode(records: list[Taken], watch: Watch, book: Book) -> None:
    vocabulary, at = watch.rulebook.vocabulary, datetime.now(UTC)
    cost = _timed(lambda: [read(r.value, vocabulary, appended_at=at) for r in records], len(records))
    book.note(SECTION, "decode", "one by one", "us/event", cost)


def _judge_and_state(records: list[Taken], watch: Watch, book: Book) -> None:
    vocabulary = watch.rulebook.vocabulary
    events = [read(taken.value, vocabulary) for taken in records]
    tickets: dict[str, Ticket] = {}

    def judge() -> None:
        for subject, event in events:
            tickets[subject] = step(tickets.get(subject), subject, [event], watch).ticket or Ticket()

    book.note(SECTION, "judge", "one by one", "us/event", _timed(judge, len(events)))
    stored = [pack(1, 1, 0, encode(ticket)) for ticket in tickets.values()]

    def state() -> None:
        for raw in stored:
            pack(1, 1, 0, encode(decode(raw[HEADER_BYTES:])))

    book.note(SECTION, "state (whole lives)", "one by one", "us/ticket", _timed(state, len(stored)))


def _apply_and_render(records: list[Taken], watch: Watch, batch: int, book: Book) -> None:
    partition = Partition(0, "bench", watch, WallClock())
    apply_s = render_s = 0.0
    for at in range(0, len(records), batch):
        began = time.process_time()
        partition.apply(records[at : at + batch])
        group = partition.seal()
        after = time.process_time()
        apply_s += after - began
        if group is not None:
            _rendered(group, partition)
            render_s += time.process_time() - after
    for layer, seconds in (("apply", apply_s), ("render", render_s)):
        book.note(SECTION, layer, f"batches of {batch}", "us/event", seconds * 1e6 / len(records))


def _rendered(group: Group, partition: Partition) -> list[Outgoing]:
    """What a group says, as records to produce: the work of `streams.effects` without its waiting."""
    sent = []
    for key, outputs in group.touched.items():
        stored = partition.states.get(key)
        sent.append(Outgoing("changelog", key, None if stored is None else record(stored, outputs), group.partition))
    for outputs in group.touched.values():
        sent += [Outgoing(o.channel.value, o.key.encode(), o.value, None, HEADERS) for o in outputs]
    return sent
