"""A canary put together and run: Kafka, metrics, pages, signals. Used by `cli.canary`."""

from __future__ import annotations

import asyncio
import logging
import signal
from datetime import UTC, datetime
from functools import partial

import uvloop
from prometheus_client import CollectorRegistry

from alerting.canary.metrics import Metrics
from alerting.canary.outlet import Outlet
from alerting.canary.pages import Pages
from alerting.canary.patrol import Patrol
from alerting.canary.settings import CanarySettings
from alerting.secret import Secret
from streams.settings import Settings

logger = logging.getLogger("slawatch.canary")

FAILED = 70


def run(settings: Settings, own: CanarySettings, known_by: Secret) -> int:
    """Serve until a signal comes; the exit code. OSError when the port is taken."""
    uvloop.install()
    return asyncio.run(_serve(settings, own, known_by))


async def _serve(settings: Settings, own: CanarySettings, known_by: Secret) -> int:
    now = partial(datetime.now, UTC)
    metrics = Metrics(settings.partitions, CollectorRegistry())
    outlet = Outlet(settings.client(), f"{settings.prefix}ticket-events")
    patrol = Patrol(own, settings.partitions, outlet, metrics, now)
    loop = asyncio.get_running_loop()
    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, patrol.stop.set)
    pages = Pages(
        own.status_host, own.status_port, metrics.registry, known_by, patrol.hear, patrol.unwell,
        metrics.refused.inc, now,
    )  # fmt: skip
    async with pages:
        logger.info("canaries_began", extra={"partitions": settings.partitions, "every_s": own.every})
        try:
            await patrol.run()
        except Exception:
            logger.critical("canary_failed", exc_info=True)
            return FAILED
        finally:
            outlet.close()
    return 0
