"""Any one of worker, notifier, Redis and Kafka stops: who hears of it, what still works, and whether all is as before.

The processes of docker-compose.yml on this machine, with Prometheus looking every 15 s as it does there, and the
repository's own Alertmanager configuration, whose operators are a web server here: the page must have come.
"""

import json
import logging
import shutil
import time
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import datetime, timedelta
from itertools import count
from pathlib import Path

import pytest

from agents.watchdog import STUCK_AFTER_S
from alerting.signing import secret
from cli.main import main
from tests.alerting.live.process import Sink
from tests.deploy.compose import ROOT
from tests.deploy.test_compose_live import RECEIVERS, ROUTES, Host, fetch, shipped_canary
from tests.live.stage import encoded, wait_for
from tests.live.test_spine import event, now

pytestmark = [pytest.mark.kafka, pytest.mark.slow, pytest.mark.timeout(420)]

logger = logging.getLogger(__name__)

PAGED_WITHIN_S = 120
WRITTEN_DOWN = 'sla_notify_attempts_total{outcome="sent",receiver="hook"} 2.0'
RUN = ("valkey", "alertmanager", "worker-1", "worker-2", "notifier", "prometheus")


class Watched:
    """All of it running: what the people on call and the operators have been told."""

    def __init__(self, host: Host, hook: Sink, operators: Sink) -> None:
        self.host, self._hook, self._operators = host, hook, operators
        self._numbers = count(1)

    def accept(self, *tickets: str, at: datetime) -> None:
        """Fault reports that were hung up at this instant: to be dispatched within two minutes."""
        events = [event(ticket, 1, "repair.accepted", at, hung_up_at=at.isoformat()) for ticket in tickets]
        self.send(events)

    def send(self, events: list[dict]) -> None:
        """Put events into Kafka, as the command line does."""
        file = self.host.folder / f"sent-{next(self._numbers)}.jsonl"
        file.write_bytes(b"".join(encoded(one) + b"\n" for one in events))
        assert main(["produce", str(file), "--bootstrap", self.host.outside]) == 0

    def breach(self, *tickets: str) -> None:
        """Reports whose two minutes are over in a moment."""
        self.accept(*tickets, at=now() - timedelta(seconds=119))

    def told(self, ticket: str) -> list[dict]:
        """The bodies of what the webhook was told of a ticket."""
        bodies = [json.loads(body) for _, _, body in list(self._hook.got)]
        return [body for body in bodies if body.get("subject") == ticket]

    def once(self, *tickets: str, within: float = 60) -> list[dict]:
        """Wait until each was told of, and see that each came once; the bodies."""
        wait_for(f"the webhook to hear of {tickets}", lambda: all(map(self.told, tickets)), within)
        assert [len(self.told(ticket)) for ticket in tickets] == [1] * len(tickets)
        return [self.told(ticket)[0] for ticket in tickets]

    def paged(self, alert: str, status: str = "firing") -> bool:
        """Whether the operators were told of an alert about the monitor."""
        groups = [json.loads(body) for _, _, body in list(self._operators.got)]
        return any(
            one["labels"]["alertname"] == alert and one["status"] == status
            for group in groups
            for one in group["alerts"]
        )

    def wait_paged(self, alert: str) -> None:
        """Wait for the page; how long it took is logged (`--log-cli-level=info`)."""
        began = time.monotonic()
        wait_for(f"the page {alert}", lambda: self.paged(alert), PAGED_WITHIN_S)
        logger.info("%s: paged after %.0f s", alert, time.monotonic() - began)

    def ready(self, worker: str) -> bool:
        """Whether a worker says that it watches."""
        return fetch(f"http://127.0.0.1:{self.host.port(worker)}/readyz") is not None

    def notifier_says(self, line: str) -> bool:
        """Whether the notifier's metrics hold a line."""
        return line in (fetch(f"http://127.0.0.1:{self.host.port('notifier')}/metrics") or "").splitlines()


