"""History, live: a worker on the log clock reads a converted log from Kafka and ends where `backtest` ends."""

import json
import os
import subprocess
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from cli.generate import lives
from tests.live.stage import SLAWATCH, Stage

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(300)]

SAMPLE = Path(__file__).parent.parent / "cli" / "data" / "desk.xes"
MAPPING = Path(__file__).parent.parent.parent / "examples" / "bpic2013.toml"


def test_a_converted_log_live_and_offline(real_kafka: str, tmp_path: Path) -> None:
    """The worker on the log clock stops by itself with exactly the verdicts of `backtest --until` the last event.

    SLAWATCH_BPIC2013 may name the whole log of 7,554 incidents; without it, a small log of the same shape is read.
    """
    log = os.environ.get("SLAWATCH_BPIC2013", str(SAMPLE))
    out = tmp_path / "events.jsonl"
    subprocess.run([*SLAWATCH, "convert", "--mapping", str(MAPPING), log, "--out", str(out)], check=True)
    events = [json.loads(line) for line in out.read_text().splitlines()]
    last_at = max(datetime.fromisoformat(event["time"]) for event in events)
    with Stage(real_kafka, tmp_path, "history", rulebook="itsm-example") as stage:
        stage.produce(events)
        worker = stage.worker("--clock=log", f"--until={last_at.isoformat()}")
        assert worker.wait_exit(200) == 0, worker.log_text()[-3000:]
        expected = stage.backtest(events, last_at)
        assert stage.judged() == expected
        tickets = {event["subject"] for event in events}
        assert len({name.split("/")[0] for name in expected}) >= len(tickets) * 0.9
        stage.check_untorn()


def test_complaints_live_and_offline(real_kafka: str, tmp_path: Path) -> None:
    """Weeks of complaints: every clock in working time, day by day or by attempts ends live as it does offline."""
    start = datetime.fromisoformat("2026-09-21T08:00:00+08:00")
    events = list(lives(300, 77, start, timedelta(days=14), trouble=0.5, business="complaint"))
    until = max(datetime.fromisoformat(event["time"]) for event in events) + timedelta(days=10)
    with Stage(real_kafka, tmp_path, "complaints") as stage:
        stage.produce(events)
        worker = stage.worker("--clock=log", f"--until={until.isoformat()}")
        assert worker.wait_exit(200) == 0, worker.log_text()[-3000:]
        expected = stage.backtest(events, until)
        assert stage.judged() == expected
        assert len(expected) > 3000
        stage.check_untorn()


def test_a_year_that_is_supplied_later(real_kafka: str, tmp_path: Path) -> None:
    """Accepted on 30 December 2026: unknown and said to the operator; the next start, which knows 2027, judges it."""
    data = {"unit": "NCSC", "level": "national", "via": "phone"}
    accepted = {
        "specversion": "1.0", "id": "e-1", "source": "test", "type": "complaint.accepted", "subject": "C-1",
        "time": "2026-12-30T09:00:00+08:00", "data": data,
    }  # fmt: skip
    override = tmp_path / "days.toml"
    override.write_text("[[year]]\nyear = 2027\noff = [2027-01-01]\nworking = []\n")
    clock = "C-1/complaint/answer/test/e-1"
    with Stage(real_kafka, tmp_path, "year-end") as stage:
        stage.produce([accepted])
        worker = stage.worker("--clock=log", "--until=2026-12-31T12:00:00+08:00")
        assert worker.wait_exit(100) == 0, worker.log_text()[-3000:]
        assert stage.judged()[clock][0] == "unknown"
        assert any("operator/calendar_ends" in name for name in stage.seen("alerts").last())
        worker = stage.worker("--clock=log", "--until=2027-01-08T17:30:01+08:00", f"--calendar-override={override}")
        assert worker.wait_exit(100) == 0, worker.log_text()[-3000:]
        assert stage.judged()[clock][0] == "breached"
        stage.check_untorn()
