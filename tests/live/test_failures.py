"""What a worker does about itself: a bug of ours stops it, its status tells the truth, bad topics refuse the start."""

import subprocess
import sys
import urllib.error
import urllib.request

import pytest
from confluent_kafka import Consumer, TopicPartition

from streams.changelog import CONTROL_KEY
from streams.topics import changelog_name
from tests.live import stage as stages
from tests.live.stage import Stage, Worker, free_port, wait_for
from tests.live.test_spine import event, now

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(240)]

BUG = """
import sys
import streams.matter as matter
judge = matter.step
def step(ticket, subject, events, watch, horizon=None):
    if subject == "boom":
        raise ZeroDivisionError("a bug of ours")
    return judge(ticket, subject, events, watch, horizon)
matter.step = step
from cli.main import main
sys.exit(main())
"""


def get(worker: Worker, path: str) -> tuple[int, str]:
    """Status and text of a page of the worker's own server; (0, "") while nothing listens."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{worker.port}{path}", timeout=5) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()
    except OSError:
        return 0, ""


def committed(stage: Stage) -> int:
    """How many records the group has committed, over all partitions."""
    consumer = Consumer({"bootstrap.servers": stage.bootstrap, "group.id": stage.app_id})
    try:
        parts = [TopicPartition(stage.topic("ticket-events"), number) for number in range(stage.partitions)]
        return sum(max(0, tp.offset) for tp in consumer.committed(parts, timeout=20))
    finally:
        consumer.close()


def test_a_bug_of_ours_stops_the_worker_and_then_only_its_record(
    real_kafka: str, tmp_path: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It exits 70 three times without committing past the record; the fourth time that record is a dead letter."""
    monkeypatch.setattr(stages, "SLAWATCH", [sys.executable, "-c", BUG])
    with Stage(real_kafka, tmp_path, "bug", partitions=1) as stage:
        good = [event(f"good-{n}", 1, "repair.accepted", now()) for n in range(20)]
        boom = event("boom", 1, "repair.accepted", now())
        stage.produce([*good[:10], boom, *good[10:]])
        for _ in range(3):
            worker = stage.worker()
            assert worker.wait_exit(60) == 70, worker.log_text()[-2000:]
            assert "ZeroDivisionError" in worker.log_text()
            assert committed(stage) <= 10
        worker = stage.worker().wait_watching()
        wait_for("the others to be watched", lambda: len(stage.seen("verdicts").last()) == 20, 30)
        letters = [dict(m.headers()) for m in stage.records(stage.topic("dead-letters"))]
        assert {(h["slawatch_reason"], h["slawatch_offset"]) for h in letters} == {(b"crashed_us", b"10")}
        wait_for("the commit to follow", lambda: committed(stage) == 21, 20)


def test_status_pages_tell_the_truth(stage: Stage) -> None:
    """Metrics count what happened, ready and healthy answer 200 while partitions are watched, on loopback only."""
    worker = stage.worker().wait_watching()
    stage.produce([event("t", 1, "repair.accepted", now()), event("t", 2, "repair.telepathy", now())])
    wait_for("the event to be counted", lambda: "sla_events_total 1.0" in get(worker, "/metrics")[1], 20)
    assert "sla_unknown_type_events_total 1.0" in get(worker, "/metrics")[1]
    assert wait_for("readiness", lambda: get(worker, "/readyz")[0] == 200, 20)
    assert get(worker, "/healthz")[0] == 200
    assert get(worker, "/table/tickets")[0] == 404
    listening = subprocess.run(["ss", "-ltnpH"], capture_output=True, text=True, check=True).stdout
    mine = [line.split()[3] for line in listening.splitlines() if f"pid={worker.process.pid}," in line]
    assert mine == [f"127.0.0.1:{worker.port}"], "nothing but the status server, and that on loopback"


def test_an_orderly_stop_leaves_nothing_to_repeat(stage: Stage) -> None:
    """After SIGTERM everything is committed and noted, and the next worker publishes nothing again."""
    worker = stage.worker().wait_watching()
    stage.produce([event(f"t{n}", 1, "repair.accepted", now()) for n in range(50)])
    wait_for("the verdicts", lambda: len(stage.seen("verdicts").records) == 50, 20)
    assert worker.stop() == 0, worker.log_text()[-2000:]
    assert committed(stage) == 50
    keys = [m.key() for m in stage.records(changelog_name(stage.app_id))]
    assert CONTROL_KEY in keys
    again = stage.worker().wait_watching()
    wait_for("readiness", lambda: get(again, "/readyz")[0] == 200, 20)
    assert "sla_resent_outputs_total 0.0" in get(again, "/metrics")[1]
    assert len(stage.seen("verdicts").records) == 50


def test_wrong_topics_refuse_the_start(real_kafka: str) -> None:
    """A worker whose topics do not exist exits 1 and says which command makes them."""
    told = subprocess.run(
        [
            *stages.SLAWATCH,
            "worker",
            f"--bootstrap={real_kafka}",
            "--app-id=nobody",
            "--prefix=nobody.",
            f"--status-port={free_port()}",
        ],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert told.returncode == 1
    assert "slawatch topics create" in told.stderr
