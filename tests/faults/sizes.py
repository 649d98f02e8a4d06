"""How large the fault runs are, in one place: short ones in every run of the tests, long ones for `make faults`.

Nothing is skipped in the short runs; they have fewer rounds and shorter outages. `SLAWATCH_FAULTS=full` asks for
the long ones.
"""

import os
from dataclasses import dataclass


@dataclass(frozen=True)
class Sizes:
    """Rounds, seconds and counts of the runs."""

    rate: float = 2200.0  # events a second, aimed at; at least RATE_MIN must be reached
    kills: int = 3
    outage_s: float = 15.0
    bounces: int = 2
    churn_s: float = 25.0
    slow_s: float = 10.0
    disorder_s: float = 6.0
    poison: int = 40
    produce_errors: int = 12
    week_events: int = 20_000
    open_clocks: int = 20_000


FULL = os.environ.pop("SLAWATCH_FAULTS", "") == "full"  # taken out: a worker refuses settings it does not know

SIZES = (
    Sizes(
        kills=20,
        outage_s=70.0,
        bounces=5,
        churn_s=120.0,
        slow_s=60.0,
        disorder_s=30.0,
        poison=400,
        produce_errors=60,
        week_events=200_000,
        open_clocks=100_000,
    )
    if FULL
    else Sizes()
)

RATE_MIN = 2000.0
