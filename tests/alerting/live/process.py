"""A notifier as a process of its own, as a user runs it, and a small web server that takes its webhooks."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from alerting.signing import secret
from tests.alerting.live.stage import DeliveryStage
from tests.live.stage import free_port

ROUTES = """
fallback = ["hook"]
[[route]]
name = "all"
[[route.steps]]
to = ["receiver:hook"]
"""


class Sink:
    """A web server on loopback that notes each message, answers after a moment, and can be told what to answer."""

    def __init__(self, pause_s: float = 0.0, status: int = 204, answer: bytes = b"") -> None:
        """`answer` is the body of each answer, where the receiver says yes or no in there."""
        self.got: list[tuple[float, str, bytes]] = []
        self.under_way = self.most_under_way = 0
        self.status, self.pause_s = status, pause_s
        self._lock = threading.Lock()
        sink = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
                with sink._lock:
                    sink.got.append((time.monotonic(), self.headers.get("webhook-id", ""), body))
                    sink.under_way += 1
                time.sleep(sink.pause_s)  # how long the receiver takes
                with sink._lock:
                    sink.under_way -= 1
                try:
                    self.send_response(sink.status)
                    self.send_header("Content-Length", str(len(answer)))
                    self.end_headers()
                    self.wfile.write(answer)
                except OSError:
                    return  # whoever asked was killed

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}/alerts"

    def __enter__(self) -> Sink:
        """Serve."""
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop."""
        self._server.shutdown()
        self._server.server_close()

    def ids(self) -> list[str]:
        """The ids of all messages, in the order they came."""
        return [found for _, found, _ in list(self.got)]


class NotifierProcess:
    """`slawatch notifier` over a delivery folder."""

    def __init__(self, stage: DeliveryStage, folder: Path, name: str = "n1") -> None:
        self.stage, self.folder, self.name = stage, folder, name
        self.delivery = folder / "delivery"
        self.delivery.mkdir(exist_ok=True)
        self.log = folder / f"{name}.log"
        self.port = free_port()
        self.process: subprocess.Popen[bytes] | None = None

    def configure(self, receivers: str, routes: str = ROUTES) -> NotifierProcess:
        """Write the delivery folder."""
        (self.delivery / "receivers.toml").write_text(receivers)
        (self.delivery / "routes.toml").write_text(routes)
        return self

    def webhook(self, sink: Sink) -> NotifierProcess:
        """One webhook that hears everything."""
        return self.configure(
            f'[receivers.hook]\nkind = "webhook"\nurl = "{sink.url}"\nsecret = "{secret(b"k" * 32)}"\n'
            'allow_http = true\nallow_networks = ["127.0.0.0/8"]\n'
        )

    def start(self, *flags: str) -> NotifierProcess:
        """Start it; it need not be ready when this returns."""
        command = [
            sys.executable,
            "-m",
            "cli.main",
            "notifier",
            f"--bootstrap={self.stage.bootstrap}",
            f"--prefix={self.stage.prefix}",
            f"--partitions={self.stage.partitions}",
            f"--delivery={self.delivery}",
            f"--group={self.stage.prefix}notifier",
            f"--instance={self.name}",
            f"--redis-url={self.stage.redis.url}",
            f"--status-port={self.port}",
            *flags,
        ]
        environment = {name: value for name, value in os.environ.items() if not name.startswith("SLAWATCH_")}
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(command, stdout=log, stderr=log, env=environment)
        self.stage.processes.append(self.process)
        return self

    def kill(self) -> None:
        """End it at once."""
        assert self.process is not None
        self.process.kill()
        self.process.wait(30)

    def stop(self) -> int:
        """Ask it to end; its exit code."""
        assert self.process is not None
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(60)

    def said(self) -> str:
        """What it logged."""
        return self.log.read_text(errors="replace")

    def wait_for(self, what: Callable[[], bool], says: str, timeout_s: float = 90) -> None:
        """Wait for a condition while it runs."""
        over = time.monotonic() + timeout_s
        while not what():
            assert self.process is None or self.process.poll() is None, f"it ended: {self.said()[-3000:]}"
            assert time.monotonic() < over, f"not within {timeout_s:g} s: {says}\n{self.said()[-3000:]}"
            time.sleep(0.02)
