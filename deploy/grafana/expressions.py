"""What the panels ask in common: how they are narrowed, and the objectives they are drawn against.

The dashboards beside this file only. Canaries test the monitor and are nobody's obligation: what a supervisor sees
leaves them out.
"""

from __future__ import annotations

from typing import Final

RULE: Final = 'rule=~"$rule",rule!~"canary/.*"'
UNIT: Final = 'unit=~"$unit",unit!="canary"'
OURS: Final = 'instance=~"$instance"'

# As the alerts of `deploy/prometheus/rules/` have them; a test compares.
CLAUSE_TARGET: Final = 0.95
UNIT_TARGET: Final = 0.9
IN_TIME_TARGET: Final = 0.99
DETECTED_WITHIN_S: Final = 0.25
TOLD_WITHIN_S: Final = 5.0


def quantile(share: float, buckets: str, *, by: str = "") -> str:
    """What `share` of the observations did not exceed; `by` as `receiver, `."""
    return f"histogram_quantile({share}, sum by ({by}le) (rate({buckets}{{{OURS}}}[$__rate_interval])))"


def per_second(counter: str, by: str) -> str:
    """How often a second."""
    return f"sum by ({by}) (rate({counter}{{{OURS}}}[$__rate_interval]))"
