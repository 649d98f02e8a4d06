"""The stage of the demo: the embedded broker in this process, its topics, and a real worker as a child process.

It exists so that everything that was started is ended, whatever happens. Used by `cli.demo_play` only.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Self

import aiohttp

from cli.configuration import PREFIX
from streams.brokers.embedded import EmbeddedKafka
from streams.clock import ScaledClock
from streams.settings import Settings
from streams.topics import catalogue, delivery_catalogue

PARTITIONS = 4
GRACE_WALL_S = 0.15
READY_WITHIN_S = 45.0
STOP_WITHIN_S = 8.0
TAIL_LINES = 25
HOME = Path(__file__).resolve().parent.parent


class WorkerGone(Exception):
    """The worker ended, or never came to watch; the message holds the end of its log."""


class Stage:
    """Broker, topics and worker, alive inside the `with` block."""

    def __init__(self, clock: ScaledClock) -> None:
        self.clock = clock
        self._open = ExitStack()

    def __enter__(self) -> Self:
        with ExitStack() as opened:
            folder = Path(opened.enter_context(tempfile.TemporaryDirectory(prefix="slawatch-demo-")))
            broker = opened.enter_context(EmbeddedKafka())
            self.settings = Settings(
                bootstrap=broker.bootstrap,
                app_id="demo",
                partitions=PARTITIONS,
                # Grace is waited in the time of the clock. What it has to cover (an event on its way into Kafka,
                # and two cores that draw a screen meanwhile) takes wall time, however fast the clock runs: at 60 x
                # the usual 0.2 s would leave 3 ms of it, and the demo would show nothing but false alarms.
                grace=GRACE_WALL_S * self.clock.speed,
                status_port=_free_port(),
            )
            prefix = self.settings.prefix
            specs = [*catalogue(prefix, self.settings.app_id, PARTITIONS), *delivery_catalogue(prefix, PARTITIONS)]
            for spec in specs:
                broker.create_topic(spec.name, spec.partitions)
            self._log, self.notifier_log = folder / "worker.log", folder / "notifier.log"
            self.worker = opened.enter_context(_running(self._command(), self._log, folder))
            self._open = opened.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._open.close()

    async def watching(self) -> None:
        """Return once the worker watches its partitions; WorkerGone if it does not come to that."""
        url = f"http://127.0.0.1:{self.settings.status_port}/readyz"
        until = time.monotonic() + READY_WITHIN_S
        async with aiohttp.ClientSession() as session:
            while time.monotonic() < until:
                self.check()
                with contextlib.suppress(aiohttp.ClientError, TimeoutError):
                    async with session.get(url, timeout=aiohttp.ClientTimeout(total=2)) as answer:
                        if answer.status == 200:
                            return
                await asyncio.sleep(0.1)
        raise WorkerGone(f"the worker was not ready within {READY_WITHIN_S:g} s; its log ends so:\n{self.tail()}")

    def check(self) -> None:
        """Raise WorkerGone if the worker is no more."""
        code = self.worker.poll()
        if code is not None:
            raise WorkerGone(f"the worker ended with exit code {code}; its log ends so:\n{self.tail()}")

    def tail(self) -> str:
        """The end of the worker's log."""
        return "\n".join(self._log.read_text(errors="replace").splitlines()[-TAIL_LINES:])

    def _command(self) -> list[str]:
        told = self.settings
        return [
            sys.executable, "-m", "cli.demo_worker",
            f"--config={os.devnull}",  # the demo is the same in every folder, whatever slawatch.toml lies there
            f"--bootstrap={told.bootstrap}", f"--app-id={told.app_id}", f"--prefix={told.prefix}",
            f"--partitions={told.partitions}", f"--rulebook={told.rulebook}", f"--grace={told.grace}",
            f"--session-timeout={told.session_timeout}", f"--status-port={told.status_port}",
            "--clock=scaled", f"--speed={self.clock.speed}",
            f"--origin={self.clock.origin_wall.isoformat()}={self.clock.origin.isoformat()}",
        ]  # fmt: skip


@contextlib.contextmanager
def _running(command: list[str], log: Path, folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A child process in a session of its own, so that Ctrl-C reaches the demo alone, which then ends it in order."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(PREFIX)}
    environment["PYTHONPATH"] = os.pathsep.join(filter(None, (str(HOME), environment.get("PYTHONPATH"))))
    with log.open("wb") as out:
        child = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=out,
            stderr=out,
            cwd=folder,  # the engine makes a folder for its data where it stands
            env=environment,
            start_new_session=True,
        )
    try:
        yield child
    finally:
        child.terminate()
        try:
            child.wait(STOP_WITHIN_S)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()
        if child.stdin is not None:
            child.stdin.close()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port
