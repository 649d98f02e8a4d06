"""A source falls silent on real Kafka: it is said once, what rests on it is marked, and it is over with its next event."""

from datetime import timedelta
from pathlib import Path

import pytest

from tests.live.stage import Stage, wait_for
from tests.live.test_spine import event, now

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(240)]


def silence(stage: Stage) -> list[tuple[str, str]]:
    """What was said of silent sources: whose, and how it stands, in order."""
    said = stage.seen("alerts").records
    return [(a["name"].rpartition("/")[2], a["status"]) for a in said if a["rule"] == "operator/silent_source"]


def told(ticket: str, number: int, source: str) -> dict:
    """An acceptance by a source, the first of a ticket some time ago: its warning comes soon."""
    at = now() - timedelta(seconds=45) if number == 1 else now()
    return {**event(ticket, number, "repair.accepted", at), "source": source}


def test_a_silent_source_is_said_and_its_breaches_are_unverified(real_kafka: str, tmp_path: Path) -> None:
    """One source stays, the other stops: only alerts on what the silent one began are unverified."""
    with Stage(real_kafka, tmp_path, "silent", partitions=2) as stage:
        stage.worker("--silent-after=4").wait_watching()
        stage.produce([told("mute", 1, "mute"), told("lively", 1, "lively")])
        numbers = iter(range(2, 1000))

        def said() -> bool:
            stage.produce([told("lively", next(numbers), "lively")])
            return ("mute", "firing") in silence(stage)

        wait_for("the silence to be said", said, 60, every=1.0)
        assert silence(stage) == [("mute", "firing")]

        def warned() -> bool:
            stage.produce([told("lively", next(numbers), "lively")])
            return {a["ticket"] for a in stage.seen("alerts").records if "ticket" in a} == {"mute", "lively"}

        wait_for("the first warnings", warned, 90, every=1.0)
        marks = {a["ticket"]: a["unverified"] for a in stage.seen("alerts").records if "ticket" in a}
        assert marks == {"mute": True, "lively": False}
        stage.produce([told("mute", 2, "mute")])
        wait_for("its end to be said", lambda: silence(stage) == [("mute", "firing"), ("mute", "resolved")], 60)
