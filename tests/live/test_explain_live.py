"""A ticket is explained live from Kafka as it is from a file of the same events."""

import json
import subprocess
from datetime import timedelta
from pathlib import Path

import pytest

from cli.generate import lives
from tests.live.stage import SLAWATCH, Stage, encoded
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
