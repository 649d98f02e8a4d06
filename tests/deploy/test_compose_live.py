"""The processes of docker-compose.yml, started by hand by its own commands: a breach reaches whoever shall hear of it.

There is no container engine; what one would do is done here: names become addresses on loopback, mounted files are
copied, and the order of starting is kept. Commands, variables, files and health checks are those of the file.
"""

import json
import os
import re
import shutil
import subprocess
import sys
import urllib.request
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path

import pytest

from alerting.signing import secret
from cli.main import main
from streams.brokers.local import LocalKafka
from tests.alerting.live.process import Sink
from tests.deploy.compose import ROOT, Service, broker_settings, services
from tests.live.stage import encoded, free_port, wait_for
from tests.live.test_spine import event, now

pytestmark = [pytest.mark.kafka, pytest.mark.slow, pytest.mark.timeout(300)]

ELSEWHERE = {"valkey-server": ("valkey-server", "redis-server"), "alertmanager": ("prometheus-alertmanager",)}
RECEIVERS = """
[receivers.hook]
kind = "webhook"
url = "{hook}"
secret = "{secret}"
allow_http = true
allow_networks = ["127.0.0.0/8"]
[receivers.alertmanager]
kind = "alertmanager"
urls = ["{alertmanager}"]
allow_http = true
allow_networks = ["127.0.0.0/8"]
"""
ROUTES = """
fallback = ["hook"]
[[route]]
name = "breaches"
match = { level = "breach" }
[[route.steps]]
to = ["receiver:hook", "receiver:alertmanager"]
"""


def program(name: str) -> str:
    """Where a program of the file is on this machine."""
    names = ELSEWHERE.get(name, (name,))
    found = next((path for one in names if (path := shutil.which(one))), None)
    if found is None:
        pytest.skip(f"none of {', '.join(names)} is on the PATH")
    return found


class Host:
    """What a container engine would be: services by their own commands, under addresses of this machine."""

    def __init__(self, folder: Path, scraped_every: str = "1s", **variables: str) -> None:
        """`variables` are those of the file; `scraped_every` stands for Prometheus's 15 s."""
        self.folder = folder
        self.services = services(**variables)
        self._interval = scraped_every
        self._ports = {"kafka:9092": free_port(), "127.0.0.1:9092": free_port(), "localhost:9093": free_port()}
        self.kafka = LocalKafka(folder / "kafka", port=self._ports["kafka:9092"], overrides=self._broker())
        self.addresses = {
            f"{name}:{inside}": f"127.0.0.1:{free_port()}"
            for name, inside in (
                ("valkey", 6379), ("worker-1", 9464), ("worker-2", 9464), ("notifier", 9465),
                ("alertmanager", 9093), ("prometheus", 9090),
            )
        }  # fmt: skip
        self.addresses["kafka:9092"] = self.kafka.bootstrap
        self.running: dict[str, subprocess.Popen] = {}

    @property
    def outside(self) -> str:
        """Where Kafka is for those who are in no container."""
        return f"127.0.0.1:{self._ports['127.0.0.1:9092']}"

    def _broker(self) -> dict[str, str]:
        """The broker's settings of the file, on ports that are free here."""
        told = broker_settings(self.services["kafka"])
        del told["log.dirs"]  # kept in the test's folder
        for name in ("listeners", "advertised.listeners", "controller.quorum.voters"):
            text = told[name].replace("INSIDE://:9092", "INSIDE://kafka:9092")
            text = text.replace("OUTSIDE://:19092", "OUTSIDE://127.0.0.1:9092")
            for address, port in self._ports.items():
                text = text.replace(address, f"127.0.0.1:{port}")
            told[name] = text
        return told

    def placed(self, text: str, service: Service, paths: dict[str, str]) -> str:
        """A text of the file with the names and paths of containers replaced by those of here."""
        for address, here in self.addresses.items():
            text = text.replace(address, here)
        own = next((here for name, here in self.addresses.items() if name.startswith(f"{service.name}:")), "")
        inside = next((name.partition(":")[2] for name in self.addresses if name.startswith(f"{service.name}:")), "")
        text = text.replace(f"127.0.0.1:{inside}/", f"{own}/") if own else text
        if not paths:
            return text
        any_target = "|".join(map(re.escape, paths))  # the longest first
        return re.sub(rf"(?<![\w/])({any_target})(?![\w.-])", lambda found: paths[found[1]], text)

    def mounted(self, service: Service) -> dict[str, str]:
        """The mounts of a service: copies of what is mounted, with the names replaced, and empty folders."""
        paths: dict[str, str] = {}
        for mount in service.mounts:
            here = self.folder / service.name / mount.target.lstrip("/")
            paths[mount.target] = str(here)
            if mount.is_volume:
                here.mkdir(parents=True, exist_ok=True)
                continue
            source = ROOT / mount.source
            files = [file for file in source.rglob("*") if file.is_file()] if source.is_dir() else [source]
            for file in files:
                copy = here / file.relative_to(source) if source.is_dir() else here
                copy.parent.mkdir(parents=True, exist_ok=True)
                text = self.placed(file.read_text(), service, {})
                copy.write_text(text.replace("_interval: 15s", f"_interval: {self._interval}"))
        return dict(sorted(paths.items(), key=lambda pair: -len(pair[0])))

    def command(self, name: str) -> tuple[list[str], dict[str, str]]:
        """The command and the variables of a service, as they are here."""
        service = self.services[name]
        paths = self.mounted(service)
        environment = {key: value for key, value in os.environ.items() if not key.startswith("SLAWATCH_")}
        words = [self.placed(word, service, paths) for word in service.command]
        if service.ours:
            told = {key: self.placed(value, service, paths) for key, value in service.environment.items()}
            for key in told:
                if key.endswith("STATUS_HOST"):
                    told[key] = "127.0.0.1"
                if key.endswith("STATUS_PORT"):
                    told[key] = self.port(name)
            return [sys.executable, "-m", "cli.main", *words], environment | told
        if name == "valkey":
            own = ["--bind", "127.0.0.1", "--port", self.port(name), "--dir", paths["/data"]]
            return [program(words[0]), *words[1:], *own], environment
        return [program(name), *words, f"--web.listen-address=127.0.0.1:{self.port(name)}"], environment

    def port(self, name: str) -> str:
        """The port a service has here."""
        return next(here for address, here in self.addresses.items() if address.startswith(f"{name}:")).split(":")[1]

    def start(self, name: str) -> None:
        """Start a service that goes on."""
        command, environment = self.command(name)
        with (self.folder / f"{name}.log").open("wb") as log:
            process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=environment)
        self.running[name] = process

    def once(self, name: str) -> str:
        """Run a service that ends; what it printed."""
        command, environment = self.command(name)
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def well(self, name: str) -> bool:
        """What the health check of the file says; for a program that is not here, what its address answers."""
        service = self.services[name]
        assert service.health is not None
        words = [self.placed(word, service, {}) for word in service.health]
        if words[0] == "python":
            return subprocess.run([sys.executable, *words[1:]], capture_output=True, check=False).returncode == 0
        assert words[0] == "wget"
        return fetch(words[-1]) is not None

    def wait_well(self, *names: str) -> None:
        """Wait for health checks."""
        for name in names:
            wait_for(
                f"{name} to be well: {self.said(name)}", lambda name=name: self.alive(name) and self.well(name), 90
            )

    def alive(self, name: str) -> bool:
        """Whether it runs; it must."""
        assert self.running[name].poll() is None, f"{name} ended: {self.said(name)}"
        return True

    def said(self, name: str) -> str:
        """The end of what it logged."""
        return (self.folder / f"{name}.log").read_text(errors="replace")[-3000:]

    def stop(self, name: str) -> int:
        """End one as the engine does: it has its `stop_grace_period`."""
        process = self.running.pop(name)
        process.terminate()
        return process.wait(int(self.services[name].told["stop_grace_period"].rstrip("s")))

    def kill(self, name: str) -> None:
        """End one without a word."""
        process = self.running.pop(name)
        process.kill()
        process.wait(30)

    def end(self) -> None:
        """End what still runs."""
        for process in self.running.values():
            process.kill()
            process.wait(30)


