"""The demo's webhook: the smallest sender there can be, and a receiver that believes only what is signed.

It shows what a receiver of one's own has to do. A sender for real work retries, silences and digests; this one
tries once. Both ends live on loopback. Used by `cli.demo_play` only.
"""

from __future__ import annotations

import asyncio
import contextlib
import secrets
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime

import aiohttp
import msgspec
from aiohttp import web

from alerting.signing import SignatureRefused, message_id, secret, sign, verify
from cli.demo_tally import Alert

_alert = msgspec.json.Decoder(Alert)


class Webhooks:
    """Sender and receiver with one secret between them, and what came of it."""

    def __init__(self, arrived: Callable[[Alert], None]) -> None:
        """`arrived` is called for each message whose signature is good."""
        self.sent = self.verified = self.refused = 0
        self._arrived = arrived
        self._secret = secret(secrets.token_bytes(32))
        self._waiting: asyncio.Queue[tuple[str, bytes]] = asyncio.Queue()

    def post(self, event_id: str, payload: bytes) -> None:
        """Send an alert, as it was read from Kafka, when its turn comes."""
        self._waiting.put_nowait((event_id, payload))

    async def delivered(self) -> None:
        """Return when nothing waits any more."""
        await self._waiting.join()

    @contextlib.asynccontextmanager
    async def open(self) -> AsyncIterator[None]:
        """Receive and send inside the block."""
        app = web.Application()
        app.router.add_post("/alerts", self._receive)
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        sending = asyncio.create_task(self._send(f"http://127.0.0.1:{runner.addresses[0][1]}/alerts"))
        try:
            yield
        finally:
            sending.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await sending
            await runner.cleanup()

    async def _send(self, url: str) -> None:
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=5)) as session:
            while True:
                event_id, payload = await self._waiting.get()
                headers = sign([self._secret], message_id(event_id), datetime.now(UTC), payload)
                headers["Content-Type"] = "application/cloudevents+json"
                with contextlib.suppress(aiohttp.ClientError, TimeoutError):
                    async with session.post(url, data=payload, headers=headers):
                        self.sent += 1
                self._waiting.task_done()

    async def _receive(self, request: web.Request) -> web.Response:
        payload = await request.read()
        try:
            verify([self._secret], request.headers, payload, datetime.now(UTC))
        except SignatureRefused as refused:
            self.refused += 1
            return web.Response(status=401, text=f"{refused}\n")
        self.verified += 1
        self._arrived(_alert.decode(payload))
        return web.Response(status=204)
