"""What slawatch promises to reach, and whether a book of results shows it: met, missed, or not measured.

A target is read off the median of its row. Used by `bench.run` and `bench.report`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from bench.book import Book
from bench.plan import PLANS

SESSION_PLUS_S = 20.0  # session timeout (10 s by default) and 10 s


@dataclass(frozen=True, slots=True)
class Judged:
    """One target in the light of a book."""

    what: str
    target: str
    found: str
    met: bool | None  # None: not measured

    @property
    def word(self) -> str:
        """For people."""
        return "not measured" if self.met is None else "met" if self.met else "MISSED"


Check = Callable[[float], bool]


def judged(book: Book) -> list[Judged]:
    """Every target."""
    plan = PLANS[book.about["size"]]

    def one(what: str, target: str, section: str, subject: str, metric: str, fits: Check, unit: str) -> Judged:
        value = book.median(section, subject, metric)
        found = "" if value is None else f"{_shown(value)} {unit}"
        return Judged(what, target, found, None if value is None else fits(value))

    def ours(what: str, target: str, metric: str, fits: Check) -> Judged:
        return one(what, target, "throughput", "slawatch", metric, fits, "events/s" if metric == "rate" else "us")

    usual = f"{plan.memory_tickets[0]:,} tickets"
    offline, outage = f"{plan.backtest_events:,} events", f"{plan.outage_events:,} events"
    per_event = plan.backtest_events / 1_000_000
    return [
        ours("throughput, floor", ">= 20,000 events/s", "rate", lambda v: v >= 20_000),
        ours("throughput, goal", ">= 60,000 events/s", "rate", lambda v: v >= 60_000),
        ours("CPU an event, floor", "<= 20 us", "cpu", lambda v: v <= 20),
        ours("CPU an event, goal", "<= 12 us", "cpu", lambda v: v <= 12),
        _beside_faust(book),
        *(
            one(f"keeps up with {rate:,} events/s", "in most runs", "caught up", f"{rate:,} events/s",
                "sustained", lambda v: v >= 1, "of 1")
            for rate in plan.rates
        ),
        *(
            one(f"alert lateness {where}, {metric}", f"<= {limit} ms", "lateness", where, metric,
                lambda v, limit=limit: v <= limit, "ms")
            for where in ("under load", "idle") for metric, limit in (("p50", 50), ("p99", 250))
        ),
        one("no alert early", "none", "lateness", "under load", "earliest", lambda v: v > -1, "ms at the earliest"),
        one("herd: all alerts out", "<= 5 s", "herd", "alerts", "all out after", lambda v: v <= 5, "s"),
        one("herd: other events, p99", "<= 1,000 ms", "herd", "other events", "to verdict p99", lambda v: v <= 1000,
            "ms"),
        one("memory an open ticket", "<= 1,024 bytes", "memory", usual, "a ticket, taken in live",
            lambda v: v <= 1024, "bytes"),
        one("worker with 1,000,000 tickets", "<= 1.2 GB", "memory", "1,000,000 tickets", "worker, taken in live",
            lambda v: v <= 1200, "MB"),
        one("restore", ">= 100,000 tickets/s", "memory", usual, "restore", lambda v: v >= 100_000, "tickets/s"),
        one("kill -9 to the next on-time alert", "<= session timeout + 10 s", "takeover", "kill -9",
            "to the next on-time alert", lambda v: v <= SESSION_PLUS_S, "s"),
        one(f"backtest, {offline}", f"<= {30 * per_event:g} s", "backtest", offline, "wall time",
            lambda v: v <= 30 * per_event, "s"),
        *(
            one(f"after an outage, {outage}: {metric}", "0", "outage", outage, metric, lambda v: v == 0, "alerts")
            for metric in ("false", "missed", "standing otherwise than offline", "with two contents")
        ),
        *(
            one(f"due to first attempt at a receiver, {metric}", f"<= {limit:,} ms", "delivery", "alerts",
                f"due to first attempt, {metric}", lambda v, limit=limit: v <= limit, "ms")
            for metric, limit in (("p50", 1000), ("p99", 5000))
        ),
    ]  # fmt: skip


def _beside_faust(book: Book) -> Judged:
    us, faust = book.median("throughput", "slawatch", "rate"), book.median("throughput", "naive Faust", "rate")
    if us is None or faust is None:
        return Judged("beside naive Faust", ">= 20 x", "", None)
    return Judged("beside naive Faust", ">= 20 x", f"{us / faust:.1f} x", us >= 20 * faust)


def _shown(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 100 or value == int(value) else f"{value:,.1f}"
