"""What an open ticket costs in memory, and how fast a worker takes them over from the changelog.

All-in: resident memory with the tickets minus resident memory of the same worker without any, over their number.
Once after having taken them in live, once in a fresh worker that restored them.
"""

from __future__ import annotations

import re
import time

from bench import load, machine
from bench.arena import Arena, Running, wait_for
from bench.book import Book
from bench.plan import ONCE_FROM, Plan

SECTION = "memory"
EVENTS_EACH = 2


def measure(arena: Arena, plan: Plan, runs: int, book: Book) -> None:
    for tickets in plan.memory_tickets:
        rounds = 1 if tickets >= ONCE_FROM else runs
        for run in range(rounds):
            _one(arena, tickets, book)
            arena.say(f"{tickets:,} tickets: run {run + 1} of {rounds} done")


def _one(arena: Arena, tickets: int, book: Book) -> None:
    with arena.scene("memory-") as scene:
        topic = f"{scene}.ticket-events"
        worker = arena.worker(scene).wait_watching()
        empty = machine.rss_bytes(worker.pid)
        nothing = _took(worker)
        load.send_all(arena.bootstrap, topic, load.working_tickets(tickets, "open"))
        worker.wait_counted(tickets * EVENTS_EACH, 60 + tickets / 1000)
        live = machine.rss_bytes(worker.pid)
        changelog = f"{scene}-tickets-changelog"
        wait_for("the last state to be written", lambda: _settled(worker), 60, every=0.5)
        records = arena.ends(changelog)
        worker.stop()
        fresh = arena.worker(scene).wait_watching(300)
        metrics = fresh.metrics()
        restored = machine.rss_bytes(fresh.pid)
        took = _took(fresh)
        held = sum(value for name, value in metrics.items() if name.startswith("sla_tickets{"))
        if held != tickets:
            raise RuntimeError(f"{held:,.0f} tickets restored of {tickets:,}")
    name = f"{tickets:,} tickets"
    book.note(SECTION, name, "a ticket, taken in live", "bytes", (live - empty) / tickets)
    book.note(SECTION, name, "a ticket, restored", "bytes", (restored - empty) / tickets)
    book.note(SECTION, name, "worker, taken in live", "MB", live / 1e6)
    book.note(SECTION, name, "worker, empty", "MB", empty / 1e6)
    book.note(SECTION, name, "restore", "tickets/s", tickets / took, f"{records:,} changelog records")
    book.note(SECTION, name, "taking over nothing", "s", nothing)
    book.note(SECTION, name, "restore records", "records/s", metrics["sla_restored_records_total"] / took)
    arena.say(
        f"{name}: {(live - empty) / tickets:,.0f} bytes each, restored {(restored - empty) / tickets:,.0f};"
        f" taken over in {took:.2f} s ({tickets / took:,.0f} tickets/s, {records:,} records; nothing: {nothing:.2f})"
    )


def _took(worker: Running) -> float:
    """How long a worker took to take its partitions over, as it logged."""
    return float(re.findall(r"event=partitions_watched .* took_s=([0-9.]+)", worker.said())[-1])


def _settled(worker: Running) -> bool:
    """Whether no more is published."""
    name = 'sla_outputs_total{channel="verdicts"}'
    before = worker.metrics().get(name)
    time.sleep(1.0)
    return before == worker.metrics().get(name)
