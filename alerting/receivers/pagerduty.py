"""PagerDuty, Events API v2. All revisions of an alert carry one `dedup_key`, so an attempt may be repeated safely.

Accepted is a 202 that says `success`; 429 and 5xx are tried again, 400 never. Source: PagerDuty, api-schema,
events-v2.
"""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import Any, Final

import msgspec

from alerting import texts
from alerting.alert import Alert, Level
from alerting.answer import Answer, Class, Why
from alerting.classing import body_of, by_failure, by_status, unknown
from alerting.http import Failure, HttpConfig, Line
from alerting.message import Message, Occasion
from alerting.receiver import Kind, Rate, Surroundings, Traits
from alerting.secret import Secret, need_secret
from alerting.text import Limits

ENQUEUE: Final = "https://events.pagerduty.com/v2/enqueue"
DEDUP_CHARS_MAX: Final = 255
_READABLE: Final = 190  # of a long alert id, before the 64 digits that tell it from others

_SEVERITY: Final = {Level.NOTICE: "info", Level.WARNING: "warning", Level.BREACH: "error", Level.ESCALATION: "error"}
_LIMITS: Final = Limits(title_bytes=1_000, body_bytes=8_000)  # a summary holds 1,024 characters


class Config(HttpConfig, frozen=True, kw_only=True):
    """`routing_key` is the integration key of the service; `url` only for a region of its own."""

    routing_key: str | None = None
    routing_key_file: str | None = None
    routing_key_env: str | None = None
    url: str = ENQUEUE


class PagerDuty:
    """One service."""

    def __init__(self, line: Line, key: Secret, surroundings: Surroundings) -> None:
        self.traits = Traits(people=False, rates=(Rate(100, 60.0),), at_once=4)
        self._line = line
        self._key = key
        self._language = surroundings.language
        self._unit_names = surroundings.unit_names
        self._zone = surroundings.zone

    async def send(self, message: Message, now: datetime) -> Answer:
        """See `alerting.receiver.Receiver`. It takes one alert at a time."""
        if len(message.alerts) != 1:
            return Answer(Class.REFUSED, Why.OUR_FAULT, detail="PagerDuty takes one alert at a time")
        body = msgspec.json.encode({"routing_key": self._key.reveal(), **self._event(message, now)})
        reply = await self._line.ask(body, {"Content-Type": "application/json"})
        if isinstance(reply, Failure):
            return by_failure(reply)
        answer = by_status(reply, now)
        accepted = reply.status == 202 and body_of(reply).get("status") == "success"
        if answer.kind is Class.SENT and not accepted:
            return unknown(reply, "a success without PagerDuty's word for it: is this PagerDuty, or a proxy?")
        return answer

    def _event(self, message: Message, now: datetime) -> dict[str, Any]:
        alert, data = message.alert, message.alert.data
        event: dict[str, Any] = {"dedup_key": dedup_key(alert.alert_id), "client": "slawatch"}
        if message.occasion in {Occasion.RESOLVED, Occasion.RETRACTED}:
            return event | {"event_action": "resolve"}
        text = texts.compose(message, self._language, _LIMITS, self._unit_names, now, zone=self._zone)
        if message.ack_url is not None:
            event["links"] = [{"href": message.ack_url, "text": "acknowledge"}]
        payload = {
            "summary": text.title,
            "source": data.ticket or data.incident or alert.subject,
            "severity": severity(alert, critical=message.critical),
            "timestamp": alert.at,
            "component": data.rule,
            "group": data.owner or "",
            "class": data.level,
            "custom_details": {"text": text.body, "alert_id": alert.alert_id, "clause": data.clause},
        }
        return event | {"event_action": "trigger", "payload": payload}

    async def close(self) -> None:
        """Let go of connections."""
        await self._line.close()


def dedup_key(alert_id: str) -> str:
    """The key that joins all events of an alert; a long id is shortened, and stays unlike any other."""
    if len(alert_id) <= DEDUP_CHARS_MAX:
        return alert_id
    return f"{alert_id[:_READABLE]}~{hashlib.sha256(alert_id.encode()).hexdigest()}"


def severity(alert: Alert, *, critical: bool) -> str:
    """PagerDuty's word for how bad it is."""
    return "critical" if critical else _SEVERITY[alert.level]


def _make(config: Config, surroundings: Surroundings) -> PagerDuty:
    line: Line = surroundings.http.line(Secret(config.url), config)
    return PagerDuty(line, need_secret(config, "routing_key"), surroundings)


KIND = Kind("pagerduty", Config, _make)
