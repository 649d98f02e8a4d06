"""A real Apache Kafka broker (KRaft, one node) as a child process, on loopback and free ports.

It exists because some promises can only be tested against the real thing: compaction, rebalances, a broker
that is killed and comes back. It needs Java 17 and Maven, no Docker and no root. Tests, benchmarks and
`make kafka` import it; no worker does. `python -m streams.brokers.local` serves one until Ctrl-C.
"""

import argparse
import contextlib
import itertools
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Self

from streams.brokers.jars import LocalKafkaError, jars, kafka_version, missing_tools, run

CLUSTER_ID = "c2xhd2F0Y2gtbG9jYWwtMQ"  # base64url of 16 bytes
POLL_S = 0.05
LOG_TAIL_LINES = 40

# Ports come from below the kernel's ephemeral range. Inside it, a client which keeps dialling a broker which
# is down can be given that very port as its own, connect to itself, and keep the broker from coming back.
_FIRST_PORT, _PORT_COUNT = 20_000, 12_000
_port_steps = itertools.count(os.getpid() * 16)

SETTINGS: Mapping[str, object] = {
    "process.roles": "broker,controller",
    "node.id": 1,
    "controller.listener.names": "CONTROLLER",
    "auto.create.topics.enable": "false",
    # One node holds everything, and few internal partitions load faster.
    "offsets.topic.num.partitions": 4,
    "offsets.topic.replication.factor": 1,
    "transaction.state.log.num.partitions": 4,
    "transaction.state.log.replication.factor": 1,
    "transaction.state.log.min.isr": 1,
    # Rebalance tests would otherwise wait for timeouts that are meant for hundreds of consumers.
    "group.initial.rebalance.delay.ms": 0,
    "group.min.session.timeout.ms": 1_000,
    "group.consumer.min.session.timeout.ms": 1_000,
    "group.consumer.min.heartbeat.interval.ms": 300,
    # After kill -9 the restarted broker may register only once its old session has run out (9 s by default).
    "broker.session.timeout.ms": 2_000,
    "broker.heartbeat.interval.ms": 250,
    # Compaction and retention are looked at within a test's patience; the cleaner's default buffer is 128 MB.
    "log.cleaner.backoff.ms": 500,
    "log.cleaner.dedupe.buffer.size": 16 * 1024 * 1024,
    "log.initial.task.delay.ms": 1_000,
}


def _free_port() -> int:
    for _ in range(_PORT_COUNT):
        port = _FIRST_PORT + next(_port_steps) % _PORT_COUNT
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(("127.0.0.1", port))
            return port
    raise LocalKafkaError(f"no free port from {_FIRST_PORT} to {_FIRST_PORT + _PORT_COUNT - 1}")


