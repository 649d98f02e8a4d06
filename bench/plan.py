"""How much is measured: the sizes of a real run and of a quick one. Used by every section.

`small` is for trying the benchmark itself; its figures are no results and the report says so.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Plan:
    """Sizes by section; lengths in seconds."""

    name: str
    backlog: int  # events waiting in the topic before an engine starts
    backlog_slow: int  # ... of which so many are waited for where an engine is slow
    layer_events: int
    rates: tuple[int, ...]
    rate_s: float
    open_clocks: int
    load_rate: int
    breaches: int
    breaches_idle: int
    spread_s: float
    herd: int
    herd_ahead_s: float
    herd_rate: int
    memory_tickets: tuple[int, ...]
    takeover_clocks: int
    backtest_events: int
    outage_events: int
    told: int  # breaches somebody is told of
    told_s: float


FULL = Plan(
    name="full",
    backlog=400_000,
    backlog_slow=40_000,
    layer_events=40_000,
    rates=(100, 1_000, 5_000, 20_000),
    rate_s=15,
    open_clocks=100_000,
    load_rate=5_000,
    breaches=2_000,
    breaches_idle=300,
    spread_s=30,
    herd=100_000,
    herd_ahead_s=100,
    herd_rate=1_000,
    memory_tickets=(100_000, 1_000_000),
    takeover_clocks=100_000,
    backtest_events=1_000_000,
    outage_events=1_000_000,
    told=1_000,
    told_s=60,
)

SMALL = Plan(
    name="small",
    backlog=30_000,
    backlog_slow=5_000,
    layer_events=3_000,
    rates=(100, 1_000, 5_000, 20_000),
    rate_s=6,
    open_clocks=5_000,
    load_rate=1_000,
    breaches=200,
    breaches_idle=50,
    spread_s=8,
    herd=5_000,
    herd_ahead_s=35,
    herd_rate=500,
    memory_tickets=(10_000,),
    takeover_clocks=5_000,
    backtest_events=50_000,
    outage_events=20_000,
    told=150,
    told_s=9,
)

PLANS = {plan.name: plan for plan in (SMALL, FULL)}

ONCE_FROM = 1_000_000
"""A measurement over this many tickets is made once, not once a run; the file and the table show the count."""
