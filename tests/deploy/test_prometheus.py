"""A real Prometheus, started from the repository's own configuration, over a running worker and notifier.

What they tell is exactly what the catalogues say; the shares come out; and while all is well only the watchdog is heard.
What is heard when one of them stops is tried in `test_outages`.
"""

import json

import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.alerting.live.process import NotifierProcess, Sink
from tests.alerting.live.stage import DeliveryStage
from tests.deploy.watching import asked, get, needed, watched
from tests.docs.metrics_page import notifier as notifiers_catalogue
from tests.docs.metrics_page import worker as workers_catalogue
from tests.live.stage import wait_for
from tests.live.test_spine import event, now

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(300)]


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


def alerts(alertmanager):
    """The names of the alerts that Alertmanager has."""
    return {alert["labels"]["alertname"] for alert in json.loads(get(f"{alertmanager}/api/v2/alerts"))}


def test_prometheus_watches_a_worker_and_a_notifier(stage, redis, tmp_path, monkeypatch):
    """Catalogues, recorded shares, and silence while all is well."""
    needed()
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
