"""A real Prometheus and Alertmanager of Debian's, started from the repository's own configuration.

Only the targets are changed, and how often they are looked at and shares are counted, to make it quicker.
"""

import contextlib
import json
import shutil
import subprocess
import urllib.parse
import urllib.request
from pathlib import Path

import pytest

from tests.copies import copied
from tests.live.stage import free_port, wait_for

DEPLOY = Path(__file__).parents[2] / "deploy"
PROGRAMS = ("prometheus", "prometheus-alertmanager")


def needed():
    """Skip where the programs are not."""
    for program in PROGRAMS:
        if shutil.which(program) is None:
            pytest.skip(f"{program} is not installed (Debian: see .ci/debian.txt)")


def get(url):
    """A page as text."""
    with urllib.request.urlopen(url, timeout=10) as answer:
        return answer.read().decode()


@contextlib.contextmanager
def running(command, ready):
    """A server of Debian's, until the block ends."""
    with Path(f"{command[0]}.log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log)
    try:

        def answers():
            assert process.poll() is None, Path(f"{command[0]}.log").read_text()
            with contextlib.suppress(OSError):
                return get(ready)

        wait_for(f"{command[0]} to be ready", answers)
        yield
    finally:
        process.terminate()
        process.wait(30)


@contextlib.contextmanager
def watched(folder, workers, notifiers):
    """Prometheus and Alertmanager from the repository's configuration; their addresses."""
    copied(DEPLOY, folder / "deploy")
    prometheus, alertmanager = free_port(), free_port()
    targets = folder / "deploy" / "prometheus" / "targets"
    for name, ports in (("workers", workers), ("notifiers", notifiers), ("alertmanagers", [alertmanager])):
        (targets / f"{name}.yml").write_text(json.dumps([{"targets": [f"127.0.0.1:{port}" for port in ports]}]))
    configuration = folder / "deploy" / "prometheus" / "prometheus.yml"
    text = configuration.read_text()
    assert text.count("_interval: 15s") == 2
    configuration.write_text(text.replace("_interval: 15s", "_interval: 1s"))
    shares = folder / "deploy" / "prometheus" / "rules" / "compliance.yml"
    text = shares.read_text()
    assert text.count(" interval: 1m") == 1
    shares.write_text(text.replace(" interval: 1m", " interval: 1s"))
    commands = (
        [
            "prometheus-alertmanager", f"--config.file={folder}/deploy/alertmanager/alertmanager.yml",
            f"--storage.path={folder}/alertmanager", f"--web.listen-address=127.0.0.1:{alertmanager}",
            "--cluster.listen-address=",
        ],
        [
            "prometheus", f"--config.file={configuration}", f"--storage.tsdb.path={folder}/tsdb",
            f"--web.listen-address=127.0.0.1:{prometheus}",
        ],
    )  # fmt: skip
    with (
        running(commands[0], f"http://127.0.0.1:{alertmanager}/-/ready"),
        running(commands[1], f"http://127.0.0.1:{prometheus}/-/ready"),
    ):
        yield f"http://127.0.0.1:{prometheus}", f"http://127.0.0.1:{alertmanager}"


def asked(prometheus, expression):
    """The answer to an expression: values by labels."""
    answer = json.loads(get(f"{prometheus}/api/v1/query?{urllib.parse.urlencode({'query': expression})}"))
    return [(series["metric"], float(series["value"][1])) for series in answer["data"]["result"]]
