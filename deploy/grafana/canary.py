"""The row about the canary tickets. `deploy.grafana.engine_and_delivery` only."""

from __future__ import annotations

from typing import Final

from deploy.grafana.expressions import CANARIES, quantile
from deploy.grafana.panels import NONE_WANTED, Panel, Query, at_most, series, stat

UNHEARD_AFTER_S: Final = 150.0
"""As `SlaCanaryUnheard` has it."""


def canary() -> list[Panel]:
    """Whether the whole way works, from Kafka to a receiver."""
    return [
        stat(
            "Longest unheard · 最久未闻",
            "How long ago the partition that waits longest was last proven. docs/alerts.md#slacanaryunheard",
            "time() - min(sla:canary_last_seen:max6h > 0)",
            unit="s",
            steps=at_most(UNHEARD_AFTER_S),
        ),
        stat(
            "Lost, 24 h · 未送达",
            "Canary tickets whose breach was not told in time, or never. docs/alerts.md#slacanaryunheard",
            f"sum(increase(sla_canary_lost_total{{{CANARIES}}}[24h]))",
            steps=NONE_WANTED,
        ),
        stat(
            "Refused, 24 h · 被拒消息",
            "Messages to the canary that were not believed, or were about no canary.",
            f"sum(increase(sla_canary_refused_total{{{CANARIES}}}[24h]))",
            steps=NONE_WANTED,
        ),
        series(
            "Due to heard · 从到期到送达",
            "From a canary's due time to its breach being told, grace included.",
            *(
                Query(quantile(share, f"sla_canary_seconds_bucket{{{CANARIES}}}"), f"p{share * 100:g}")
                for share in (0.5, 0.99)
            ),
            unit="s",
        ),
        series(
            "Canaries · 自检工单",
            "Canary tickets a minute: sent, told in time, lost, and told to be over.",
            *(
                Query(f"60 * sum(rate(sla_canary_{what}_total{{{CANARIES}}}[$__rate_interval]))", what)
                for what in ("sent", "heard", "lost", "resolved")
            ),
            unit="cpm",
        ),
    ]
