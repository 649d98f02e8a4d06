"""What a text may say of an alert: an allow-list. This is the one place of `alerting.texts` that reads `alert.data`.

Why: of a confidential or anonymous complaint nothing about the customer may reach a chat. Texts are written from
`Facts` alone, so a field that alerts gain some day stays unsaid until somebody puts it here. Only `alerting.texts`
imports this.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Final, NamedTuple

import msgspec

from alerting.alert import Alert, Level, Status
from alerting.text import Language

SAID: Final = frozenset({
    "status", "level", "rule", "clause", "title", "historic", "unverified", "assumed", "excused", "reason", "ticket",
    "incident", "kind", "grade", "urgency", "category", "owner", "owner_level", "started_at", "due_at", "stopped_at",
    "overrun_seconds", "evidence",
})  # fmt: skip
"""The fields of an alert that a text may say."""

UNSAID: Final = frozenset({"alert_id", "revision", "mode", "clock_id", "rulebook"})
"""Those it does not: they are for machines, and the ids repeat what is said already."""

OPERATOR: Final = "operator/"
_GRAVE: Final = frozenset({"special", "major"})


class Facts(msgspec.Struct, frozen=True, kw_only=True):
    """One alert as a text may tell it, in one language, everything foreign still as it came.

    `subject` is the ticket, else the incident, else what an alert about the monitor is about. `at` is the instant the
    alert is about.
    """

    status: Status
    level: Level
    rule: str
    clause: str
    title: str
    historic: bool
    unverified: bool
    assumed: bool
    excused: bool
    reason: str
    subject: str
    incident: bool
    kind: str | None
    grade: str | None
    urgency: str | None
    category: str | None
    owner: str | None
    owner_level: str | None
    at: datetime
    started_at: datetime | None
    due_at: datetime | None
    stopped_at: datetime | None
    overrun_seconds: float | None
    evidence: tuple[str, ...]

    @property
    def operator(self) -> bool:
        """Whether it is about the monitor itself."""
        return self.rule.startswith(OPERATOR)


class Listed(NamedTuple):
    """What a digest says of each alert, and no more: a storm has ten thousand of them. Fields as in `Facts`.

    `grave`: an urgent repair, or a special or major complaint; their breaches come first.
    """

    status: str
    level: str
    rule: str
    grave: bool
    subject: str
    owner: str | None
    owner_level: str | None


def facts_of(alert: Alert, language: Language) -> Facts:
    """What a text may say of an alert; a title that lacks the language is told in another, or by the rule's id."""
    data = alert.data
    return Facts(
        status=alert.status,
        level=alert.level,
        rule=data.rule,
        clause=data.clause,
        title=chosen(data.title, language) or data.rule,
        historic=data.historic,
        unverified=data.unverified,
        assumed=data.assumed,
        excused=data.excused,
        reason=data.reason,
        subject=data.ticket or data.incident or alert.subject,
        incident=data.ticket is None and data.incident is not None,
        kind=data.kind,
        grade=data.grade,
        urgency=data.urgency,
        category=data.category,
        owner=data.owner,
        owner_level=data.owner_level,
        at=alert.at,
        started_at=data.started_at,
        due_at=data.due_at,
        stopped_at=data.stopped_at,
        overrun_seconds=data.overrun_seconds,
        evidence=tuple(data.evidence),
    )


def listed(alert: Alert) -> Listed:
    """What a digest may say of an alert."""
    data = alert.data
    grave = data.urgency == "urgent" or data.grade in _GRAVE
    subject = data.ticket or data.incident or alert.subject
    return Listed(data.status, data.level, data.rule, grave, subject, data.owner, data.owner_level)


def chosen(told: Mapping[str, str], language: Language) -> str:
    """What is told in this language, else in another one; empty where nothing is."""
    return told.get(language) or next((text for text in told.values() if text), "")
