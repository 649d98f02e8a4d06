"""The units of deploy/systemd: systemd accepts them, their commands are ours, and they do with exits what the guide says."""

import configparser
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from agents.process import STOP_WITHIN_S
from alerting.canary import patrol
from alerting.notifier import FINISH_S
from cli.main import parser
from tests.deploy.compose import services

ROOT = Path(__file__).parents[2]
UNITS = sorted((ROOT / "deploy" / "systemd").glob("*.service"))
each = pytest.mark.parametrize("path", UNITS, ids=lambda path: path.name)


def service(path):
    """The section [Service] of a unit."""
    unit = configparser.ConfigParser(interpolation=None, strict=False)
    unit.optionxform = str
    unit.read_string(path.read_text(encoding="utf-8"))
    return unit["Service"]


def test_there_is_one_for_each_process():
    """A worker, a notifier and the canary; the guide says how each is put in its place."""
    names = [f"slawatch-{process}@.service" for process in ("canary", "notifier", "worker")]
    assert [path.name for path in UNITS] == names
    guide = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
    assert all(f"deploy/systemd/{name}\n" in guide for name in names)


def process(path):
    """What a unit runs."""
    return path.name.removeprefix("slawatch-").partition("@")[0]


@each
def test_systemd_accepts_it(path, tmp_path):
    """`systemd-analyze verify`, with a Python that is here."""
    if shutil.which("systemd-analyze") is None:
        pytest.skip("systemd-analyze is not installed (Debian: see .ci/debian.txt)")
    copy = tmp_path / path.name.replace("@", "@9464")
    copy.write_text(path.read_text(encoding="utf-8").replace("/opt/slawatch/venv/bin/python", sys.executable))
    command = ["systemd-analyze", "verify", "--man=no", str(copy)]
    told = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert (told.returncode, told.stderr) == (0, "")


@each
def test_its_command_is_one_of_ours(path):
    """With flags that the command line knows."""
    words = service(path)["ExecStart"].replace("%H", "host").replace("%i", "9470").split()
    assert words[1:4] == ["-m", "cli.main", process(path)]
    assert "9470" in [str(value) for value in vars(parser().parse_args(words[3:])).values()]


@each
def test_it_waits_for_an_orderly_end(path):
    """Longer than the process may take: a notifier reads out, sends and writes, each within `FINISH_S`."""
    takes = {"worker": STOP_WITHIN_S, "notifier": 3 * FINISH_S, "canary": patrol.FINISH_S}
    assert float(service(path)["TimeoutStopSec"]) > takes[process(path)]


@each
def test_it_does_with_exits_what_the_guide_says(path):
    """All are started again but wrong use."""
    guide = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
    table = guide.partition("## Exit codes")[2].partition("\n## ")[0]
    left = [row.split("|")[1].strip() for row in table.splitlines() if row.endswith("| leaves it to a person |")]
    assert left == ["2"]
    assert service(path)["Restart"] == "always"
    assert service(path)["RestartPreventExitStatus"] == "2"


def test_a_worker_may_have_the_memory_that_the_guide_says():
    """Under systemd and in containers alike: it must hold what it inherits."""
    guide = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8").partition("## Size")[2]
    said = re.search(r"It is (\d+) GB in both: `MemoryMax`", guide)
    assert said
    assert service(ROOT / "deploy" / "systemd" / "slawatch-worker@.service")["MemoryMax"] == f"{said[1]}G"
    workers = [one for name, one in services().items() if name.startswith("worker-")]
    assert [one.told["mem_limit"] for one in workers] == [f"{said[1]}g"] * 2
