"""The whole logic of the workers, lived through in thousands of small worlds full of faults.

A world is one seed; a failure prints it, and `make sim SEED=...` tells what happened in it. SIM_SEEDS and
SIM_BASE lengthen the search or move it elsewhere.
"""

import os
from collections import Counter

import pytest

from sla.rulebook import Rulebook
from streams.crash_points import CrashPoint
from tests.second_reading.repair import instant
from tests.simulation.__main__ import lived
from tests.simulation.broker import FACTS
from tests.simulation.incident_judgement import judged as judgement
from tests.simulation.judgement import us_of
from tests.simulation.mutants import MUTANTS, QUICK, sown
from tests.simulation.try_mutants import caught
from tests.simulation.virtual import simulated
from tests.simulation.world import WATCH, World

SEEDS = int(os.environ.get("SIM_SEEDS", "2000"))
BASE = int(os.environ.get("SIM_BASE", "0"))
CHUNKS = 20


@pytest.fixture(autouse=True)
def _virtual():
    """The product's modules see virtual time."""
    with simulated():
        yield


@pytest.mark.slow
@pytest.mark.timeout(0)
@pytest.mark.parametrize("chunk", range(CHUNKS))
def test_every_world_comes_out_right(chunk):
    """Whatever dies, freezes, repeats or comes late, what is published equals the second reading, and only once."""
    size = -(-SEEDS // CHUNKS)
    for seed in range(BASE + chunk * size, BASE + (chunk + 1) * size):
        found = lived(seed)[1]
        assert not found, f"base {BASE}; see it with: make sim SEED={seed}\n" + "\n".join(found[:5])


@pytest.mark.parametrize("seed", [6, 7], ids=["tickets", "incidents"])
def test_one_seed_is_one_world(seed):
    """The same seed gives the same logs, to the byte and the microsecond."""
    logs = []
    for _ in range(2):
        world = lived(seed)[0]
        logs.append({where: [(r.us, r.key, r.value) for r in log] for where, log in world.broker.logs.items()})
    assert logs[0] == logs[1]


def test_the_worlds_are_full_of_faults():
    """Every named place kills somebody, partitions change hands, and every kind of output and refusal is seen."""
    seen: Counter = Counter()
    for seed in range(200):
        world = World(seed)
        world.live()
        judged = judgement(world)
        seen.update(world.passed)
        seen["adopted"] += len(world.adoptions)
        seen["facts change hands"] += any(
            where.startswith(FACTS) and epoch > 1 for _, where, epoch in world.adoptions
        )
        seen["refused"] += len(judged.refused)
        seen[world.plan.business] += 1
        seen.update(data.get("status") or data["outcome"] for data in judged.last().values())
        for envelope, _ in judged.outputs:
            data = envelope["data"]
            if data.get("level") == "escalation":
                seen[f"escalation {data['status']}"] += 1
                # Of what is counted since the world is there, not since before.
                seen["escalation within"] += "time" in envelope and us_of(instant(envelope["time"])) > world.start_us
            if data.get("status") == "firing" and data.get("kind") == "complaint":
                # Told within the world, of what became due within it, or long before.
                due_within = us_of(instant(envelope["time"])) > world.start_us
                seen["due within" if due_within else "history"] += 1
                seen[data["reason"]] += due_within
        seen.update(envelope["data"].get("status") for envelope, _ in judged.outputs)
    places = {f"killed at {point.value}" for point in CrashPoint}
    outcomes = {"running", "met", "late", "breached", "cancelled", "firing", "resolved", "retracted"}
    businesses = {"repair", "complaint", "both", "incidents", "due within", "history", "facts change hands"}
    escalations = {f"escalation {how}" for how in ("firing", "resolved", "retracted", "within")}
    reasons = {"not_done", "awaited", "closed_without", "contradiction", "over_quota"}
    wanted = {"adopted", "refused", "killed at random", "killed in good order"} | places | outcomes
    assert not {what for what in wanted | businesses | escalations | reasons if not seen[what]}
    assert isinstance(WATCH.rulebook, Rulebook)


@pytest.mark.parametrize("name", QUICK)
def test_a_sown_bug_is_found(name):
    """The simulation finds each of these mutants within a hundred and fifty worlds (`make mutants` tries them all)."""
    (mutant,) = [mutant for mutant in MUTANTS if mutant.name == name]
    assert caught(mutant, 150)


def test_every_mutant_fits_the_product():
    """Each mutant still finds the text it replaces, and leaves the product as it was."""
    assert len({mutant.name for mutant in MUTANTS}) == len(MUTANTS) >= 30
    for mutant in MUTANTS:
        with sown(mutant):
            pass
    assert not lived(0)[1]
