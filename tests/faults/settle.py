"""The end of a fault run: everything sent is judged as `backtest` judges it, and every invariant is checked."""

import time
from typing import Any

from tests.faults import incidents
from tests.faults.load import Load, chunk
from tests.faults.witness import GRACE, Witness
from tests.live.stage import Stage
from tests.live.test_spine import now

_chunk_standings: dict[int, dict[str, Any]] = {}


def expected_of(load: Load, stage: Stage) -> dict[str, tuple[Any, ...]]:
    """`backtest` of everything a load has sent; chunks are judged once a session."""
    expected: dict[str, tuple[Any, ...]] = {}
    of_chunks: set[str] = set()
    for number in load.chunks:
        if number not in _chunk_standings:
            _chunk_standings[number] = stage.backtest(chunk(number), now())
        expected |= _chunk_standings[number]
        of_chunks |= {told["subject"] for told in chunk(number)}
    others = [told for told in load.events if told["subject"] not in of_chunks]
    return expected | stage.backtest(others, now())


def settle(stage: Stage, load: Load, witness: Witness, *, timeout: float = 90.0, torn_allowed: bool = False) -> None:
    """End the load, wait for the verdict of `backtest`, stop the workers in order, and check all invariants."""
    load.finish()
    until = load.last_due + GRACE
    while now() <= until:
        time.sleep(0.05)
    witness.wait_standing(expected_of(load, stage), timeout)
    for worker in stage.workers:
        if worker.process.poll() is None:
            assert worker.stop() == 0, worker.log_text()[-3000:]
    witness.look().check(torn_allowed=torn_allowed)
    witness.check_state()
    if stage.customer_key:
        incidents.check(witness)
