"""A herd: very many clocks due within one second, and what everybody else feels of it.

Measured are the time from the first due (grace included) until the last alert is appended, and meanwhile the time of
other events from append to verdict. The two warnings of these clocks come in herds too, before.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from bench import load
from bench.arena import Arena, Stuck, go, told, until, wait_for
from bench.book import Book, quantile
from bench.outputs import Fired, breaches, to_verdict_ms
from bench.plan import Plan

SECTION = "herd"
LOAD_AFTER_S = 15.0
READY_BEFORE_S = 24.0  # the second warning goes out so long before the due time
LOAD_BEFORE_S = 4.0


def measure(arena: Arena, plan: Plan, runs: int, book: Book) -> None:
    for run in range(runs):
        _one(arena, plan, run, book)
        arena.say(f"run {run + 1} of {runs} done")


def _one(arena: Arena, plan: Plan, run: int, book: Book) -> None:
    with arena.scene("herd-") as scene:
        topic = f"{scene}.ticket-events"
        seconds = LOAD_BEFORE_S + LOAD_AFTER_S
        sender = arena.sender({"topic": topic, "rate": plan.herd_rate, "seconds": seconds, "seed": 300 + run})
        worker = arena.worker(scene).wait_watching()
        due = datetime.now(UTC) + timedelta(seconds=plan.herd_ahead_s)
        load.send_all(arena.bootstrap, topic, load.open_tickets(load.spread(due, 1.0, plan.herd), "herd"))
        worker.wait_counted(plan.herd, plan.herd_ahead_s)
        spare = (due - datetime.now(UTC)).total_seconds()
        if spare < READY_BEFORE_S:
            raise Stuck(f"the herd was taken in only {spare:.0f} s before it is due; give it more time ahead")
        until(due - timedelta(seconds=LOAD_BEFORE_S))
        go(sender)
        told(sender, seconds * 4 + 60)

        def found() -> list[Fired]:
            fired = breaches(arena.bootstrap, scene, "herd")
            return list(fired.values()) if len(fired) >= plan.herd else []

        fired: list[Fired] = wait_for(f"{plan.herd:,} breaches", found, 120, every=1.0)
        _write(arena, plan, book, scene, fired)


def _write(arena: Arena, plan: Plan, book: Book, scene: str, fired: list[Fired]) -> None:
    first_due = min(alert.due_ms for alert in fired)
    last = max(alert.appended_ms for alert in fired)
    waits = [wait for at, wait in to_verdict_ms(arena.bootstrap, scene, "herd") if first_due <= at <= last]
    out_s = (last - first_due) / 1000
    note = f"{plan.herd:,} clocks due in one second, {plan.herd_rate:,} other events/s"
    book.note(SECTION, "alerts", "all out after", "s", out_s, note)
    if waits:
        book.note(SECTION, "other events", "to verdict p50", "ms", quantile(waits, 0.5))
        book.note(SECTION, "other events", "to verdict p99", "ms", quantile(waits, 0.99))
        book.note(SECTION, "other events", "measured", "events", len(waits))
    arena.say(
        f"{note}: all out {out_s:.1f} s after the first was due; {len(waits):,} verdicts meanwhile, "
        + (f"p99 {quantile(waits, 0.99):.0f} ms" if waits else "none")
    )
