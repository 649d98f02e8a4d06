"""A ticket, or an incident, is explained live from Kafka as it is from a file of the same events."""

import json
import subprocess
from datetime import timedelta
from pathlib import Path
from urllib.parse import unquote

import pytest

from cli.generate import lives
from tests.cli.incident_checker import faults_of
from tests.live.stage import SLAWATCH, Stage, encoded
from tests.live.test_incidents import DAY, KEY, ON, incident
from tests.live.test_spine import now

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(240)]


def explained(*words: str) -> subprocess.CompletedProcess[str]:
    """Run the command."""
    command = [*SLAWATCH, "explain", *words, "--json"]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)


def test_a_ticket_is_found_in_kafka(stage: Stage, tmp_path: Path) -> None:
    """Its clocks, what stopped them and why others did not start, are those of the file; a ticket unknown is exit 1."""
    until = now()
    events = list(lives(200, 44, until - timedelta(hours=3), timedelta(hours=1), trouble=0.5))
    file = tmp_path / "events.jsonl"
    file.write_bytes(b"".join(encoded(event) + b"\n" for event in events))
    stage.produce(events)
    live = (f"--bootstrap={stage.bootstrap}", f"--prefix={stage.prefix}", f"--until={until.isoformat()}")
    for ticket in sorted({event["subject"] for event in events})[::40]:
        from_kafka, from_file = explained(ticket, *live), explained(ticket, f"--events={file}", live[2])
        assert (from_kafka.returncode, from_file.returncode) == (0, 0), from_kafka.stderr
        there, here = json.loads(from_kafka.stdout), json.loads(from_file.stdout)
        assert _stands(there) == _stands(here)
    assert explained("nobody", *live).returncode == 1


def test_an_incident_is_found_in_kafka(real_kafka: str, tmp_path: Path) -> None:
    """From the facts that a worker told: its count, its window, its alerts and its unit are those of the file."""
    law, key, file = tmp_path / "recurring", tmp_path / "key", tmp_path / "events.jsonl"
    law.mkdir()
    (law / "rulebook.toml").write_text(ON)
    key.write_text(KEY)
    closed = now() - 30 * DAY
    events = [event for number in range(6) for event in incident(number, closed)]
    file.write_bytes(b"".join(encoded(event) + b"\n" for event in events))
    with Stage(real_kafka, tmp_path, "told", partitions=2, rulebook=str(law), customer_key=KEY) as stage:
        stage.worker().wait_watching()
        stage.produce(events)
        until = now()
        expected = stage.backtest(events, until)
        stage.wait_judged(expected, 120)
        both = (f"--rulebook={law}", f"--customer-key-file={key}", f"--until={now().isoformat()}")
        live = (f"--bootstrap={stage.bootstrap}", f"--prefix={stage.prefix}", f"--app-id={stage.app_id}")
        escalations = sorted(name for name in expected if name.endswith("/escalation"))
        assert len(escalations) > 1
        clock = escalations[0].rpartition("/")[0]
        for asked in (*escalations, clock, unquote(clock.partition("/")[0])):
            from_kafka, from_file = explained(asked, *live, *both), explained(asked, f"--events={file}", *both)
            assert (from_kafka.returncode, from_file.returncode) == (0, 0), from_kafka.stderr + from_file.stderr
            there, here = json.loads(from_kafka.stdout), json.loads(from_file.stdout)
            assert faults_of(there) == faults_of(here) == []
            assert [_counts(clock) for clock in there["clocks"]] == [_counts(clock) for clock in here["clocks"]]
        other = explained(escalations[0], *live[:2], *both, "--app-id=elsewhere")
        assert other.returncode == 1


def _counts(clock: dict) -> list:
    """What an incident's clock comes to; what was published when depends on when the broker had each fact."""
    names = ("clock_id", "outcome", "reason", "window_ends_at", "count", "called", "warnings")
    return [clock.get(name) for name in names] + [(one["ticket"], one.get("number")) for one in clock["tickets"]]


def test_a_topic_that_is_not_there_is_said(stage: Stage) -> None:
    """A wrong prefix is wrong use, and says what to look at."""
    found = explained("t", f"--bootstrap={stage.bootstrap}", "--prefix=elsewhere.")
    assert found.returncode == 2
    assert "elsewhere.ticket-events" in found.stderr
    assert "prefix" in found.stderr


def _stands(explanation: dict) -> list:
    """How the clocks of an explanation stand; what is published depends on when the log had each event."""
    clocks = [(c["clock_id"], c["outcome"], c["reason"], c.get("due_at")) for c in explanation["clocks"]]
    return [clocks, [(absence["rule"], absence["reason"]) for absence in explanation["absences"]]]
