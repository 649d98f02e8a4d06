"""Prometheus Alertmanager, API v2. It keeps no alerts on disk, so it is told again and again how all open ones stand.

Every replica is told, never a load balancer before them. A firing alert says itself when it ends unless it is heard
of again, so one that we cannot retract any more does not stand for ever. What identifies an alert there are its
labels: only what never changes over its revisions is one; the owner may change, and is an annotation. Source:
Prometheus, "Alerts API" and "High availability".
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final

import msgspec

from alerting.alert import Alert, Level, Status
from alerting.answer import DETAIL_MAX, Answer, Class
from alerting.classing import by_failure, by_status, unknown
from alerting.http import Failure, HttpConfig, Line, Reply
from alerting.message import Message
from alerting.receiver import Kind, Surroundings, Traits
from alerting.secret import Secret, find_secret
from alerting.text import Language

BATCH_MAX: Final = 500
STANDS: Final = timedelta(seconds=240)
"""How long a firing alert stands without being heard of: it survives three of the sends that come every 60 s."""

_PATH: Final = "/api/v2/alerts"
_SEVERITY: Final = {
    Level.NOTICE: "info",
    Level.WARNING: "warning",
    Level.BREACH: "critical",
    Level.ESCALATION: "critical",
}


class Config(HttpConfig, frozen=True, kw_only=True):
    """`urls` are those of all replicas, without `/api/v2`; `authorization` is that whole header, if one is wanted."""

    urls: list[str]
    authorization: str | None = None
    authorization_file: str | None = None
    authorization_env: str | None = None


class Alertmanager:
    """All replicas of one Alertmanager."""

    def __init__(self, lines: Sequence[Line], authorization: Secret | None, language: Language) -> None:
        self.traits = Traits(people=False, mirror=True, at_once=2)
        self._lines = tuple(lines)
        self._authorization = authorization
        self._language = language

    async def send(self, message: Message, now: datetime) -> Answer:
        """See `alerting.receiver.Receiver`. It is sent if one replica took all of it: they tell each other."""
        alerts = [alert_for(alert, self._language, now) for alert in message.alerts]
        parts = [alerts[i : i + BATCH_MAX] for i in range(0, len(alerts), BATCH_MAX)]
        bodies = [msgspec.json.encode(part) for part in parts or [[]]]
        answers = await asyncio.gather(*(self._tell(line, bodies, now) for line in self._lines))
        return best_of(answers)

    async def _tell(self, line: Line, bodies: Sequence[bytes], now: datetime) -> Answer:
        """One replica; the first part that it does not take ends it."""
        headers = {"Content-Type": "application/json"}
        if self._authorization is not None:
            headers["Authorization"] = self._authorization.reveal()
        assert bodies
        for body in bodies:
            reply = await line.ask(body, headers)
            answer = by_failure(reply) if isinstance(reply, Failure) else _read(reply, now)
            if answer.kind is not Class.SENT:
                break
        return answer

    async def close(self) -> None:
        """Let go of connections."""
        for line in self._lines:
            await line.close()


def _read(reply: Reply, now: datetime) -> Answer:
    answer = by_status(reply, now)
    if answer.kind is Class.SENT and reply.body.lstrip().startswith(b"<"):
        return unknown(reply, "a success with a page in it: is this Alertmanager, or a proxy?")
    return answer


def best_of(answers: Sequence[Answer]) -> Answer:
    """What all replicas' answers mean together: a yes of one counts, else one that may still come."""
    order = {Class.SENT: 0, Class.RETRY: 1, Class.REFUSED: 2, Class.UNVERIFIED: 3}
    best = min(answers, key=lambda answer: order[answer.kind])
    failed = [answer for answer in answers if answer.kind is not Class.SENT]
    if len(answers) == 1 or not failed:
        return best
    told = f"{len(answers) - len(failed)} of {len(answers)} replicas took it; {failed[0].why}: {failed[0].detail}"
    return msgspec.structs.replace(best, detail=told[:DETAIL_MAX])


def alert_for(alert: Alert, language: Language, now: datetime) -> dict[str, Any]:
    """One alert as Alertmanager wants it; `now` bounds how long it stands, and when it ended."""
    data = alert.data
    labels = {
        "alertname": data.rule,
        "alert_id": alert.alert_id,
        "rule": data.rule,
        "level": data.level,
        "severity": _SEVERITY[alert.level],
        "ticket": data.ticket,
        "incident": data.incident,
    }
    title = data.title.get(language) or next(iter(data.title.values()), data.rule)
    annotations = {
        "title": title,
        "summary": " ".join(part for part in (title, data.ticket or data.incident, data.owner) if part),
        "clause": data.clause,
        "owner": data.owner,
        "owner_level": data.owner_level,
        "grade": data.grade,
        "urgency": data.urgency,
        "due": data.due_at.isoformat() if data.due_at else None,
        "reason": data.reason,
        "status": data.status,
    }
    # What has ended is about the instant of its end.
    ends_at = now + STANDS if alert.status is Status.FIRING else min(alert.at, now)
    began_at = data.due_at if data.due_at is not None and alert.level is Level.BREACH else alert.at
    return {
        "labels": {name: value for name, value in labels.items() if value},
        "annotations": {name: value for name, value in annotations.items() if value},
        "startsAt": min(began_at, ends_at),
        "endsAt": ends_at,
    }


def _make(config: Config, surroundings: Surroundings) -> Alertmanager:
    if not config.urls:
        raise ValueError("urls is empty: list the address of every replica")
    lines = []
    for i, text in enumerate(config.urls):
        line = surroundings.http.line(Secret(text.rstrip("/") + _PATH), config, f"urls[{i}]")
        if line.url.query or _PATH in text:
            raise ValueError(f"urls[{i}] goes too far: leave out what comes from /api/v2 on")
        lines.append(line)
    return Alertmanager(lines, find_secret(config, "authorization"), surroundings.language)


KIND = Kind("alertmanager", Config, _make)
