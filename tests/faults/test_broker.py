"""The broker hangs, refuses, dies and comes back, or is not there at the start."""

import random
import re
import signal
import sys
import time
from datetime import timedelta
from pathlib import Path

import pytest

from streams.brokers.local import LocalKafka
from tests.faults.load import TERM, Load
from tests.faults.settle import settle
from tests.faults.sizes import FULL, SIZES
from tests.faults.witness import GRACE, Witness
from tests.live.stage import Stage, wait_for
from tests.live.test_failures import get
from tests.live.test_spine import event, now

pytestmark = [pytest.mark.kafka, pytest.mark.slow, pytest.mark.timeout(900)]

BACK_WITHIN_S = 10.0


@pytest.mark.parametrize("way", ["hangs", "refuses"])
def test_alerts_of_an_outage_are_out_soon_after_it(
    own_kafka: LocalKafka,
    hurt_stage: Stage,
    witness: Witness,
    way: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """The same process lives through the outage, is not ready meanwhile, and then says what came due in the gap."""
    worker = hurt_stage.worker().wait_watching()
    with Load(hurt_stage, seed=41) as load:
        wait_for("alerts", lambda: witness.look().firing(), 60)
        assert wait_for("readiness", lambda: get(worker, "/readyz")[0] == 200, 20)
        known = set(witness.look().tickets)
        began = now()
        (own_kafka.pause if way == "hangs" else own_kafka.stop)()
        over = time.monotonic() + SIZES.outage_s
        answers = set()

        def outage_over() -> bool:
            answers.add(get(worker, "/readyz")[0])
            return time.monotonic() > over

        wait_for("the outage to be over", outage_over, SIZES.outage_s + 30, every=0.5)
        assert 503 in answers, "ready while no broker answered"
        (own_kafka.resume if way == "hangs" else own_kafka.start)()
        back = now()
        gap = {t for t, due in list(load.never.items()) if t in known and began < due + GRACE < back}
        assert gap, "nothing came due in the gap"

        def out() -> set[str]:
            return gap - {found.data["ticket"] for found in witness.look().firing()}

        wait_for("the alerts of the gap", lambda: not out(), 60, every=0.2)
        took_s = (max(f.appended_ms for f in witness.firing() if f.data["ticket"] in gap) / 1000) - back.timestamp()
        with capsys.disabled():
            sys.stdout.write(
                f"\n  broker {way} for {SIZES.outage_s:g} s: {len(gap)} alerts of the gap out after {took_s:.1f} s"
            )
        assert worker.process.poll() is None, worker.log_text()[-3000:]
        load.finish()
        settle(hurt_stage, load, witness)
    assert took_s <= BACK_WITHIN_S


def test_no_answer_is_no_proof(own_kafka: LocalKafka, tmp_path: Path) -> None:
    """Stops that lie unread while the broker hangs past the patience of every request fire nothing."""
    with Stage(own_kafka.bootstrap, tmp_path, "unread", session_timeout=40) as stage:
        witness = Witness(stage)
        worker = stage.worker().wait_watching()
        due = now() + timedelta(seconds=8)
        tickets = [f"unread-{number}" for number in range(40)]
        load = Load(stage, seed=44, probes=0)
        load.send(event(t, 1, "repair.accepted", due - TERM, hung_up_at=(due - TERM).isoformat()) for t in tickets)
        wait_for("the clocks", lambda: len(witness.look().last("verdicts")) == len(tickets), 5)
        worker.process.send_signal(signal.SIGSTOP)
        load.send([event(f"filler-{n}", 1, "repair.telepathy", now()) for n in range(40)])
        wait_for("the open fetch to be answered", lambda: load.flush() and load.acknowledged == 80, 3)
        load.send(event(t, 2, "repair.dispatched", now(), to_unit="3201", to_level="city") for t in tickets)
        load.send(event(t, 3, "repair.closed", now(), reason="done") for t in tickets)
        wait_for("the stops", lambda: witness.look().tickets[tickets[-1]][-1].event.type == "repair.closed", 3)
        own_kafka.pause()
        assert now() < due, "the machine was too slow for this test to mean anything"
        worker.process.send_signal(signal.SIGCONT)
        over = due + timedelta(seconds=9)
        wait_for("the requests to time out", lambda: now() > over, 20)
        own_kafka.resume()
        with load:
            wait_for("some load", lambda: load.acknowledged > 2000, 30)
            settle(stage, load, witness)
        witness.close()
        assert not {found.data["ticket"] for found in witness.firing()} & set(tickets)


def test_the_broker_is_killed_and_comes_back(own_kafka: LocalKafka, hurt_stage: Stage, witness: Witness) -> None:
    """Killed and started again and again under load, it finds the same worker process, and the end is right."""
    worker = hurt_stage.worker().wait_watching()
    with Load(hurt_stage, seed=42) as load:
        for _ in range(SIZES.bounces):
            fired = len(witness.look().firing())
            wait_for("alerts", lambda f=fired: len(witness.look().firing()) > f + 5, 60)
            own_kafka.kill()
            own_kafka.start()
        wait_for("readiness", lambda: get(worker, "/readyz")[0] == 200, 60)
        assert worker.process.poll() is None, worker.log_text()[-3000:]
        load.finish()
        settle(hurt_stage, load, witness)


def test_a_broker_without_a_processor_is_outlasted(
    own_kafka: LocalKafka, hurt_stage: Stage, witness: Witness
) -> None:
    """Frozen for longer than its own controller waits for it, and awake for a moment, again and again.

    It comes back fenced, knows neither leaders nor coordinators, and clients keep believing what they heard then.
    """
    dice = random.Random(45)
    worker = hurt_stage.worker().wait_watching()
    with Load(hurt_stage, seed=45) as load:
        wait_for("alerts", lambda: witness.look().firing(), 60)
        for _ in range(SIZES.bounces + 1):
            own_kafka.pause()
            _passes(dice.uniform(10, 14))
            own_kafka.resume()
            _passes(dice.uniform(1, 5))
        wait_for("readiness", lambda: get(worker, "/readyz")[0] == 200, 120)
        assert worker.process.poll() is None, worker.log_text()[-3000:]
        load.finish()
        settle(hurt_stage, load, witness)


def _passes(seconds: float) -> None:
    """The fault itself takes this long."""
    over = time.monotonic() + seconds
    wait_for("the time to pass", lambda: time.monotonic() > over, seconds + 30)


def test_the_broker_is_not_there_at_the_start(own_kafka: LocalKafka, hurt_stage: Stage, witness: Witness) -> None:
    """A worker that finds no broker watches once there is one, or ends with exit 1 and the reason."""
    own_kafka.stop()
    worker = hurt_stage.worker()
    until = time.monotonic() + (45 if FULL else 8)
    wait_for("the broker to be missed", lambda: time.monotonic() > until or worker.process.poll() is not None, 60)
    own_kafka.start()
    if worker.process.poll() is not None:
        assert worker.process.returncode == 1
        assert re.search(r"no answer|unreachable|not reachable", worker.log_text()), worker.log_text()
        worker = hurt_stage.worker()
    worker.wait_watching()
    with Load(hurt_stage, seed=43) as load:
        wait_for("alerts", lambda: witness.look().firing(), 60)
        settle(hurt_stage, load, witness)


def test_a_broker_that_hangs_at_the_start_is_waited_for(own_kafka: LocalKafka, hurt_stage: Stage) -> None:
    """Through the time-outs of several questions; the same process watches once it answers."""
    own_kafka.pause()
    worker = hurt_stage.worker()
    wait_for("the broker to be missed", lambda: worker.log_text().count("waiting for the brokers") > 1, 60)
    own_kafka.resume()
    worker.wait_watching()
