"""`slawatch silence`: for a while nobody is told of what fits, with a reason. Used by `cli.main`."""

from __future__ import annotations

import argparse
import sys
from datetime import UTC, datetime, timedelta
from typing import Any

from alerting.command import SILENCE_MAX, Command, Verb
from alerting.stages.mute import in_force
from cli.asking import FLAGS, ask, by_flag, commands_of
from cli.configuration import ConfigurationError, add_flags, settings_or_none
from cli.explain_kafka import UnreadableError
from cli.instants import aware
from sla.term import parse_length


def add(verbs: Any) -> None:
    """Add the verb."""
    verb = verbs.add_parser("silence", help="tell nobody of what fits, for a while and with a reason; or end that")
    verb.add_argument(
        "target", nargs="?", default="", metavar="ALERT|TICKET", help="an alert, a ticket or an incident"
    )
    verb.add_argument("--rule", default="", help="of this rule, or of a family: repair/*")
    verb.add_argument("--owner", default="", metavar="CODE", help="owed by this unit")
    verb.add_argument("--level", default="", choices=("notice", "warning", "breach", "escalation"))
    verb.add_argument("--reason", default="", help="why; whoever wonders why nobody called reads it")
    verb.add_argument("--for", dest="length", metavar="TERM", help='how long, as in "2 h"; 7 days at most')
    verb.add_argument("--until", metavar="TIME", help="until when, as in 2026-11-23T18:00:00+08:00")
    verb.add_argument("--list", action="store_true", help="say which silences are in force")
    verb.add_argument("--end", metavar="NAME", help="end the silence of this name")
    by_flag(verb)
    add_flags(verb, *FLAGS)
    verb.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Put the command on the topic; 1 when Kafka did not take it."""
    if options.list:
        return _list(options)
    if options.end:
        command = Command(verb=Verb.UNSILENCE, by=options.by, name=options.end, reason=options.reason)
        return ask(options, [command], f"ended: {options.end}")
    now = datetime.now(UTC)
    try:
        until = _until(options, now)
    except ValueError as error:
        print(error, file=sys.stderr)
        return 2
    # Named after what it is for and who asked when, so that asking twice makes two, and each can be ended.
    what = options.target or options.rule or options.owner or options.level
    name = f"{what}@{now:%Y%m%dT%H%M%S}/{options.by}"
    command = Command(
        verb=Verb.SILENCE,
        by=options.by,
        target=options.target,
        reason=options.reason,
        name=name,
        rule=options.rule,
        owner=options.owner,
        level=options.level,
        until=until,
    )
    return ask(options, [command], f"silenced until {until:%Y-%m-%d %H:%M:%S %Z}; end it with --end {name!r}")


def _list(options: argparse.Namespace) -> int:
    """Print the silences in force, the next to end first."""
    now = datetime.now(UTC)
    try:
        settings = settings_or_none(options)
        if settings is None:
            return 0
        found = in_force(commands_of(settings, now - SILENCE_MAX), now)
    except (ConfigurationError, UnreadableError) as error:
        print(error, file=sys.stderr)
        return 2
    for one in sorted(found, key=lambda told: told.until):
        told = one.command
        what = [f"{name} {value}" for name in ("target", "rule", "owner", "level") if (value := getattr(told, name))]
        print(f"{one.until:%Y-%m-%d %H:%M:%S}Z  {told.name}  {', '.join(what)}  by {told.by}: {told.reason}")
    print(f"{len(found)} in force")
    return 0


def _until(options: argparse.Namespace, now: datetime) -> datetime:
    if bool(options.length) == bool(options.until):
        raise ValueError("say how long: --for TERM, or --until TIME")
    if options.length:
        return now + timedelta(seconds=parse_length(options.length).seconds)
    until = aware(options.until)
    assert until is not None
    return until
