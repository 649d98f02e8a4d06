"""A notifier put together and run: receivers, metrics, pages, signals. Used by `cli.notifier` and the demo."""

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
from alerting.command_log import give
from alerting.courier import Link
from alerting.delivery import Delivery
from alerting.delivery_files import build
from alerting.http import Http
from alerting.metrics import Metrics
from alerting.notifier import Notifier
from alerting.pages import Pages
from alerting.plans import plan_of
from alerting.receiver import Receiver, Surroundings
from alerting.settings import NotifierSettings, Topics
from alerting.stages.dedupe import Claims, Dedupe
from alerting.stages.dedupe_in_memory import DedupeInMemory
from alerting.stages.digest import Holds
from alerting.stages.record import Journal, Records
from alerting.texts import holds
from cli.dry_run import NoJournal, Shown
from streams.settings import Settings
from streams.source_check import topic_id

logger = logging.getLogger("slawatch.notifier")

FAILED = 70


def run(settings: Settings, own: NotifierSettings, key: bytes, delivery: Delivery, *, dry_run: bool) -> int:
    """Serve until a signal comes; the exit code. DeliveryError where a receiver cannot be built."""
    uvloop.install()
    return asyncio.run(_serve(settings, own, key, delivery, dry_run=dry_run))


async def _serve(settings: Settings, own: NotifierSettings, key: bytes, delivery: Delivery, *, dry_run: bool) -> int:
    now = partial(datetime.now, UTC)
    names = names_of(delivery)
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
    if dry_run:
        claims: Claims = DedupeInMemory()
        journal: Records = NoJournal()
    else:
        # Topics that were made anew, or another installation on the same Redis, share no claims with these.
        claims = claims_of(own, f"{settings.prefix}{topic_id(settings.client(), topics.alerts)}:")
        journal = Journal(settings.client(), topics.notifications, topics.dead_letters, metrics.records_failed.inc)
    link = _link(own, key, now)
    notifier = put_together(settings, own, delivery, receivers, claims, metrics, now, link, journal, from_now=dry_run)
    loop = asyncio.get_running_loop()
    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, notifier.stop.set)
    give_command = partial(give, settings.client(), topics.commands)
    pages = Pages(own.status_host, own.status_port, registry, notifier.unwell, key, give_command, now)
    async with nullcontext() if dry_run else pages:
        logger.info("delivery_began", extra={"receivers": len(receivers), "routes": len(delivery.routes)})
        try:
            await notifier.run()
        except Exception:
            logger.critical("notifier_failed", exc_info=True)
            return FAILED
    return 0


def put_together(
    settings: Settings,
    own: NotifierSettings,
    delivery: Delivery,
    receivers: Mapping[str, Receiver],
    claims: Claims,
    metrics: Metrics,
    now: Callable[[], datetime],
    link: Link,
    journal: Records,
    *,
    from_now: bool = False,
) -> Notifier:
    """A notifier that follows a delivery folder; see `alerting.notifier.Notifier`. Not yet running."""
    return Notifier(
        own,
        settings.client(),
        Topics.of(settings.prefix),
        receivers,
        lambda alert: plan_of(alert, delivery),
        claims,
        metrics,
        now,
        _holds(receivers, delivery, names_of(delivery)),
        link,
        journal,
        from_now=from_now,
    )


def names_of(delivery: Delivery) -> dict[str, Mapping[str, str]]:
    """The names of units by code and language."""
    return {code: unit.name for code, unit in delivery.units.items()}


def claims_of(own: NotifierSettings, prefix: str) -> Claims:
    """Claims in Redis, or in memory where no address of it is given."""
    if own.redis_url:
        return Dedupe(own.redis_url, prefix, _owner())
    logger.warning("claims_in_memory")
    return DedupeInMemory()


def _holds(
    receivers: Mapping[str, Receiver], delivery: Delivery, names: Mapping[str, Mapping[str, str]]
) -> dict[str, Holds]:
    found: dict[str, Holds] = {}
    for name, receiver in receivers.items():
        limits = receiver.traits.limits
        if limits is not None:
            found[name] = partial(holds, language=delivery.receivers[name].language, limits=limits, unit_names=names)
    return found


def _link(own: NotifierSettings, key: bytes, now: Callable[[], datetime]) -> Link:
    if not own.public_url or not key:
        return lambda *_: None
    return lambda target, receiver: ack_link.link(own.public_url, key, target, receiver, now())


def _dry(own: NotifierSettings) -> NotifierSettings:
    """Settings under which nobody else notices: a group of one's own."""
    return msgspec.structs.replace(own, group=f"{own.group}-dry-run-{os.getpid()}")


def _owner() -> str:
    """Names this process among all notifiers; nothing derives from it."""
    return f"{socket.gethostname()}/{os.getpid()}/{time.monotonic_ns()}"
