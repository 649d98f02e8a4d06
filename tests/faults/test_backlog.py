"""A week of downtime: everything that was met meanwhile is met, and nobody is paged for it."""

from datetime import timedelta

import pytest

from cli.generate import lives
from tests.faults.load import Load
from tests.faults.settle import settle
from tests.faults.sizes import SIZES
from tests.faults.witness import Witness
from tests.live.stage import Stage
from tests.live.test_spine import now

pytestmark = [pytest.mark.kafka, pytest.mark.slow, pytest.mark.timeout(900)]

EVENTS_A_TICKET = 8


def test_a_week_of_events_waits(stage: Stage, witness: Witness) -> None:
    """Behind a week's backlog and the running load, only clocks that are breached for good ever fire."""
    week = now() - timedelta(days=7)
    tickets = SIZES.week_events // EVENTS_A_TICKET
    backlog = list(lives(tickets, 90, week, timedelta(days=6), trouble=0.3))
    assert len(backlog) >= SIZES.week_events * 0.8
    stage.worker().wait_watching().stop()
    stage.produce(backlog)
    with Load(stage, seed=90) as load:
        load.events += backlog
        stage.worker().wait_watching()
        load.finish()
        load.check_rate()
        settle(stage, load, witness, timeout=240)
    verdicts = witness.last("verdicts")
    waiting = {told["subject"] for told in backlog}
    fired = [found for found in witness.firing() if found.data["ticket"] in waiting]
    assert {verdicts[found.data["clock_id"]]["outcome"] for found in fired} <= {"breached"}
