"""A stage for live tests: topics of its own on a broker, workers as real processes, and what came out of them.

Used by the tests of this folder and by `tests/faults`. Servers listen on loopback, processes are ended by the
process id that was kept, and nothing sleeps for luck: everything waits on a condition with a timeout.
"""

import json
import os
import random
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from confluent_kafka import Consumer, KafkaError, Producer, TopicPartition
from confluent_kafka.admin import AdminClient

from cli.rulebook_files import keyed, load
from cli.trial import Trial
from sla.publication import Channel
from sla.watch import Watch
from streams.topics import catalogue, create

SLAWATCH = [sys.executable, "-m", "cli.main"]
WATCHING = "event=partitions_watched matter=tickets"
"""What a worker logs when it has taken its partitions over."""


def free_port() -> int:
    """A port of loopback that was free a moment ago."""
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def wait_for(what: str, condition: Callable[[], Any], timeout: float = 60.0, every: float = 0.1) -> Any:
    """The first true answer of `condition`; fails with `what` when none comes in time."""
    until = time.monotonic() + timeout
    while True:
        answer = condition()
        if answer:
            return answer
        assert time.monotonic() < until, f"waited {timeout:g} s for {what}"
        time.sleep(every)


@dataclass
class Worker:
    """One worker process."""

    process: subprocess.Popen[bytes]
    port: int
    log: Path

    def kill(self) -> None:
        """Kill -9."""
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait(30)

    def stop(self) -> int:
        """An orderly end; the exit code."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        return self.process.wait(60)

    def log_text(self) -> str:
        """What it logged."""
        return self.log.read_text(errors="replace")

    def wait_watching(self, timeout: float = 60.0) -> "Worker":
        """Wait until it has taken its partitions over."""
        wait_for(
            f"the worker to watch; it said: {self.log_text()[-2000:]}",
            lambda: WATCHING in self.log_text() or self.process.poll() is not None,
            timeout,
        )
        assert self.process.poll() is None, self.log_text()[-4000:]
        return self

    def wait_exit(self, timeout: float = 60.0) -> int:
        """Wait until it ended by itself; the exit code."""
        return self.process.wait(timeout)


@dataclass
class Seen:
    """What a topic held: alerts and verdicts by (id, revision), contents that contradict each other, in order."""

    records: list[dict[str, Any]] = field(default_factory=list)
    contents: dict[tuple[str, int], set[bytes]] = field(default_factory=dict)

    def take(self, raw: bytes, appended_ms: int) -> None:
        """Note one record."""
        envelope = json.loads(raw)
        data = envelope["data"]
        name = data.get("alert_id") or data["clock_id"]
        self.contents.setdefault((name, data["revision"]), set()).add(raw)
        self.records.append({"name": name, "appended_ms": appended_ms, **data})

    def torn(self) -> list[tuple[str, int]]:
        """Ids and revisions that were published with two contents."""
        return [key for key, contents in self.contents.items() if len(contents) > 1]

    def last(self) -> dict[str, dict[str, Any]]:
        """The record of the highest revision of each id."""
        last: dict[str, dict[str, Any]] = {}
        for record in self.records:
            known = last.get(record["name"])
            if known is None or record["revision"] >= known["revision"]:
                last[record["name"]] = record
        return last


class Stage:
    """Topics, workers and outputs under one name."""

    def __init__(
        self,
        bootstrap: str,
        folder: Path,
        name: str,
        *,
        partitions: int = 4,
        embedded: Any = None,
        customer_key: str = "",
        **settings: Any,
    ) -> None:
        self.customer_key = customer_key
        self.bootstrap, self.folder, self.partitions = bootstrap, folder, partitions
        self.app_id, self.prefix = name, f"{name}."
        self.settings = {"session_timeout": 6, "rulebook": "sgcc-2014", **settings}
        self.workers: list[Worker] = []
        specs = catalogue(self.prefix, self.app_id, partitions)
        if embedded is not None:
            for spec in specs:
                embedded.create_topic(spec.name, spec.partitions)
        else:
            self.admin = AdminClient({"bootstrap.servers": bootstrap})
            create(self.admin, specs, 1)

    def __enter__(self) -> "Stage":
        return self

    def __exit__(self, *_: object) -> None:
        for worker in self.workers:
            worker.kill()

    def topic(self, name: str) -> str:
        """A topic's full name."""
        return self.prefix + name

    def worker(self, *flags: str, crash_point: str = "", env: dict[str, str] | None = None) -> Worker:
        """Start a worker; it is ended with the stage."""
        port = free_port()
        log = self.folder / f"{self.app_id}-worker-{len(self.workers)}.log"
        told = [f"--{key.replace('_', '-')}={value}" for key, value in self.settings.items()]
        command = [
            *SLAWATCH, "worker", f"--bootstrap={self.bootstrap}", f"--app-id={self.app_id}", f"--prefix={self.prefix}",
            f"--partitions={self.partitions}", f"--status-port={port}", *told, *flags,
        ]  # fmt: skip
        environment = {**os.environ, **(env or {})}
        if self.customer_key:
            environment["SLAWATCH_CUSTOMER_KEY"] = self.customer_key
        if crash_point:
            environment["SLAWATCH_CRASH_POINT"] = crash_point
        with log.open("wb") as out:
            process = subprocess.Popen(command, stdout=out, stderr=out, stdin=subprocess.DEVNULL, env=environment)
        worker = Worker(process, port, log)
        self.workers.append(worker)
        return worker

    def produce(
        self, events: Iterable[dict[str, Any] | bytes], *, key: bytes | None = None, compression: str = "none"
    ) -> int:
        """Send events (or raw records under `key`) and wait for all acknowledgements; how many."""
        failed: list[KafkaError] = []
        producer = Producer(
            {
                "bootstrap.servers": self.bootstrap,
                "acks": "all",
                "linger.ms": 5,
                "partitioner": "murmur2_random",
                "compression.type": compression,
            }
        )
        count = 0
        for event in events:
            raw, name = (event, key) if isinstance(event, bytes) else (encoded(event), event["subject"].encode())
            while True:
                try:
                    producer.produce(
                        self.topic("ticket-events"),
                        raw,
                        name,
                        on_delivery=lambda e, _: e is not None and failed.append(e),
                    )
                    break
                except BufferError:
                    producer.poll(0.1)
            count += 1
        assert producer.flush(60) == 0
        assert not failed
        return count

    def records(self, topic: str) -> list[Any]:
        """Every message of a topic, from the beginning to its present end."""
        consumer = Consumer(
            {
                "bootstrap.servers": self.bootstrap,
                "group.id": "stage",
                "enable.auto.commit": False,
                "enable.partition.eof": True,
                "auto.offset.reset": "earliest",
                "fetch.wait.max.ms": 20,
            }
        )
        try:
            consumer.assign([TopicPartition(topic, number, 0) for number in range(self.partitions)])
            found, open_ = [], set(range(self.partitions))
            while open_:
                for message in consumer.consume(5000, timeout=1.0):
                    error = message.error()
                    if error is None:
                        found.append(message)
                    elif error.code() == KafkaError._PARTITION_EOF:
                        open_.discard(message.partition())
                    else:
                        raise AssertionError(error.str())
            return found
        finally:
            consumer.close()

    def seen(self, name: str) -> Seen:
        """The alerts or verdicts so far."""
        seen = Seen()
        for message in self.records(self.topic(name)):
            seen.take(message.value(), message.timestamp()[1])
        return seen

    def judged(self) -> dict[str, tuple[Any, ...]]:
        """How every clock and alert stands by what was published, in the words that must agree with `backtest`."""
        return standing(self.seen("verdicts").last().values(), self.seen("alerts").last().values())

    def backtest(self, events: Iterable[dict[str, Any]], until: datetime) -> dict[str, tuple[Any, ...]]:
        """The same, offline."""
        trial = Trial(Watch(keyed(load(str(self.settings["rulebook"])), self.customer_key, "")))
        trial.take(iter([encoded(event) for event in events]))
        verdicts, alerts = Seen(), Seen()
        for output in trial.outputs(until):
            (verdicts if output.channel is Channel.VERDICTS else alerts).take(output.value, 0)
        return standing(verdicts.last().values(), alerts.last().values())

    def wait_judged(self, expected: dict[str, tuple[Any, ...]], timeout: float = 90.0) -> None:
        """Wait until what is published equals what is expected; shows differences when it does not."""
        until = time.monotonic() + timeout
        while True:
            found = self.judged()
            if found == expected:
                return
            if time.monotonic() > until:
                wrong = {k: (expected.get(k), found.get(k)) for k in expected.keys() | found.keys()}
                wrong = {k: pair for k, pair in wrong.items() if pair[0] != pair[1]}
                logs = "\n".join(worker.log_text()[-1500:] for worker in self.workers)
                shown = "\n".join(f"{k}: expected {a}, found {b}" for k, (a, b) in list(wrong.items())[:10])
                raise AssertionError(f"{len(wrong)} of {len(expected)} differ:\n{shown}\n{logs}")
            time.sleep(0.5)

    def check_untorn(self) -> None:
        """No (id, revision) was published with two contents."""
        for name in ("alerts", "verdicts"):
            assert self.seen(name).torn() == []


def standing(verdicts: Iterable[dict[str, Any]], alerts: Iterable[dict[str, Any]]) -> dict[str, tuple[Any, ...]]:
    """Clocks and alerts by id; a withdrawn clock counts as never started, a retracted alert as never raised."""
    stand: dict[str, tuple[Any, ...]] = {}
    for v in verdicts:
        if v["reason"] != "start_withdrawn":
            times = (v.get("started_at"), v.get("due_at"), v.get("stopped_at"))
            stand[v["name"]] = (v["outcome"], v["reason"], *times, v.get("owner"), v.get("owner_level"))
    for a in alerts:
        if a["status"] != "retracted" and not a["rule"].startswith("operator/"):
            stand[a["name"]] = (a["status"], a["level"], a.get("due_at"), a.get("stopped_at"), a.get("owner"))
    return stand


def encoded(event: dict[str, Any]) -> bytes:
    """An event as a record's value."""
    return json.dumps(event, ensure_ascii=False).encode()


def disturbed(events: list[dict[str, Any]], seed: int) -> list[dict[str, Any]]:
    """The same events shuffled, each once to three times."""
    rng = random.Random(seed)
    repeated = [event for event in events for _ in range(rng.randint(1, 3))]
    rng.shuffle(repeated)
    return repeated
