"""What every receiver is, and how those in `alerting.receivers` are found. The contract a new receiver fulfils.

May be imported by `alerting` and `cli`.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Mapping
from datetime import datetime, tzinfo
from functools import cache
from typing import Any, Final, Protocol
from zoneinfo import ZoneInfo

import msgspec

from alerting.answer import Answer
from alerting.message import Message
from alerting.text import Language, Limits

CHINA: Final = ZoneInfo("Asia/Shanghai")


class Rate(msgspec.Struct, frozen=True):
    """At most so many messages in any stretch of so many seconds."""

    messages: int
    seconds: float


class Traits(msgspec.Struct, frozen=True):
    """How a receiver wants to be treated.

    `people`: people read it, so they hear a change once, and a storm as digests; a machine gets every revision.
    `limits` is what its texts may hold (None: it gets data). `rates` all hold at once. `mirror`: it forgets, and is
    told all open alerts again and again. `at_once` is how many messages it may get in parallel.
    """

    people: bool
    limits: Limits | None = None
    rates: tuple[Rate, ...] = ()
    mirror: bool = False
    at_once: int = 1


class Receiver(Protocol):
    """One configured receiver."""

    traits: Traits

    async def send(self, message: Message, now: datetime) -> Answer:
        """Try once to deliver, within the receiver's timeout; `now` is the instant it says it was sent.

        Never raises for what a network or a receiver does; that is an Answer.
        """

    async def close(self) -> None:
        """Let go of connections."""


class Surroundings(msgspec.Struct, frozen=True):
    """What a receiver is built with beside its own configuration.

    `http` posts (see `alerting.http`), `unit_names` gives the names of a unit by language, `language` is
    that of its readers, `zone` the one their clocks show.
    """

    name: str
    language: Language
    http: Any
    unit_names: Mapping[str, Mapping[str, str]]
    zone: tzinfo = CHINA


class Kind(msgspec.Struct, frozen=True):
    """The registration of a receiver: the layout of its configuration and how one is built.

    `layout` is a msgspec.Struct with `forbid_unknown_fields`; `make(config, surroundings)` raises ValueError for
    what the layout cannot say (an address that is no https one, a secret that is none).
    """

    name: str
    layout: type[msgspec.Struct]
    make: Callable[[Any, Surroundings], Receiver]


PACKAGE: Final = "alerting.receivers"


@cache
def kinds() -> Mapping[str, Kind]:
    """Every receiver there is a file for, by name."""
    package = importlib.import_module(PACKAGE)
    modules = (importlib.import_module(f"{PACKAGE}.{info.name}") for info in pkgutil.iter_modules(package.__path__))
    return {module.KIND.name: module.KIND for module in modules}
