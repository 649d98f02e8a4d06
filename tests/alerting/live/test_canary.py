"""Canaries over real processes: heard on every partition, missed while no worker runs, heard again when one does."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.alerting.live.process import NotifierProcess, Sink
from tests.alerting.live.redis_server import RedisServer
from tests.alerting.live.stage import DeliveryStage
from tests.deploy.test_prometheus import differs
from tests.docs.metrics_page import canary as catalogue
from tests.live.stage import SLAWATCH, Stage, free_port, wait_for

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(300)]

EVERY_S, LOST_AFTER_S = 3, 15
RECEIVERS = """
[receivers.people]
kind = "webhook"
url = "{people}"
secret_file = "{secret}"
allow_http = true
allow_networks = ["127.0.0.0/8"]
[receivers.canary]
kind = "webhook"
url = "http://127.0.0.1:{port}/alerts"
secret_file = "{secret}"
allow_http = true
allow_networks = ["127.0.0.0/8"]
"""
ROUTES = """
fallback = ["people"]
[[route]]
name = "everything"
[[route.steps]]
to = ["receiver:people"]
[[route]]
name = "canary"
match = { rule = "canary/*" }
[[route.steps]]
to = ["receiver:canary"]
"""


class CanaryProcess:
    """`slawatch canary` with a secret of its own."""

    def __init__(self, stage: Stage, folder: Path) -> None:
        self.stage, self.port, self.log = stage, free_port(), folder / "canary.log"
        self.secret = folder / "canary.secret"
        made = subprocess.run([*SLAWATCH, "canary", "--make-secret", str(self.secret)], check=False, timeout=60)
        assert made.returncode == 0
        self.process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> CanaryProcess:
        """It is not started yet."""
        return self

    def __exit__(self, *_: object) -> None:
        """End it, if it runs."""
        if self.process is not None:
            self.process.kill()
            self.process.wait(30)

    def start(self) -> None:
        """Start it."""
        command = [
            *SLAWATCH, "canary", f"--bootstrap={self.stage.bootstrap}", f"--prefix={self.stage.prefix}",
            f"--app-id={self.stage.app_id}", f"--partitions={self.stage.partitions}", f"--every={EVERY_S}",
            f"--lost-after={LOST_AFTER_S}", f"--secret-file={self.secret}", f"--status-port={self.port}",
        ]  # fmt: skip
        environment = {name: value for name, value in os.environ.items() if not name.startswith("SLAWATCH_")}
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(command, stdout=log, stderr=log, env=environment)

    def stop(self) -> int:
        """Ask it to end; its exit code."""
        assert self.process is not None
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(60)

    def told(self, name: str) -> dict[str, float]:
        """The series of a metric by what stands between the braces."""
        assert self.process is not None
        assert self.process.poll() is None, self.said()
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/metrics", timeout=5) as answer:
                text = answer.read().decode()
        except OSError:
            return {}
        found = re.findall(rf"^sla_canary_{name}(?:\{{(.*)\}})? (\S+)$", text, re.MULTILINE)
        return {labels: float(value) for labels, value in found}

    def count(self, name: str) -> float:
        """A counter; 0 while the process does not answer yet."""
        return self.told(f"{name}_total").get("", 0.0)

    def last_seen(self) -> list[float]:
        """When each partition was last proven."""
        return sorted(self.told("last_seen_timestamp_seconds").values())

    def said(self) -> str:
        """What it logged."""
        return self.log.read_text(errors="replace")[-3000:]


@pytest.fixture
def canary(real_kafka: str, tmp_path: Path) -> Iterator[CanaryProcess]:
    """A canary that is not yet started, on a stage of its own."""
    with Stage(real_kafka, tmp_path, f"k{os.getpid()}") as stage, CanaryProcess(stage, tmp_path) as process:
        yield process


def test_every_partition_is_proven_and_a_stopped_worker_is_missed(
    canary: CanaryProcess, redis: RedisServer, tmp_path: Path
) -> None:
    """Heard on all; with the worker gone nothing is heard and what is out is lost; and people hear nothing of it all."""
    stage = canary.stage
    with (
        Sink() as people,
        DeliveryStage(stage.bootstrap, redis, stage.prefix, stage.partitions) as delivery,
    ):
        notifier = NotifierProcess(delivery, tmp_path)
        addresses = {"people": people.url, "port": canary.port, "secret": canary.secret}
        notifier.configure(RECEIVERS.format(**addresses), ROUTES).start()
        worker = stage.worker().wait_watching()
        canary.start()

        heard_on_all = lambda: len(canary.last_seen()) == stage.partitions and canary.last_seen()[0] > 0  # noqa: E731
        notifier.wait_for(heard_on_all, "every partition is proven")
        notifier.wait_for(lambda: canary.count("resolved") >= stage.partitions, "their ends are told too")
        assert canary.count("lost") == 0
        assert canary.count("refused") == 0
        assert differs(canary.port, catalogue()) == set()

        assert worker.stop() == 0
        notifier.wait_for(lambda: canary.count("lost") >= 2 * stage.partitions, "what is out is lost")
        seen = canary.last_seen()
        heard = canary.count("heard")
        lost = canary.count("lost")
        notifier.wait_for(lambda: canary.count("lost") >= lost + stage.partitions, "the next ones too")
        assert (canary.last_seen(), canary.count("heard")) == (seen, heard)

        stage.worker().wait_watching()
        notifier.wait_for(lambda: canary.last_seen()[0] > seen[-1], "every partition is proven again")

        assert canary.stop() == 0, canary.said()
        wait_for("no canary to be open", lambda: _all_over(stage), 60)
        assert people.got == []
        assert stage.records(stage.topic("dead-letters")) == []
        assert notifier.stop() == 0


def _all_over(stage: Stage) -> bool:
    """Whether no breach of a canary stands any more; each lies in the partition it proves."""
    alerts = stage.seen("alerts").last().values()
    assert alerts
    for message in stage.records(stage.topic("alerts")):
        assert message.key().decode().startswith(f"canary-{message.partition()}-")
    return all(alert["status"] != "firing" for alert in alerts)


def test_it_does_not_start_under_a_rulebook_without_the_rule(canary: CanaryProcess, tmp_path: Path) -> None:
    """No worker would miss it; the message says what to copy, and from where."""
    command = [*SLAWATCH, "canary", "--rulebook=itsm-example", f"--secret-file={canary.secret}"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 2
    assert "canary/heard.toml" in done.stderr
    assert "[businesses.canary]" in done.stderr
