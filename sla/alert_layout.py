"""The layouts of alerts and verdicts: the contract of `sla.alerts` and `sla.verdicts`, field by field.

Only `sla.publication` fills them in; whoever reads these topics finds here what a record holds.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import msgspec

SOURCE = "slawatch"


class AlertData(msgspec.Struct, omit_defaults=True, gc=False):
    """The body of an alert; what is not known is left out."""

    alert_id: str
    revision: int
    status: str
    level: str
    rule: str
    clause: str
    title: dict[str, str]
    historic: bool
    unverified: bool
    assumed: bool
    excused: bool
    reason: str
    ticket: str | None = None
    incident: str | None = None
    kind: str | None = None
    mode: int | None = None
    grade: str | None = None
    urgency: str | None = None
    category: str | None = None
    owner: str | None = None
    owner_level: str | None = None
    clock_id: str | None = None
    started_at: datetime | None = None
    due_at: datetime | None = None
    stopped_at: datetime | None = None
    overrun_seconds: float | None = None
    evidence: list[str] = []
    rulebook: str | None = None


class VerdictData(msgspec.Struct, omit_defaults=True, gc=False):
    """The body of a verdict; what is not known is left out."""

    clock_id: str
    ticket: str
    revision: int
    outcome: str
    reason: str
    rule: str
    clause: str
    kind: str
    assumed: bool
    excused: bool
    limit_seconds: float | None = None
    used_seconds: float | None = None
    owner: str | None = None
    owner_level: str | None = None
    started_at: datetime | None = None
    due_at: datetime | None = None
    stopped_at: datetime | None = None
    keep_until: date | None = None
    calendar: str | None = None
    rulebook: str | None = None


class Envelope(msgspec.Struct, kw_only=True, gc=False):
    """CloudEvents 1.0, structured mode."""

    specversion: str = "1.0"
    id: str
    source: str = SOURCE
    type: str
    subject: str
    time: datetime | msgspec.UnsetType = msgspec.UNSET
    datacontenttype: str = "application/json"
    data: Any
