"""The rules of Prometheus: its own tools accept them, their tests pass, and they ask only for what there is."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from tests.docs.metrics_page import canary, notifier, worker

ROOT = Path(__file__).parents[2]
PROMETHEUS = ROOT / "deploy" / "prometheus"
RULES = sorted(PROMETHEUS.glob("rules/*.yml"))
TESTS = sorted(PROMETHEUS.glob("tests/*.yml"))
METRICS = worker() | notifier() | canary()

NAME = re.compile(r"(?<![\w:])sla_[a-z0-9_]+")
RECORDED = re.compile(r"(?<![\w:])sla:[a-z0-9_:]+")
SELECTOR = re.compile(r"(?<![\w:])(sla_[a-z0-9_]+)\{([^}]*)\}")
HEADING = re.compile(r"^### (\w+)$", re.MULTILINE)


def entries(kind):
    """The rules of a kind (`record`, `alert`) in all files."""
    files = [yaml.safe_load(path.read_text(encoding="utf-8")) for path in RULES]
    return [rule for file in files for group in file["groups"] for rule in group["rules"] if kind in rule]


ALERTS = entries("alert")
EXPRESSIONS = [rule["expr"] for rule in entries("expr")]
each_alert = pytest.mark.parametrize("alert", ALERTS, ids=lambda alert: alert["alert"])


def metric(name):
    """The catalogue's entry behind the name of a series; None where there is none."""
    if name in METRICS:
        return METRICS[name]
    found = METRICS.get(re.sub(r"_(bucket|sum|count)$", "", name))
    return found if found is not None and found[0] == "histogram" else None


def run(*command):
    """What one of Prometheus's tools says; it must be content."""
    if shutil.which(command[0]) is None:
        pytest.skip(f"{command[0]} is not installed (Debian: see .ci/debian.txt)")
    told = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    assert told.returncode == 0, told.stdout + told.stderr
    return told.stdout


def test_promtool_accepts_the_configuration():
    """With every file of rules and of targets that it names."""
    assert f"{len(RULES)} rule files found" in run("promtool", "check", "config", str(PROMETHEUS / "prometheus.yml"))


@pytest.mark.parametrize("path", TESTS, ids=lambda path: path.stem)
def test_the_rules_do_what_their_tests_say(path):
    """`promtool test rules`."""
    assert "SUCCESS" in run("promtool", "test", "rules", str(path))


def test_amtool_accepts_the_configuration_of_alertmanager():
    """Routes, receivers and what silences what."""
    run("amtool", "check-config", str(ROOT / "deploy" / "alertmanager" / "alertmanager.yml"))


def test_every_metric_that_a_rule_names_exists():
    """And it has the labels that are asked for."""
    asked = {name for expression in EXPRESSIONS for name in NAME.findall(expression)}
    assert len(asked) > 10
    assert {name for name in asked if metric(name) is None} == set()
    for expression in EXPRESSIONS:
        for name, selector in SELECTOR.findall(expression):
            labels = set(re.findall(r"(\w+)\s*[=!]", selector))
            assert labels <= {*metric(name)[1], *(("le",) if name.endswith("_bucket") else ())}, expression


def test_every_share_is_recorded_before_it_is_asked_for():
    """Names of recorded rules are those of a rule."""
    recorded = {rule["record"] for rule in entries("record")}
    assert {name for expression in EXPRESSIONS for name in RECORDED.findall(expression)} <= recorded


@pytest.mark.parametrize(("name", "edge"), [("sla_detection_lateness_seconds", 0.25), ("sla_notify_late_seconds", 5)])
def test_an_objective_lies_on_an_edge_of_its_histogram(name, edge):
    """Otherwise its series would not exist."""
    from alerting.metrics import LATE_BUCKETS_S
    from streams.metrics import LATENESS_BUCKETS

    assert (
        edge in {"sla_detection_lateness_seconds": LATENESS_BUCKETS, "sla_notify_late_seconds": LATE_BUCKETS_S}[name]
    )
    assert any(f'{name}_bucket{{le="{float(edge)}"}}' in expression for expression in EXPRESSIONS)


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
