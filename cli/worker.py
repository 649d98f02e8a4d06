"""`slawatch worker`: run one worker until it is told to stop. Used by `cli.main`."""

from __future__ import annotations

import argparse
import asyncio
import sys
from datetime import UTC, datetime
from typing import Any

import uvloop

from cli import logs
from cli.configuration import ConfigurationError, add_flags, settings_or_none
from cli.preflight import may_start
from cli.rulebook_files import keyed, load
from sla.rulebook import Rulebook
from sla.toml_file import RulebookError
from streams.clock import Clock, LogClock, ScaledClock, WallClock
from streams.rights import of_worker
from streams.settings import Settings
from streams.topics import catalogue


def add(verbs: Any) -> None:
    """Add the verb."""
    verb = verbs.add_parser("worker", help="watch tickets: events in, alerts and verdicts out")
    add_flags(
        verb, "bootstrap", "app_id", "prefix", "partitions", "rulebook", "calendar_override", "units",
        "customer_key_file", "grace", "quiet_before",
        "session_timeout", "status_host", "status_port", "accept_loss", "shadow", "silent_after",
        "expected_sources", "log_level", "log_format",
    )  # fmt: skip
    verb.add_argument("--clock", choices=("wall", "scaled", "log"), default="wall", help="where time comes from")
    verb.add_argument("--until", metavar="TIME", help="with --clock log: judge silence up to then, and stop")
    verb.add_argument(
        "--origin", metavar="WALL=TIME", help="with --clock scaled: what the clock showed at a wall time"
    )
    verb.add_argument("--speed", type=float, default=1.0, help="with --clock scaled: how many times as fast")
    verb.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Run; 0 after an orderly stop, 1 when it must not start, 70 after a failure."""
    try:
        settings = settings_or_none(options)
    except ConfigurationError as error:
        print(error, file=sys.stderr)
        return 2
    if settings is None:
        return 0
    logs.serve(settings.log_level, settings.log_format)
    try:
        clock = _clock(options)
        rulebook = load(settings.rulebook, settings.calendar_override, settings.units)
        rulebook = keyed(rulebook, settings.customer_key, settings.customer_key_file)
    except (RulebookError, OSError, ValueError) as error:
        logs.refuse(error, settings.log_format)
        return 2
    try:
        if not _may_start(settings, rulebook):
            return 1
    except ConfigurationError as error:
        logs.refuse(error, settings.log_format)
        return 2
    # Faust and the web server take half a second to import; other verbs need none of it.
    from agents import process  # noqa: PLC0415
    from streams.status_server import CannotListenError  # noqa: PLC0415

    uvloop.install()

    async def main() -> int:
        return await process.run(settings, rulebook, clock)

    try:
        return asyncio.run(main())
    except CannotListenError as error:
        logs.refuse(error, settings.log_format)
        return 1


def _may_start(settings: Settings, rulebook: Rulebook) -> bool:
    specs = catalogue(settings.prefix, settings.own_id, settings.partitions, written=settings.own_prefix)
    incidents = bool(rulebook.recurrences or rulebook.vocabulary.secret)
    return may_start(settings, specs, of_worker(settings, incidents=incidents))


def _clock(options: argparse.Namespace) -> Clock:
    if options.clock == "log":
        return LogClock(_aware(options.until) if options.until else None)
    if options.clock == "scaled":
        wall, _, origin = (options.origin or "").partition("=")
        if not origin:
            raise ValueError("--clock scaled needs --origin WALL=TIME, two times with their offsets")
        return ScaledClock(_aware(wall), _aware(origin), options.speed)
    return WallClock()


def _aware(text: str) -> datetime:
    instant = datetime.fromisoformat(text)
    if instant.tzinfo is None:
        raise ValueError(f"{text!r} has no offset from UTC; write it as in 2026-11-23T08:00:00+08:00")
    return instant.astimezone(UTC)
