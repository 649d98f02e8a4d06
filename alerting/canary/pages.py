"""The canary's small web server: the notifier's messages come in, metrics and health go out. Used by `cli`.

It believes only what is signed (Standard Webhooks), reads no more than a message may hold, and answers a message only
once what follows from it is done; until then the notifier tries again.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Final

import msgspec
from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest

from alerting.alert import Alert, AlertUnreadable, read_alert
from alerting.message import Occasion
from alerting.receivers.webhook import BODY_BYTES_MAX
from alerting.secret import Secret
from alerting.signing import SignatureRefused, verify

PATH: Final = "/alerts"


class _Head(msgspec.Struct):
    occasion: str = ""


_head = msgspec.json.Decoder(_Head)


class Pages:
    """The server. An async context manager."""

    def __init__(
        self,
        host: str,
        port: int,
        registry: CollectorRegistry,
        secret: Secret,
        hear: Callable[[Alert, datetime], Awaitable[int]],
        unwell: Callable[[datetime], str],
        refused: Callable[[], None],
        now: Callable[[], datetime],
    ) -> None:
        """`hear` takes an alert and gives the status to answer; `unwell` says what is wrong, or nothing."""
        self._host, self._port = host, port
        self._registry, self._secret, self._now = registry, secret, now
        self._hear, self._unwell, self._refused = hear, unwell, refused
        self.port = port

    async def __aenter__(self) -> Pages:
        """Serve. OSError when the port is taken."""
        app = web.Application(client_max_size=BODY_BYTES_MAX)
        app.router.add_post(PATH, self._message)
        app.router.add_get("/metrics", self._metrics)
        app.router.add_get("/healthz", self._health)
        self._runner = web.AppRunner(app, access_log=None)
        await self._runner.setup()
        await web.TCPSite(self._runner, self._host, self._port).start()
        self.port = self._runner.addresses[0][1]
        return self

    async def __aexit__(self, *_: object) -> None:
        """Stop."""
        await self._runner.cleanup()

    async def _message(self, request: web.Request) -> web.Response:
        body, now = await request.read(), self._now()
        try:
            verify([self._secret.reveal()], request.headers, body, now)
        except SignatureRefused as error:
            return self._refuse(401, str(error))
        try:
            occasion, alert = _head.decode(body).occasion, read_alert(body, now)
        except (AlertUnreadable, msgspec.DecodeError) as error:
            return self._refuse(400, str(error))
        if occasion == Occasion.TEST:  # somebody tries whether the receiver can be reached: it can
            return web.Response(status=204)
        status = await self._hear(alert, now)
        if status == NO_CANARY:
            return self._refuse(status, "only canaries are heard here: name rule = 'canary/*' in the route's match")
        return web.Response(status=status)

    def _refuse(self, status: int, why: str) -> web.Response:
        self._refused()
        return web.Response(status=status, text=f"{why}\n")

    async def _metrics(self, _: web.Request) -> web.Response:
        return web.Response(body=generate_latest(self._registry), headers={"Content-Type": CONTENT_TYPE_LATEST})

    async def _health(self, _: web.Request) -> web.Response:
        wrong = self._unwell(self._now())
        return web.Response(status=503 if wrong else 200, text=f"{wrong or 'ok'}\n")


HEARD: Final = 204
NO_CANARY: Final = 422
NOT_NOW: Final = 503
"""What a message is answered: taken; never to be sent here; to be sent again."""
