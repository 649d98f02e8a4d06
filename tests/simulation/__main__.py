"""`python -m tests.simulation SEED`: live one world again and tell what happened in it.

Without a seed it lives through SIM_SEEDS worlds from SIM_BASE on and names those that break something.
"""

import os
import sys

from tests.simulation.incident_judgement import judged
from tests.simulation.virtual import simulated
from tests.simulation.world import World


def lived(seed: int, *, telling: bool = False) -> tuple[World, list[str]]:
    """A world after its life, and what does not hold in it."""
    world = World(seed, telling)
    world.live()
    found = judged(world).faults()
    if not found and seed % 3 == 0:
        world.again()
        found = [f"started anew: {text}" for text in judged(world).faults()]
    return world, found


def main() -> int:
    """1 when something does not hold."""
    write = sys.stdout.write
    with simulated():
        if len(sys.argv) > 1 and sys.argv[1]:
            world, found = lived(int(sys.argv[1]), telling=True)
            write("".join(f"{line}\n" for line in [f"{world.plan}", *world.trace, *found]))
            return bool(found)
        base, seeds = int(os.environ.get("SIM_BASE", "0")), int(os.environ.get("SIM_SEEDS", "2000"))
        broken = 0
        for seed in range(base, base + seeds):
            found = lived(seed)[1]
            if found:
                broken += 1
                write(f"seed {seed}: {found[0]}\n")
        write(f"{seeds} worlds from seed {base} on: {broken} broken\n")
        return bool(broken)


if __name__ == "__main__":
    sys.exit(main())
