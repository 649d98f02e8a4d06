"""How a worker ends that must not go on: a refused port is told plainly, any other error is a fault of the program."""

import json
import socket
import subprocess
import sys

import pytest

BEGIN = """
import sys
import agents.process as process
import cli.worker as worker
from cli.main import main

worker._may_start = lambda settings, rulebook: True  # there is no Kafka here
process.Worker.start = lambda self, after: None

async def broken(self):
    raise OSError(5, "the disk is full of holes")

if sys.argv.pop(1) == "broken":
    process.LoopWatch.stalls = broken
sys.exit(main())
"""


@pytest.fixture
def taken():
    """A port of this machine that something listens on."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        yield listening.getsockname()[1]


def ended(how, port, form="json"):
    """A worker that was started and has ended."""
    flags = [f"--status-port={port}", f"--log-format={form}", "--bootstrap=127.0.0.1:1"]
    command = [sys.executable, "-c", BEGIN, how, "worker", *flags]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


def events(done):
    """The lines of its own log by event, without what libraries say."""
    lines = [json.loads(line) for line in done.stderr.splitlines()]
    return {line["event"]: line for line in lines if line["event"] != "library_said"}


def test_a_taken_port_is_told_as_one(taken):
    """As a line of the log where machines read it; exit code 1, for it may be mended."""
    done = ended("sound", taken)
    assert done.returncode == 1
    said = events(done)["start_refused"]["error"]
    assert said.startswith(f"127.0.0.1:{taken}: ")
    assert said.endswith("give another --status-port")


def test_a_taken_port_is_told_a_person_in_plain_words(taken):
    """One sentence, no traceback."""
    done = ended("sound", taken, "text")
    assert done.returncode == 1
    assert f"127.0.0.1:{taken}: " in done.stderr
    assert "Traceback" not in done.stderr


def test_an_error_of_the_system_while_it_runs_is_no_taken_port():
    """It is a fault of the program: exit code 70, and the log says where."""
    done = ended("broken", 0)
    assert done.returncode == 70, done.stderr
    line = events(done)["process_crashed"]
    assert "the disk is full of holes" in json.dumps(line["exception"])
    assert "--status-port" not in done.stderr