@pytest.fixture
def watched(can_run_kafka: None, tmp_path: Path) -> Iterator[Watched]:
    """Everything is up, and a first breach has been told."""
    with ExitStack() as at_end:
        hook, operators = at_end.enter_context(Sink()), at_end.enter_context(Sink())
        delivery, telling = tmp_path / "my-delivery", tmp_path / "my-alertmanager.yml"
        delivery.mkdir()
        ours = (ROOT / "deploy" / "alertmanager" / "alertmanager.yml").read_text()
        assert "http://127.0.0.1:9480/operators" in ours
        telling.write_text(ours.replace("http://127.0.0.1:9480/operators", operators.url))
        host = Host(tmp_path, "15s", DELIVERY=str(delivery), ALERTMANAGER=str(telling))
        alertmanager = f"http://{host.addresses['alertmanager:9093']}"
        receivers = RECEIVERS.format(hook=hook.url, alertmanager=alertmanager, secret=secret(b"k" * 32))
        (delivery / "receivers.toml").write_text(receivers + shipped_canary())
        (delivery / "routes.toml").write_text(ROUTES)
        at_end.callback(host.end)
        at_end.callback(host.kafka.stop)
        host.kafka.start()
        host.once("topics")
        host.once("canary-secret")
        for name in RUN:
            host.start(name)
        host.wait_well("alertmanager", "worker-1", "worker-2", "notifier", "prometheus")
        made = Watched(host, hook, operators)
        made.breach("before-1", "before-2")
        made.once("before-1", "before-2")
        # A message whose answer has not been written down yet comes twice if the notifier is killed, and may.
        wait_for("what was told to be written down", lambda: made.notifier_says(WRITTEN_DOWN))
        yield made
        shutil.rmtree(tmp_path / "kafka", ignore_errors=True)


def test_without_redis_people_are_told_and_it_is_marked(watched: Watched) -> None:
    """Redis is killed: the breach comes, marked; the operators hear; with Redis back all is as before."""
    watched.host.kill("valkey")
    watched.breach("no-redis-1")
    assert watched.once("no-redis-1")[0]["degraded"] is True
    watched.wait_paged("SlaRedisDown")

    watched.host.start("valkey")
    wait_for("Redis to be found again", lambda: watched.notifier_says("sla_notify_degraded 0.0"))
    watched.breach("redis-again-1")
    assert watched.once("redis-again-1")[0]["degraded"] is False
    assert len(watched.told("no-redis-1")) == len(watched.told("before-1")) == 1


def test_without_a_worker_the_other_takes_over(watched: Watched) -> None:
    """A worker is killed: every breach comes from the other; the operators hear; it joins again."""
    watched.host.kill("worker-1")
    tickets = [f"one-worker-{number}" for number in range(16)]  # on every partition, most likely
    watched.breach(*tickets)
    watched.once(*tickets, within=90)
    watched.wait_paged("SlaWorkerDown")

    watched.host.start("worker-1")
    watched.host.wait_well("worker-1")
    wait_for("both to watch", lambda: watched.ready("worker-1") and watched.ready("worker-2"), 90)
    again = [f"two-workers-{number}" for number in range(16)]
    watched.breach(*again)
    watched.once(*again, within=90)
    wait_for("the page to be taken back", lambda: watched.paged("SlaWorkerDown", "resolved"), 150)


def test_without_kafka_the_workers_say_that_they_see_nothing(watched: Watched) -> None:
    """Kafka is killed while two clocks run: blind, and said so; back, what ran out is told and nothing else."""
    begun = now() - timedelta(seconds=90)
    watched.accept("ran-out", "in-time", at=begun)
    watched.send([event("in-time", 2, "repair.dispatched", begun + timedelta(seconds=60), to_unit="3201")])
    watched.host.kafka.kill()
    back_at = time.monotonic() + STUCK_AFTER_S + 10
    wait_for("the workers to say so", lambda: not watched.ready("worker-1") and not watched.ready("worker-2"))
    watched.wait_paged("SlaBrokersSilent")
    assert watched.told("ran-out") == []
    patience_s = STUCK_AFTER_S + 30
    wait_for("an outage longer than a stuck worker is borne", lambda: time.monotonic() > back_at, patience_s)

    watched.host.kafka.start()
    watched.once("ran-out", within=90)
    wait_for("both to watch", lambda: watched.ready("worker-1") and watched.ready("worker-2"), 90)
    watched.breach("kafka-again")
    watched.once("kafka-again", within=90)
    assert watched.told("in-time") == []
    for name in ("worker-1", "worker-2", "notifier"):
        assert watched.host.alive(name)


def test_without_a_notifier_nothing_is_lost(watched: Watched) -> None:
    """The notifier is killed: the operators hear; started again, it tells what came meanwhile, once."""
    watched.host.kill("notifier")
    watched.breach("nobody-told-1", "nobody-told-2")
    watched.wait_paged("SlaNoNotifier")
    assert watched.told("nobody-told-1") == []

    watched.host.start("notifier")
    watched.once("nobody-told-1", "nobody-told-2")
    watched.breach("told-again")
    watched.once("told-again")
    assert len(watched.told("before-1")) == 1
