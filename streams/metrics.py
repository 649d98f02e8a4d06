"""The catalogue of what a worker measures: every metric once, with its help, labels and buckets.

Label values come from fixed sets and are set to zero at the start, so that the first failure shows as a rate.
No ticket and no person is ever a label. `docs/metrics.md` is made from it. `streams` and `agents` only.
"""

from __future__ import annotations

from collections.abc import Mapping

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, disable_created_metrics

from sla.cloudevent import Fault
from sla.publication import About, Channel
from sla.step import Refusal
from streams.bulk_histogram import BulkHistogram
from streams.clock_counts import ClockCounts
from streams.partition import CRASHED_US

LATENESS_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 60.0, 600.0)
BATCH_BUCKETS = (1, 5, 10, 50, 100, 500, 1000, 5000)


class Metrics:
    """One worker's metrics in a registry of their own; `abouts` are the rules whose clocks are counted."""

    def __init__(self, abouts: Mapping[str, About] | None = None) -> None:
        disable_created_metrics()  # type: ignore[no-untyped-call]
        self.registry = CollectorRegistry()
        self._of_rules(self.registry, abouts or {})
        self._of_records(self.registry)
        self._of_partitions(self.registry)
        self._of_sources(self.registry)
        self._of_time(self.registry)

    def _of_rules(self, r: CollectorRegistry, abouts: Mapping[str, About]) -> None:
        self.clocks = ClockCounts(abouts, r)
        self.rules = Gauge(
            "sla_rule_info",
            "1 for each rule of the rulebook, with its clause; `assumed`: its limit is not in the text.",
            ["rule", "clause", "assumed"],
            registry=r,
        )
        for rule, about in abouts.items():
            self.rules.labels(rule, about.clause, str(about.assumed).lower()).set(1)
        self.calendar_months_left = Gauge(
            "sla_calendar_months_left",
            "Months of official or supplied working-day calendar left; infinite where the rulebook needs none.",
            registry=r,
        )

    def _of_records(self, r: CollectorRegistry) -> None:
        self.events = Counter("sla_events", "Events taken into a ticket or known already.", registry=r)
        self.unknown_types = Counter("sla_unknown_type_events", "Events of a type nobody declared.", registry=r)
        self.dead_letters = Counter("sla_dead_letters", "Records refused, by reason.", ["reason"], registry=r)
        self.outputs = Counter("sla_outputs", "Records published, by channel.", ["channel"], registry=r)
        self.publish_retries = Counter(
            "sla_publish_retries", "Groups sent again, not acknowledged in time.", registry=r
        )
        self.resent = Counter("sla_resent_outputs", "Outputs sent again after a recovery.", registry=r)
        self.restored = Counter("sla_restored_records", "Changelog records read while taking over.", registry=r)
        self.batch = Histogram("sla_batch_records", "Records stepped at once.", buckets=BATCH_BUCKETS, registry=r)
        for reason in (*Fault, *Refusal, CRASHED_US):
            self.dead_letters.labels(reason)
        for channel in Channel:
            self.outputs.labels(channel.value)

    def _of_partitions(self, r: CollectorRegistry) -> None:
        self.tickets = Gauge("sla_tickets", "Tickets remembered, by partition.", ["partition"], registry=r)
        self.timers = Gauge(
            "sla_timers", "Timers waiting, stale ones included, by partition.", ["partition"], registry=r
        )
        self.watermark = Gauge(
            "sla_partition_watermark_timestamp_seconds",
            "When the broker took the last record that was processed, by partition; none before the first.",
            ["partition"],
            registry=r,
        )
        self.caught_up = Gauge(
            "sla_partition_caught_up",
            "1 if all that was there when the brokers were last asked is processed, by partition.",
            ["partition"],
            registry=r,
        )
        self.behind = Gauge(
            "sla_partition_backlog_records",
            "Offsets that were there when the brokers were last asked and are not processed, by partition.",
            ["partition"],
            registry=r,
        )
        self.epoch = Gauge(
            "sla_partition_epoch", "Epoch under which a partition is owned.", ["partition"], registry=r
        )
        self.blind = Gauge(
            "sla_partition_blind",
            "1 while append times decide, not proven silence.",
            ["partition"],
            registry=r,
        )

    def _of_sources(self, r: CollectorRegistry) -> None:
        self.source_delay = Gauge(
            "sla_source_delay_seconds",
            "Greatest delay from event to append since the last scrape, by source.",
            ["source"],
            registry=r,
        )
        self.source_heard = Gauge(
            "sla_source_last_append_timestamp_seconds",
            "When the last event was taken, by source.",
            ["source"],
            registry=r,
        )
        self.source_silent = Gauge("sla_source_silent", "1 while a source is silent.", ["source"], registry=r)

    def _of_time(self, r: CollectorRegistry) -> None:
        self.brokers_answered = Gauge(
            "sla_brokers_answered_timestamp_seconds",
            "When the brokers last told this worker where its partitions end; 0 before they did.",
            registry=r,
        )
        self.lateness = BulkHistogram(
            "sla_detection_lateness_seconds",
            "From due plus grace to the alert being acknowledged, for clocks that silence decided.",
            LATENESS_BUCKETS,
            r,
        )
        self.held = Gauge("sla_timers_held", "1 while a stepped wall clock holds the timers.", registry=r)
        self.stall = Histogram(
            "sla_loop_stall_seconds", "How late the event loop woke up.", buckets=LATENESS_BUCKETS, registry=r
        )
        self.restore_seconds = Histogram("sla_restore_seconds", "Time to take partitions over.", registry=r)

    def forget(self, partition: str) -> None:
        """Drop the series of a partition that is no longer ours."""
        for gauge in (
            self.tickets,
            self.timers,
            self.watermark,
            self.caught_up,
            self.behind,
            self.epoch,
            self.blind,
        ):
            try:
                gauge.remove(partition)
            except KeyError:
                continue
        self.clocks.forget(partition)
