"""What people ask on the command line, on a real Kafka."""

from __future__ import annotations

import subprocess

from tests.alerting.live.stage import DeliveryStage
from tests.live.stage import SLAWATCH


def _slawatch(stage: DeliveryStage, *arguments: str) -> subprocess.CompletedProcess[str]:
    flags = [f"--bootstrap={stage.bootstrap}", f"--prefix={stage.prefix}"]
    return subprocess.run([*SLAWATCH, *arguments, *flags], capture_output=True, text=True, timeout=120, check=False)


def test_a_silence_is_begun_listed_and_ended(delivery: DeliveryStage) -> None:
    """Each says what it did, and one that could hide too much is refused with the remedy."""
    begun = _slawatch(delivery, "silence", "--rule=repair/*", "--for=2 h", "--by=Li", "--reason=exercise")
    assert begun.returncode == 0, begun.stderr
    name = begun.stdout.rpartition("--end ")[2].strip().strip("'")
    listed = _slawatch(delivery, "silence", "--list")
    assert (listed.returncode, name in listed.stdout, "1 in force" in listed.stdout) == (0, True, True), listed
    assert "rule repair/*" in listed.stdout
    assert "by Li: exercise" in listed.stdout
    assert _slawatch(delivery, "silence", f"--end={name}", "--by=Li").returncode == 0
    assert "0 in force" in _slawatch(delivery, "silence", "--list").stdout
    refused = _slawatch(delivery, "silence", "--for=2 h", "--by=Li", "--reason=exercise")
    assert (refused.returncode, "name a ticket" in refused.stderr) == (2, True)


def test_nothing_was_told_and_nothing_was_given_up(delivery: DeliveryStage) -> None:
    """Empty topics are an answer too."""
    assert _slawatch(delivery, "ack", "2026112300017", "--by=Wang").stdout == "acknowledged: 2026112300017\n"
    assert _slawatch(delivery, "notifications", "list").returncode == 0
    assert _slawatch(delivery, "notifications", "redeliver").stdout == "nothing was given up\n"
