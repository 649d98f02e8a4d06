"""The rules of Prometheus: its own tools accept them, their tests pass, and they ask only for what there is."""

import re

import pytest
import yaml

from alerting.receivers.alertmanager import alert_for
from tests.alerting.receivers import building
from tests.deploy.series import PROMETHEUS, ROOT, RULES, entries, names, of_any_job, run, unknown

ALERTMANAGER = ROOT / "deploy" / "alertmanager" / "alertmanager.yml"
TESTS = sorted(PROMETHEUS.glob("tests/*.yml"))
HEADING = re.compile(r"^### (\w+)$", re.MULTILINE)

ALERTS = entries("alert")
EXPRESSIONS = [rule["expr"] for rule in entries("expr")]
each_alert = pytest.mark.parametrize("alert", ALERTS, ids=lambda alert: alert["alert"])


def test_promtool_accepts_the_configuration():
    """With every file of rules and of targets that it names."""
    assert f"{len(RULES)} rule files found" in run("promtool", "check", "config", str(PROMETHEUS / "prometheus.yml"))


@pytest.mark.parametrize("path", TESTS, ids=lambda path: path.stem)
def test_the_rules_do_what_their_tests_say(path):
    """`promtool test rules`."""
    assert "SUCCESS" in run("promtool", "test", "rules", str(path))


def test_amtool_accepts_the_configuration_of_alertmanager():
    """Routes, receivers and what silences what."""
    run("amtool", "check-config", str(ALERTMANAGER))


def test_alerts_about_tickets_that_come_by_the_same_alertmanager_wake_no_operator():
    """By a label that only they have; those about the monitor go on to the operators."""

    def receiver(labels):
        told = [f"{name}={value}" for name, value in labels.items()]
        return run("amtool", "config", "routes", "test", f"--config.file={ALERTMANAGER}", *told).strip()

    assert receiver(alert_for(building.alert(), "en", building.NOW)["labels"]) == "tickets"
    assert receiver({"alertname": "SlaNoWorker", "severity": "critical"}) == "operators"
    assert receiver({"alertname": "SlaClauseKeptTooRarely", "severity": "info"}) == "supervisors"
    assert receiver({"alertname": "SlaWatchdog", "severity": "none"}) == "watchdog"


def test_a_rule_asks_only_for_what_there_is():
    """Metrics of the catalogues with the labels they have, and recorded shares that a rule records."""
    assert len(set().union(*map(names, EXPRESSIONS))) > 20
    assert {expression: unknown(expression) for expression in EXPRESSIONS if unknown(expression)} == {}


def test_a_rule_says_of_which_job():
    """Otherwise a shadow, or a second installation, would hide what is missing and count what is in time twice."""
    assert {expression: of_any_job(expression) for expression in EXPRESSIONS if of_any_job(expression)} == {}
    assert of_any_job('sum(sla_tickets) / sum(up{instance="a"})') == {"sla_tickets", "up"}
    assert of_any_job('sla_notify_cases{job="slawatch-worker"}') == {"sla_notify_cases"}


@pytest.mark.parametrize(("name", "edge"), [("sla_detection_lateness_seconds", 0.25), ("sla_notify_late_seconds", 5)])
def test_an_objective_lies_on_an_edge_of_its_histogram(name, edge):
    """Otherwise its series would not exist."""
    from alerting.metrics import LATE_BUCKETS_S
    from streams.metrics import LATENESS_BUCKETS

    assert (
        edge in {"sla_detection_lateness_seconds": LATENESS_BUCKETS, "sla_notify_late_seconds": LATE_BUCKETS_S}[name]
    )
    series = re.compile(rf'{name}_bucket{{[^}}]*le="{float(edge)}"}}')
    assert any(series.search(expression) for expression in EXPRESSIONS)


@each_alert
def test_an_alert_says_what_it_is_and_what_to_do(alert):
    """A severity that Alertmanager routes by, a summary, and a heading of the guide."""
    assert alert["labels"]["severity"] in {"critical", "warning", "info", "none"}
    assert len(alert["annotations"]["summary"]) > 20
    page, _, anchor = alert["annotations"]["runbook"].partition("#")
    headings = HEADING.findall((ROOT / page).read_text(encoding="utf-8"))
    assert anchor in {heading.lower() for heading in headings}
    assert anchor == alert["alert"].lower()


@each_alert
def test_an_alert_is_seen_to_fire(alert):
    """In one of the rules' own tests."""
    cases = [
        case
        for path in TESTS
        for test in yaml.safe_load(path.read_text(encoding="utf-8"))["tests"]
        for case in test.get("alert_rule_test", ())
    ]
    assert any(case["alertname"] == alert["alert"] and case["exp_alerts"] for case in cases)


def test_the_guide_tells_of_no_alert_that_is_gone():
    """Each of its headings is an alert."""
    headings = HEADING.findall((ROOT / "docs" / "alerts.md").read_text(encoding="utf-8"))
    assert sorted(headings) == sorted(alert["alert"] for alert in ALERTS)
