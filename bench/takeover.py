"""kill -9: how long until alerts are on time again, with a second worker standing by and many clocks open.

Clocks run out all the time, many a second. The killed worker's partitions are silent until the group notices, hands
them over and their state is read. Measured from the kill to the append of the next alert of such a partition that is
on time, and to the first due from which every one is.
"""

from __future__ import annotations

import re
import time
from datetime import UTC, datetime, timedelta

from bench import load
from bench.arena import PARTITIONS, Arena, Running, until, wait_for
from bench.book import Book
from bench.outputs import Fired, breaches
from bench.plan import Plan

SECTION = "takeover"
SESSION_S = 10.0  # the worker's default
EVERY_S = 0.02
BEFORE_S, AFTER_S = 5.0, 35.0
ON_TIME_MS = 250.0


def measure(arena: Arena, plan: Plan, runs: int, book: Book) -> None:
    for run in range(runs):
        _one(arena, plan, book)
        arena.say(f"run {run + 1} of {runs} done")


def _one(arena: Arena, plan: Plan, book: Book) -> None:
    with arena.scene("kill-") as scene:
        topic = f"{scene}.ticket-events"
        count = int((BEFORE_S + AFTER_S) / EVERY_S)
        victim, heir = _pair(arena, scene)
        far = load.spread(datetime.now(UTC) + timedelta(hours=12), 60, max(0, plan.takeover_clocks - count))
        load.send_all(arena.bootstrap, topic, load.open_tickets(far, "far"))
        wait_for("the open clocks", lambda: victim.counted() + heir.counted() >= len(far), 300, every=0.5)
        begin = datetime.now(UTC) + timedelta(seconds=3)
        dues = load.spread(begin, BEFORE_S + AFTER_S, count)
        load.send_all(arena.bootstrap, topic, load.open_tickets(dues, "due"))
        until(begin + timedelta(seconds=BEFORE_S))
        lost = _owned(victim)
        killed_ms = time.time() * 1000
        victim.kill()
        until(dues[-1] + timedelta(seconds=1))  # to look at the topic sooner would disturb the broker

        def found() -> list[Fired]:
            heir.check()
            fired = breaches(arena.bootstrap, scene, "due")
            return list(fired.values()) if len(fired) >= count else []

        fired: list[Fired] = wait_for(f"{count:,} breaches", found, 120, every=1.0)
        _write(arena, book, [alert for alert in fired if alert.partition in lost], killed_ms, heir)


def _pair(arena: Arena, scene: str) -> tuple[Running, Running]:
    """Two workers that share the partitions."""
    pair = arena.worker(scene).wait_watching(), arena.worker(scene).wait_watching()

    def shared() -> bool:
        owned = [_owned(worker) for worker in pair]
        return all(owned) and sum(map(len, owned)) == len(set().union(*owned)) == PARTITIONS

    wait_for("two workers to share the partitions", shared, 90, every=0.5)
    return pair


def _owned(worker: Running) -> set[int]:
    names = (re.fullmatch(r'sla_partition_epoch\{partition="(\d+)"\}', name) for name in worker.metrics())
    return {int(name[1]) for name in names if name}


def _write(arena: Arena, book: Book, fired: list[Fired], killed_ms: float, heir: Running) -> None:
    later = sorted((alert for alert in fired if alert.due_ms > killed_ms), key=lambda alert: alert.due_ms)
    on_time = [alert.appended_ms for alert in later if alert.late_ms <= ON_TIME_MS and alert.appended_ms > killed_ms]
    late = [alert.due_ms for alert in later if alert.late_ms > ON_TIME_MS]
    next_s = (min(on_time) - killed_ms) / 1000 if on_time else float("inf")
    all_s = (max(late) - killed_ms) / 1000 if late else 0.0
    took = [float(found) for found in re.findall(r"event=partitions_watched .* took_s=([0-9.]+)", heir.said())]
    # An alert on its way when the worker died may be on time by luck; the target is about the heir.
    book.note(SECTION, "kill -9", "to the next on-time alert", "s", next_s)
    book.note(SECTION, "kill -9", "until all are on time", "s", all_s)
    book.note(SECTION, "kill -9", "of which reading the changelog", "s", took[-1])
    arena.say(
        f"kill -9: next on-time alert after {next_s:.1f} s, all on time after {all_s:.1f} s, restore {took[-1]:.2f} s"
    )
