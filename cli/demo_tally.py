"""What the demo has seen of alerts and verdicts: how every clock and alert stands by its highest revision.

It reads what any consumer of the two topics reads, and nothing else. Used by `cli.demo_play` and its screens.
"""

from __future__ import annotations

from collections import Counter, deque
from datetime import datetime

import msgspec

from sla.alert_layout import AlertData, VerdictData

LATEST_MAX = 60


class Alert(msgspec.Struct):
    """An alert as it came: its id as an event, and its body."""

    id: str
    data: AlertData


class _Verdict(msgspec.Struct):
    data: VerdictData


class Seen(msgspec.Struct):
    """An alert and when it was seen, in the time of the demo's clock."""

    at: datetime
    alert: Alert


_alert = msgspec.json.Decoder(Alert)
_verdict = msgspec.json.Decoder(_Verdict)


class Tally:
    """Clocks and alerts by id; `breaches` are those alerts that were raised, whatever became of them."""

    def __init__(self) -> None:
        self.clocks: dict[str, VerdictData] = {}
        self.alerts: dict[str, AlertData] = {}
        self.running: dict[str, VerdictData] = {}
        self.breaches: set[str] = set()
        self._warnings: deque[Seen] = deque(maxlen=LATEST_MAX)
        self._breaches: deque[Seen] = deque(maxlen=LATEST_MAX)

    def take_verdict(self, raw: bytes) -> None:
        """Note a verdict; an older revision than known changes nothing."""
        verdict = _verdict.decode(raw).data
        known = self.clocks.get(verdict.clock_id)
        if known is not None and known.revision >= verdict.revision:
            return
        self.clocks[verdict.clock_id] = verdict
        if verdict.outcome == "running":
            self.running[verdict.clock_id] = verdict
        else:
            self.running.pop(verdict.clock_id, None)

    def take_alert(self, raw: bytes, now: datetime) -> Alert | None:
        """Note an alert seen at `now`; None if it was known."""
        alert = _alert.decode(raw)
        known = self.alerts.get(alert.data.alert_id)
        if known is not None and known.revision >= alert.data.revision:
            return None
        self.alerts[alert.data.alert_id] = alert.data
        if alert.data.level == "breach" and alert.data.status == "firing":
            self.breaches.add(alert.data.alert_id)
        kept = self._warnings if alert.data.level in ("notice", "warning") else self._breaches
        kept.appendleft(Seen(now, alert))
        return alert

    def outcomes(self) -> Counter[str]:
        """How many clocks stand how; one whose start was withdrawn counts as never started."""
        return Counter(clock.outcome for clock in self.clocks.values() if clock.reason != "start_withdrawn")

    def standing(self) -> Counter[tuple[str, str]]:
        """How many alerts of each level stand how."""
        return Counter((alert.level, alert.status) for alert in self.alerts.values())

    def latest(self, count: int) -> list[Seen]:
        """The latest alerts, newest first. Warnings come by the hundred: they must not push every breach out."""
        breaches = list(self._breaches)[: count - min(count // 3, len(self._warnings))]
        found = breaches + list(self._warnings)[: count - len(breaches)]
        return sorted(found, key=lambda seen: seen.at, reverse=True)

    def soonest(self, count: int) -> list[VerdictData]:
        """The running clocks that are due first."""
        due = [clock for clock in self.running.values() if clock.due_at is not None]
        return sorted(due, key=lambda clock: (clock.due_at, clock.clock_id))[:count]
