"""Rows about the watch: is it on time, what goes through it, how do partitions and sources stand.

`deploy.grafana.engine_and_delivery` only.
"""

from __future__ import annotations

from deploy.grafana.expressions import DETECTED_WITHIN_S, IN_TIME_TARGET, TOLD_WITHIN_S, WORKERS, per_second, quantile
from deploy.grafana.panels import ALARM, Column, Panel, Query, at_least, at_most, bars, series, table


def on_time() -> list[Panel]:
    """Whether clocks that run out are told at once."""
    lateness = f"sla_detection_lateness_seconds_bucket{{{WORKERS}}}"
    return [
        series(
            "Detection lateness · 发现延迟",
            "From due time plus grace to the alert being acknowledged by Kafka, for clocks that silence decided; the "
            f"dashed line is the objective, {DETECTED_WITHIN_S:g} s. docs/alerts.md#sladetectedlate",
            *(Query(quantile(share, lateness), f"p{share * 100:g}") for share in (0.5, 0.99)),
            unit="s",
            objective=at_most(DETECTED_WITHIN_S),
        ),
        series(
            "Within their objectives, 1 h · 达标比例",
            f"Share of an hour's alerts that were published within {DETECTED_WITHIN_S:g} s, and of messages first "
            f"tried within {TOLD_WITHIN_S:g} s, by receiver without the canary's; the dashed line is the target, "
            f"{IN_TIME_TARGET:.0%}. Without a line nothing was due.",
            Query("sla:detected_in_time:ratio1h", "published"),
            Query("sla:told_in_time:ratio1h", "told {{receiver}}"),
            unit="percentunit",
            objective=at_least(IN_TIME_TARGET),
        ),
        series(
            "Loop stalls, p99 · 事件循环停顿",
            "How late the event loop of a worker woke up; a worker that stalls detects late.",
            Query(quantile(0.99, f"sla_loop_stall_seconds_bucket{{{WORKERS}}}", by="instance, "), "{{instance}}"),
            unit="s",
        ),
    ]


def records() -> list[Panel]:
    """What goes in and out, and what a take-over costs."""
    return [
        series(
            "Events · 事件",
            "Events a second that were taken into a ticket or known already, and those of a type nobody declared.",
            Query(per_second(f"sla_events_total{{{WORKERS}}}", "instance"), "{{instance}}"),
            Query(
                per_second(f"sla_unknown_type_events_total{{{WORKERS}}}", "instance"), "{{instance}} undeclared type"
            ),
            unit="cps",
        ),
        series(
            "Batch size · 批量",
            "Records stepped at once; it grows with the load, and while a backlog is worked off.",
            *(
                Query(quantile(share, f"sla_batch_records_bucket{{{WORKERS}}}"), f"p{share * 100:g}")
                for share in (0.5, 0.99)
            ),
        ),
        series(
            "Published · 输出",
            "Records published a second by channel, and those sent again after a recovery under the same ids.",
            Query(per_second(f"sla_outputs_total{{{WORKERS}}}", "channel"), "{{channel}}"),
            Query(f"sum(rate(sla_resent_outputs_total{{{WORKERS}}}[$__rate_interval]))", "sent again after recovery"),
            unit="cps",
        ),
        bars(
            "Dead letters by reason · 死信",
            "Records refused in the time shown. docs/alerts.md#sladeadletters",
            Query(
                f"sort_desc(sum by (reason) (increase(sla_dead_letters_total{{{WORKERS}}}[$__range])) > 0)",
                "{{reason}}",
            ),
            steps=((None, "red"),),
        ),
        series(
            "Publish retries · 重发",
            "Groups of records that Kafka did not acknowledge in time and that were sent again. "
            "docs/alerts.md#slanotacknowledged",
            Query(per_second(f"sla_publish_retries_total{{{WORKERS}}}", "instance"), "{{instance}}"),
            unit="cps",
        ),
        table(
            "Take-over · 接管",
            "Since each worker started: how often it took partitions over, for how long on average, and how many "
            "records of the changelog it read.",
            {"instance": "Instance"},
            Column("Take-overs", f"sum by (instance) (sla_restore_seconds_count{{{WORKERS}}})"),
            Column(
                "Average",
                f"sum by (instance) (sla_restore_seconds_sum{{{WORKERS}}})"
                f" / (sum by (instance) (sla_restore_seconds_count{{{WORKERS}}}) > 0)",
                "s",
            ),
            Column("Records read", f"sum by (instance) (sla_restored_records_total{{{WORKERS}}})"),
            width=8,
        ),
    ]


