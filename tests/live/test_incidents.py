"""Article 12 on real Kafka: incidents escalate once, whoever dies meanwhile, as `backtest` says of the same log."""

from collections import Counter
from datetime import datetime, timedelta
from pathlib import Path
from random import Random

import pytest

from tests.live.stage import Stage, wait_for
from tests.live.test_spine import now

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(300)]

ON = """\
name      = "sgcc-2014-recurring"
edition   = "test"
says      = "sgcc-2014 with article 12 on."
zone      = "Asia/Shanghai"
extends   = "sgcc-2014"
switch_on = ["complaint/repeated-service", "complaint/repeated-quality"]
"""
INCIDENTS = 40
KEY = "for these tests only"
DAY = timedelta(days=1)


@pytest.fixture
def rulebook(tmp_path: Path) -> str:
    """A layer that switches the rules on."""
    folder = tmp_path / "recurring"
    folder.mkdir()
    (folder / "rulebook.toml").write_text(ON)
    return str(folder)


def told(ticket: str, number: int, at: datetime, type_: str, **data: object) -> dict:
    """One event of a complaint."""
    name = {"id": f"{ticket}-{number}", "source": "95598/32", "type": f"complaint.{type_}", "subject": ticket}
    return {"specversion": "1.0", **name, "time": at.isoformat(), "data": data}


def incident(number: int, closed: datetime) -> list[dict]:
    """One customer's complaints about one event: the first closed, three after it, some of which do not count."""
    dice = Random(number)
    events = []
    for order in range(4):
        ticket = f"c{number}-{order}"
        at = closed - 3 * DAY if order == 0 else closed + timedelta(days=order * 5, minutes=number)
        named = {"customer": f"139{number:08d}", "incident": f"i{number}", "category": "outage", "level": "city"}
        events.append(told(ticket, 1, at, "accepted", unit="3201", **named))
        counts = number % 4 != 1 or order != 2
        events.append(told(ticket, 2, at + DAY, "replied", unit="3201", level="city", substantiated=counts))
        events.append(told(ticket, 3, at + 2 * DAY, "closed"))
    if number % 5 == 0:
        events.append(told(f"c{number}-3", 4, closed + 18 * DAY, "appealed", granted=True))
    if number % 7 == 0:
        events.append(told(f"c{number}-2", 4, closed + 20 * DAY, "taken_over", unit="32", level="province"))
    dice.shuffle(events)
    return events


def test_each_escalation_once_though_both_workers_are_killed_in_turn(
    real_kafka: str, tmp_path: Path, rulebook: str
) -> None:
    """Events come in any order while one worker after the other is killed; the end is what `backtest` says."""
    closed = now() - 30 * DAY
    events = [event for number in range(INCIDENTS) for event in incident(number, closed)]
    with Stage(real_kafka, tmp_path, "recurring", partitions=4, rulebook=rulebook, customer_key=KEY) as stage:
        workers = [stage.worker().wait_watching(), stage.worker().wait_watching()]
        parts = [events[n::4] for n in range(4)]
        for number, part in enumerate(parts):
            stage.produce(part)
            wait_for("something to be judged", lambda n=number: len(stage.seen("verdicts").records) > 20 * n, 60)
            workers[number % 2].kill()
            workers[number % 2] = stage.worker().wait_watching()
        expected = stage.backtest(events, now())
        escalations = {name for name, stands in expected.items() if stands[1] == "escalation"}
        assert len(escalations) > INCIDENTS / 4
        stage.wait_judged(expected, 120)
        stage.check_untorn()
        said = {(alert["name"], alert["revision"]): alert for alert in stage.seen("alerts").records}
        firings = Counter(name for (name, _), alert in said.items() if alert["status"] == "firing")
        more = {name: [a for (n, _), a in said.items() if n == name] for name in escalations if firings[name] > 1}
        assert more == {}


def test_history_is_replayed_to_its_end(real_kafka: str, tmp_path: Path, rulebook: str) -> None:
    """On the log clock the facts of all tickets are there before incidents are counted; then the worker stops."""
    closed = now() - 60 * DAY
    events = [event for number in range(INCIDENTS) for event in incident(number, closed)]
    until = closed + 40 * DAY
    with Stage(real_kafka, tmp_path, "replayed", partitions=2, rulebook=rulebook, customer_key=KEY) as stage:
        stage.produce(events)
        worker = stage.worker("--clock=log", f"--until={until.isoformat()}")
        assert worker.wait_exit(120) == 0, worker.log_text()[-3000:]
        assert stage.judged() == stage.backtest(events, until)


def test_a_worker_without_a_key_says_so(real_kafka: str, tmp_path: Path, rulebook: str) -> None:
    """It does not start and count nothing in silence."""
    with Stage(real_kafka, tmp_path, "keyless", partitions=1, rulebook=rulebook) as stage:
        worker = stage.worker()
        assert worker.wait_exit(60) == 2
        assert "customer_key_file" in worker.log_text()
