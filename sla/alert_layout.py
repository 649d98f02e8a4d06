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
    """The id of the clock and its level, with its threshold: `.../warning-50`. The same over all revisions."""
    revision: int
    """1, 2, ...: the highest is what holds. One id and revision has one content, ever."""
    status: str
    """How the alert stands."""
    level: str
    """How bad it is."""
    rule: str
    """The id of the rule; `operator/...` for alerts about the monitor itself."""
    clause: str
    """The clause that the rule watches; empty for alerts about the monitor."""
    title: dict[str, str]
    """What is owed, in `zh` and `en`."""
    historic: bool
    """It was due before `quiet_before`: for the record, never for people."""
    unverified: bool
    """Its source was silent when it fired, so it may only look as if nobody had done anything."""
    assumed: bool
    """The limit is not in the text."""
    excused: bool
    """What is broken is excused: an appeal was upheld, or a disaster. The breach stands all the same."""
    reason: str
    """Why; for an alert about the monitor the condition."""
    ticket: str | None = None
    """The ticket; absent where the clock is an incident's."""
    incident: str | None = None
    """The key of the incident: its hash or name, and the last word of the rule."""
    kind: str | None = None
    """The business of the ticket: `repair`, `complaint`."""
    mode: int | None = None
    """The operating mode of a repair."""
    grade: str | None = None
    """The grade of a complaint."""
    urgency: str | None = None
    """The urgency of a repair, where it is told."""
    category: str | None = None
    """The category of a complaint, where it is told."""
    owner: str | None = None
    """The unit that owes it."""
    owner_level: str | None = None
    """The level of that unit."""
    clock_id: str | None = None
    """The clock, as verdicts name it."""
    started_at: datetime | None = None
    """When the clock started."""
    due_at: datetime | None = None
    """The last instant in time."""
    stopped_at: datetime | None = None
    """When it was done."""
    overrun_seconds: float | None = None
    """How long past due it was done, or was known of; absent while that is not known."""
    evidence: list[str] = []
    """The ids of the events it rests on."""
    rulebook: str | None = None
    """The rulebook and its hash."""


class VerdictData(msgspec.Struct, omit_defaults=True, gc=False):
    """The body of a verdict; what is not known is left out."""

    clock_id: str
    """Ticket, rule, source and id of the starting event, and the round if there are several."""
    ticket: str
    """The ticket, or the key of the incident."""
    revision: int
    """1, 2, ...: the highest is what holds."""
    outcome: str
    """How the clock stands."""
    reason: str
    """Why."""
    rule: str
    """The id of the rule."""
    clause: str
    """The clause that the rule watches."""
    kind: str
    """The business of the ticket: `repair`, `complaint`."""
    assumed: bool
    """The limit is not in the text."""
    excused: bool
    """What is broken is excused; it stays broken."""
    limit_seconds: float | None = None
    """From start to due; absent where there is no limit, or the calendar ends before it."""
    used_seconds: float | None = None
    """From start to the stop, never below 0."""
    owner: str | None = None
    """The unit that owes it."""
    owner_level: str | None = None
    """The level of that unit."""
    started_at: datetime | None = None
    """When the clock started."""
    due_at: datetime | None = None
    """The last instant in time."""
    stopped_at: datetime | None = None
    """When it was done."""
    keep_until: date | None = None
    """Until when what a cap counts must be kept."""
    calendar: str | None = None
    """`estimated` where a day of the term is reckoned, not announced."""
    rulebook: str | None = None
    """The rulebook and its hash."""


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
