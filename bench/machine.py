"""The machine under the benchmark: cores to pin to, CPU time and memory of a process, what it is made of.

Generator and broker stay on one core and the measured process on another, or they would slow each other down.
Reads /proc, so Linux only. Used by every section.
"""

from __future__ import annotations

import contextlib
import os
import platform
import subprocess
import sys
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from streams.brokers.jars import kafka_version

ROOT = Path(__file__).resolve().parents[1]
OTHER_PYTHON = ROOT / ".venv-bench" / "bin" / "python"
_TICKS = os.sysconf("SC_CLK_TCK")
_PACKAGES = (
    "faust-streaming", "mode-streaming", "aiokafka", "confluent-kafka", "msgspec", "prometheus-client", "uvloop",
)  # fmt: skip
_OTHER_PACKAGES = ("quixstreams", "bytewax", "confluent-kafka")


class Cores:
    """Which cores the load (generator, broker) and the measured process run on.

    Made once, at the start: from then on this process and its children stay on the load's core.
    """

    def __init__(self) -> None:
        cores = sorted(os.sched_getaffinity(0))
        self.load, self.measured = cores[:1], cores[1:2] or cores[:1]
        os.sched_setaffinity(0, self.load)

    @property
    def apart(self) -> bool:
        """Whether there were two cores to keep apart."""
        return self.load != self.measured

    @contextlib.contextmanager
    def for_measured(self) -> Iterator[None]:
        """What is started meanwhile runs on the measured core, all its threads included."""
        os.sched_setaffinity(0, self.measured)
        try:
            yield
        finally:
            os.sched_setaffinity(0, self.load)


def cpu_seconds(pid: int) -> float:
    """CPU time of a process over all its threads, user and system."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS


def rss_bytes(pid: int) -> int:
    """Resident memory of a process."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) * 1024
    return 0


def described() -> dict[str, Any]:
    """What the figures were measured on and with."""
    info = Path("/proc/cpuinfo").read_text().splitlines()
    model = next((line.partition(":")[2].strip() for line in info if line.startswith("model name")), "unknown")
    memory = int(Path("/proc/meminfo").read_text().splitlines()[0].split()[1]) // 1024
    versions = {name: version(name) for name in _PACKAGES} | {"kafka": kafka_version()}
    return {
        "cpu": model,
        "cores": os.cpu_count(),
        "memory_mb": memory,
        "system": f"{platform.system()} {platform.release()}",
        "python": f"{platform.python_version()} ({platform.python_compiler()}, {_built()})",
        "versions": versions,
        "other_versions": _other_versions(),
        "load_average_at_start": os.getloadavg()[0],
    }


def _built() -> str:
    """Whose interpreter it is: the same version runs a tenth slower where it was built without profiles."""
    return "a distribution's" if Path(sys.base_prefix) == Path("/usr") else "another's"


def _other_versions() -> dict[str, str]:
    if not OTHER_PYTHON.exists():
        return {}
    code = f"from importlib.metadata import version as v; print(*(n + '=' + v(n) for n in {_OTHER_PACKAGES!r}))"
    told = subprocess.run([str(OTHER_PYTHON), "-c", code], capture_output=True, text=True, check=False).stdout
    return dict(pair.split("=", 1) for pair in told.split())


def commit() -> str:
    """The commit that was measured, `+` behind it when files differ from it; empty without git."""

    def git(*words: str) -> str:
        told = subprocess.run(["git", *words], cwd=ROOT, capture_output=True, text=True, check=False)  # noqa: S607
        return told.stdout.strip() if told.returncode == 0 else ""

    with contextlib.suppress(FileNotFoundError):
        name = git("rev-parse", "--short=12", "HEAD")
        return name + ("+" if name and git("status", "--porcelain", "--untracked-files=no") else "")
    return ""


def product_version() -> str:
    """The version of slawatch that is installed."""
    try:
        return version("slawatch")
    except PackageNotFoundError:
        return f"unknown, run by {Path(sys.executable).name}"
