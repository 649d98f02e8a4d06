"""apprise: a last resort for the hundred services without a receiver of their own. Optional: `slawatch[apprise]`.

It looks at HTTP statuses only, so what it calls a success is classed `unverified`, never `sent`. It works with
blocking calls, follows the environment's proxies, and checks no address: none of the promises of `alerting.http` hold
here.
"""

from __future__ import annotations

import asyncio
import importlib
import logging
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Any, Final

from alerting import texts
from alerting.answer import Answer, Class, Why
from alerting.http import Seconds
from alerting.message import Message
from alerting.receiver import Kind, Surroundings, Traits
from alerting.secret import Masked, need_secret
from alerting.text import Limits

_LIMITS: Final = Limits(title_bytes=200, body_bytes=2_000)


class Config(Masked, frozen=True, kw_only=True):
    """`url` is an address as apprise writes it, such as `ntfys://topic`; it holds tokens, so it is a secret."""

    url: str | None = None
    url_file: str | None = None
    url_env: str | None = None
    timeout_s: Seconds = 15.0


class Apprise:
    """One service behind apprise."""

    def __init__(self, service: Any, timeout_s: float, surroundings: Surroundings) -> None:
        self.traits = Traits(people=True, limits=_LIMITS)
        self._service = service
        self._timeout_s = timeout_s
        self._language = surroundings.language
        self._unit_names = surroundings.unit_names
        self._zone = surroundings.zone
        # A thread of its own: a call that hangs past its timeout holds up nobody but this service.
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="apprise")

    async def send(self, message: Message, now: datetime) -> Answer:
        """See `alerting.receiver.Receiver`."""
        text = texts.compose(message, self._language, _LIMITS, self._unit_names, now, zone=self._zone)
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(self._timeout_s):
                went = await loop.run_in_executor(self._thread, self._notify, text.title, text.body)
        except TimeoutError:
            return Answer(
                Class.RETRY, Why.TIMED_OUT, detail=f"apprise did not come back within {self._timeout_s:g} s"
            )
        except Exception as error:  # a hundred plugins raise what they like, with addresses in the text
            return Answer(Class.RETRY, Why.UNKNOWN_ANSWER, detail=f"apprise failed: {type(error).__name__}"[:200])
        if not went:
            return Answer(Class.RETRY, Why.UNKNOWN_ANSWER, detail="apprise says it failed, and does not say why")
        return Answer(Class.UNVERIFIED, Why.HANDED_ON, detail="apprise does not tell whether the service took it")

    def _notify(self, title: str, body: str) -> bool:
        return bool(self._service.notify(title=title, body=body))

    async def close(self) -> None:
        """Let the thread end once its call, if one hangs, is over."""
        self._thread.shutdown(wait=False, cancel_futures=True)


def _make(config: Config, surroundings: Surroundings) -> Apprise:
    try:
        library = importlib.import_module("apprise")
    except ImportError:
        raise ValueError(
            "apprise is not installed: install slawatch[apprise], or use a receiver of another kind"
        ) from None
    # It writes addresses, with their tokens, into its log.
    logging.getLogger("apprise").disabled = True
    service = library.Apprise()
    if not service.add(need_secret(config, "url").reveal()):
        raise ValueError("url is no address that apprise knows: see its list of services")
    return Apprise(service, config.timeout_s, surroundings)


KIND = Kind("apprise", Config, _make)
