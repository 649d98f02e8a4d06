"""'Engine and delivery': for the engineer, whether the watch is kept and whether somebody hears.

A row more is a function more and a line in `made`. `deploy.grafana` only.
"""

from __future__ import annotations

from deploy.grafana import canary, delivery, engine
from deploy.grafana.expressions import WORKER, WORKERS, down, fewer
from deploy.grafana.layout import Dashboard, Row, choice, dashboard
from deploy.grafana.panels import NONE_WANTED, Column, Panel, at_least, stat, table

_TOLD_OF_ALERTS = ("severity", "instance", "partition", "source", "receiver", "reason", "clause", "unit")


def made() -> Dashboard:
    """The dashboard as Grafana reads it."""
    return dashboard(
        "slawatch-engine",
        "Engine and delivery · 引擎与通知",
        "Whether the watch is kept, and whether somebody hears. 计时引擎与通知是否正常。",
        [
            Row("Now · 当前", _now()),
            Row("On time · 是否准时", engine.on_time()),
            Row("Records · 记录", engine.records()),
            Row("Partitions · 分区", engine.partitions()),
            Row("Sources · 数据来源", engine.sources()),
            Row("Delivery · 通知", delivery.delivery()),
            Row("Canary · 自检", canary.canary()),
        ],
        [
            choice(
                "instance", "Instance · 实例", 'label_values(up{job=~"slawatch-(worker|notifier|canary)"}, instance)'
            )
        ],
        since="now-3h",
        refresh="30s",
    )


def _now() -> list[Panel]:
    firing = 'ALERTS{alertstate="firing",alertname=~"Sla.*",alertname!="SlaWatchdog"}'
    return [
        stat(
            "Workers · 工作进程",
            "Workers that answer. docs/alerts.md#slanoworker",
            'sum(up{job="slawatch-worker"})',
            steps=at_least(1),
        ),
        stat(
            "Workers down · 未应答的工作进程",
            "Workers that Prometheus looks for and that do not answer. docs/alerts.md#slaworkerdown",
            down("slawatch-worker"),
            steps=NONE_WANTED,
        ),
        stat(
            "Notifiers · 通知进程",
            "Notifiers that answer. docs/alerts.md#slanonotifier",
            'sum(up{job="slawatch-notifier"})',
            steps=at_least(1),
        ),
        stat(
            "Notifiers down · 未应答的通知进程",
            "Notifiers that Prometheus looks for and that do not answer. docs/alerts.md#slanotifierdown",
            down("slawatch-notifier"),
            steps=NONE_WANTED,
        ),
        stat(
            "Partitions watched · 已接管分区",
            "Partitions that some worker owns. docs/alerts.md#slapartitionunwatched",
            "sla:partitions_watched:count",
            steps=at_least(1),
        ),
        stat(
            "Partitions unwatched · 无人接管的分区",
            "Partitions that were watched in the last six hours and are no more; 1 where none ever was. "
            "docs/alerts.md#slapartitionunwatched",
            fewer("sla:partitions_watched:count", "sla:partitions_watched:count"),
            steps=NONE_WANTED,
        ),
        stat(
            "Partitions blind · 失去判断的分区",
            "Partitions too far behind to prove silence. docs/alerts.md#slapartitionblind",
            f"sum(max by (partition) (sla_partition_blind{{{WORKER}}}))",
            width=8,
            steps=NONE_WANTED,
        ),
        stat(
            "Timers held · 计时被搁置",
            "Workers whose wall clock disagrees with the brokers. docs/alerts.md#slatimersheld",
            f"sum(sla_timers_held{{{WORKERS}}})",
            width=8,
            steps=NONE_WANTED,
        ),
        stat(
            "Calendar left · 日历剩余月数",
            "Months of working-day calendar left; infinite where no rule needs one. docs/alerts.md#slacalendarends",
            f"min(sla_calendar_months_left{{{WORKER}}})",
            width=8,
            steps=((None, "red"), (2, "orange"), (4, "green")),
        ),
        table(
            "Alerts firing · 正在告警",
            "Alerts about the monitor itself, without the watchdog that fires always. What to do: docs/alerts.md",
            {"alertname": "Alert", **{label: label.capitalize() for label in _TOLD_OF_ALERTS}},
            Column("Count", f"count by (alertname, {', '.join(_TOLD_OF_ALERTS)}) ({firing})"),
            height=7,
        ),
    ]
