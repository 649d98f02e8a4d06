"""What the panels ask in common: how they are narrowed, and the objectives they are drawn against.

The dashboards beside this file only. Canaries test the monitor and are nobody's obligation: what a supervisor sees
leaves them out. Series are asked for by the jobs of `deploy/prometheus/prometheus.yml`, so that a shadow, or another
installation, under jobs of its own hides nothing and counts nothing twice.
"""

from __future__ import annotations

from typing import Final

RULE: Final = 'rule=~"$rule",rule!="canary/heard"'
UNIT: Final = 'unit=~"$unit",unit!="canary"'
WORKER: Final = 'job="slawatch-worker"'
WORKERS: Final = f'{WORKER},instance=~"$instance"'
NOTIFIERS: Final = 'job="slawatch-notifier",instance=~"$instance"'
CANARIES: Final = 'job="slawatch-canary",instance=~"$instance"'

# As the alerts of `deploy/prometheus/rules/` have them; a test compares.
CLAUSE_TARGET: Final = 0.95
UNIT_TARGET: Final = 0.9
IN_TIME_TARGET: Final = 0.99
DETECTED_WITHIN_S: Final = 0.25
TOLD_WITHIN_S: Final = 5.0


def quantile(share: float, buckets: str, *, by: str = "") -> str:
    """What `share` of the observations did not exceed; `buckets` with a selector, `by` as `receiver, `."""
    return f"histogram_quantile({share}, sum by ({by}le) (rate({buckets}[$__rate_interval])))"


def per_second(counter: str, by: str) -> str:
    """How often a second; `counter` with a selector."""
    return f"sum by ({by}) (rate({counter}[$__rate_interval]))"


def down(job: str) -> str:
    """How many targets of a job do not answer; no number where it has no target."""
    return f'count(up{{job="{job}"}}) - sum(up{{job="{job}"}})'


def fewer(now: str, lately: str) -> str:
    """By how much a recorded count is below its best of six hours, as the alerts have it; 1 without any ever."""
    return f"clamp_min(clamp_min(max_over_time({lately}[6h]), 1) - {now}, 0)"
