"""What the outside is told: verdicts and alerts, rendered to bytes that never depend on who renders them.

Content holds no worker, attempt or wall clock; one (id, revision) has one content. Everybody may import this.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from hashlib import blake2b
from typing import Any

import msgspec

from sla.alert_layout import AlertData, Envelope, VerdictData
from sla.clock_facts import BROKEN, alert_time, evidence, excused, overrun, verdict_time
from sla.duty import Duty, Outcome, Reason, Status


class Channel(StrEnum):
    """Where an output goes; `streams` maps it to a topic."""

    ALERTS = "alerts"
    VERDICTS = "verdicts"
    FACTS = "facts"


class Output(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One record to publish: its channel, its key, and the exact bytes."""

    channel: Channel
    key: str
    value: bytes


_json = msgspec.json.Encoder()


class Subject(msgspec.Struct, frozen=True, gc=False):
    """What an alert or a verdict says of its ticket, beside the clock; `incident`: `ticket` is the key of one."""

    ticket: str
    kind: str
    mode: int | None = None
    grade: str | None = None
    urgency: str | None = None
    category: str | None = None
    incident: bool = False


class About(msgspec.Struct, frozen=True):
    """What an alert or a verdict says of its rule."""

    rule: str
    clause: str
    title: dict[str, str]
    assumed: bool
    rulebook: str


def verdict_facts(duty: Duty, outcome: Outcome, subject: Subject) -> bytes:
    """A fingerprint of what a verdict says beside outcome and reason, and of nothing else: no change, no revision.

    The limit and what was used of it follow from the instants.
    """
    pardon = excused(duty, outcome)
    told: tuple[Any, ...] = (
        duty.started_at,
        duty.due_at,
        duty.stop.time if duty.stop is not None else None,
        verdict_time(duty, outcome),
        duty.owner,
        duty.owner_level,
        subject.kind,
    )
    if pardon or duty.keep_until is not None or duty.estimated:
        told += (pardon, duty.keep_until, duty.estimated)
    return blake2b(_json.encode(told), digest_size=8).digest()


class AlertFacts(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What an alert says of its clock beside its status and reason; the overrun follows from the instants."""

    started_at: datetime
    due_at: datetime | None
    stopped_at: datetime | None
    time: datetime
    owner: str | None
    owner_level: str | None
    evidence: list[str]
    excused: bool
    subject: Subject

    def fingerprint(self) -> bytes:
        """Equal facts, equal bytes: no change, no revision."""
        return blake2b(_json.encode(self), digest_size=8).digest()


def alert_facts(
    duty: Duty, level: str, at: datetime, status: Status, outcome: Outcome, subject: Subject
) -> AlertFacts:
    """What the alert of one threshold says."""
    return AlertFacts(
        duty.started_at,
        duty.due_at,
        duty.stop.time if duty.stop is not None else None,
        alert_time(duty, at, status),
        duty.owner,
        duty.owner_level,
        evidence(duty),
        duty.excused and level in BROKEN and excused(duty, outcome),
        subject,
    )


def verdict(duty: Duty, revision: int, outcome: Outcome, reason: Reason, subject: Subject, about: About) -> Output:
    """The verdict of a clock as a record, keyed by the clock."""
    stopped_at = duty.stop.time if duty.stop is not None else None
    used = None if stopped_at is None else max(0.0, (stopped_at - duty.started_at).total_seconds())
    data = VerdictData(  # in the order of its fields: a call by names takes ten times as long
        duty.clock_id,
        subject.ticket,
        revision,
        outcome,
        reason,
        about.rule,
        about.clause,
        subject.kind,
        about.assumed,
        excused(duty, outcome),
        duty.limit_seconds,
        used,
        duty.owner,
        duty.owner_level,
        duty.started_at,
        duty.due_at,
        stopped_at,
        duty.keep_until,
        "estimated" if duty.estimated else None,
        about.rulebook,
    )
    envelope = Envelope(
        id=f"{duty.clock_id}:{revision}",
        type="sla.verdict.v1",
        subject=subject.ticket,
        time=verdict_time(duty, outcome),
        data=data,
    )
    return Output(Channel.VERDICTS, duty.clock_id, _json.encode(envelope))


def alert(
    duty: Duty,
    level: str,
    revision: int,
    status: Status,
    reason: Reason,
    facts: AlertFacts,
    about: About,
    *,
    historic: bool,
    unverified: bool,
) -> Output:
    """The alert of one threshold of a clock as a record, keyed by the ticket."""
    subject = facts.subject
    alert_id = f"{duty.clock_id}/{level}"
    data = AlertData(  # in the order of its fields, as above
        alert_id,
        revision,
        status,
        level.partition("-")[0],
        about.rule,
        about.clause,
        about.title,
        historic,
        unverified,
        about.assumed,
        facts.excused,
        reason,
        None if subject.incident else subject.ticket,
        subject.ticket if subject.incident else None,
        subject.kind,
        subject.mode,
        subject.grade,
        subject.urgency,
        subject.category,
        facts.owner,
        facts.owner_level,
        duty.clock_id,
        facts.started_at,
        facts.due_at,
        facts.stopped_at,
        overrun(duty, status),
        facts.evidence,
        about.rulebook,
    )
    envelope = Envelope(
        id=f"{alert_id}:{revision}", type="sla.alert.v1", subject=subject.ticket, time=facts.time, data=data
    )
    return Output(Channel.ALERTS, subject.ticket, _json.encode(envelope))


def withdrawn_verdict(clock_id: str, revision: int, subject: Subject, about: About) -> Output:
    """The verdict of a clock whose start is gone: it counts as never started."""
    data = VerdictData(
        clock_id=clock_id,
        ticket=subject.ticket,
        revision=revision,
        outcome=Outcome.CANCELLED,
        reason=Reason.START_WITHDRAWN,
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
        status=Status.RETRACTED,
        level=level.partition("-")[0],
        rule=about.rule,
        clause=about.clause,
        title=about.title,
        ticket=None if subject.incident else subject.ticket,
        incident=subject.ticket if subject.incident else None,
        kind=subject.kind,
        clock_id=clock_id,
        reason=reason,
        assumed=about.assumed,
        excused=False,
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
        status=status,
        level="warning",
        rule=f"operator/{condition}",
        clause="",
        title=says,
        reason=condition,
        assumed=False,
        excused=False,
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
