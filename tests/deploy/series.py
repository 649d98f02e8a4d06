"""What an expression of PromQL may name: the series of the three catalogues, of the recording rules, of Prometheus."""

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
JOBS = {"slawatch-worker": worker(), "slawatch-notifier": notifier(), "slawatch-canary": canary()}
METRICS = worker() | notifier() | canary()

# What Prometheus adds to each series it scrapes, and what it tells itself; an alert has the labels of its expression.
SCRAPED = {"job", "instance"}
OWN = {"up": SCRAPED, "ALERTS": {"alertname", "alertstate", "severity", *SCRAPED}}

NAMED = re.compile(r"(?<![\w:])(sla[_:][a-z0-9_:]+|up|ALERTS)\b(?:\{([^}]*)\})?")
ASKED = re.compile(r"(\w+)\s*(?:=~|!~|!=|=)")
GROUPED = re.compile(r"(?:by|on|group_left) \(([^)]*)\)")


def entries(kind):
    """The rules of a kind (`record`, `alert`, or `expr` for both) in all files."""
    files = [yaml.safe_load(path.read_text(encoding="utf-8")) for path in RULES]
    return [rule for file in files for group in file["groups"] for rule in group["rules"] if kind in rule]


RECORDED = {rule["record"]: rule["expr"] for rule in entries("record")}


def labels(name):
    """The labels that series of a name have; None where nothing has that name."""
    if name in RECORDED:
        return _of_recorded(RECORDED[name])
    if name in OWN:
        return OWN[name]
    plain = re.sub(r"_(bucket|sum|count)$", "", name)
    if name in METRICS:
        return {*METRICS[name][1], *SCRAPED}
    if METRICS.get(plain, ("",))[0] == "histogram":
        return {*METRICS[plain][1], *SCRAPED, *(("le",) if name.endswith("_bucket") else ())}
    return None


def _of_recorded(expression):
    """The labels that a recording rule leaves: those it sums by, or those of the first series it starts from."""
    expression = re.sub(
        r"^(topk by \([^)]*\) \(1, |clamp_min\()", "", expression
    )  # which leave the labels as they are
    if found := re.match(r"\w+ by \(([^)]*)\)", expression):
        return set(found[1].split(", "))
    [(first, _), *_] = NAMED.findall(expression)
    return labels(first) if expression.startswith(first) else set()


def names(expression):
    """The names of the series that an expression asks for."""
    return {name for name, _ in NAMED.findall(expression)}


def of_any_job(expression):
    """The names that an expression asks for without saying of which job: a shadow's processes have them too."""
    return {name for name, selector in NAMED.findall(expression) if not _says_job(name, selector)}


def _says_job(name, selector):
    if name in RECORDED or name == "ALERTS":
        return True
    if name == "up":
        return "job=" in selector
    plain = re.sub(r"_(bucket|sum|count)$", "", name)
    return any(f'job="{job}"' in selector for job, told in JOBS.items() if {name, plain} & told.keys())


def unknown(expression):
    """What an expression asks for that does not exist: names, and labels that no series of that name has."""
    wrong, there = set(), set()
    for name, selector in NAMED.findall(expression):
        known = labels(name)
        if known is None:
            wrong.add(name)
            continue
        there |= known
        wrong |= {f"{name}{{{label}}}" for label in set(ASKED.findall(selector)) - known}
    if "ALERTS" not in names(expression):
        wrong |= {label for group in GROUPED.findall(expression) for label in re.findall(r"\w+", group)} - there
    return wrong


def run(*command):
    """What one of Prometheus's tools says; it must be content."""
    if shutil.which(command[0]) is None:
        pytest.skip(f"{command[0]} is not installed (Debian: see .ci/debian.txt)")
    told = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    assert told.returncode == 0, told.stdout + told.stderr
    return told.stdout
