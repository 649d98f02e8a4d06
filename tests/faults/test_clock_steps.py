"""A worker whose wall clock is wrong: set an hour ahead or back while it watches, or wrong from the start."""

import os
import signal
import sys

import pytest

from tests.faults.load import Load
from tests.faults.settle import settle
from tests.faults.witness import Witness
from tests.live import stage as stages
from tests.live.stage import Stage, Worker, wait_for
from tests.live.test_spine import now

pytestmark = [pytest.mark.kafka, pytest.mark.slow, pytest.mark.timeout(400)]

HOUR_S = 3600
UNSTEADY = """
import os, signal, sys, time
from streams import clock
off = [float(os.environ.get("CLOCK_OFF_BY", "0"))]
clock.WallClock.__init__.__defaults__ = (lambda: time.time() + off[0], time.monotonic)
def set_by(seconds):
    off[0] += seconds
signal.signal(signal.SIGUSR1, lambda *_: set_by(3600))
signal.signal(signal.SIGUSR2, lambda *_: set_by(-3600))
from cli.main import main
sys.exit(main())
"""
AHEAD, BACK = signal.SIGUSR1, signal.SIGUSR2


@pytest.fixture
def unsteady(monkeypatch: pytest.MonkeyPatch) -> None:
    """Workers whose clock the signals set an hour ahead (USR1) or back (USR2)."""
    monkeypatch.setattr(stages, "SLAWATCH", [sys.executable, "-c", UNSTEADY])


def wait_for_more_alerts(witness: Witness, count: int = 5) -> None:
    """Wait until breaches go on firing."""
    fired = len(witness.look().firing())
    wait_for("breaches to fire", lambda: len(witness.look().firing()) > fired + count, 60)


def said(witness: Witness) -> list[list[str]]:
    """What was said of the wall clock, by those who watch tickets and by those who watch incidents."""
    return [witness.look().operator("clock_stepped", matter) for matter in ("tickets", "incidents")]


@pytest.mark.parametrize(("first", "then"), [(AHEAD, BACK), (BACK, AHEAD)], ids=["ahead", "back"])
def test_a_step_holds_the_timers_and_is_said(
    stage: Stage, witness: Witness, unsteady: None, first: signal.Signals, then: signal.Signals
) -> None:
    """Set wrong by an hour, no timer fires and an operator alert says so; set right again, all go on."""
    worker = stage.worker().wait_watching()
    with Load(stage, seed=31) as load:
        wait_for_more_alerts(witness)
        worker.process.send_signal(first)
        wait_for("the step to be said", lambda: said(witness) == [["firing"]] * 2, 15)
        wait_for("a clock that comes due meanwhile", lambda: load.last_due > max(load.never.values()), 15)
        worker.process.send_signal(then)
        wait_for_more_alerts(witness)
        wait_for("the all-clear", lambda: said(witness) == [["firing", "resolved"]] * 2, 15)
        load.finish()
        load.check_rate()
        settle(stage, load, witness)


@pytest.mark.parametrize("off_by", [HOUR_S, -HOUR_S], ids=["ahead", "behind"])
def test_wrong_from_the_start(stage: Stage, witness: Witness, unsteady: None, off_by: int) -> None:
    """A worker whose clock is an hour wrong alerts nobody early and says why it waits; the next one says it is over."""

    def start() -> Worker:
        return stage.worker(env={"CLOCK_OFF_BY": str(off_by), "PATH": os.environ["PATH"]}).wait_watching()

    worker = start()
    with Load(stage, seed=32) as load:
        wait_for("clocks that are due", lambda: len(load.never) > 10, 30)
        wait_for("one of them to be past due", lambda: now() > min(load.never.values()) + witness.grace * 5, 30)
        assert not witness.look().early(), "alerts before their instant"
        wait_for("the step to be said", lambda: said(witness) == [["firing"]] * 2, 20)
        worker.kill()
        stage.worker().wait_watching()
        wait_for_more_alerts(witness)
        wait_for("the all-clear", lambda: said(witness) == [["firing", "resolved"]] * 2, 15)
        load.finish()
        settle(stage, load, witness)
