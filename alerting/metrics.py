"""The notifier's metrics: one catalogue, each initialised, so that a zero is seen. `alerting` and `cli`
only; `docs/metrics.md` is made from it.

No ticket, customer or address is ever a label; receivers are named in the configuration and are few.
"""

from __future__ import annotations

from collections.abc import Iterable

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, disable_created_metrics

from alerting.record import Outcome
from alerting.stages.mute import Mute

LATE_BUCKETS_S = (0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1800)


class Metrics:
    """Registered with one registry, for one set of receivers."""

    def __init__(self, receivers: Iterable[str], registry: CollectorRegistry) -> None:
        disable_created_metrics()  # type: ignore[no-untyped-call]
        self.registry = registry
        self.alerts = Counter("sla_notify_alerts", "Alert revisions read", registry=registry)
        self.unreadable = Counter("sla_notify_unreadable", "Records that are no alerts", registry=registry)
        self.attempts = Counter(
            "sla_notify_attempts", "Attempts by receiver and outcome", ["receiver", "outcome"], registry=registry
        )
        self.suppressed = Counter("sla_notify_suppressed", "Messages not sent on purpose", ["why"], registry=registry)
        self.late = Histogram(
            "sla_notify_late_seconds",
            "From the moment a message was due to its first attempt",
            ["receiver"],
            buckets=LATE_BUCKETS_S,
            registry=registry,
        )
        self.waiting = Gauge(
            "sla_notify_waiting", "Messages that wait for a receiver", ["receiver"], registry=registry
        )
        self.breaker = Gauge(
            "sla_notify_breaker_open", "1 while a receiver is left alone", ["receiver"], registry=registry
        )
        self.cases = Gauge("sla_notify_cases", "Alerts that are remembered", registry=registry)
        self.unaudited = Gauge("sla_notify_steps_missing", "Due steps without an outcome", registry=registry)
        self.unreached = Gauge("sla_notify_unreached", "Alerts that fire and have reached nobody", registry=registry)
        self.degraded = Gauge("sla_notify_degraded", "1 while Redis does not answer", registry=registry)
        self.partitions = Gauge("sla_notify_partitions", "Partitions this notifier serves", registry=registry)
        self.records_failed = Counter("sla_notify_records_failed", "Records Kafka did not take", registry=registry)
        for receiver in receivers:
            for outcome in Outcome:
                self.attempts.labels(receiver, outcome)
            self.late.labels(receiver)
            self.waiting.labels(receiver)
            self.breaker.labels(receiver)
        for why in Mute:
            self.suppressed.labels(why)
