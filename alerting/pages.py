"""The notifier's small web server: metrics, health, and the page on which people acknowledge. Used by `cli`.

A link only shows a page; the button on it acknowledges. Programs that look at links before people do (mail scanners,
chat previews) must not acknowledge anything.
"""

from __future__ import annotations

import asyncio
import html
import logging
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Final

from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest

from alerting.ack_link import PATH, LinkRefused, Pass, read
from alerting.command import Command, Verb
from alerting.command_log import CommandFailed

logger = logging.getLogger("slawatch.notifier")

BODY_MAX: Final = 8 * 1024
NAME_MAX: Final = 80

_HEADERS: Final = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}

_PAGE: Final = """<!doctype html>
<html lang="zh-CN"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>{title}</title><style>
body {{ font: 1.1rem/1.5 system-ui, sans-serif; max-width: 34rem; margin: 3rem auto; padding: 0 1rem; }}
code {{ overflow-wrap: anywhere; }} label {{ display: block; margin: 1rem 0; }}
input {{ font: inherit; width: 100%; box-sizing: border-box; padding: .5rem; }}
button {{ font: inherit; padding: .6rem 1.6rem; }}
</style></head><body><h1>{title}</h1>{body}</body></html>
"""
_FORM: Final = """<p><code>{alert}</code></p>
<p>确认后不再升级通知;时限仍在计时。<br>
Once acknowledged it goes no further up; the clock keeps running.</p>
<form method="post"><input type="hidden" name="t" value="{token}">
<label>姓名 / Your name <input name="by" required maxlength="80" autocomplete="name"></label>
<button>我来处理 / I am on it</button></form>"""
_DONE: Final = """<p><code>{alert}</code></p><p>已确认。Acknowledged by {by}.</p>"""


class Pages:
    """The server. An async context manager."""

    def __init__(
        self,
        host: str,
        port: int,
        registry: CollectorRegistry,
        healthy: Callable[[], str],
        key: bytes,
        give: Callable[[Command, datetime], None],
        now: Callable[[], datetime],
    ) -> None:
        """`healthy` says what is wrong, or nothing; `give` puts a command on Kafka (blocking). No key: no links."""
        self._host, self._port = host, port
        self._registry, self._healthy, self._key, self._give, self._now = registry, healthy, key, give, now
        self.port = port

    async def __aenter__(self) -> Pages:
        """Serve."""
        app = web.Application(client_max_size=BODY_MAX)
        app.router.add_get("/metrics", self._metrics)
        app.router.add_get("/healthz", self._health)
        app.router.add_get(PATH, self._guarded(self._ask))
        app.router.add_post(PATH, self._guarded(self._acknowledge))
        self._runner = web.AppRunner(app, access_log=None)
        await self._runner.setup()
        await web.TCPSite(self._runner, self._host, self._port).start()
        self.port = self._runner.addresses[0][1]
        return self

    async def __aexit__(self, *_: object) -> None:
        """Stop."""
        await self._runner.cleanup()

    async def _metrics(self, _: web.Request) -> web.Response:
        return web.Response(body=generate_latest(self._registry), headers={"Content-Type": CONTENT_TYPE_LATEST})

    async def _health(self, _: web.Request) -> web.Response:
        wrong = self._healthy()
        return web.Response(status=503 if wrong else 200, text=f"{wrong or 'ok'}\n")

    def _guarded(
        self, page: Callable[[web.Request], Awaitable[web.Response]]
    ) -> Callable[[web.Request], Awaitable[web.Response]]:
        async def answer(request: web.Request) -> web.Response:
            try:
                return await page(request)
            except LinkRefused as refused:
                return _page(403, "链接无效 / This link does not work", f"<p>{html.escape(str(refused))}</p>")

        return answer

    def _read(self, token: str) -> Pass:
        if not self._key:
            raise LinkRefused("links are not in use here")
        return read(token, self._key, self._now())

    async def _ask(self, request: web.Request) -> web.Response:
        token = request.query.get("t", "")
        told = self._read(token)
        body = _FORM.format(alert=html.escape(told.target), token=html.escape(token, quote=True))
        return _page(200, "确认告警 / Acknowledge", body)

    async def _acknowledge(self, request: web.Request) -> web.Response:
        form = await request.post()
        told = self._read(str(form.get("t", "")))
        by = " ".join(str(form.get("by", "")).split())[:NAME_MAX]
        if not by:
            return _page(400, "请填写姓名 / Your name, please", "<p>&nbsp;</p>")
        command = Command(verb=Verb.ACKNOWLEDGE, by=by, target=told.target, reason=f"link/{told.receiver}")
        try:
            await asyncio.get_running_loop().run_in_executor(None, self._give, command, self._now())
        except CommandFailed as error:
            logger.warning("acknowledgement_not_written", extra={"error": str(error)})
            return _page(503, "暂时无法确认 / Not now", "<p>请重试。Please try again.</p>")
        return _page(200, "已确认 / Acknowledged", _DONE.format(alert=html.escape(told.target), by=html.escape(by)))


def _page(status: int, title: str, body: str) -> web.Response:
    text = _PAGE.format(title=title, body=body)
    return web.Response(status=status, text=text, content_type="text/html", headers=_HEADERS)
