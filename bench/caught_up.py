"""The regime of every day: the worker is caught up and events trickle in at a steady rate.

Small batches are the hard part, for a batch has a price of its own. An open-loop generator sends lives of tickets;
measured are CPU an event, records a batch, what is left when it ends, and the time from an event's append to the
append of its verdict.
"""

from __future__ import annotations

import time

from bench import machine
from bench.arena import Arena, go, told, wait_for
from bench.book import Book, quantile
from bench.outputs import to_verdict_ms
from bench.plan import Plan

SECTION = "caught up"
SETTLE_S, IDLE_S = 2.0, 10.0
LAG_MAX_S = 1.0  # a rate is sustained when less than so much of it is left at the end


def measure(arena: Arena, plan: Plan, runs: int, book: Book) -> None:
    for run in range(runs):
        _nothing(arena, book)
        for rate in plan.rates:
            _one(arena, plan, rate, run, book)
        arena.say(f"run {run + 1} of {runs} done")


def _nothing(arena: Arena, book: Book) -> None:
    """What a worker costs to which nothing happens."""
    with arena.scene("nothing-") as scene:
        worker = arena.worker(scene).wait_watching()
        time.sleep(SETTLE_S)
        before = machine.cpu_seconds(worker.pid)
        time.sleep(IDLE_S)
        spent = (machine.cpu_seconds(worker.pid) - before) * 1000 / IDLE_S
    book.note(SECTION, "no events", "cpu", "ms/s", spent)
    arena.say(f"no events: {spent:.0f} ms CPU a second")


def _one(arena: Arena, plan: Plan, rate: int, run: int, book: Book) -> None:
    with arena.scene("steady-") as scene:
        sender = arena.sender(
            {"topic": f"{scene}.ticket-events", "rate": rate, "seconds": plan.rate_s, "seed": 100 + run}
        )
        worker = arena.worker(scene).wait_watching()
        before, cpu = worker.metrics(), machine.cpu_seconds(worker.pid)
        go(sender)
        report = told(sender, plan.rate_s * 4 + 60)
        lag = report["sent"] - worker.counted()
        spent = machine.cpu_seconds(worker.pid) - cpu
        after = worker.metrics()
        events = after["sla_events_total"] - before["sla_events_total"]
        batches = after["sla_batch_records_count"] - before["sla_batch_records_count"]
        worker.wait_counted(report["sent"], 120)
        wait_for("the verdicts", lambda: _quiet(arena, scene), 60)
        waits = [wait for _, wait in to_verdict_ms(arena.bootstrap, scene)]
        name = f"{rate:,} events/s"
        note = book.note
        note(SECTION, name, "cpu", "us/event", spent * 1e6 / max(1, events))
        note(SECTION, name, "records a batch", "records", events / max(1, batches))
        note(SECTION, name, "lag at the end", "events", lag)
        note(
            SECTION,
            name,
            "sustained",
            "of 1",
            float(lag <= rate * LAG_MAX_S and report["seconds"] < plan.rate_s * 1.1),
        )
        note(SECTION, name, "to verdict p50", "ms", quantile(waits, 0.5))
        note(SECTION, name, "to verdict p99", "ms", quantile(waits, 0.99))
        arena.say(
            f"{name}: {spent * 1e6 / max(1, events):.0f} us CPU an event, {events / max(1, batches):.1f} a batch,"
            f" lag {lag:,}, verdict after {quantile(waits, 0.5):.0f} ms p50, {quantile(waits, 0.99):.0f} ms p99 "
            f"(generator late by {report['late_max_ms']:.0f} ms at most)"
        )


def _quiet(arena: Arena, scene: str) -> bool:
    """Whether no more verdicts come."""
    before = arena.ends(f"{scene}.verdicts")
    time.sleep(0.5)
    return arena.ends(f"{scene}.verdicts") == before
