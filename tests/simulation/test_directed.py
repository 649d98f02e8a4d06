"""Worlds with faults told one by one, each of which once went wrong: what was mended stays mended."""

import json
from datetime import timedelta

import msgspec
import pytest

from cli.rulebook_files import load
from sla.watch import Watch
from streams.changelog import instant
from streams.crash_points import CrashPoint
from tests.simulation.broker import DEAD
from tests.simulation.incident_judgement import judged
from tests.simulation.stalled import stalled
from tests.simulation.virtual import simulated
from tests.simulation.workload import Sent
from tests.simulation.world import World

MS = 1000
STEPS = [(20_000 * MS, "step"), (20_500 * MS, "kill")]
AWAY = [(at * 1_000 * MS + us, what) for at in range(20, 300, 20) for us, what in ((0, "down"), (100 * MS, "step"))]
CLOSE = [(at * 1_000 * MS, "close") for at in range(5, 200, 15)]
CLAIMS = [
    (at * 1_000 * MS, what)
    for at, what in zip(range(3, 120, 3), ("join", "freeze", "kill", "freeze") * 9, strict=False)
]


@pytest.mark.parametrize(
    ("faults", "seeds"),
    [(STEPS, range(60)), (AWAY, range(20)), (CLOSE, range(60)), (CLAIMS, range(170, 190))],
    ids=[
        "started with a wrong clock",
        "stepped while nobody answers",
        "told to end in a round",
        "a claim lands late",
    ],
)
def test_what_was_mended(faults, seeds):
    """The clock at the start, the clock nobody vouches for, the end within a round, the claim of a former owner."""
    with simulated():
        for seed in seeds:
            world = World(seed, faults=faults)
            world.live()
            found = judged(world).faults()
            assert not found, f"seed {seed}: {found[:3]}"


@pytest.mark.parametrize(("seeds", "compaction_s"), [(range(60), 60), ((696, 717), 40)])
def test_a_void_state_does_not_outlive_the_valid_one(seeds, compaction_s):
    """What a former owner writes late is void; the valid state before it is written again before compaction takes it."""
    with simulated():
        for seed in seeds:
            found = stalled(seed, compaction_s)
            assert not found, f"seed {seed}: {found[:3]}"


@pytest.mark.parametrize("incidents", [False, True], ids=["tickets", "incidents"])
def test_frozen_between_reading_and_checking(incidents):
    """What another has committed meanwhile is no loss: a worker that thaws with an old state gives it up."""
    with simulated():
        for seed in range(20):
            world = World(seed, faults=[(70_000 * MS, "join")], incidents=incidents)
            world.after(world.plan.begins_us + 2_500 * MS, lambda world=world: stalled_once_restored(world))
            world.live()
            found = judged(world).faults()
            assert not found, f"seed {seed}: {found[:3]}"


def stalled_once_restored(world):
    """The first worker freezes when it has read its state next, for longer than its session."""
    for process in world.processes[:1]:
        process.stalls_restored = True


def unaccepted(world):
    """Tickets of which only a dispatch is told, told to the world in place of its own."""
    told = []
    for number in range(6):
        subject, us = f"nobody-{number}", world.start_us + number * 1_000 * MS
        event = {"specversion": "1.0", "id": "1", "source": "test", "type": "repair.dispatched", "subject": subject}
        event |= {"time": instant(us).isoformat(), "data": {"to_unit": "3201", "to_level": "city"}}
        told.append(Sent(us, number % world.plan.partitions, subject.encode(), json.dumps(event).encode(), subject))
    return told


def doomed(world, point):
    """Every worker dies at this place, the first, second or third time it comes there."""
    for process in world.processes:
        process.dies_at = (point, 1 + world.seed % 3)


@pytest.mark.parametrize("point", list(CrashPoint))
def test_letters_of_tickets_that_were_never_accepted(point):
    """When the time of such a ticket is over, its events are dead letters, wherever the worker dies meanwhile."""
    rulebook = load("sgcc-2014")
    businesses = rulebook.vocabulary.businesses
    for name, business in businesses.items():
        businesses[name] = msgspec.structs.replace(business, forget_after=timedelta(seconds=60))
    with simulated():
        for seed in range(6):
            world = World(seed)
            world.plan.begins_us, world.plan.faults, world.plan.heals_us = 0, [], 90_000 * MS
            world.watch, world.sent = Watch(rulebook), unaccepted(world)
            world.after(55_000 * MS, lambda world=world: doomed(world, point))
            world.live()
            letters = {landed.key for landed in world.broker.logs[DEAD, 0]}
            assert letters == {sent.key for sent in world.sent}, f"seed {seed}"
            kept = {
                key
                for process in world.processes
                for m in process.members
                for p in m.keeper.partitions.values()
                for key in p.states
            }
            assert not kept, f"seed {seed}: what is over is not forgotten"
