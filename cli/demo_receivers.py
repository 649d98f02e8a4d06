"""The demo's receivers, on loopback and without an account: a signed webhook, and a room with a robot.

The webhook believes only what is signed, which is all that a receiver of one's own has to do. The room takes what a
robot of Feishu's takes, as slowly as one. Each says no once, on purpose: the webhook with a 503, the robot with a
code inside an HTTP 200, which many a sender would take for a yes. Used by `cli.demo_delivery` and the screens.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
import secrets
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from typing import Any, NamedTuple

import msgspec
from aiohttp import web

from alerting.signing import SignatureRefused, secret, verify

ANSWER_AFTER_S = 1.2  # a robot that is slow in a storm: what comes meanwhile is told in digests
SAYS_NO_TO = 1  # the how-manyeth message; early, so that what it is about is not over by the next attempt
FEISHU_IN_TROUBLE = 2200
TICKET = re.compile(r"\b\d{13}\b")


class Text(NamedTuple):
    """A message as people in the room see it."""

    title: str
    lines: tuple[str, ...]

    @property
    def tickets(self) -> frozenset[str]:
        """The tickets it names."""
        return frozenset(found for line in (self.title, *self.lines) for found in TICKET.findall(line))


class _Said(msgspec.Struct):
    content: str


class _Head(msgspec.Struct):
    title: _Said


class _Card(msgspec.Struct):
    header: _Head
    elements: list[_Said]


class _Post(msgspec.Struct):
    card: _Card


_post = msgspec.json.Decoder(_Post)


class DemoReceivers:
    """Both receivers, and what they have seen."""

    def __init__(self, read: Callable[[Text], None]) -> None:
        """`read` is called for each message the room takes."""
        self.secret = secret(secrets.token_bytes(32))
        self.verified: dict[str, int] = {}
        self.unsigned = self.messages = 0
        self.last: Text | None = None
        self.url = ""
        self._read = read
        self._asked = {"hook": 0, "room": 0}

    @contextlib.asynccontextmanager
    async def open(self) -> AsyncIterator[None]:
        """Receive inside the block."""
        app = web.Application()
        app.router.add_post("/alerts", self._hook)
        app.router.add_post("/robot", self._room)
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        try:
            await web.TCPSite(runner, "127.0.0.1", 0).start()
            self.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
            yield
        finally:
            await runner.cleanup()

    async def _hook(self, request: web.Request) -> web.Response:
        payload = await request.read()
        try:
            id_ = verify([self.secret], request.headers, payload, datetime.now(UTC))
        except SignatureRefused as refused:
            self.unsigned += 1
            return web.Response(status=401, text=f"{refused}\n")
        if self._no("hook"):
            return web.Response(status=503)
        self.verified[id_] = self.verified.get(id_, 0) + 1
        return web.Response(status=204)

    async def _room(self, request: web.Request) -> web.Response:
        card = _post.decode(await request.read()).card
        await asyncio.sleep(ANSWER_AFTER_S)
        if self._no("room"):
            return _answer({"code": FEISHU_IN_TROUBLE, "msg": "internal error"})
        lines = [line.strip() for part in card.elements for line in part.content.splitlines()]
        self.last = Text(card.header.title.content, tuple(filter(None, lines)))
        self.messages += 1
        self._read(self.last)
        return _answer({"code": 0, "msg": "success"})

    def _no(self, who: str) -> bool:
        self._asked[who] += 1
        return self._asked[who] == SAYS_NO_TO


def _answer(told: dict[str, Any]) -> web.Response:
    return web.json_response(told)