class LocalKafka:
    """One Kafka node (broker and controller) over a data folder, which outlives `stop` and `kill`.

    `start` again reopens the same data at the same address. As a context manager it starts and stops.

    Args:
        data_dir: the folder for data, settings and `broker.log`; made if missing.
        port: the client port; None takes a free one, once, for the life of this object.
        heap: the JVM's largest heap, as for -Xmx.
        overrides: broker settings laid over SETTINGS.
        quick_start: compile with C1 only, which starts sooner; switch it off where throughput is measured.
    """

    def __init__(
        self,
        data_dir: Path | str,
        *,
        port: int | None = None,
        heap: str = "512m",
        overrides: Mapping[str, object] = MappingProxyType({}),
        quick_start: bool = True,
    ) -> None:
        self.data_dir = Path(data_dir).resolve()
        self.port = port if port is not None else _free_port()
        self.log = self.data_dir / "broker.log"
        self._settings_file = self.data_dir / "server.properties"
        self._controller_port = _free_port()
        self._heap = heap
        self._overrides = overrides
        self._quick_start = quick_start
        self._process: subprocess.Popen[bytes] | None = None
        self._log_from = 0  # where in the log the current start begins

    @property
    def bootstrap(self) -> str:
        """The address for `bootstrap.servers`; stays the same over restarts."""
        return f"127.0.0.1:{self.port}"

    @property
    def running(self) -> bool:
        """Whether the process is there; a paused one is."""
        return self._process is not None and self._process.poll() is None

    @property
    def pid(self) -> int | None:
        """The node's process id; None while there is none."""
        return self._process.pid if self._process is not None else None

    def start(self, timeout: float = 60.0) -> None:
        """Start the node and return once it takes clients; `timeout` in seconds.

        From the main thread, the node also ends when this process dies without saying so. LocalKafkaError if
        it is running, has no Java, ends early, or is not ready in time (then it is killed).
        """
        if self.running:
            raise LocalKafkaError(f"already running at {self.bootstrap}")
        self._write_settings()
        self._format_storage(timeout)
        self._log_from = self.log.stat().st_size if self.log.exists() else 0
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [*_die_with_parent(), *self._java(), "kafka.Kafka", str(self._settings_file)],
                cwd=self.data_dir,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # Ctrl-C in the terminal is for us; we then stop the node in order
            )
        try:
            self._await_ready(timeout)
        except BaseException:
            self.kill()
            raise

    def stop(self, timeout: float = 20.0) -> None:
        """End the node in order, by force if it takes over `timeout` seconds. No node is no error."""
        if self._process is not None:
            self._process.send_signal(signal.SIGCONT)  # a paused process would never see the SIGTERM
            self._process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(timeout)
            self.kill()

    def kill(self) -> None:
        """End the node at once (SIGKILL), as a crash does, and wait until it is gone. No node is no error."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def pause(self) -> None:
        """Freeze the node (SIGSTOP): its ports stay open and nothing answers."""
        self._signal(signal.SIGSTOP)

    def resume(self) -> None:
        """Let a paused node go on (SIGCONT)."""
        self._signal(signal.SIGCONT)

    def log_tail(self) -> str:
        """Return the last lines of the node's log."""
        text = self.log.read_text(errors="replace") if self.log.exists() else "(no log)"
        return "\n".join(text.splitlines()[-LOG_TAIL_LINES:])

    def __enter__(self) -> Self:
        """Start the node."""
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop the node."""
        self.stop()

    def _signal(self, number: signal.Signals) -> None:
        if not self.running or self._process is None:
            raise LocalKafkaError("the broker is not running")
        self._process.send_signal(number)

    def _write_settings(self) -> None:
        self.data_dir.mkdir(parents=True, exist_ok=True)
        controller = f"127.0.0.1:{self._controller_port}"
        settings = {
            **SETTINGS,
            "log.dirs": self.data_dir / "log",
            "controller.quorum.voters": f"1@{controller}",
        }
        settings["listeners"] = f"PLAINTEXT://{self.bootstrap},CONTROLLER://{controller}"
        settings |= self._overrides
        self._settings_file.write_text("".join(f"{name}={value}\n" for name, value in settings.items()))

    def _java(self) -> list[str]:
        java = shutil.which("java")
        if java is None:
            raise LocalKafkaError(missing_tools())
        # Serial GC starts quickest; below INFO Kafka does not say when it is ready.
        command = [java, f"-Xmx{self._heap}", "-XX:+UseSerialGC", "-Xshare:auto", "-Dlog4j2.level=INFO"]
        if self._quick_start:
            command.append("-XX:TieredStopAtLevel=1")
        return [*command, "-cp", f"{jars()}/*"]

    def _format_storage(self, timeout: float) -> None:
        if not (self.data_dir / "log" / "meta.properties").exists():
            settings = ["-t", CLUSTER_ID, "-c", str(self._settings_file)]
            command = [*self._java(), "kafka.tools.StorageTool", "format", *settings]
            run(command, timeout, "Kafka could not format its storage")

    def _ready(self) -> bool:
        """Look for the line with which this start says so; the port takes clients by then."""
        with self.log.open("rb") as log:
            log.seek(self._log_from)
            return b"Kafka Server started" in log.read()

    def _await_ready(self, timeout: float) -> None:
        deadline = time.monotonic() + timeout
        while not self._ready():
            if not self.running:
                raise LocalKafkaError(f"Kafka ended while starting; its log ends:\n{self.log_tail()}")
            if time.monotonic() > deadline:
                raise LocalKafkaError(f"Kafka not ready in {timeout:g} s; its log ends:\n{self.log_tail()}")
            time.sleep(POLL_S)


def _die_with_parent() -> list[str]:
    """Return the command prefix that ends a child when this process is gone.

    Linux watches the THREAD that starts the child, and pool threads end early: only the main one ties.
    """
    setpriv = shutil.which("setpriv")
    on_main_thread = threading.current_thread() is threading.main_thread()
    return [setpriv, "--pdeathsig", "TERM"] if setpriv and on_main_thread else []


def main(arguments: list[str] | None = None) -> int:
    """Serve a Kafka until Ctrl-C or SIGTERM; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m streams.brokers.local", description="A real Kafka.")
    parser.add_argument("--data-dir", type=Path, help="keep the data here (by default it goes at the end)")
    parser.add_argument("--port", type=int, default=9092, help="client port on loopback; 0 takes a free one")
    given = parser.parse_args(arguments)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with tempfile.TemporaryDirectory(prefix="slawatch-kafka-") as scratch, contextlib.ExitStack() as at_end:
        kafka = LocalKafka(given.data_dir or scratch, port=given.port or None, heap="1g", quick_start=False)
        at_end.callback(kafka.stop)
        try:
            kafka.start()
            print(f"Kafka {kafka_version()} at {kafka.bootstrap}; Ctrl-C ends it", flush=True)
            while kafka.running:
                time.sleep(POLL_S)
        except LocalKafkaError as error:
            print(error, file=sys.stderr)
            return 1
        except KeyboardInterrupt:
            return 0
        print(f"Kafka ended by itself; its log ends:\n{kafka.log_tail()}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
