"""A notifier put together and run: receivers, metrics, pages, signals. Used by `cli.notifier`."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import socket
import time
from collections.abc import Callable, Mapping
from contextlib import nullcontext
from datetime import UTC, datetime
from functools import partial

import msgspec
import uvloop
from prometheus_client import CollectorRegistry

from alerting import ack_link
from alerting.alert import Alert
from alerting.command_log import give
from alerting.delivery import Delivery
from alerting.delivery_files import build
from alerting.http import Http
from alerting.metrics import Metrics
from alerting.notifier import Notifier
from alerting.pages import Pages
from alerting.plans import plan_of
from alerting.receiver import Receiver, Surroundings
from alerting.settings import NotifierSettings, Topics
from alerting.stages.dedupe import Dedupe
from alerting.stages.digest import Holds
from alerting.stages.record import Journal
from alerting.texts import holds
from cli.dry_run import NoJournal, NoRedis, Shown
from streams.settings import Settings

logger = logging.getLogger("slawatch.notifier")

FAILED = 70


def run(settings: Settings, own: NotifierSettings, key: bytes, delivery: Delivery, *, dry_run: bool) -> int:
    """Serve until a signal comes; the exit code. DeliveryError where a receiver cannot be built."""
    uvloop.install()
    return asyncio.run(_serve(settings, own, key, delivery, dry_run=dry_run))


async def _serve(settings: Settings, own: NotifierSettings, key: bytes, delivery: Delivery, *, dry_run: bool) -> int:
    now = partial(datetime.now, UTC)
    names = {code: unit.name for code, unit in delivery.units.items()}
    registry = CollectorRegistry()
    topics = Topics.of(settings.prefix)
    receivers: Mapping[str, Receiver] = build(delivery, Surroundings("", "zh", Http(), names, delivery.zone))
    metrics = Metrics(receivers, registry)
    if dry_run:
        own = _dry(own)
        receivers = {
            name: Shown(name, delivery.receivers[name], receiver, names, delivery.zone)
            for name, receiver in receivers.items()
        }
    notifier = Notifier(
        own,
        settings.client(),
        topics,
        receivers,
        lambda alert: plan_of(alert, delivery),
        NoRedis() if dry_run else Dedupe(own.redis_url, settings.prefix, _owner()),
        metrics,
        now,
        _holds(receivers, delivery, names),
        _link(own, key, now),
        NoJournal()
        if dry_run
        else Journal(settings.client(), topics.notifications, topics.dead_letters, metrics.records_failed.inc),
        from_now=dry_run,
    )
    loop = asyncio.get_running_loop()
    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, notifier.stop.set)
    give_command = partial(give, settings.client(), topics.commands)
    pages = Pages(own.status_host, own.status_port, registry, notifier.unwell, key, give_command, now)
    async with nullcontext() if dry_run else pages:
        logger.info("serving %d receivers on %d routes", len(receivers), len(delivery.routes))
        try:
            await notifier.run()
        except Exception:
            logger.critical("the notifier cannot go on", exc_info=True)
            return FAILED
    return 0


def _holds(
    receivers: Mapping[str, Receiver], delivery: Delivery, names: Mapping[str, Mapping[str, str]]
) -> dict[str, Holds]:
    found: dict[str, Holds] = {}
    for name, receiver in receivers.items():
        limits = receiver.traits.limits
        if limits is not None:
            found[name] = partial(holds, language=delivery.receivers[name].language, limits=limits, unit_names=names)
    return found


def _link(own: NotifierSettings, key: bytes, now: Callable[[], datetime]) -> Callable[[Alert, str], str | None]:
    if not own.public_url or not key:
        return lambda *_: None
    return lambda alert, receiver: ack_link.link(own.public_url, key, alert.alert_id, receiver, now())


def _dry(own: NotifierSettings) -> NotifierSettings:
    """Settings under which nobody else notices: a group of one's own."""
    return msgspec.structs.replace(own, group=f"{own.group}-dry-run-{os.getpid()}")


def _owner() -> str:
    """Names this process among all notifiers; nothing derives from it."""
    return f"{socket.gethostname()}/{os.getpid()}/{time.monotonic_ns()}"
