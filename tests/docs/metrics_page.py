"""Writes docs/metrics.md from the catalogues: `.venv/bin/python -m tests.docs.metrics_page`; a test compares the two."""

from __future__ import annotations

from pathlib import Path

from prometheus_client import CollectorRegistry
from prometheus_client.metrics import MetricWrapperBase

from alerting.canary.metrics import Metrics as CanaryMetrics
from alerting.metrics import Metrics as NotifierMetrics
from streams.bulk_histogram import BulkHistogram
from streams.clock_counts import ClockCounts
from streams.metrics import Metrics as WorkerMetrics

PAGE = Path(__file__).parents[2] / "docs" / "metrics.md"

HEAD = """# Metrics

What a worker (port 9464), a notifier (port 9465) and a canary (port 9466) tell Prometheus under `/metrics`. This page is
made from the three catalogues, `streams/metrics.py`, `alerting/metrics.py` and `alerting/canary/metrics.py`. No ticket, customer or address is ever a label. A histogram
`x` is told as `x_bucket`, `x_sum` and `x_count`. Rules over these metrics are in `deploy/prometheus/`; what each alert
means is in [alerts.md](alerts.md).
"""


def catalogue(metrics: object) -> dict[str, tuple[str, tuple[str, ...], str]]:
    """Each metric by the name under which it is told: its type, its labels, its help."""
    found = {}
    for collector in vars(metrics).values():
        if isinstance(collector, ClockCounts | BulkHistogram):
            for family in collector.describe():
                found[_told(family.name, family.type)] = (
                    family.type,
                    collector.labels[family.name],
                    family.documentation,
                )
        elif isinstance(collector, MetricWrapperBase):
            [family] = collector.describe()
            found[_told(family.name, family.type)] = (family.type, collector._labelnames, family.documentation)
    return dict(sorted(found.items()))


def worker() -> dict[str, tuple[str, tuple[str, ...], str]]:
    """The worker's catalogue."""
    return catalogue(WorkerMetrics())


def notifier() -> dict[str, tuple[str, tuple[str, ...], str]]:
    """The notifier's catalogue."""
    return catalogue(NotifierMetrics((), CollectorRegistry()))


def canary() -> dict[str, tuple[str, tuple[str, ...], str]]:
    """The canary's catalogue."""
    return catalogue(CanaryMetrics(0, CollectorRegistry()))


def _told(name: str, type_: str) -> str:
    return f"{name}_total" if type_ == "counter" else name


def page() -> str:
    """The page as it must be."""
    parts = [HEAD]
    for title, entries in (("Worker", worker()), ("Notifier", notifier()), ("Canary", canary())):
        rows = [
            f"| `{name}` | {type_} | {', '.join(f'`{label}`' for label in labels)} | {says.removesuffix('.')} |"
            for name, (type_, labels, says) in entries.items()
        ]
        parts.append("\n".join([f"## {title}\n", "| metric | type | labels | |", "|---|---|---|---|", *rows]) + "\n")
    return "\n".join(parts)


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
