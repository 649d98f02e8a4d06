"""Workers that are frozen, and workers that are starved: late, but never wrong."""

import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.faults.load import Load
from tests.faults.settle import settle
from tests.faults.sizes import SIZES
from tests.faults.witness import Witness
from tests.live.stage import WATCHING, Stage, Worker, wait_for

pytestmark = [pytest.mark.kafka, pytest.mark.slow, pytest.mark.timeout(600)]

SLICE_S = 0.05
STOPPED_SLICES = 4  # of five


@contextmanager
def starved(worker: Worker) -> Iterator[None]:
    """Give a worker one slice in five, by stopping and continuing it, while the block runs."""
    over = threading.Event()

    def slices() -> None:
        while not over.is_set():
            worker.process.send_signal(signal.SIGSTOP)
            time.sleep(SLICE_S * STOPPED_SLICES)
            worker.process.send_signal(signal.SIGCONT)
            time.sleep(SLICE_S)

    thread = threading.Thread(target=slices, daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join(10)


def test_a_frozen_owner_that_thaws_changes_nothing(stage: Stage, witness: Witness) -> None:
    """Stopped past its session and continued under load, it loses; where contents differ the higher epoch is right."""
    first = stage.worker().wait_watching()
    with Load(stage, seed=11) as load:
        wait_for("alerts", lambda: witness.look().firing(), 60)
        first.process.send_signal(signal.SIGSTOP)
        second = stage.worker().wait_watching(90)
        fired = len(witness.look().firing())
        wait_for("the second worker's alerts", lambda: len(witness.look().firing()) > fired + 5, 60)
        first.process.send_signal(signal.SIGCONT)
        wait_for("both to share again", lambda: first.log_text().count(WATCHING) > 1, 90)
        fired = len(witness.look().firing())
        wait_for("alerts after that", lambda: len(witness.look().firing()) > fired + 5, 60)
        assert first.process.poll() is None
        assert second.process.poll() is None
        load.finish()
        load.check_rate()
        # `settle` takes the content of the higher epoch as the one that counts, and it must be the right one.
        settle(stage, load, witness, torn_allowed=True)
    assert witness.torn() == {}, "documented as possible; none has been seen so far"


def test_a_starved_worker_raises_nothing_false(stage: Stage, witness: Witness) -> None:
    """With a fifth of a core in slices of 50 ms under load, alerts may be late, but none is false."""
    worker = stage.worker().wait_watching()
    with Load(stage, seed=12) as load:
        wait_for("alerts", lambda: witness.look().firing(), 60)
        with starved(worker):
            until = time.monotonic() + SIZES.slow_s
            wait_for("the slow time to be over", lambda: time.monotonic() > until, SIZES.slow_s + 10)
            load.finish()
        load.check_rate()
        settle(stage, load, witness)
