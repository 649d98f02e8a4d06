"""Alerts, messages and receivers as the tests need them: built from a table, exactly as the configuration's loader does."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from alerting.alert import Alert
from alerting.http import Http
from alerting.message import Message, Occasion
from alerting.receiver import Receiver, Surroundings, kinds
from alerting.text import Limits, Text
from sla.alert_layout import AlertData

NOW = datetime(2026, 11, 23, 0, 5, 0, 250_000, tzinfo=UTC)
DUE = NOW - timedelta(minutes=3)

CANARY = "canary-7f3a9c51"
"""Part of every secret in these tests: it must be found nowhere but on the line."""

WHSEC = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


def alert(
    status: str = "firing", level: str = "breach", revision: int = 1, ticket: str = "2026112300017", **more
) -> Alert:
    """An alert about a repair that nobody dispatched in time."""
    alert_id = f"{ticket}/repair/dispatch/95598:e-81/{level}"
    fields: dict[str, Any] = {
        "clause": "第二十二条",
        "title": {"zh": "抢修工单派发超时", "en": "Repair order not dispatched in time"},
        "historic": False,
        "unverified": False,
        "assumed": False,
        "excused": False,
        "reason": "not_stopped",
        "ticket": ticket,
        "kind": "repair",
        "urgency": "urgent",
        "owner": "3201",
        "owner_level": "city",
        "due_at": DUE,
        "started_at": DUE - timedelta(minutes=2),
    }
    data = AlertData(
        alert_id=alert_id, revision=revision, status=status, level=level, rule="repair/dispatch", **fields | more
    )
    at = DUE if status == "firing" else NOW - timedelta(seconds=30)
    return Alert(f"{alert_id}:{revision}", ticket, at, data, appended_at=NOW)


def message(*alerts: Alert, occasion: Occasion = Occasion.RAISED, **more) -> Message:
    """A message about these alerts, or about one."""
    alerts = alerts or (alert(),)
    key = f"{alerts[0].alert_id}:{alerts[0].revision}/duty-robot/0"
    return Message(**{"key": key, "occasion": occasion, "alerts": alerts} | more)


def compose(told: Message, language: str, limits: Limits, unit_names: Any, now: datetime, *, zone: Any) -> Text:
    """A stand-in for the texts: what is sent is of no matter here, only that it is."""
    title = told.alert.data.title[language] if limits.title_bytes else ""
    return Text(title, f"{told.alert.data.ticket}\n{told.alert.data.clause} “3201”\n{told.occasion}")


def build(kind: str, table: Mapping[str, Any], http: Http | None = None, language: str = "zh") -> Receiver:
    """A receiver from its table of the configuration. Raises what the loader would meet."""
    found = kinds()[kind]
    config = msgspec.convert(dict(table), found.layout)
    return found.make(config, Surroundings("duty-robot", language, http or Http(), {"3201": {"zh": "南京供电公司"}}))


def table_for(kind: str, port: int, **more: Any) -> dict[str, Any]:
    """The configuration of a receiver of this kind on loopback, with a secret wherever there can be one."""
    base = f"http://127.0.0.1:{port}"
    reach = {"allow_http": True, "allow_networks": ["127.0.0.0/8"], "timeout_s": 5.0, "connect_timeout_s": 5.0}
    own: dict[str, dict[str, Any]] = {
        "alertmanager": {"urls": [base], "authorization": f"Bearer {CANARY}"},
        "webhook": {"url": f"{base}/hook/{CANARY}?token={CANARY}", "secret": WHSEC},
        "dingtalk": {"url": f"{base}/robot/send?access_token={CANARY}", "secret": f"SEC{CANARY}"},
        "wecom": {"url": f"{base}/cgi-bin/webhook/send?key={CANARY}"},
        "feishu": {"url": f"{base}/open-apis/bot/v2/hook/{CANARY}", "secret": CANARY},
        "pagerduty": {"url": f"{base}/v2/enqueue", "routing_key": CANARY},
        "sms": {
            "url": f"{base}/send/{CANARY}",
            "to": ["13800000001"],
            "secret": CANARY,
            "headers": {"Authorization": "Bearer {secret}"},
            "json": {"phone": "{to}", "content": "{text}", "id": "{key}"},
            "taken_when": {"path": "result.code", "equals": "OK"},
        },
    }
    return reach | own[kind] | more
