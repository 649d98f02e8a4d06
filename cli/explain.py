"""`slawatch explain CLOCK|TICKET|INCIDENT`: which clause was broken, and why do you say so. Used by `cli.main`.

Exit 0 fine, also where something was broken; 1 where nothing is known of what was asked for; 2 wrong use.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from difflib import get_close_matches
from typing import Any

import msgspec
from rich.console import Console

from cli.configuration import ConfigurationError, add_flags, settings_or_none
from cli.explain_incident import explained
from cli.explain_kafka import UnreadableError, records_of
from cli.explain_page import show
from cli.explain_source import Raw, meant, of_file, tell_left_out, ticket_of
from cli.rulebook_files import OFFLINE_KEY, keyed, load
from cli.rulebook_words import LANGS
from sla.explain.explained import explain
from sla.explain.explanation import Explanation
from sla.explain.incident import rule_of
from sla.kinds.recurrence import FORGET_AFTER
from sla.toml_file import RulebookError
from sla.watch import Watch
from streams.settings import Settings

SINCE = timedelta(days=90)


def add(verbs: Any) -> None:
    """Add the verb."""
    verb = verbs.add_parser("explain", help="say why the clocks of a ticket or of an incident stand as they do")
    verb.add_argument(
        "asked", metavar="CLOCK|TICKET|INCIDENT", help="the id of a ticket, of an incident, of a clock or of an alert"
    )
    verb.add_argument(
        "--events", metavar="FILE", help="JSON lines, .gz too, - for standard input (default: from Kafka)"
    )
    verb.add_argument(
        "--since",
        metavar="TIME",
        help=f"from Kafka: how far back to read (default: {SINCE.days} days, of an incident {FORGET_AFTER.days})",
    )
    verb.add_argument(
        "--until", metavar="TIME", help="judge silence up to then (default: now, or the file's last time)"
    )
    add_flags(
        verb,
        "bootstrap",
        "prefix",
        "rulebook",
        "calendar_override",
        "units",
        "quiet_before",
        "customer_key_file",
        "app_id",
        "shadow",
    )
    verb.add_argument("--lang", choices=LANGS, default="en", help="language of the words (default en)")
    verb.add_argument("--json", action="store_true", help="for machines: all that is known, times in UTC")
    verb.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Explain; 1 where nothing is known of it."""
    try:
        settings = settings_or_none(options)
        if settings is None:
            return 0
        rulebook = load(settings.rulebook, settings.calendar_override, settings.units)
        key = settings.customer_key or (OFFLINE_KEY if rulebook.recurrences else "")
        rulebook = keyed(rulebook, key, settings.customer_key_file)
        until, quiet_before = _aware(options.until), _aware(settings.quiet_before or None)
        since = _aware(options.since)
    except (ConfigurationError, RulebookError, OSError, ValueError) as error:
        print(error, file=sys.stderr)
        return 2
    now = datetime.now(UTC)
    for key in meant(options.asked):
        if rule_of(rulebook, key) is not None:
            watch = Watch(rulebook, quiet_before)
            return explained(options, settings, watch, key, since or now - FORGET_AFTER, until, now)
    since = since or now - SINCE
    place = options.events or f"{settings.prefix}ticket-events since {since.isoformat(timespec='seconds')}"
    try:
        with Console(stderr=True).status(f"reading {place}"):
            records = of_file(options.events) if options.events else _live(options.asked, settings, since)
            found = ticket_of(options.asked, records, rulebook.vocabulary)
    except (OSError, UnreadableError) as error:
        print(error if isinstance(error, UnreadableError) else f"{place}: {error.strerror}", file=sys.stderr)
        return 2
    tell_left_out(found.refused, found.unknown)
    if found.subject is None:
        return _not_found(f"no event of {options.asked!r} in {place}", found.near)
    last_at = found.last_at if options.events else now
    watch, horizon = Watch(rulebook, quiet_before), until or last_at
    rule_id = None
    if options.asked != found.subject:
        of_rule = options.asked.partition("/")[2]
        rule_id = next((rule.id for rule in rulebook.rules if of_rule.startswith(f"{rule.id}/")), None)
    explanation = explain(watch, found.subject, found.events, horizon, rule_id)
    if options.asked != found.subject and not _only(explanation, options.asked):
        near = _near(explain(watch, found.subject, found.events, horizon), options.asked)
        return _not_found(f"ticket {found.subject!r} has no clock {options.asked!r}", near)
    if options.json:
        print(msgspec.json.format(msgspec.json.encode(explanation), indent=2).decode())
    else:
        show(explanation, rulebook.zone, options.lang)
    return 0


def _live(asked: str, settings: Settings, since: datetime) -> Iterator[Raw]:
    keys = {ticket.encode() for ticket in meant(asked)}
    return records_of(settings.client(), f"{settings.prefix}ticket-events", keys, since)


def _only(explanation: Explanation, asked: str) -> bool:
    """Leave only the clock that was asked for, or whose alert was; False where there is none."""
    named = [clock_id for clock_id in _ids(explanation) if f"{asked}/".startswith(f"{clock_id}/")]
    if not named:
        return False
    chosen = max(named, key=len)  # of a clock and its second round the longer id is meant
    explanation.clocks = [clock for clock in explanation.clocks if clock.clock_id == chosen]
    explanation.withdrawn = [clock for clock in explanation.withdrawn if clock.clock_id == chosen]
    explanation.absences = []
    return True


def _near(explanation: Explanation, asked: str) -> list[str]:
    """The clocks of a ticket whose ids look like what was asked for."""
    return get_close_matches(asked, _ids(explanation), n=5, cutoff=0.4)


def _ids(explanation: Explanation) -> list[str]:
    ids = [clock.clock_id for clock in explanation.clocks]
    return ids + [clock.clock_id for clock in explanation.withdrawn]


def _not_found(what: str, near: list[str]) -> int:
    print(f"{what}; did you mean {', '.join(near)}?" if near else what, file=sys.stderr)
    return 1


def _aware(text: str | None) -> datetime | None:
    if text is None:
        return None
    instant = datetime.fromisoformat(text)
    if instant.tzinfo is None:
        raise ValueError(f"{text!r} has no offset from UTC; write it as in 2026-11-23T08:00:00+08:00")
    return instant.astimezone(UTC)
