"""`slawatch backtest` over a large file, on one core: wall seconds, and memory.

The file is generated once and kept in the cache.
"""

from __future__ import annotations

import os
import sys
import time
from datetime import datetime, timedelta
from itertools import islice
from pathlib import Path

import msgspec

from bench import load, machine
from bench.arena import Arena, Stuck
from bench.book import Book
from bench.plan import Plan
from cli.generate import lives

SECTION = "backtest"
CACHE = machine.ROOT / ".cache" / "bench"
PATIENCE_S = 600.0
START = datetime.fromisoformat("2026-11-23T08:00:00+08:00")


def measure(arena: Arena, plan: Plan, runs: int, book: Book) -> None:
    file = events_file(plan.backtest_events)
    for _ in range(runs):
        running = arena.run("backtest", [sys.executable, "-m", "cli.main", "backtest", str(file)])
        began = time.monotonic()
        _, status, usage = _ended(running.pid, began)
        took = time.monotonic() - began
        running.process.returncode = os.waitstatus_to_exitcode(status)
        if running.process.returncode:
            raise Stuck(f"backtest ended with {running.process.returncode}:\n{running.said()[-2000:]}")
        book.note(SECTION, f"{plan.backtest_events:,} events", "wall time", "s", took)
        book.note(SECTION, f"{plan.backtest_events:,} events", "peak memory", "MB", usage.ru_maxrss / 1000)
        arena.say(f"{plan.backtest_events:,} events judged in {took:.1f} s, {usage.ru_maxrss / 1000:,.0f} MB at most")


def _ended(pid: int, began: float) -> tuple[int, int, os.struct_rusage]:  # type: ignore[name-defined]
    while time.monotonic() < began + PATIENCE_S:
        found = os.wait4(pid, os.WNOHANG)
        if found[0]:
            return found
        time.sleep(0.02)
    raise Stuck(f"backtest took longer than {PATIENCE_S:g} s")


def events_file(events: int) -> Path:
    """A file of so many events, made at first use."""
    path = CACHE / f"lives-{events}.jsonl"
    if not path.exists():
        CACHE.mkdir(parents=True, exist_ok=True)
        encode = msgspec.json.Encoder().encode
        fresh = path.with_suffix(".part")
        with fresh.open("wb") as out:
            for event in islice(lives(events // load.EVENTS_A_TICKET + 1, 7, START, timedelta(hours=24)), events):
                out.write(encode(event) + b"\n")
        fresh.rename(path)
    return path
