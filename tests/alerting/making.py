"""Alerts, plans and records for tests of delivery."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import msgspec

from alerting.alert import Alert
from alerting.ladder import Plan, Rung
from alerting.message import Occasion
from alerting.record import FIRST, Notification, Outcome
from sla.alert_layout import AlertData

NOW = datetime(2026, 11, 23, 0, 0, tzinfo=UTC)
DUE_AFTER = timedelta(minutes=2)


def alert(
    name: str = "t1",
    revision: int = 1,
    status: str = "firing",
    level: str = "breach",
    *,
    at: datetime = NOW,
    historic: bool = False,
    term: timedelta = DUE_AFTER,
    urgency: str | None = None,
) -> Alert:
    """A revision of the alert of ticket `name`, appended at `at`."""
    clock_id = f"{name}/repair/dispatch/95598/e-1"
    data = AlertData(
        alert_id=f"{clock_id}/{level}",
        revision=revision,
        status=status,
        level=level,
        rule="repair/dispatch",
        clause="7.2",
        title={"zh": "派单", "en": "Dispatch"},
        historic=historic,
        unverified=False,
        assumed=False,
        excused=False,
        reason="nothing_came",
        ticket=name,
        kind="repair",
        urgency=urgency,
        clock_id=clock_id,
        owner="3201",
        owner_level="city",
        started_at=NOW - term,
        due_at=NOW,
    )
    return Alert(f"{data.alert_id}:{revision}", name, NOW, data, at, at)


def value(told: Alert) -> bytes:
    """The record of an alert on `sla.alerts`."""
    return msgspec.json.encode(
        {"id": told.event_id, "type": "sla.alert.v1", "subject": told.subject, "time": told.at, "data": told.data}
    )


def plan(*rungs: tuple[str, float, tuple[str, ...]], critical: bool = False) -> Plan:
    """Rungs by name, minutes after, and receivers; the first is told at once."""
    return Plan(
        tuple(
            Rung(
                name,
                timedelta(minutes=after),
                Occasion.RAISED if name == FIRST else Occasion.ESCALATED,
                lambda _, names=receivers: names,  # type: ignore[misc]
            )
            for name, after, receivers in rungs
        ),
        critical,
    )


def record(
    task, outcome: Outcome, at: datetime, attempt: int = 1, next_at: datetime | None = None, reason: str = "accepted"
) -> Notification:  # type: ignore[no-untyped-def]
    """What is recorded of an attempt at a task."""
    return Notification(
        alert_id=task.key.alert_id,
        revision=task.key.revision,
        receiver=task.key.receiver,
        step=task.key.step,
        outcome=outcome,
        reason=reason,
        status=str(task.alert.status),
        at=at,
        attempt=attempt,
        next_at=next_at,
        told_revision=task.alert.revision,
    )