def fetch(url: str) -> str | None:
    """What an address answers; None while it does not, or not with 200."""
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:
            return answer.read().decode()
    except OSError:
        return None


@pytest.fixture
def host(can_run_kafka, tmp_path: Path):
    """A host with a webhook to be told; its broker runs."""
    with ExitStack() as at_end:
        hook = at_end.enter_context(Sink())
        delivery = tmp_path / "my-delivery"
        delivery.mkdir()
        made = Host(tmp_path, DELIVERY=str(delivery))
        alertmanager = f"http://{made.addresses['alertmanager:9093']}"
        receivers = RECEIVERS.format(hook=hook.url, alertmanager=alertmanager, secret=secret(b"k" * 32))
        (delivery / "receivers.toml").write_text(receivers)
        (delivery / "routes.toml").write_text(ROUTES)
        made.hook = hook
        at_end.callback(made.end)
        at_end.enter_context(made.kafka)
        yield made


def test_a_breach_reaches_a_webhook(host: Host) -> None:
    """In the file's order, with its commands: told to the webhook, shown by Alertmanager, seen by Prometheus."""
    assert "topics are as they must be" in host.once("topics")
    for name in ("valkey", "alertmanager", "worker-1", "worker-2", "notifier", "prometheus"):
        host.start(name)
    host.wait_well("alertmanager", "worker-1", "worker-2", "notifier", "prometheus")

    started = now() - timedelta(seconds=121)
    accepted = host.folder / "accepted.jsonl"
    accepted.write_bytes(encoded(event("compose-1", 1, "repair.accepted", started, hung_up_at=started.isoformat())))
    assert main(["produce", str(accepted), "--bootstrap", host.outside]) == 0

    told = lambda: [one for _, _, body in host.hook.got if (one := json.loads(body))["subject"] == "compose-1"]  # noqa: E731
    wait_for("the webhook to be told", lambda: host.alive("notifier") and told(), 60)
    assert told()[0]["data"]["rule"] == "repair/dispatch"
    assert told()[0]["data"]["status"] == "firing"
    alertmanager = f"http://{host.addresses['alertmanager:9093']}/api/v2/alerts"
    wait_for("Alertmanager to show it", lambda: "compose-1" in (fetch(alertmanager) or ""), 30)

    query = f"http://{host.addresses['prometheus:9090']}/api/v1/query?query=up"
    wait_for("Prometheus to see all three", lambda: ups(fetch(query)) == ["1", "1", "1"], 60)

    for name in ("worker-2", "worker-1", "notifier"):
        assert host.stop(name) == 0, host.said(name)


def ups(answer: str | None) -> list[str]:
    """Of each slawatch process, whether Prometheus reaches it."""
    found = json.loads(answer)["data"]["result"] if answer else []
    return [one["value"][1] for one in found if one["metric"]["job"].startswith("slawatch")]
