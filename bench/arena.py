"""Where a benchmark takes place: one real Kafka, topics by scenario, and processes that all end with it.

Everything is bounded in time and ended by process id, also when a section fails. Used by every section on Kafka.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self
from urllib.request import urlopen

from confluent_kafka import Consumer, TopicPartition
from confluent_kafka.admin import AdminClient

from bench.machine import ROOT, Cores
from streams.brokers.local import LocalKafka, _free_port
from streams.topics import catalogue, create

PARTITIONS = 8
QUIET = 2  # librdkafka's clients would otherwise tell at length that the broker has ended
SETTINGS = {"log.segment.delete.delay.ms": 1_000, "log.retention.check.interval.ms": 300_000}


class Stuck(Exception):
    """Something did not happen in its time."""


def wait_for(what: str, answer: Callable[[], Any], timeout: float, every: float = 0.05) -> Any:
    """The first true answer. Raises Stuck."""
    until = time.monotonic() + timeout
    while not (found := answer()):
        if time.monotonic() > until:
            raise Stuck(f"waited {timeout:g} s for {what}")
        time.sleep(every)
    return found


def until(instant: datetime) -> None:
    """Sleep until then."""
    time.sleep(max(0.0, (instant - datetime.now(UTC)).total_seconds()))


class Running:
    """One process of the benchmark, with its log."""

    def __init__(
        self, command: Sequence[str], log: Path, cores: Cores | None, stdin: int = subprocess.DEVNULL
    ) -> None:
        self.log = log
        self.port = 0
        pinned = cores.for_measured() if cores else contextlib.nullcontext()
        out = log.open("wb")
        environment = {name: value for name, value in os.environ.items() if not name.startswith("SLAWATCH_")}
        with pinned, out:
            self.process = subprocess.Popen(
                [*_ends_with_us(), *command], cwd=ROOT, stdin=stdin, stdout=out, stderr=out, env=environment
            )

    @property
    def pid(self) -> int:
        """Its process id."""
        return self.process.pid

    def said(self) -> str:
        """What it logged."""
        return self.log.read_text(errors="replace")

    def check(self) -> None:
        """Raise Stuck if it has ended."""
        if self.process.poll() is not None:
            said = self.said().splitlines() or ["nothing"]
            blame = next((line for line in reversed(said) if "Error" in line), said[-1])
            stuck = Stuck(f"{self.log.stem} ended with {self.process.returncode}: {blame}")
            stuck.add_note("\n".join(said[-30:]))  # on the terminal only
            raise stuck

    def kill(self) -> None:
        """End it at once."""
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait(30)

    def stop(self) -> None:
        """Ask it to end, and see to it."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(30)
        self.kill()

    # -- a worker's status page --------------------------------------------------------------------------------

    def metrics(self) -> dict[str, float]:
        """Its metrics by name with labels, as Prometheus prints them; empty while there is no page."""
        try:
            with urlopen(f"http://127.0.0.1:{self.port}/metrics", timeout=10) as page:
                text = page.read().decode()
        except OSError:
            return {}
        pairs = (line.rpartition(" ") for line in text.splitlines() if line and line[0] != "#")
        return {name: float(value) for name, _, value in pairs}

    def counted(self) -> int:
        """Events a worker has taken."""
        return int(self.metrics().get("sla_events_total", 0))

    def wait_watching(self, timeout: float = 120) -> Self:
        """Wait until a worker has taken partitions over."""

        def watching() -> bool:
            self.check()
            return "event=partitions_watched" in self.said()

        wait_for("the worker to watch", watching, timeout)
        return self

    def wait_counted(self, number: int, timeout: float) -> None:
        """Wait until a worker has taken that many events."""

        def reached() -> bool:
            self.check()
            return self.counted() >= number

        wait_for(f"{number:,} events to be counted", reached, timeout, every=0.25)


