"""`make mutants`: sow each bug of `tests.simulation.mutants`, look for it, and print who was found, where.

A mutant is caught by a world in which something does not hold, or by the agreement of the core with the second
reading where an instant must be hit exactly. Exit 1 when one survives.
"""

import sys
from collections import defaultdict
from collections.abc import Iterator
from datetime import timedelta
from itertools import count, islice
from random import Random

from cli.generate import lives
from tests.second_reading.repair import read
from tests.second_reading.test_agreement import START, of_the_core
from tests.simulation.__main__ import lived
from tests.simulation.mutants import COMPLAINTS, INCIDENTS, MUTANTS, QUICK, STALLED, Mutant, TextGoneError, sown
from tests.simulation.plan import INCIDENTS as OF_INCIDENTS
from tests.simulation.plan import Plan, of_incidents
from tests.simulation.stalled import stalled
from tests.simulation.virtual import simulated
from tests.simulation.world import WATCH

SEEDS = 1500
"""A mutant that so many worlds do not find has survived."""
TICKETS = 400


def caught(mutant: Mutant, seeds: int = SEEDS) -> str | None:
    """What gave a mutant away; None when nothing did."""
    for seed in islice(_worlds(mutant), seeds):
        with sown(mutant):
            found = _disagreement() if mutant.by == "agreement" else _wrong(seed, mutant.by)
        # a world that is broken anyway tells nothing
        if found and (mutant.by == "agreement" or not _wrong(seed, mutant.by)):
            return f"seed {seed}: {found}"
        if mutant.by == "agreement":
            break
    return None


def _worlds(mutant: Mutant) -> Iterator[int]:
    """The worlds in which a mutant could show."""
    for seed in count():
        business = Plan(Random(seed), of_incidents(seed)).business
        if mutant.by == INCIDENTS:
            fits = business == OF_INCIDENTS
        elif mutant.by == STALLED:
            fits = True
        else:
            fits = business != OF_INCIDENTS and not (mutant.by == COMPLAINTS and business == "repair")
        if fits:
            yield seed


def _wrong(seed: int, by: str) -> str | None:
    """The first thing that does not hold in a world."""
    try:
        found = stalled(seed) if by == STALLED else lived(seed)[1]
    except Exception as error:
        return f"{error!r}"
    return found[0] if found else None


def _disagreement() -> str | None:
    """Where core and second reading differ, silence being proven exactly through an instant of an open clock."""
    dice, told = Random(6), defaultdict(list)
    for event in lives(TICKETS, 95598, START, timedelta(hours=2), trouble=0.5):
        told[event["subject"]].append(event)
    for subject, events in told.items():
        for clock in [clock for clock in read(events, None).values() if clock["outcome"] == "running"]:
            term = clock["due_at"] - clock["started_at"]
            until = clock["started_at"] + term * dice.choice((0.5, 0.8, 1))
            try:
                core = of_the_core(subject, [(events, None), ([], until)], WATCH)
            except Exception as error:
                return f"{error!r}"
            if core != read(events, until):
                return f"ticket {subject}, silent until {until}"
    return None


def main() -> int:
    """1 when a mutant survives or fits no more."""
    write = sys.stdout.write
    names = sys.argv[1:]
    survived = 0
    with simulated():
        for mutant in MUTANTS:
            if names and mutant.name not in names and not (names == ["quick"] and mutant.name in QUICK):
                continue
            try:
                found = caught(mutant)
            except TextGoneError as error:
                found, survived = None, survived + 1
                write(f"OUTDATED  {error}\n")
                continue
            survived += found is None
            write(f"{'caught  ' if found else 'SURVIVES'}  {mutant.name:24} {mutant.says}: {(found or '')[:110]}\n")
            sys.stdout.flush()
    write(f"{len(MUTANTS)} mutants, {survived} not caught\n")
    return bool(survived)


if __name__ == "__main__":
    sys.exit(main())
