"""First start on a topic that holds a month of history: every verdict of it is there, and nobody would be paged for it."""

from datetime import timedelta

import pytest

from cli.generate import lives
from tests.live.stage import Stage
from tests.live.test_spine import event, now

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(300)]


def test_a_month_of_history_pages_nobody(stage: Stage) -> None:
    """What was due before the start is historic; what falls due after it is not, and is told on time."""
    start = now()
    history = list(lives(400, 31, start - timedelta(days=30), timedelta(days=29), trouble=0.4))
    stage.produce(history)
    stage.worker(f"--quiet-before={start.isoformat()}").wait_watching()
    fresh = [event("fresh", 1, "repair.accepted", now() - timedelta(seconds=110))]
    stage.produce(fresh)
    stage.wait_judged(stage.backtest([*history, *fresh], start + timedelta(seconds=60)), 120)
    alerts = [alert for alert in stage.seen("alerts").last().values() if "ticket" in alert]
    past = [alert for alert in alerts if alert["ticket"] != "fresh"]
    assert sum(alert["status"] == "firing" for alert in past) > 20
    assert {alert["historic"] for alert in past} == {True}
    present = [alert for alert in alerts if alert["ticket"] == "fresh"]
    assert {alert["level"] for alert in present} == {"warning", "breach"}
    assert {alert["historic"] for alert in present} == {False}