class Arena:
    """A Kafka, and what runs on it. A context manager."""

    def __init__(self, cores: Cores, say: Callable[[str], None]) -> None:
        self.cores, self.say = cores, say
        self.folder = Path(tempfile.mkdtemp(prefix="slawatch-bench-"))
        self.kafka = LocalKafka(self.folder / "kafka", heap="1g", quick_start=False, overrides=SETTINGS)
        self._running: list[Running] = []
        self._numbers = iter(range(1, 1_000_000))

    def __enter__(self) -> Self:
        """Start the broker."""
        try:
            self.kafka.start()
        except BaseException:
            self.__exit__()
            raise
        self.admin = AdminClient({"bootstrap.servers": self.kafka.bootstrap, "log_level": QUIET})
        return self

    def __exit__(self, *_: object) -> None:
        """End everything."""
        self.end_all()
        self.kafka.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    @property
    def bootstrap(self) -> str:
        """Where the broker is."""
        return self.kafka.bootstrap

    def name(self, what: str) -> str:
        """A name nobody has."""
        return f"{what}{next(self._numbers)}"

    def end_all(self) -> None:
        """End what is still running."""
        for running in self._running:
            running.kill()
        self._running.clear()

    def topics(self, prefix: str, app_id: str) -> None:
        """Make the topics of an installation, all with the broker's append times, which is what we measure by."""
        specs = [replace(spec, append_time=True) for spec in catalogue(f"{prefix}.", app_id, PARTITIONS)]
        create(self.admin, specs, 1)

    @contextlib.contextmanager
    def scene(self, what: str) -> Iterator[str]:
        """Topics of one scenario under one name; processes end and topics go with it."""
        name = self.name(what)
        self.topics(name, name)
        try:
            yield name
        finally:
            self.end_all()
            self.drop(name)

    def drop(self, prefix: str) -> None:
        """Delete the topics whose names begin so."""
        gone = [topic for topic in self.admin.list_topics(timeout=30).topics if topic.startswith(prefix)]
        if gone:
            for future in self.admin.delete_topics(gone, operation_timeout=30).values():
                future.result(60)

    # -- processes ---------------------------------------------------------------------------------------------

    def run(
        self, name: str, command: Sequence[str], *, measured: bool = True, stdin: int = subprocess.DEVNULL
    ) -> Running:
        """Start a process, on the measured core or on the load's."""
        log = self.folder / f"{self.name(name + '-')}.log"
        running = Running(command, log, self.cores if measured else None, stdin)
        self._running.append(running)
        return running

    def worker_flags(self, prefix: str, app_id: str, port: int) -> list[str]:
        """The arguments of a worker of this arena."""
        return [
            "worker", f"--bootstrap={self.bootstrap}", f"--app-id={app_id}", f"--prefix={prefix}.",
            f"--partitions={PARTITIONS}", "--rulebook=sgcc-2014", f"--status-port={port}",
        ]  # fmt: skip

    def worker(self, prefix: str, app_id: str | None = None) -> Running:
        """Start a worker with the full rulebook and default settings."""
        port = _free_port()
        flags = self.worker_flags(prefix, app_id or prefix, port)
        running = self.run("worker", [sys.executable, "-m", "cli.main", *flags])
        running.port = port
        return running

    def sender(self, order: dict[str, Any]) -> Running:
        """Start the open-loop generator (`bench.sender`) and wait until its events are drawn; `go` starts it."""
        command = [sys.executable, "-m", "bench.sender", json.dumps({"bootstrap": self.bootstrap, **order})]
        running = self.run("sender", command, measured=False, stdin=subprocess.PIPE)

        def ready() -> bool:
            running.check()
            return "ready" in running.said()

        wait_for("the generator to draw its events", ready, 300)
        return running

    def ends(self, topic: str) -> int:
        """How many records a topic has, over all partitions."""
        consumer = Consumer({"bootstrap.servers": self.bootstrap, "group.id": "bench-ends"})
        try:
            pairs = [consumer.get_watermark_offsets(TopicPartition(topic, n), timeout=30) for n in range(PARTITIONS)]
        finally:
            consumer.close()
        return sum(high - low for low, high in pairs)


def go(sender: Running) -> None:
    """Let the generator begin."""
    assert sender.process.stdin is not None
    sender.process.stdin.write(b"go\n")
    sender.process.stdin.flush()


def told(sender: Running, timeout: float) -> dict[str, Any]:
    """Wait for the generator's end; what it sent, and how late it was at worst."""
    sender.process.wait(timeout)
    if sender.process.returncode:
        raise Stuck(f"the generator failed:\n{sender.said()[-2000:]}")
    report: dict[str, Any] = json.loads(sender.said().splitlines()[-1])
    return report


def _ends_with_us() -> list[str]:
    """The command prefix with which a child ends when this process is gone, where there is one."""
    setpriv = shutil.which("setpriv")
    return [setpriv, "--pdeathsig", "KILL"] if setpriv else []
