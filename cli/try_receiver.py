"""`slawatch notifications try RECEIVER`: whether a receiver can be reached, with a message that says it is a test.

Machines get an alert about the monitor that is over already, so nothing is opened anywhere. Used by
`cli.notifications`.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
from datetime import UTC, datetime

from alerting.alert import Alert
from alerting.answer import Answer, Class
from alerting.delivery import Delivery
from alerting.delivery_files import DeliveryError, build
from alerting.http import Http
from alerting.message import Message, Occasion
from alerting.receiver import Surroundings
from cli.configuration import ConfigurationError, settings_or_none
from cli.delivery_folder import folder, load, rulebook
from sla.alert_layout import AlertData
from sla.toml_file import RulebookError


def run(options: argparse.Namespace) -> int:
    """Send it; 0 when the receiver took it, 1 when it did not, 2 for wrong use."""
    try:
        settings = settings_or_none(options)
        if settings is None:
            return 0
        path = folder(settings.delivery)
        delivery = load(path, rulebook(settings, path))
        if options.receiver not in delivery.receivers:
            raise ValueError(f"no receiver {options.receiver!r}; there are {', '.join(sorted(delivery.receivers))}")
        answer = asyncio.run(_send(delivery, options.receiver))
    except (ConfigurationError, RulebookError, DeliveryError, OSError, ValueError) as error:
        print(error, file=sys.stderr)
        return 2
    parts = (
        answer.kind,
        answer.why,
        f"HTTP {answer.status}" if answer.status else "",
        answer.code or "",
        answer.detail,
    )
    print(f"{options.receiver}: {' '.join(str(part) for part in parts if part)}")
    return 0 if answer.kind in (Class.SENT, Class.UNVERIFIED) else 1


async def _send(delivery: Delivery, name: str) -> Answer:
    now = datetime.now(UTC)
    names = {code: unit.name for code, unit in delivery.units.items()}
    receivers = build(delivery, Surroundings("", "zh", Http(), names, delivery.zone))
    try:
        alert = _over(now)
        return await receivers[name].send(Message(f"test/{name}/{now:%Y%m%dT%H%M%S}", Occasion.TEST, (alert,)), now)
    finally:
        await asyncio.gather(*(receiver.close() for receiver in receivers.values()))


def _over(now: datetime) -> Alert:
    data = AlertData(
        alert_id="operator/test",
        revision=1,
        status="resolved",
        level="notice",
        rule="operator/test",
        clause="",
        title={"zh": "测试消息", "en": "A test message"},
        historic=False,
        unverified=False,
        assumed=False,
        excused=False,
        reason="test",
    )
    return Alert("operator/test:1", "operator/test", now, data, now)
