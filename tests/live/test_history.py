"""History, live: a worker on the log clock reads a converted log from Kafka and ends where `backtest` ends."""

import json
import os
import subprocess
from pathlib import Path

import pytest

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
    from datetime import datetime

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
