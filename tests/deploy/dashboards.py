"""The dashboards as they are committed, and what their panels ask."""

import json
import re
from dataclasses import dataclass, field

from tests.deploy.series import ROOT

FOLDER = ROOT / "deploy" / "grafana" / "dashboards"

# What Grafana puts in for its variables: every choice, and a span that no test outlasts.
PUT_IN = {"$rule": ".*", "$unit": ".*", "$instance": ".*", "$__rate_interval": "10m", "$__range": "1h"}


@dataclass
class Asked:
    """One expression of a panel."""

    panel: str
    expr: str
    legend: set[str] = field(default_factory=set)

    def __str__(self):
        return f"{self.panel}: {self.expr}"


def put_in(expr):
    """An expression as Prometheus gets it."""
    for name, value in PUT_IN.items():
        expr = expr.replace(name, value)
    return expr


def dashboards():
    """Each dashboard by its file's name."""
    return {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in sorted(FOLDER.glob("*.json"))}


def panels(dashboard):
    """Its panels without the headings of rows."""
    return [panel for panel in dashboard["panels"] if panel["type"] != "row"]


def asked(dashboard):
    """Every expression of every panel."""
    return [
        Asked(panel["title"], put_in(target["expr"]), set(re.findall(r"{{(\w+)}}", target["legendFormat"])))
        for panel in panels(dashboard)
        for target in panel["targets"]
    ]
