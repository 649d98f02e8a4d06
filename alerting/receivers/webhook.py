"""A signed webhook by the Standard Webhooks specification; the body is the alert's own CloudEvent.

For machines: they get every revision, in order to know how each alert stands. The event's `occasion`, `critical`,
`degraded` and `ackurl` are extension attributes. While a secret is being replaced, both sign.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

import msgspec

from alerting.answer import Answer, Class, Why
from alerting.classing import by_failure, by_status
from alerting.http import Failure, Line, UrlConfig
from alerting.message import Message
from alerting.receiver import Kind, Surroundings, Traits
from alerting.secret import Secret, find_secret, need_secret
from alerting.signing import message_id, sign
from sla.alert_layout import SOURCE

BODY_BYTES_MAX: Final = 20_000  # what the specification asks for


class Config(UrlConfig, frozen=True, kw_only=True):
    """`secret` is `whsec_` and base64 of 24 to 64 bytes; `second_secret` signs too, while one replaces the other."""

    secret: str | None = None
    secret_file: str | None = None
    secret_env: str | None = None
    second_secret: str | None = None
    second_secret_file: str | None = None
    second_secret_env: str | None = None


class Webhook:
    """One address."""

    def __init__(self, line: Line, secrets: tuple[Secret, ...]) -> None:
        self.traits = Traits(people=False, at_once=8)
        self._line = line
        self._secrets = secrets

    async def send(self, message: Message, now: datetime) -> Answer:
        """See `alerting.receiver.Receiver`. It takes one alert at a time."""
        if len(message.alerts) != 1:
            return Answer(Class.REFUSED, Why.OUR_FAULT, detail="a webhook takes one alert at a time")
        body = event(message)
        if len(body) > BODY_BYTES_MAX:
            return Answer(Class.REFUSED, Why.TOO_LARGE, detail=f"{len(body):,} bytes, more than {BODY_BYTES_MAX:,}")
        headers = sign([secret.reveal() for secret in self._secrets], message_id(message.key), now, body)
        headers["Content-Type"] = "application/cloudevents+json; charset=utf-8"
        reply = await self._line.ask(body, headers)
        return by_failure(reply) if isinstance(reply, Failure) else by_status(reply, now)

    async def close(self) -> None:
        """Let go of connections."""
        await self._line.close()


def event(message: Message) -> bytes:
    """The alert as a CloudEvent in structured mode.

    An alert with very much evidence is cut to what may be sent; `evidencecut` says how many ids are left out.
    """
    alert = message.alert
    data = msgspec.to_builtins(alert.data)
    envelope: dict[str, object] = {
        "specversion": "1.0",
        "id": alert.event_id,
        "source": SOURCE,
        "type": "sla.alert.v1",
        "subject": alert.subject,
        "time": alert.at,
        "datacontenttype": "application/json",
        "occasion": message.occasion,
        "critical": message.critical,
        "degraded": message.degraded,
    }
    if message.ack_url is not None:
        envelope["ackurl"] = message.ack_url
    evidence: list[str] = data.get("evidence", [])
    kept = len(evidence)
    body = msgspec.json.encode(envelope | {"data": data})
    while len(body) > BODY_BYTES_MAX and kept:
        kept //= 2
        data["evidence"] = evidence[:kept]
        body = msgspec.json.encode(envelope | {"evidencecut": len(evidence) - kept, "data": data})
    return body


def _make(config: Config, surroundings: Surroundings) -> Webhook:
    line: Line = surroundings.http.line(need_secret(config, "url"), config)
    first, second = need_secret(config, "secret"), find_secret(config, "second_secret")
    for key, secret in (("secret", first), ("second_secret", second)):
        if secret is not None:
            try:
                sign([secret.reveal()], "check", datetime.fromtimestamp(0, UTC), b"")
            except ValueError as error:
                raise ValueError(f"{key}: {error}") from None
    return Webhook(line, (first,) if second is None else (first, second))


KIND = Kind("webhook", Config, _make)
