"""One worker process: the matters it watches, its status server, its signals, and how it ends.

Tickets are always watched; incidents where the rulebook counts recurring tickets, or there is a key for customers.
Anything unexpected ends the whole process with exit code 70 and commits nothing past it; a supervisor starts it anew.
May be imported by `cli`.
"""

from __future__ import annotations

import asyncio
import gc
import logging
import math
import os
import signal
from datetime import datetime, timedelta
from typing import Any

from agents.watchdog import LoopWatch
from agents.worker import Worker
from sla.rulebook import Rulebook
from sla.watch import Watch
from streams.clock import Clock
from streams.matter import Incidents, Matter, Tickets
from streams.metrics import Metrics
from streams.settings import Settings
from streams.sources import Sources
from streams.status_server import CannotListenError, serve

logger = logging.getLogger("slawatch.worker")

EXIT_BUG = 70
STOP_WITHIN_S = 20.0


async def run(settings: Settings, rulebook: Rulebook, clock: Clock) -> int:
    """Run until told to stop (0), the log is replayed (0), or something fails (70).

    Raises CannotListenError before anything is watched. Whatever else is raised ends the process here, as waiting for
    what still runs might take for ever.
    """
    try:
        return await _run(settings, rulebook, clock)
    except CannotListenError:
        raise
    except Exception:
        logger.critical("process_crashed", exc_info=True)
        logging.shutdown()
        os._exit(EXIT_BUG)


async def _run(settings: Settings, rulebook: Rulebook, clock: Clock) -> int:
    loop, stop, metrics = asyncio.get_running_loop(), asyncio.Event(), Metrics(rulebook.abouts)
    # What is made while stepping dies young and without cycles; looking for cycles often only costs time.
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)
    for signal_number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(signal_number, stop.set)
    quiet_before = datetime.fromisoformat(settings.quiet_before) if settings.quiet_before else None
    watch = Watch(rulebook, quiet_before)
    matters: list[Matter] = [Tickets(watch, _sources(settings, clock))]
    if rulebook.recurrences or rulebook.vocabulary.secret:  # with a key: a rule switched off takes back what it said
        matters.append(Incidents(watch, settings.own_id))
    workers = [Worker(settings, matter, watch, clock, metrics) for matter in matters]

    def refresh() -> None:
        months = rulebook.calendar.months_left(clock.now()) if rulebook.calendar is not None else None
        metrics.calendar_months_left.set(math.inf if months is None else months)
        for worker in workers:
            worker.refresh()

    health = [worker.health for worker in workers]
    server = await serve(settings.status_host, settings.status_port, metrics.registry, health, refresh)
    stalls = loop.create_task(LoopWatch(metrics).stalls())
    before: asyncio.Event | None = None
    for worker in workers:
        worker.start(before)
        before = worker.ended
    told = loop.create_task(stop.wait())
    endings = [loop.create_task(worker.ended.wait()) for worker in workers]
    while not (told.done() or all(ending.done() for ending in endings) or _failed(workers) or stalls.done()):
        waiting = [ending for ending in endings if not ending.done()]
        await asyncio.wait([told, stalls, *waiting], return_when=asyncio.FIRST_COMPLETED)
    if stalls.done():
        stalls.result()
    await _close(workers, server)
    return EXIT_BUG if _failed(workers) else 0


def _sources(settings: Settings, clock: Clock) -> Sources:
    silent_after = timedelta(seconds=settings.silent_after) if settings.silent_after else None
    expected = [name.strip() for name in settings.expected_sources.split(",") if name.strip()]
    return Sources(silent_after, expected, clock.now())


def _failed(workers: list[Worker]) -> bool:
    return any(worker.failure is not None for worker in workers)


async def _close(workers: list[Worker], server: Any) -> None:
    """An orderly end within a bounded time; after a failure, or beyond it, the process just ends.

    What tickets say of incidents is on its way before the incidents' own worker ends.
    """
    for worker in workers:
        worker.stop.set()
    failed = _failed(workers)
    if not failed:
        try:
            async with asyncio.timeout(STOP_WITHIN_S):
                for worker in workers:
                    await worker.close()
                await server.cleanup()
        except TimeoutError:
            logger.error("stop_overdue", extra={"after_s": STOP_WITHIN_S})
    logging.shutdown()
    os._exit(EXIT_BUG if failed else 0)
