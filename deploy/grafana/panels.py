"""The few kinds of panel that the dashboards are made of, in the words of Grafana's own JSON.

So that all look alike and none can be without a description, a unit and the chosen data source. The dashboards beside
this file only.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

Panel = dict[str, Any]
Steps = Sequence[tuple[float | None, str]]

SOURCE: Final = {"type": "prometheus", "uid": "${datasource}"}
HEIGHT: Final = 8
"""Of all panels but single numbers, so that a row has one lower edge."""

LAST: Final = {"calcs": ["lastNotNull"], "fields": "", "values": False}

PLAIN: Final[Steps] = ((None, "blue"),)
"""Neither good nor bad."""
NONE_WANTED: Final[Steps] = ((None, "green"), (1, "red"))
"""One is one too many."""
ALARM: Final[Steps] = ((None, "text"), (1, "red"))
"""The same in a table, where what is well is not coloured."""


def at_most(limit: float) -> Steps:
    """Red from `limit` on."""
    return (None, "green"), (limit, "red")


def at_least(limit: float) -> Steps:
    """Red below `limit`."""
    return (None, "red"), (limit, "green")


class Query(NamedTuple):
    """What is asked, and how a series of the answer is called."""

    expr: str
    legend: str


class Column(NamedTuple):
    """A column of numbers: what is asked, its unit, and from where on it is coloured."""

    heading: str
    expr: str
    unit: str = "none"
    steps: Steps = ()


def panel_id(title: str) -> int:
    """Derived from the title, so that links to a panel outlive a panel put before it."""
    return zlib.crc32(title.encode()) % 1_000_000


def stat(title: str, says: str, expr: str, *, unit: str = "none", width: int = 4, steps: Steps = PLAIN) -> Panel:
    """One number, as it is now."""
    options = {"reduceOptions": LAST, "colorMode": "value", "graphMode": "none", "textMode": "value"}
    targets = [_now(Query(expr, ""), "A")]
    return _panel("stat", title, says, targets, (width, 4), options, {"unit": unit, **_coloured(steps)})


def bars(title: str, says: str, query: Query, *, unit: str = "none", width: int = 8, steps: Steps = PLAIN) -> Panel:
    """One bar a series, as it is now."""
    options = {
        "reduceOptions": LAST,
        "orientation": "horizontal",
        "displayMode": "basic",
        "valueMode": "color",
        "namePlacement": "left",
        "showUnfilled": False,
        "sizing": "auto",
    }
    defaults: dict[str, Any] = {"unit": unit, "min": 0, **_coloured(steps)}
    if unit == "percentunit":
        defaults["max"] = 1
    if unit == "none":
        defaults["decimals"] = 0  # an increase is estimated between two looks, and what is counted is whole
    return _panel("bargauge", title, says, [_now(query, "A")], (width, HEIGHT), options, defaults)


def series(
    title: str,
    says: str,
    *queries: Query,
    unit: str = "none",
    width: int = 8,
    objective: Steps = (),
    stacked: bool = False,
) -> Panel:
    """Lines over time; `objective` is drawn as a dashed one."""
    custom: dict[str, Any] = {
        "drawStyle": "line",
        "lineWidth": 1,
        "fillOpacity": 30 if stacked else 0,
        "showPoints": "auto",  # what was seen once, between two silences, is seen
        "spanNulls": False,
        "stacking": {"mode": "normal" if stacked else "none", "group": "A"},
        "thresholdsStyle": {"mode": "dashed" if objective else "off"},
    }
    options = {
        "legend": {"showLegend": True, "displayMode": "list", "placement": "bottom", "calcs": []},
        "tooltip": {"mode": "multi", "sort": "desc"},
    }
    defaults: dict[str, Any] = {
        "unit": unit,
        "custom": custom,
        "color": {"mode": "palette-classic"},
        "thresholds": _thresholds(objective or PLAIN),
    }
    if unit != "percentunit":
        defaults["min"] = 0
    targets = [_over_time(query, ref) for query, ref in zip(queries, "ABCDEFGH", strict=False)]
    return _panel("timeseries", title, says, targets, (width, HEIGHT), options, defaults)


def heat_map(title: str, says: str, expr: str, *, unit: str, cells: str, width: int = 8) -> Panel:
    """A histogram over time; `unit` is that of its edges, `cells` that of how often."""
    options = {
        "calculate": False,
        "cellGap": 1,
        "cellValues": {"unit": cells},
        "color": {"mode": "scheme", "scheme": "Oranges", "steps": 64, "exponent": 0.5, "scale": "exponential"},
        "filterValues": {"le": 1e-9},
        "legend": {"show": True},
        "tooltip": {"mode": "single", "yHistogram": True},
        "yAxis": {"unit": unit, "axisPlacement": "left"},
    }
    targets = [{**_over_time(Query(expr, "{{le}}"), "A"), "format": "heatmap"}]
    return _panel("heatmap", title, says, targets, (width, HEIGHT), options, {"unit": unit})


def table(
    title: str, says: str, labels: Mapping[str, str], *columns: Column, width: int = 24, height: int = HEIGHT
) -> Panel:
    """One row for each set of labels (by heading), with numbers as they are now; all columns have the same labels."""
    refs = "ABCDEFGHIJ"[: len(columns)]
    targets = [
        {**_now(Query(column.expr, ""), ref), "format": "table"} for column, ref in zip(columns, refs, strict=True)
    ]
    told = ["Value"] if len(columns) == 1 else [f"Value #{ref}" for ref in refs]
    named = {**labels, **dict(zip(told, (column.heading for column in columns), strict=True))}
    transformations = [
        {"id": "merge", "options": {}},
        {
            "id": "organize",
            "options": {
                "excludeByName": {"Time": True},
                "indexByName": {name: place for place, name in enumerate(named)},
                "renameByName": named,
            },
        },
    ]
    overrides = [_column(column) for column in columns]
    options = {"showHeader": True, "cellHeight": "sm"}
    made = _panel("table", title, says, targets, (width, height), options, {"unit": "none"}, overrides)
    return {**made, "transformations": transformations}


def _column(column: Column) -> dict[str, Any]:
    properties: list[dict[str, Any]] = [{"id": "unit", "value": column.unit}]
    if column.unit == "none":
        properties.append({"id": "decimals", "value": 0})
    if column.steps:
        properties.append({"id": "thresholds", "value": _thresholds(column.steps)})
        properties.append({"id": "custom.cellOptions", "value": {"type": "color-text"}})
    return {"matcher": {"id": "byName", "options": column.heading}, "properties": properties}


def _panel(
    kind: str,
    title: str,
    says: str,
    targets: list[dict[str, Any]],
    size: tuple[int, int],
    options: dict[str, Any],
    defaults: dict[str, Any],
    overrides: Sequence[dict[str, Any]] = (),
) -> Panel:
    return {
        "id": panel_id(title),
        "type": kind,
        "title": title,
        "description": says,
        "datasource": SOURCE,
        "gridPos": {"w": size[0], "h": size[1]},
        "targets": targets,
        "options": options,
        "fieldConfig": {"defaults": defaults, "overrides": list(overrides)},
    }


def _over_time(query: Query, ref: str) -> dict[str, Any]:
    return {
        "refId": ref,
        "datasource": SOURCE,
        "editorMode": "code",
        "expr": query.expr,
        "legendFormat": query.legend,
        "range": True,
    }


def _now(query: Query, ref: str) -> dict[str, Any]:
    asked = _over_time(query, ref)
    del asked["range"]
    return {**asked, "instant": True}


def _coloured(steps: Steps) -> dict[str, Any]:
    return {"color": {"mode": "thresholds"}, "thresholds": _thresholds(steps)}


def _thresholds(steps: Steps) -> dict[str, Any]:
    return {"mode": "absolute", "steps": [{"value": value, "color": color} for value, color in steps]}
