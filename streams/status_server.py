"""The worker's own small web server: `/metrics`, `/healthz`, `/readyz`. Loopback unless configured.

It serves no ticket and no person, reads nothing from a request but its path, and answers GET only. Faust's own
web server is off: it would serve ticket state to everybody. `agents` starts it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence

from aiohttp import web
from prometheus_client import CollectorRegistry
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest

from streams.health import Health


class CannotListenError(Exception):
    """The status server cannot be started; the message says where, why, and what to give instead."""


async def serve(
    host: str, port: int, registry: CollectorRegistry, healths: Sequence[Health], refresh: Callable[[], None]
) -> web.AppRunner:
    """Start serving; the runner's `cleanup` ends it. CannotListenError, as when the port is taken.

    The process is as well as the least well of what it watches.
    """

    async def metrics(_: web.Request) -> web.Response:
        refresh()
        return web.Response(body=generate_latest(registry), headers={"Content-Type": CONTENT_TYPE_LATEST})

    async def healthz(_: web.Request) -> web.Response:
        return _worst(health.healthy(time.monotonic()) for health in healths)

    async def readyz(_: web.Request) -> web.Response:
        return _worst(health.ready(time.monotonic()) for health in healths)

    app = web.Application(client_max_size=1024)
    app.router.add_get("/metrics", metrics)
    app.router.add_get("/healthz", healthz)
    app.router.add_get("/readyz", readyz)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    try:
        await web.TCPSite(runner, host, port).start()
    except OSError as error:
        await runner.cleanup()
        raise CannotListenError(f"{host}:{port}: {error.strerror}; give another --status-port") from error
    return runner


def _worst(found: Iterable[tuple[bool, str]]) -> web.Response:
    good, why = min(found)
    return web.Response(text=why + "\n", status=200 if good else 503)
