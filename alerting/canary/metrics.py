"""The canary's metrics: one catalogue, each initialised, so that a zero is seen. `alerting` and `cli` only;
`docs/metrics.md` is made from it.
"""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, disable_created_metrics

HEARD_BUCKETS_S = (0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300)


class Metrics:
    """Registered with one registry, for so many partitions."""

    def __init__(self, partitions: int, registry: CollectorRegistry) -> None:
        disable_created_metrics()  # type: ignore[no-untyped-call]
        self.registry = registry
        self.sent = Counter("sla_canary_sent", "Canary tickets that Kafka took", registry=registry)
        self.heard = Counter("sla_canary_heard", "Canary tickets whose breach was told in time", registry=registry)
        self.lost = Counter(
            "sla_canary_lost", "Canary tickets whose breach was not told in time, or never", registry=registry
        )
        self.resolved = Counter("sla_canary_resolved", "Canary tickets whose end was told too", registry=registry)
        self.refused = Counter(
            "sla_canary_refused", "Messages that were not believed, or were about no canary", registry=registry
        )
        self.last_seen = Gauge(
            "sla_canary_last_seen_timestamp_seconds",
            "When a canary of a partition was last told; 0 before the first since the start",
            ["partition"],
            registry=registry,
        )
        self.seconds = Histogram(
            "sla_canary_seconds",
            "From a canary's due time to its breach being told to this process",
            buckets=HEARD_BUCKETS_S,
            registry=registry,
        )
        for partition in range(partitions):
            self.last_seen.labels(partition)