def partitions() -> list[Panel]:
    """How each partition stands."""
    age = f"time() - max by (partition) (sla_partition_watermark_timestamp_seconds{{{WORKERS}}})"
    return [
        table(
            "Partitions · 各分区",
            "Caught up: all that was there when the brokers were last asked is processed. Watermark age: how long "
            "ago the broker took the last record that was processed; on a quiet topic it grows and means nothing "
            "while the partition is caught up. "
            "Epoch: it rises with each take-over. docs/alerts.md#slapartitionblind",
            {"partition": "Partition"},
            Column("Blind", f"max by (partition) (sla_partition_blind{{{WORKERS}}})", steps=ALARM),
            Column(
                "Caught up",
                f"min by (partition) (sla_partition_caught_up{{{WORKERS}}})",
                steps=((None, "orange"), (1, "text")),
            ),
            Column("Watermark age", age, "s"),
            Column("Tickets", f"sum by (partition) (sla_tickets{{{WORKERS}}})"),
            Column("Timers", f"sum by (partition) (sla_timers{{{WORKERS}}})"),
            Column("Epoch", f"max by (partition) (sla_partition_epoch{{{WORKERS}}})"),
            width=12,
        ),
        series(
            "Watermark age · 水位时差",
            "How long ago the broker took the last record that was processed, by partition. It grows on a quiet "
            "topic too; a partition that is not caught up and grows has a backlog.",
            Query(age, "{{partition}}"),
            unit="s",
            width=12,
        ),
        series(
            "Backlog · 积压",
            "Offsets that were there when the brokers were last asked, every 2 s, and are not processed, by "
            "partition; markers of transactions count too. What stays up has too few workers.",
            Query(f"max by (partition) (sla_partition_backlog_records{{{WORKERS}}})", "{{partition}}"),
            width=24,
        ),
        series(
            "Tickets remembered · 在册工单",
            "Tickets whose events are kept in memory and in the changelog.",
            Query(f"sum by (instance) (sla_tickets{{{WORKERS}}})", "{{instance}}"),
            width=12,
            stacked=True,
        ),
        series(
            "Timers · 定时器",
            "Timers that wait, stale ones included.",
            Query(f"sum by (instance) (sla_timers{{{WORKERS}}})", "{{instance}}"),
            width=12,
            stacked=True,
        ),
    ]


def sources() -> list[Panel]:
    """How each source of events stands."""
    last = f"time() - max by (source) (sla_source_last_append_timestamp_seconds{{{WORKERS}}})"
    delay = f"max by (source) (sla_source_delay_seconds{{{WORKERS}}})"
    return [
        table(
            "Sources · 各来源",
            "Silent: it tells nothing for longer than `silent_after`, and breaches on its tickets are unverified. "
            "Delay: the greatest from event to append since the last scrape; `grace` belongs above it. "
            "docs/alerts.md#slasourcesilent",
            {"source": "Source"},
            Column("Silent", f"max by (source) (sla_source_silent{{{WORKERS}}})", steps=ALARM),
            Column("Last event", last, "s"),
            Column("Delay", delay, "s"),
            width=12,
        ),
        series(
            "Delay by source · 来源延迟",
            "The greatest delay from event to append between two scrapes. What comes later than `grace` fires and is "
            "then retracted.",
            Query(delay, "{{source}}"),
            unit="s",
            width=12,
        ),
    ]
