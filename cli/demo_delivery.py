"""The demo's delivery: the real notifier, on the embedded broker, with two receivers on loopback and no Redis.

It runs on real time, as robots and their limits do; only what people read is told in the time of the demo, in which
the tickets live. Used by `cli.demo_play` only.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from prometheus_client import CollectorRegistry

from alerting.answer import Answer
from alerting.delivery_files import build, parse
from alerting.http import Http
from alerting.message import Message
from alerting.metrics import Metrics
from alerting.notifier import Notifier
from alerting.receiver import Receiver, Surroundings, kinds
from alerting.settings import NotifierSettings, Topics
from alerting.stages.record import Journal
from cli.demo_receivers import DemoReceivers
from cli.logs import Lines
from cli.notifier_run import claims_of, names_of, put_together
from sla.rulebook import Rulebook
from streams.clock import ScaledClock
from streams.settings import Settings

HOOK, ROOM = "ticket-system", "duty-room"

RECEIVERS = """
[receivers.ticket-system]
kind           = "webhook"
url            = "{url}/alerts"
secret         = "{secret}"
allow_http     = true
allow_networks = ["127.0.0.1"]

[receivers.duty-room]
kind           = "feishu"
url            = "{url}/robot"
language       = "{language}"
allow_http     = true
allow_networks = ["127.0.0.1"]
"""
ROUTES = """
fallback = ["duty-room"]

[[route]]
name     = "every alert, for the ticket system"
continue = true
[[route.steps]]
to = ["receiver:ticket-system"]

[[route]]
name     = "what is overdue, for the people on duty"
match    = { level = ["breach", "escalation"] }
critical = true
[[route.steps]]
to = ["receiver:duty-room"]

[[route]]
name = "the rest"
[[route.steps]]
to = ["receiver:duty-room"]
"""


class NotifierGone(Exception):
    """The notifier ended before its time; the message says why."""


class DemoDelivery:
    """A notifier that runs inside `open`."""

    def __init__(
        self, settings: Settings, rulebook: Rulebook, clock: ScaledClock, language: str, receivers: DemoReceivers
    ) -> None:
        self._settings, self._rulebook, self._clock = settings, rulebook, clock
        self._language, self._at = language, receivers
        self._notifier: Notifier | None = None
        self._running: asyncio.Task[None] | None = None

    @contextlib.asynccontextmanager
    async def open(self, log: Path) -> AsyncIterator[None]:
        """Deliver inside the block; what the notifier has to say goes to the file `log`."""
        async with self._at.open():
            with _logged(log):
                self._notifier = self._made()
                self._running = asyncio.create_task(self._notifier.run(), name="notifier")
                try:
                    yield
                finally:
                    await self.end()

    async def end(self) -> None:
        """Let what is on its way arrive and be recorded; nothing more is told then."""
        if self._notifier is not None and self._running is not None:
            self._notifier.stop.set()
            await asyncio.wait({self._running})

    def check(self) -> None:
        """Raise NotifierGone if the notifier is no more."""
        if self._running is not None and self._running.done():
            raise NotifierGone(self.failure() or "the notifier ended by itself")

    def failure(self) -> str:
        """What ended the notifier, if something did."""
        task = self._running
        error = task.exception() if task is not None and task.done() else None
        return f"the notifier ended: {error!r}" if error is not None else ""

    def _made(self) -> Notifier:
        told = RECEIVERS.format(url=self._at.url, secret=self._at.secret, language=self._language)
        delivery = parse({"receivers.toml": told, "routes.toml": ROUTES}, self._rulebook, kinds())
        surroundings = Surroundings("", "zh", Http(), names_of(delivery), delivery.zone)
        receivers: Mapping[str, Receiver] = {
            name: _OnDemoTime(receiver, self._clock.at) if receiver.traits.people else receiver
            for name, receiver in build(delivery, surroundings).items()
        }
        metrics = Metrics(receivers, CollectorRegistry())
        own = NotifierSettings(group="demo-notifier", redis_url="")
        topics, client = Topics.of(self._settings.prefix), self._settings.client()
        return put_together(
            self._settings,
            own,
            delivery,
            receivers,
            claims_of(own, self._settings.prefix),
            metrics,
            partial(datetime.now, UTC),
            lambda *_: None,
            Journal(client, topics.notifications, topics.dead_letters, metrics.records_failed.inc),
        )


class _OnDemoTime:
    """A receiver whose texts tell the time left or overrun by the demo's clock."""

    def __init__(self, real: Receiver, at: Callable[[datetime], datetime]) -> None:
        self.traits = real.traits
        self._real, self._at = real, at

    async def send(self, message: Message, now: datetime) -> Answer:
        """Send it as if it were that late."""
        return await self._real.send(message, self._at(now))

    async def close(self) -> None:
        """Let go of the real one."""
        await self._real.close()


@contextlib.contextmanager
def _logged(file: Path) -> Iterator[None]:
    logger = logging.getLogger("slawatch.notifier")
    with file.open("a", encoding="utf-8") as stream:
        handler = Lines("text", stream)
        logger.addHandler(handler)
        logger.propagate = False
        try:
            yield
        finally:
            logger.propagate = True
            logger.removeHandler(handler)
            handler.close()
