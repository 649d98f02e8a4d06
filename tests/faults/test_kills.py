"""Workers killed with kill -9 under load: at random, at each place between two effects, and while they recover."""

import random
import re
import sys
import time
from datetime import timedelta

import pytest

from streams.crash_points import EXIT_CODE, CrashPoint
from tests.faults.load import Load
from tests.faults.settle import settle
from tests.faults.sizes import FULL, SIZES
from tests.faults.witness import Witness
from tests.live.stage import WATCHING, Stage, Worker, wait_for
from tests.live.test_spine import event, now

pytestmark = [pytest.mark.kafka, pytest.mark.slow, pytest.mark.timeout(900)]

SESSION_S = 6
BETWEEN = [point for point in CrashPoint if point is not CrashPoint.DURING_RECOVERY]


def watched(worker: Worker) -> set[int]:
    """The partitions of tickets that a worker last said it watches."""
    said = re.findall(WATCHING + r' partitions="?\[([\d, ]*)\]', worker.log_text())
    return {int(number) for number in said[-1].split(",") if number.strip()} if said else set()


def test_killed_mid_batch_again_and_again(stage: Stage, witness: Witness) -> None:
    """Killed at random moments and at crash points, one worker after the other, nothing is missed, false or torn."""
    dice = random.Random(1)
    places = [dice.choice(BETWEEN) for _ in range(SIZES.kills)]
    stage.worker().wait_watching()
    with Load(stage, seed=1) as load:
        for number in range(SIZES.kills):
            worker = stage.workers[-1]
            moment = time.monotonic() + dice.uniform(0.2, 2.0)
            wait_for("the moment to kill", lambda m=moment: time.monotonic() > m, 10, every=0.01)
            worker.kill()
            at_place = number % 2 == 1
            follower = stage.worker(crash_point=f"{places[number].value}:{dice.randint(2, 20)}" if at_place else "")
            if at_place:
                assert follower.wait_exit(60) == EXIT_CODE, follower.log_text()[-3000:]
                follower = stage.worker()
            follower.wait_watching()
            witness.look()  # bit by bit, or there is too much of it at the end
        load.finish()
        load.check_rate()
        settle(stage, load, witness)


def test_killed_during_recovery_three_times_in_a_row(stage: Stage, witness: Witness) -> None:
    """Three recoveries that die before they are done leave the fourth one a state that is right."""
    stage.worker().wait_watching()
    with Load(stage, seed=2) as load:
        wait_for("something to recover", lambda: load.acknowledged > 4000, 30)
        stage.workers[-1].kill()
        for _ in range(3):
            worker = stage.worker(crash_point=CrashPoint.DURING_RECOVERY.value)
            assert worker.wait_exit(90) == EXIT_CODE, worker.log_text()[-3000:]
        stage.worker().wait_watching()
        load.finish()
        load.check_rate()
        settle(stage, load, witness)


def test_the_second_worker_is_on_time_after_a_kill(
    stage: Stage, witness: Witness, capsys: pytest.CaptureFixture[str]
) -> None:
    """With many clocks open, the next on-time alert comes within session timeout + 10 s of the kill."""
    first, second = stage.worker(), stage.worker()
    wait_for("both to share the partitions", lambda: watched(first) and watched(second), 60)
    ahead = now() + timedelta(hours=1)
    open_ = [event(f"open-{n}", 1, "repair.accepted", ahead) for n in range(SIZES.open_clocks)]
    stage.produce(open_)
    wait_for("the clocks", lambda: len(witness.look().published["verdicts"]) >= len(open_), 180, every=1.0)
    with Load(stage, seed=3) as load:
        load.events += open_
        wait_for("alerts on time", lambda: len(witness.look().firing()) > 5, 60)
        orphaned = watched(first)
        first.kill()
        killed_ms = now().timestamp() * 1000

        def on_time() -> float:
            """When an alert that was not late was appended for a partition of the dead worker."""
            return min(
                (
                    found.appended_ms
                    for found in witness.look().firing()
                    if found.partition in orphaned and found.appended_ms > killed_ms + 500 and found.late_ms < 500
                ),
                default=0,
            )

        took_s = (wait_for("an alert on time", on_time, 60) - killed_ms) / 1000
        with capsys.disabled():
            sys.stdout.write(
                f"\n  kill -9 with {SIZES.open_clocks:,} open clocks: the next alert on time after {took_s:.1f} s"
            )
        if FULL:  # on a machine of its own; the short runs share theirs, and only say how long it took
            assert took_s <= SESSION_S + 10
        settle(stage, load, witness)
