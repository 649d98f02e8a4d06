"""The row about people being told. `deploy.grafana.engine_and_delivery` only."""

from __future__ import annotations

from deploy.grafana.expressions import NOTIFIERS, TOLD_WITHIN_S, fewer, per_second, quantile
from deploy.grafana.panels import ALARM, NONE_WANTED, Column, Panel, Query, at_most, series, stat, table


def delivery() -> list[Panel]:
    """Whether somebody hears, and how soon."""
    return [*_standing(), *_attempts(), *_receivers()]


def _standing() -> list[Panel]:
    alarms = (
        (
            "Reached nobody · 无人收到",
            "Alerts that fire and have reached nobody. docs/alerts.md#slanobodyreached",
            "unreached",
        ),
        (
            "Steps missing · 缺失步骤",
            "Due steps without an outcome. docs/alerts.md#slastepsmissing",
            "steps_missing",
        ),
        (
            "Redis degraded · Redis 降级",
            "Notifiers that Redis does not answer. docs/alerts.md#slaredisdown",
            "degraded",
        ),
    )
    return [
        *(
            stat(title, says, f"sum(sla_notify_{metric}{{{NOTIFIERS}}})", steps=NONE_WANTED)
            for title, says, metric in alarms
        ),
        stat(
            "Partitions unserved · 未服务的分区",
            "Partitions of alerts that notifiers served in the last six hours and serve no more; 1 where they never "
            "served any. docs/alerts.md#slaalertsunserved",
            fewer("sla:partitions_served:sum", "sla:partitions_served:min1m"),
            steps=NONE_WANTED,
        ),
        stat(
            "Unreadable, 24 h · 无法解析",
            "Records on the topic of alerts that are none. docs/alerts.md#slaalertsunreadable",
            f"sum(increase(sla_notify_unreadable_total{{{NOTIFIERS}}}[24h]))",
            steps=NONE_WANTED,
        ),
        stat(
            "Unwritten, 24 h · 未写入",
            "Records of what was told that Kafka did not take. docs/alerts.md#slanotificationsunwritten",
            f"sum(increase(sla_notify_records_failed_total{{{NOTIFIERS}}}[24h]))",
            steps=NONE_WANTED,
        ),
    ]


def _attempts() -> list[Panel]:
    late = f"sla_notify_late_seconds_bucket{{{NOTIFIERS}}}"
    late_for_people = f'sla_notify_late_seconds_bucket{{receiver!="canary",{NOTIFIERS}}}'
    return [
        series(
            "First attempt lateness · 首次通知延迟",
            "From the moment a message was due to its first attempt, over all receivers but the canary's; the "
            f"dashed line is the objective, {TOLD_WITHIN_S:g} s. docs/alerts.md#slatoldlate",
            *(Query(quantile(share, late_for_people), f"p{share * 100:g}") for share in (0.5, 0.99)),
            unit="s",
            objective=at_most(TOLD_WITHIN_S),
        ),
        series(
            "First attempt lateness by receiver, p99 · 各接收方延迟",
            "A receiver at its limit is late while the others are not.",
            Query(quantile(0.99, late, by="receiver, "), "{{receiver}}"),
            unit="s",
            objective=at_most(TOLD_WITHIN_S),
        ),
        series(
            "Attempts · 通知尝试",
            "Attempts a second by receiver and outcome: sent; unverified (handed on, nobody can tell more); retry; "
            "dead (given up, docs/alerts.md#sladeliverydead); muted (on purpose).",
            Query(
                per_second(f"sla_notify_attempts_total{{{NOTIFIERS}}}", "receiver, outcome"),
                "{{receiver}} {{outcome}}",
            ),
            unit="cps",
        ),
    ]


def _receivers() -> list[Panel]:
    return [
        table(
            "Receivers · 各接收方",
            "Left alone: it failed too often and is tried again later. Sent, dead: in the time shown. "
            "docs/alerts.md#sladeliveryfailing",
            {"receiver": "Receiver"},
            Column("Left alone", f"max by (receiver) (sla_notify_breaker_open{{{NOTIFIERS}}})", steps=ALARM),
            Column("Waiting", f"sum by (receiver) (sla_notify_waiting{{{NOTIFIERS}}})"),
            *(
                Column(
                    outcome.capitalize(),
                    "sum by (receiver) "
                    f'(increase(sla_notify_attempts_total{{outcome="{outcome}",{NOTIFIERS}}}[$__range]))',
                    steps=ALARM if outcome == "dead" else (),
                )
                for outcome in ("sent", "dead")
            ),
            width=8,
        ),
        series(
            "Alerts remembered · 在册告警",
            "Alerts that the notifiers remember, acknowledged, over or not, and revisions of alerts read an hour.",
            Query(f"sum(sla_notify_cases{{{NOTIFIERS}}})", "remembered"),
            Query(f"sum(rate(sla_notify_alerts_total{{{NOTIFIERS}}}[$__rate_interval])) * 3600", "read an hour"),
        ),
        series(
            "Waiting by receiver · 排队",
            "Messages that wait for a receiver.",
            Query(f"sum by (receiver) (sla_notify_waiting{{{NOTIFIERS}}})", "{{receiver}}"),
            stacked=True,
        ),
        series(
            "Not sent on purpose · 有意不发",
            "Messages a second that were not sent, by why: silenced, acknowledged meanwhile, too old, and others.",
            Query(per_second(f"sla_notify_suppressed_total{{{NOTIFIERS}}}", "why"), "{{why}}"),
            unit="cps",
        ),
    ]
