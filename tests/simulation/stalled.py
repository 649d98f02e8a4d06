"""Worlds whose owners are frozen again and again with states on their way, while the changelog is compacted soon.

What a former owner writes late then hides the valid state from compaction, unless somebody writes that again.
"""

from tests.simulation.incident_judgement import judged
from tests.simulation.world import World

S = 1_000_000
STALLS = [(at * S, "stall") for at in range(10, 300, 50)] + [(320 * S, "kill")]


def stalled(seed: int, compaction_s: int = 40) -> list[str]:
    """What does not hold in such a world, nor after all its workers were started anew."""
    world = World(seed, faults=STALLS)
    world.plan.compaction_us = compaction_s * S
    world.live()
    found = judged(world).faults()
    world.again()
    return found + judged(world).faults()
