"""How late an alert is: the broker's append time of a firing breach, minus due, minus grace.

Once under load (many open clocks and a steady stream of events), once on a topic where nothing happens at all, which
is where an engine that lives on the stream's time never fires.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from bench import load
from bench.arena import Arena, Running, go, told, until, wait_for
from bench.book import Book, quantile
from bench.outputs import Fired, breaches
from bench.plan import Plan

SECTION = "lateness"
LEAD_S = 6.0  # between sending the tickets and the first due
FAR = timedelta(hours=12)


def measure(arena: Arena, plan: Plan, runs: int, book: Book) -> None:
    for run in range(runs):
        _loaded(arena, plan, run, book)
        _idle(arena, plan, book)
        arena.say(f"run {run + 1} of {runs} done")


def _loaded(arena: Arena, plan: Plan, run: int, book: Book) -> None:
    with arena.scene("late-") as scene:
        topic = f"{scene}.ticket-events"
        worker = arena.worker(scene).wait_watching()
        seconds = LEAD_S + plan.spread_s + 4
        sender = arena.sender({"topic": topic, "rate": plan.load_rate, "seconds": seconds, "seed": 200 + run})
        far = load.spread(datetime.now(UTC) + FAR, 60, plan.open_clocks - plan.breaches)
        load.send_all(arena.bootstrap, topic, load.open_tickets(far, "far"))
        worker.wait_counted(plan.open_clocks - plan.breaches, 300)
        go(sender)
        _due_soon(arena, scene, plan.breaches, plan.spread_s)
        report = told(sender, seconds * 4 + 60)
        found = _all_breaches(arena, worker, scene, plan.breaches)
        lag = report["sent"] + plan.open_clocks - worker.counted()
        book.note(SECTION, "under load", "lag at the end", "events", lag)
        _write(arena, book, "under load", found, f"{plan.open_clocks:,} open clocks, {plan.load_rate:,} events/s")


def _idle(arena: Arena, plan: Plan, book: Book) -> None:
    with arena.scene("idle-") as scene:
        worker = arena.worker(scene).wait_watching()
        last = _due_soon(arena, scene, plan.breaches_idle, plan.spread_s)
        until(last + timedelta(seconds=1))  # to look at the topic sooner would disturb the idle broker
        _write(arena, book, "idle", _all_breaches(arena, worker, scene, plan.breaches_idle), "no other events")


def _due_soon(arena: Arena, scene: str, count: int, seconds: float) -> datetime:
    """Send tickets whose clocks run out from now on; the last instant."""
    dues = load.spread(datetime.now(UTC) + timedelta(seconds=LEAD_S), seconds, count)
    load.send_all(arena.bootstrap, f"{scene}.ticket-events", load.open_tickets(dues, "due"))
    return dues[-1]


def _all_breaches(arena: Arena, worker: Running, scene: str, count: int) -> list[Fired]:
    def found() -> list[Fired]:
        worker.check()
        fired = breaches(arena.bootstrap, scene, "due")
        return list(fired.values()) if len(fired) >= count else []

    fired: list[Fired] = wait_for(f"{count:,} breaches", found, 120, every=1.0)
    return fired


def _write(arena: Arena, book: Book, subject: str, fired: list[Fired], note: str) -> None:
    late = [alert.late_ms for alert in fired]
    for metric, value in (
        ("p50", quantile(late, 0.5)),
        ("p99", quantile(late, 0.99)),
        ("max", max(late)),
        ("earliest", min(late)),
    ):
        book.note(SECTION, subject, metric, "ms", value, note)
    book.note(SECTION, subject, "breaches", "alerts", len(late))
    parts = len({alert.partition for alert in fired})
    arena.say(
        f"{subject} ({note}): {len(late):,} breaches over {parts} partitions, late by {quantile(late, 0.5):.0f} ms"
        f" p50, {quantile(late, 0.99):.0f} p99, {max(late):.0f} max"
    )
