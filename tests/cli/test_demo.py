"""The demo, as somebody without a terminal sees it: every promise of it in the lines, and nothing left running."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from cli.demo_script import script
from cli.demo_tally import Tally

DEMO = [sys.executable, "-m", "cli.main", "demo"]
ROOT = Path(__file__).resolve().parents[2]
START = datetime.fromisoformat("2026-11-23T08:00:00+08:00")


def children(pid: int) -> list[int]:
    """The processes that this one has started."""
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def gone(pid: int) -> bool:
    """Whether a process has ended, collected by its parent or not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except FileNotFoundError:
        return True


def wait_until(condition, what: str, timeout: float = 40.0) -> None:
    """Wait for a condition; fail with what it was."""
    until = time.monotonic() + timeout
    while not condition():
        assert time.monotonic() < until, f"waited {timeout:g} s for {what}"
        time.sleep(0.05)


@pytest.mark.embedded
@pytest.mark.slow
def test_a_storm_without_a_terminal():
    """Exit 0; a warning, a breach, a retraction, a resolved one, silence, and who was told."""
    command = [*DEMO, "--speed", "240", "--tickets", "60", "--minutes", "30"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=100, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    told = done.stdout
    assert told.startswith("starting broker, worker ...\n")
    assert re.search(r"WARNING +firing +\S", told)
    assert re.search(r"BREACH +firing +Repair ticket not dispatched in time +ticket \d+ +owner \w+ +due", told)
    assert re.search(r"BREACH +resolved", told)
    assert len(re.findall(r"BREACH +retracted", told)) >= 3
    assert len(re.findall(r"told late: the breach of \d+ is retracted", told)) == 3
    assert "4 complaints too" in told
    for complaint in (
        r"WARNING +firing +Special or major complaint not reported",
        r"WARNING +firing +Complaint graded lower than special",
        r"BREACH +firing +Provincial centre not told of an important complaint in time +ticket \d+ +owner national",
        r"BREACH +resolved +Returned complaint not dispatched again in time",
        r"BREACH +resolved +Complaint not dispatched in time",
    ):
        assert re.search(complaint, told), complaint
    assert re.search(r"clocks: \d+ \(.*\d+ running", told), "complaints run on for days; nobody waits for them"
    assert re.search(r"the duty room reads \(message \d+; .*\):\n +\| .*\d{13}", told)
    silence = told.partition("silence: nothing is sent now")[2]
    assert "in silence: breach of" in silence
    signed = re.search(r"(\d+) signatures good, 0 refused", told)
    sent = re.search(r"told to the webhook: \d+ alerts and \d+ ends in (\d+) messages, 0 of them digests", told)
    assert signed is not None
    assert sent is not None
    assert signed[1] == sent[1] != "0"
    assert re.search(r"told to the duty room: \d+ alerts and \d+ ends in \d+ messages, [1-9]\d* of them dig", told)
    assert re.search(r"breaches told to the webhook: \d+ of \d+", told)
    assert not re.search(r"; \d+ still wait$", told, re.MULTILINE)
    assert done.stderr == ""


@pytest.mark.embedded
@pytest.mark.slow
def test_whoever_has_seen_enough():
    """`| head` ends it, quietly, with exit code 1."""
    with subprocess.Popen(DEMO, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as demo:
        assert demo.stdout is not None
        assert demo.stderr is not None
        for _ in range(4):
            demo.stdout.readline()
        demo.stdout.close()
        assert demo.wait(40) == 1
        assert demo.stderr.read() == ""


@pytest.mark.embedded
@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="looks for children in /proc")
@pytest.mark.parametrize(
    ("hit", "number", "code"),
    [("demo", signal.SIGINT, 130), ("demo", signal.SIGKILL, -9), ("worker", signal.SIGKILL, 1)],
)
def test_it_ends_with_all_it_started(hit, number, code, tmp_path):
    """Interrupted, killed, or with its worker killed: it ends with that code, and no process stays behind."""
    kept = {"env": {**os.environ, "TMPDIR": str(tmp_path)}, "cwd": ROOT, "text": True}
    with subprocess.Popen(DEMO, stdout=subprocess.PIPE, stderr=subprocess.PIPE, **kept) as demo:
        assert demo.stdout is not None
        assert demo.stdout.readline() == "starting broker, worker ...\n"
        demo.stdout.readline()
        (worker,) = children(demo.pid)
        os.kill(demo.pid if hit == "demo" else worker, number)
        _, error = demo.communicate(timeout=40)
    assert demo.returncode == code, error
    assert ("its log ends so" in error) == (hit == "worker")
    assert "rdkafka" not in error
    wait_until(lambda: gone(worker), "the worker to end")
    if number != signal.SIGKILL or hit == "worker":
        assert list(tmp_path.iterdir()) == []


def test_the_script_holds_dispatches_back_that_happened_in_time():
    """Three tickets; each dispatch happened in time, is sent after due, and nothing is sent out of turn."""
    limit, late_by = timedelta(minutes=2), timedelta(minutes=3)
    played = script(100, 7, START, timedelta(minutes=30), limit=limit, late_by=late_by)
    assert [cue.at for cue in played.cues] == sorted(cue.at for cue in played.cues)
    held = [
        (cue.at, event)
        for cue in played.cues
        if cue.at != datetime.fromisoformat((event := json.loads(cue.line))["time"])
        and event["subject"] not in played.complaints  # some of those came in before the storm
    ]
    assert {event["subject"] for _, event in held} == played.held
    assert len(held) == 3
    for at, event in held:
        accepted = next(
            told
            for told in (json.loads(cue.line) for cue in played.cues)
            if told["subject"] == event["subject"] and told["type"] == "repair.accepted"
        )
        started = datetime.fromisoformat(accepted["data"].get("hung_up_at", accepted["time"]))
        assert started <= datetime.fromisoformat(event["time"]) <= started + limit
        assert at == started + limit + late_by


def test_the_script_ends_in_silence():
    """The last event of all is the only one of its ticket, and waits to be dispatched."""
    played = script(100, 7, START, timedelta(minutes=30), limit=timedelta(minutes=2), late_by=timedelta(minutes=3))
    events = [json.loads(cue.line) for cue in played.cues]
    assert [event["type"] for event in events if event["subject"] == played.silent] == ["repair.accepted"]
    assert events[-1]["subject"] == played.silent
    assert script(1, 1, START, timedelta(minutes=1), limit=timedelta(minutes=2), late_by=timedelta(0)).cues


def test_the_script_has_complaints_whose_minutes_run_out():
    """They come in order of time from the start on, as many as the storm is long enough for, and are no repairs."""
    for minutes, count in ((60, 6), (30, 4), (10, 0)):
        length = timedelta(minutes=minutes)
        played = script(100, 7, START, length, limit=timedelta(minutes=2), late_by=timedelta(minutes=3))
        told = [(cue.at, json.loads(cue.line)) for cue in played.cues]
        told = [(at, event) for at, event in told if event["type"].startswith("complaint.")]
        assert {event["subject"] for _, event in told} == played.complaints
        assert len(played.complaints) == count
        assert not played.complaints & {played.silent, *played.held}
        for at, event in told:
            assert at == max(START, datetime.fromisoformat(event["time"])) <= START + length
    assert played.over_at > played.cues[-1].at


def alert(level: str, number: int, revision: int = 1, status: str = "firing") -> bytes:
    """An alert as a record."""
    data = {
        "alert_id": f"{number}/{level}", "revision": revision, "status": status, "level": level, "rule": "r",
        "clause": "", "title": {"en": "t"}, "historic": False, "unverified": False, "assumed": False,
        "excused": False, "reason": "x",
    }  # fmt: skip
    return json.dumps({"id": f"{number}/{level}:{revision}", "data": data}).encode()


def test_warnings_do_not_push_breaches_out():
    """After a hundred warnings the latest breaches are still to be seen; a repeat is not news."""
    tally = Tally()
    for number in range(3):
        assert tally.take_alert(alert("breach", number), START) is not None
    for number in range(100):
        tally.take_alert(alert("warning", number), START + timedelta(seconds=number))
    assert tally.take_alert(alert("breach", 0), START) is None
    assert [seen.alert.data.level for seen in tally.latest(9)].count("breach") == 3
    assert len(tally.latest(9)) == 9
    tally.take_alert(alert("breach", 0, revision=2, status="retracted"), START)
    assert tally.standing()["breach", "retracted"] == 1
    assert tally.standing()["breach", "firing"] == 2
