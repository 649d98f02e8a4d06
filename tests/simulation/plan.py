"""What a seed makes of a simulated world before it begins: its size, its troubles, and which faults come when.

`tests.simulation.world` lives it through.
"""

import random
from dataclasses import dataclass, field

INCIDENTS = "incidents"


def of_incidents(seed: int) -> bool:
    """Whether article 12 is on in the world of a seed; apart from the dice, so that the other worlds are what they were."""
    return seed % 4 == 3


@dataclass(slots=True)
class Plan:
    """What a seed makes of a world; `faults` are (microseconds since the start, what).

    `business` says what its tickets are: repairs, complaints, or both; or complaints about shared incidents, of which
    only the latter is watched.
    """

    dice: random.Random
    of_incidents: bool = False
    business: str = "repair"
    partitions: int = 1
    machines: int = 2
    grace_us: int = 200_000
    blind_after_s: float = 60.0
    answer_us: int = 2000
    fetch_s: float = 0.004
    facts_fetch_s: float = 0.004
    holes: float = 0.0
    first_offset: int = 0
    late: float = 0.15
    trouble: float = 0.0
    compaction_us: int = 0
    tombstones_us: int = 0
    markers: float = 0.0
    begins_us: int = 0
    faults: list[tuple[int, str]] = field(default_factory=list)
    heals_us: int = 0

    def __post_init__(self) -> None:
        dice = self.dice
        self.business = dice.choice(("repair",) * 15 + ("complaint",) * 3 + ("both",) * 2)
        self.partitions = dice.choice((1, 1, 2))
        self.machines = dice.choice((1, 2, 2, 3))
        self.grace_us = dice.choice((200_000, 200_000, 1_000_000))
        self.blind_after_s = dice.choice((60.0, 60.0, 5.0))
        self.answer_us = dice.choice((2000, 50_000, 3_000_000, 15_000_000))
        self.fetch_s = dice.choice((0.004, 0.004, 0.5, 20.0))
        self.holes = dice.choice((0.0, 0.0, 0.2))
        self.late = dice.choice((0.0, 0.1, 0.4))
        self.begins_us = dice.choice((0, 0, dice.randint(0, 300_000_000)))
        self.first_offset = dice.choice((0, 0, 0, 5))
        self.compaction_us = dice.choice((0, 90_000_000))
        self.tombstones_us = dice.choice((20_000_000, 120_000_000))
        self.markers = dice.choice((0.0, 0.0, 0.3, 1.0))
        if self.of_incidents:
            self.business = INCIDENTS
            self.facts_fetch_s = dice.choice((0.004, 0.004, 0.5, 20.0))
        if dice.random() < 0.15:
            return
        self.trouble = dice.choice((0.0, 0.05, 0.3))
        span = dice.choice((40_000_000, 350_000_000))
        kinds = [
            "kill",
            "kill",
            "die_at",
            "die_at",
            "die_at",
            "freeze",
            "freeze",
            "stall",
            "down",
            "step",
            "slow",
            "close",
            "join",
        ]
        for _ in range(dice.choice((1, 2, 3, 5, 8))):
            at = self.begins_us + dice.randint(0, span)
            self.faults.append((at, dice.choice(kinds)))
        self.faults.sort()
        self.heals_us = self.faults[-1][0] + 20_000_000
