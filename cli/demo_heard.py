"""What became of the demo's alerts, read off `sla.notifications` as any consumer of it would. Pure.

Used by `cli.demo_play` and its screens.
"""

from __future__ import annotations

from statistics import median
from typing import NamedTuple

from alerting.ladder import UPDATE
from alerting.record import END, Notification, Outcome
from cli.demo_tally import Tally


class Coverage(NamedTuple):
    """Of the breaches that were raised: how many were told, were over before it came to that, or still wait."""

    told: int
    over_before: int
    owed: int


class Heard:
    """What one receiver was told."""

    def __init__(self) -> None:
        self.told: dict[tuple[str, int], int] = {}
        self.ended: set[str] = set()
        self.singles = self.again = self.dead = 0
        self.digests: set[str] = set()
        self._late_s: list[float] = []

    def take(self, record: Notification) -> None:
        """Note how an attempt ended."""
        if record.outcome is Outcome.RETRY:
            self.again += 1
        elif record.outcome is Outcome.DEAD:
            self.dead += 1
        elif record.outcome is Outcome.SENT:
            self._sent(record)

    @property
    def messages(self) -> int:
        """How many messages that took."""
        return self.singles + len(self.digests)

    @property
    def late_s(self) -> tuple[float, float]:
        """From the moment it was to be told to the attempt, in real seconds: the median, and the worst."""
        return (median(self._late_s), max(self._late_s)) if self._late_s else (0.0, 0.0)

    def coverage(self, tally: Tally) -> Coverage:
        """How what was told compares with the topic of alerts."""
        missing = tally.breaches - {alert_id for alert_id, _ in self.told}
        owed = sum(tally.alerts[alert_id].status == "firing" for alert_id in missing)
        return Coverage(len(tally.breaches) - len(missing), len(missing) - owed, owed)

    def _sent(self, record: Notification) -> None:
        if record.digest is None:
            self.singles += 1
        else:
            self.digests.add(record.digest)
        if record.step == END:
            self.ended.add(record.alert_id)
        elif record.step != UPDATE:
            key = (record.alert_id, record.revision)
            self.told[key] = self.told.get(key, 0) + 1
            self._late_s.append((record.late_ms or 0.0) / 1000)
