"""The source deleted and made anew, or cut by retention while no worker ran: refused, and told how to go on."""

import pytest

from tests.faults.break_topics import cut_head, recreate
from tests.faults.load import Load
from tests.faults.settle import expected_of
from tests.faults.test_changelog import filled, refuses
from tests.faults.witness import Witness
from tests.live.stage import Stage, wait_for
from tests.live.test_spine import now

pytestmark = [pytest.mark.kafka, pytest.mark.slow, pytest.mark.timeout(400)]


def goes_on(stage: Stage, witness: Witness, load: Load) -> None:
    """With the loss accepted, what comes from now on is judged, and nothing is false or torn."""
    worker = stage.worker("--accept-loss").wait_watching()
    wait_for("the last clock to be due", lambda: now() > load.last_due + witness.grace, 30)
    expected = expected_of(load, stage)
    wait_for("the new load", lambda: expected.items() <= witness.look().standing().items(), 60)
    assert worker.stop() == 0, worker.log_text()[-3000:]
    assert witness.torn() == {}


def test_the_source_was_deleted_and_made_again(stage: Stage, witness: Witness) -> None:
    """Offsets of another incarnation mean nothing: refused; with --accept-loss the new one is judged from its start."""
    filled(stage, witness, 111)
    recreate(stage, stage.topic("ticket-events"))
    with Load(stage, seed=112, first_chunk=60) as load:
        load.finish()
    refuses(stage, saying=r"deleted and made again.*accept the loss")
    fresh = Witness(stage)
    try:
        goes_on(stage, fresh, load)
    finally:
        fresh.close()


def test_retention_passed_while_nobody_read(stage: Stage, witness: Witness) -> None:
    """Records that are gone before they were read are named: refused; with --accept-loss the rest is judged."""
    filled(stage, witness, 113)
    with Load(stage, seed=114, first_chunk=70, probes=0) as lost:
        lost.finish()
    cut_head(stage, stage.topic("ticket-events"), 1.0)
    with Load(stage, seed=115, first_chunk=80) as load:
        load.finish()
    refuses(stage, saying=r"are gone before they were read.*accept the loss")
    fresh = Witness(stage)
    try:
        goes_on(stage, fresh, load)
    finally:
        fresh.close()
