"""What the outside is told: verdicts and alerts, rendered to bytes that never depend on who renders them.

Content holds no worker, attempt or wall clock; one (id, revision) has one content. The layouts are the contract
of `sla.alerts` and `sla.verdicts`. Everybody may import this.
"""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from hashlib import blake2b
from typing import Any

import msgspec

from sla.duty import Duty, Outcome, Reason, Status

SOURCE = "slawatch"


class Channel(StrEnum):
    """Where an output goes; `streams` maps it to a topic."""

    ALERTS = "alerts"
    VERDICTS = "verdicts"


class Output(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One record to publish: its channel, its key, and the exact bytes."""

    channel: Channel
    key: str
    value: bytes


class AlertData(msgspec.Struct, kw_only=True, omit_defaults=True):
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


class VerdictData(msgspec.Struct, kw_only=True, omit_defaults=True):
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


class Envelope(msgspec.Struct, kw_only=True):
    """CloudEvents 1.0, structured mode."""

    specversion: str = "1.0"
    id: str
    source: str = SOURCE
    type: str
    subject: str
    time: datetime | msgspec.UnsetType = msgspec.UNSET
    datacontenttype: str = "application/json"
    data: Any


_json = msgspec.json.Encoder()


class Subject(msgspec.Struct, frozen=True):
    """What an alert or a verdict says of its ticket, beside the clock."""

    ticket: str
    kind: str
    mode: int | None = None
    grade: str | None = None
    urgency: str | None = None
    category: str | None = None


class About(msgspec.Struct, frozen=True):
    """What an alert or a verdict says of its rule."""

    rule: str
    clause: str
    title: dict[str, str]
    assumed: bool
    rulebook: str


def facts(duty: Duty, subject: Subject) -> bytes:
    """A fingerprint of everything the outputs of a clock say beside outcome and status: no change, no revision."""
    stop = duty.stop.identity if duty.stop is not None else None
    told: tuple[Any, ...] = (
        duty.started_at,
        duty.due_at,
        duty.ended_at,
        duty.owner,
        duty.owner_level,
        stop,
        subject,
    )
    if duty.excused or duty.reopened is not None or duty.keep_until is not None or duty.estimated:
        reopened = duty.reopened.identity if duty.reopened is not None else None
        told += (duty.excused, reopened, duty.keep_until, duty.estimated)
    return blake2b(_json.encode(told), digest_size=8).digest()


def evidence(duty: Duty) -> list[str]:
    """The ids of the events a clock rests on: its start and what ended it."""
    events = [duty.start] + [event for event in (duty.reopened, duty.stop, duty.cancel) if event is not None]
    return [event.id for event in events]


def verdict(duty: Duty, revision: int, outcome: Outcome, reason: str, subject: Subject, about: About) -> Output:
    """The verdict of a clock as a record, keyed by the clock."""
    stopped_at = duty.stop.time if duty.stop is not None else None
    used = None if stopped_at is None else max(0.0, (stopped_at - duty.started_at).total_seconds())
    data = VerdictData(
        clock_id=duty.clock_id,
        ticket=subject.ticket,
        revision=revision,
        outcome=outcome.value,
        reason=reason,
        rule=about.rule,
        clause=about.clause,
        kind=subject.kind,
        owner=duty.owner,
        owner_level=duty.owner_level,
        started_at=duty.started_at,
        due_at=duty.due_at,
        stopped_at=stopped_at,
        limit_seconds=duty.limit_seconds,
        used_seconds=used,
        assumed=about.assumed,
        excused=duty.excused and outcome in (Outcome.LATE, Outcome.BREACHED),
        keep_until=duty.keep_until,
        calendar="estimated" if duty.estimated else None,
        rulebook=about.rulebook,
    )
    over_at = duty.closed_without or duty.due_at
    envelope = Envelope(
        id=f"{duty.clock_id}:{revision}",
        type="sla.verdict.v1",
        subject=subject.ticket,
        time=duty.ended_at or (over_at if outcome is Outcome.BREACHED and over_at else duty.started_at),
        data=data,
    )
    return Output(Channel.VERDICTS, duty.clock_id, _json.encode(envelope))


def alert(
    duty: Duty,
    level: str,
    at: datetime,
    revision: int,
    status: Status,
    reason: str,
    subject: Subject,
    about: About,
    *,
    historic: bool,
) -> Output:
    """The alert of one threshold of a clock as a record, keyed by the ticket."""
    alert_id = f"{duty.clock_id}/{level}"
    data = AlertData(
        alert_id=alert_id,
        revision=revision,
        status=status.value,
        level=level.partition("-")[0],
        rule=about.rule,
        clause=about.clause,
        title=about.title,
        ticket=subject.ticket,
        kind=subject.kind,
        mode=subject.mode,
        grade=subject.grade,
        urgency=subject.urgency,
        category=subject.category,
        owner=duty.owner,
        owner_level=duty.owner_level,
        clock_id=duty.clock_id,
        started_at=duty.started_at,
        due_at=duty.due_at,
        stopped_at=duty.stop.time if duty.stop is not None else None,
        overrun_seconds=_overrun(duty, status),
        reason=reason,
        evidence=evidence(duty),
        assumed=about.assumed,
        historic=historic,
        unverified=False,
        rulebook=about.rulebook,
    )
    time = at if status is Status.FIRING else (duty.ended_at or at)
    envelope = Envelope(
        id=f"{alert_id}:{revision}", type="sla.alert.v1", subject=subject.ticket, time=time, data=data
    )
    return Output(Channel.ALERTS, subject.ticket, _json.encode(envelope))


def withdrawn_verdict(clock_id: str, revision: int, subject: Subject, about: About) -> Output:
    """The verdict of a clock whose start is gone: it counts as never started."""
    data = VerdictData(
        clock_id=clock_id,
        ticket=subject.ticket,
        revision=revision,
        outcome=Outcome.CANCELLED.value,
        reason=Reason.START_WITHDRAWN.value,
        rule=about.rule,
        clause=about.clause,
        kind=subject.kind,
        assumed=about.assumed,
        excused=False,
        rulebook=about.rulebook,
    )
    return Output(Channel.VERDICTS, clock_id, _enveloped(clock_id, revision, "sla.verdict.v1", subject, data))


def withdrawn_alert(
    clock_id: str, level: str, revision: int, reason: Reason, subject: Subject, about: About, *, historic: bool
) -> Output:
    """The retraction of an alert whose clock or threshold is gone: it counts as never raised."""
    alert_id = f"{clock_id}/{level}"
    data = AlertData(
        alert_id=alert_id,
        revision=revision,
        status=Status.RETRACTED.value,
        level=level.partition("-")[0],
        rule=about.rule,
        clause=about.clause,
        title=about.title,
        ticket=subject.ticket,
        kind=subject.kind,
        clock_id=clock_id,
        reason=reason.value,
        assumed=about.assumed,
        historic=historic,
        unverified=False,
        rulebook=about.rulebook,
    )
    return Output(Channel.ALERTS, subject.ticket, _enveloped(alert_id, revision, "sla.alert.v1", subject, data))


def operator_alert(
    condition: str, where: str, says: dict[str, str], revision: int, status: Status, at: datetime, label: str
) -> Output:
    """An alert about the monitor itself: `rule` is `operator/<condition>`, there is no ticket.

    `where` names what it is about (app and partition, and the epoch, so that ids never repeat).
    """
    alert_id = f"operator/{condition}/{where}"
    data = AlertData(
        alert_id=alert_id,
        revision=revision,
        status=status.value,
        level="warning",
        rule=f"operator/{condition}",
        clause="",
        title=says,
        reason=condition,
        assumed=False,
        historic=False,
        unverified=False,
        started_at=at,
        rulebook=label,
    )
    envelope = Envelope(id=f"{alert_id}:{revision}", type="sla.alert.v1", subject=where, time=at, data=data)
    return Output(Channel.ALERTS, alert_id, _json.encode(envelope))


def _enveloped(name: str, revision: int, type_: str, subject: Subject, data: AlertData | VerdictData) -> bytes:
    envelope = Envelope(id=f"{name}:{revision}", type=type_, subject=subject.ticket, data=data)
    return _json.encode(envelope)


def _overrun(duty: Duty, status: Status) -> float | None:
    """Seconds past due: at the end, or at the moment the clock became known when that was past due already."""
    if status is Status.RETRACTED:
        return None
    until = duty.ended_at or duty.start.appended_at
    if until is None or duty.due_at is None or until <= duty.due_at:
        return None
    return (until - duty.due_at).total_seconds()
