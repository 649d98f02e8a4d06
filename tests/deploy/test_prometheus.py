"""A real Prometheus, started from the repository's own configuration, over a running worker and notifier.

What they tell is exactly what the catalogues say; the shares come out; and when the worker stops, a real Alertmanager
has the alert. Only the targets are changed, and the 15 s between two looks, to make it quicker.
"""

import contextlib
import json
import shutil
import subprocess
import urllib.parse
import urllib.request
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.alerting.live.process import NotifierProcess, Sink
from tests.alerting.live.stage import DeliveryStage
from tests.docs.metrics_page import notifier as notifiers_catalogue
from tests.docs.metrics_page import worker as workers_catalogue
from tests.live.stage import free_port, wait_for
from tests.live.test_spine import event, now

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(300)]

DEPLOY = Path(__file__).parents[2] / "deploy"
PROGRAMS = ("prometheus", "prometheus-alertmanager")


def get(url):
    """A page as text."""
    with urllib.request.urlopen(url, timeout=10) as answer:
        return answer.read().decode()


def told(port):
    """The metrics that a process tells: type, labels and help by name."""
    found = {}
    for family in text_string_to_metric_families(get(f"http://127.0.0.1:{port}/metrics")):
        name = f"{family.name}_total" if family.type == "counter" else family.name
        labels = {frozenset(sample.labels.keys() - {"le"}) for sample in family.samples}
        found[name] = (family.type, labels, family.documentation)
    return found


def differs(port, catalogue):
    """Where what a process tells is not what the catalogue says; labels are seen only where there are series."""
    found = told(port)
    wrong = found.keys() ^ catalogue.keys()
    for name in found.keys() & catalogue.keys():
        type_, labels, says = catalogue[name]
        if found[name][0] != type_ or found[name][2] != says or not found[name][1] <= {frozenset(labels)}:
            wrong.add(name)
    return wrong


@contextlib.contextmanager
def running(command, ready):
    """A server of Debian's, until the block ends."""
    with Path(f"{command[0]}.log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log)
    try:

        def answers():
            assert process.poll() is None, Path(f"{command[0]}.log").read_text()
            with contextlib.suppress(OSError):
                return get(ready)

        wait_for(f"{command[0]} to be ready", answers)
        yield
    finally:
        process.terminate()
        process.wait(30)


@contextlib.contextmanager
def watched(folder, workers, notifiers):
    """Prometheus and Alertmanager from the repository's configuration; their addresses."""
    shutil.copytree(DEPLOY, folder / "deploy")
    prometheus, alertmanager = free_port(), free_port()
    targets = folder / "deploy" / "prometheus" / "targets"
    for name, ports in (("workers", workers), ("notifiers", notifiers), ("alertmanagers", [alertmanager])):
        (targets / f"{name}.yml").write_text(json.dumps([{"targets": [f"127.0.0.1:{port}" for port in ports]}]))
    configuration = folder / "deploy" / "prometheus" / "prometheus.yml"
    text = configuration.read_text()
    assert text.count("_interval: 15s") == 2
    configuration.write_text(text.replace("_interval: 15s", "_interval: 1s"))
    commands = (
        [
            "prometheus-alertmanager", f"--config.file={folder}/deploy/alertmanager/alertmanager.yml",
            f"--storage.path={folder}/alertmanager", f"--web.listen-address=127.0.0.1:{alertmanager}",
            "--cluster.listen-address=",
        ],
        [
            "prometheus", f"--config.file={configuration}", f"--storage.tsdb.path={folder}/tsdb",
            f"--web.listen-address=127.0.0.1:{prometheus}",
        ],
    )  # fmt: skip
    with (
        running(commands[0], f"http://127.0.0.1:{alertmanager}/-/ready"),
        running(commands[1], f"http://127.0.0.1:{prometheus}/-/ready"),
    ):
        yield f"http://127.0.0.1:{prometheus}", f"http://127.0.0.1:{alertmanager}"


def asked(prometheus, expression):
    """The answer to an expression: values by labels."""
    answer = json.loads(get(f"{prometheus}/api/v1/query?{urllib.parse.urlencode({'query': expression})}"))
    return [(series["metric"], float(series["value"][1])) for series in answer["data"]["result"]]


def alerts(alertmanager):
    """The names of the alerts that Alertmanager has."""
    return {alert["labels"]["alertname"] for alert in json.loads(get(f"{alertmanager}/api/v2/alerts"))}


def test_prometheus_watches_a_worker_and_a_notifier(stage, redis, tmp_path, monkeypatch):
    """Catalogues, recorded shares, silence while all is well, and the alert when the worker is gone."""
    for program in PROGRAMS:
        if shutil.which(program) is None:
            pytest.skip(f"{program} is not installed (Debian: see .ci/debian.txt)")
    monkeypatch.chdir(tmp_path)
    stage.produce([event("t1", 1, "repair.accepted", now())])
    worker = stage.worker().wait_watching()
    with Sink() as sink, DeliveryStage(stage.bootstrap, redis, f"{stage.app_id}x.") as delivery:
        telling = NotifierProcess(delivery, tmp_path).webhook(sink).start()
        telling.wait_for(lambda: "event=partition_served" in telling.said(), "it serves")
        wait_for(
            "the event to be counted",
            lambda: "sla_events_total 1.0" in get(f"http://127.0.0.1:{worker.port}/metrics"),
        )
        assert differs(worker.port, workers_catalogue()) == set()
        assert differs(telling.port, notifiers_catalogue()) == set()
        with watched(tmp_path, [worker.port], [telling.port]) as (prometheus, alertmanager):
            wait_for("both to be scraped", lambda: len(asked(prometheus, 'up{job=~"slawatch-.*"} == 1')) == 2)
            running_now = 'sla:clocks_open:sum{rule="repair/dispatch"} == 1'
            wait_for("the open clock to be counted", lambda: asked(prometheus, running_now))
            wait_for("the watchdog to be heard", lambda: alerts(alertmanager) == {"SlaWatchdog"})
            worker.kill()
            expected = {"SlaWatchdog", "SlaWorkerDown", "SlaNoWorker"}
            wait_for("the alert for the worker", lambda: expected <= alerts(alertmanager), 120)
