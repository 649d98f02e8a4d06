"""The jars of Apache Kafka that the local broker runs: resolved with Maven at first use, checked against jars.lock.

Apart from `streams.brokers.local`, which runs them, because what may be run is a question of its own. Tests,
benchmarks and `make kafka` import it; no worker does.
"""

import fcntl
import functools
import hashlib
import os
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
RECIPE = ROOT / "deploy" / "kafka"

COPY_JARS = "dependency:copy-dependencies"
MAVEN_TIMEOUT_S = 900


class LocalKafkaError(RuntimeError):
    """The local broker cannot be had or did not do as told; the message says why and quotes its log."""


def missing_tools() -> str | None:
    """Return why this machine cannot run a local Kafka, in words for a person; None if it can."""
    if shutil.which("java") is None:
        return "java is not on the PATH (Debian: default-jre-headless)"
    if shutil.which("mvn") is None and not (_cache() / kafka_version()).is_dir():
        return "mvn is not on the PATH (Debian: maven), and Kafka's jars are not in the cache"
    return None


@functools.cache
def kafka_version() -> str:
    """Return the Kafka version that deploy/kafka/pom.xml pins."""
    recipe = RECIPE / "pom.xml"
    text = recipe.read_text(encoding="utf-8") if recipe.exists() else ""
    found = re.search(r"<kafka\.version>(.+)</kafka\.version>", text)
    if found is None:
        raise LocalKafkaError(f"no Kafka version in {recipe}; a local Kafka needs a checkout of the project")
    return found[1]


@functools.cache
def jars() -> Path:
    """Return the folder of Kafka's jars, resolved with Maven at first use, always checked against jars.lock.

    Safe to race: one process resolves aside and renames, the others wait at a file lock. LocalKafkaError if
    Maven is missing or fails, or if one jar is not the one in jars.lock (then none is kept).
    """
    cache = _cache()
    target = cache / kafka_version()
    if target.is_dir():  # whole: it came there by being renamed
        _verify(target)
        return target
    cache.mkdir(parents=True, exist_ok=True)
    with (cache / "lock").open("w") as guard:
        fcntl.flock(guard, fcntl.LOCK_EX)
        if target.is_dir():
            _verify(target)
            return target
        with tempfile.TemporaryDirectory(prefix="resolving-", dir=cache) as scratch:
            fresh = Path(scratch) / "jars"
            command = ["mvn", "-B", "-ntp", "-q", "-f", str(RECIPE / "pom.xml"), COPY_JARS]
            command += [f"-DoutputDirectory={fresh}", "-DincludeScope=runtime"]
            run(command, MAVEN_TIMEOUT_S, "Maven could not resolve Kafka's jars")
            _verify(fresh)
            fresh.rename(target)
    return target


def _cache() -> Path:
    """Return where jars are kept: in the tree, or in the user's cache where the tree is read-only."""
    own = ROOT / ".cache" / "kafka"
    there = next(folder for folder in (own, *own.parents) if folder.exists())
    if (own / kafka_version()).is_dir() or os.access(there, os.W_OK):
        return own
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "slawatch" / "kafka"


def run(command: list[str], timeout: float, complaint: str) -> None:
    """Run a command that ends by itself; its output is quoted when it fails."""
    try:
        subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, timeout=timeout, check=True)
    except subprocess.CalledProcessError as error:
        said = (error.stdout + error.stderr).decode(errors="replace")
        raise LocalKafkaError(f"{complaint}:\n{said}") from error
    except (OSError, subprocess.TimeoutExpired) as error:
        raise LocalKafkaError(f"{complaint}: {error}") from error


def _verify(folder: Path) -> None:
    """Refuse a folder whose jars are not exactly those of jars.lock (lines as sha256sum prints them)."""
    lock = (RECIPE / "jars.lock").read_text(encoding="utf-8").splitlines()
    found = [f"{hashlib.sha256(jar.read_bytes()).hexdigest()}  {jar.name}" for jar in folder.glob("*.jar")]
    wrong = {line.partition("  ")[2] for line in set(lock) ^ set(found)}
    if wrong:
        raise LocalKafkaError(f"refused, not as in jars.lock: {', '.join(sorted(wrong))} in {folder}")
