"""Workers that come and go: a storm of rebalances, and more workers than partitions."""

import random
import time
from pathlib import Path

import pytest

from tests.faults.load import Load
from tests.faults.settle import settle
from tests.faults.sizes import SIZES
from tests.faults.test_kills import watched
from tests.faults.witness import Witness
from tests.live.stage import Stage, wait_for
from tests.live.test_failures import get

pytestmark = [pytest.mark.kafka, pytest.mark.slow, pytest.mark.timeout(600)]


def test_workers_join_and_leave_every_few_seconds(stage: Stage, witness: Witness) -> None:
    """A storm of joins, orderly leaves and kills under load: alerts go on, and the end is that of `backtest`."""
    dice = random.Random(21)
    alive = [stage.worker().wait_watching()]
    with Load(stage, seed=21) as load:
        over = time.monotonic() + SIZES.churn_s
        while time.monotonic() < over:
            if len(alive) < 2 or (len(alive) < 4 and dice.random() < 0.5):
                alive.append(stage.worker())
            else:
                leaving = alive.pop(dice.randrange(len(alive)))
                if dice.random() < 0.3:
                    leaving.kill()
                else:
                    young = not watched(leaving)  # it may not have come as far as to listen for a SIGTERM
                    assert leaving.stop() == 0 or young, leaving.log_text()[-3000:]
            pause = min(over, time.monotonic() + dice.uniform(1, 4))
            wait_for("the next change", lambda p=pause: time.monotonic() >= p, 10)
            assert all(worker.process.poll() is None for worker in alive), "a worker ended by itself"
        fired = len(witness.look().firing())
        wait_for("alerts after the storm", lambda: len(witness.look().firing()) > fired + 5, 60)
        load.finish()
        load.check_rate()
        settle(stage, load, witness)


def test_the_spare_worker_serves_and_takes_over(real_kafka: str, tmp_path: Path) -> None:
    """A third worker on two partitions says that it watches none, is ready, and watches once another leaves."""
    with Stage(real_kafka, tmp_path, "spare", partitions=2) as stage:
        witness = Witness(stage)
        workers = [stage.worker() for _ in range(3)]
        wait_for(
            "two owners and a spare",
            lambda: (
                sorted(len(watched(w)) for w in workers) == [0, 1, 1]
                and any("event=worker_stands_by matter=tickets" in w.log_text() for w in workers)
            ),
            90,
        )
        spare = next(w for w in workers if not watched(w))
        with Load(stage, seed=22) as load:
            wait_for("alerts", lambda: witness.look().firing(), 60)
            assert wait_for("the spare to be ready", lambda: get(spare, "/readyz")[0] == 200, 20)
            assert get(spare, "/healthz")[0] == 200
            owners = [w for w in workers if w is not spare]
            assert owners[0].stop() == 0, owners[0].log_text()[-3000:]
            wait_for("the spare to watch", lambda: watched(spare), 60)
            owners[1].kill()
            wait_for("the spare to watch all", lambda: watched(spare) == {0, 1}, 60)
            settle(stage, load, witness)
        witness.close()
