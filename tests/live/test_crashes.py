"""Workers that die: at each named place between two effects, and at random, with another taking over."""

import random
from datetime import timedelta

import pytest

from streams.crash_points import EXIT_CODE, CrashPoint
from tests.live.stage import WATCHING, Stage, wait_for
from tests.live.test_spine import now, past_lives

pytestmark = [pytest.mark.kafka, pytest.mark.slow, pytest.mark.timeout(400)]


def test_dying_at_every_crash_point(stage: Stage) -> None:
    """Killed at each named place, the next worker ends where `backtest` ends, and no revision has two contents."""
    events = []
    for number, point in enumerate(CrashPoint):
        chunk = past_lives(120, seed=100 + number)
        chunk = [{**e, "subject": f"{number}-{e['subject']}", "id": f"{number}-{e['id']}"} for e in chunk]
        events += chunk
        times = 1 if point is CrashPoint.DURING_RECOVERY else 2
        worker = stage.worker(crash_point=f"{point.value}:{times}")
        if point is not CrashPoint.DURING_RECOVERY:
            wait_for("its partitions", lambda w=worker: WATCHING in w.log_text() or w.process.poll() is not None, 60)
        for part in range(4):
            stage.produce(chunk[part * len(chunk) // 4 : (part + 1) * len(chunk) // 4])
        assert worker.wait_exit(60) == EXIT_CODE, worker.log_text()[-3000:]
    stage.worker().wait_watching()
    stage.wait_judged(stage.backtest(events, now()))
    stage.check_untorn()


def test_killed_at_random_with_a_second_worker(stage: Stage) -> None:
    """Five kills at random moments under load, a second worker taking over each time: the end equals `backtest`."""
    rng = random.Random(5)
    events = past_lives(1500, seed=200)
    stage.worker()
    stage.worker().wait_watching()
    size = len(events) // 5
    for number in range(5):
        stage.produce(events[number * size : (number + 1) * size if number < 4 else None])
        moment = now() + timedelta(seconds=rng.uniform(0, 2))
        wait_for("the moment to kill", lambda m=moment: now() > m, 10, every=0.01)
        alive = [worker for worker in stage.workers if worker.process.poll() is None]
        rng.choice(alive).kill()
        stage.worker()
    stage.wait_judged(stage.backtest(events, now()), 120)
    stage.check_untorn()
