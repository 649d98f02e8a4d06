"""A dashboard around its panels: rows, places on the grid, what can be chosen at its top. The dashboards beside this
file only.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final, NamedTuple

from deploy.grafana.panels import SOURCE, Panel, panel_id

GRID: Final = 24
"""Columns of Grafana's grid."""

TAG: Final = "slawatch"
"""By it the dashboards link to each other."""

Dashboard = dict[str, Any]


class Row(NamedTuple):
    """A heading and the panels below it, from left to right."""

    title: str
    panels: list[Panel]


def dashboard(
    uid: str,
    title: str,
    says: str,
    rows: Iterable[Row],
    choices: Iterable[dict[str, Any]],
    *,
    since: str,
    refresh: str,
) -> Dashboard:
    """All of it; `choices` come after the data source, which is chosen first."""
    link = {"type": "dashboards", "tags": [TAG], "title": "slawatch", "icon": "external link", "keepTime": True}
    return {
        "uid": uid,
        "title": title,
        "description": says,
        "tags": [TAG],
        "schemaVersion": 42,
        "editable": False,
        "timezone": "browser",
        "time": {"from": since, "to": "now"},
        "refresh": refresh,
        "graphTooltip": 1,
        "links": [link],
        "templating": {"list": [_data_source(), *choices]},
        "panels": list(_placed(rows)),
    }


def choice(name: str, label: str, values: str) -> dict[str, Any]:
    """Something to narrow the panels by: `$name` is a regular expression, at first one that takes all.

    `values` is what there is to choose from: `label_values(series, label)`.
    """
    return {
        "type": "query",
        "name": name,
        "label": label,
        "datasource": SOURCE,
        "query": {"qryType": 1, "query": values, "refId": name},
        "definition": values,
        "refresh": 2,  # when the time range changes
        "sort": 1,
        "multi": True,
        "includeAll": True,
        "allValue": ".*",
        "current": {"text": ["All"], "value": ["$__all"]},
    }


def _data_source() -> dict[str, Any]:
    return {
        "type": "datasource",
        "name": "datasource",
        "label": "Data source · 数据源",
        "query": "prometheus",
        "current": {"text": "default", "value": "default"},
    }


def _placed(rows: Iterable[Row]) -> Iterable[Panel]:
    y = 0
    for row in rows:
        yield {
            "id": panel_id(row.title),
            "type": "row",
            "title": row.title,
            "collapsed": False,
            "gridPos": {"x": 0, "y": y, "w": GRID, "h": 1},
            "panels": [],
        }
        y += 1
        x = height = 0
        for panel in row.panels:
            size = panel["gridPos"]
            if x + size["w"] > GRID:
                x, y, height = 0, y + height, 0
            yield {**panel, "gridPos": {"x": x, "y": y, **size}}
            x, height = x + size["w"], max(height, size["h"])
        y += height
