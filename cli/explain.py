"""`slawatch explain CLOCK|TICKET`: which clause was broken, and why do you say so. Used by `cli.main`.

Exit 0 fine, also where something was broken; 1 where nothing is known of what was asked for; 2 wrong use.
"""

from __future__ import annotations

import argparse
import sys
from datetime import UTC, datetime
from difflib import get_close_matches
from typing import Any

import msgspec
from rich.console import Console

from cli.explain_page import show
from cli.explain_source import Found, ticket_of
from cli.rulebook_files import OFFLINE_KEY, keyed, load
from cli.rulebook_words import LANGS
from sla.explain.explained import explain
from sla.explain.explanation import Explanation
from sla.step import Watch
from sla.toml_file import RulebookError


def add(verbs: Any) -> None:
    """Add the verb."""
    verb = verbs.add_parser("explain", help="say why the clocks of a ticket stand as they do, from a file of events")
    verb.add_argument("asked", metavar="CLOCK|TICKET", help="the id of a ticket, of a clock or of an alert")
    verb.add_argument("--events", required=True, metavar="FILE", help="JSON lines, .gz too, - for standard input")
    verb.add_argument("--rulebook", default="sgcc-2014", help="a folder, or the name of a shipped rulebook")
    verb.add_argument("--calendar-override", default="", metavar="FILE", help="days the calendar does not know")
    verb.add_argument("--until", metavar="TIME", help="judge silence up to then (default: the file's last time)")
    verb.add_argument("--quiet-before", metavar="TIME", help="alerts due before then are marked historic")
    verb.add_argument("--lang", choices=LANGS, default="en", help="language of the words (default en)")
    verb.add_argument("--json", action="store_true", help="for machines: all that is known, times in UTC")
    verb.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Explain; 1 where nothing is known of it."""
    try:
        rulebook = keyed(load(options.rulebook, options.calendar_override), OFFLINE_KEY, "")
        until, quiet_before = _aware(options.until), _aware(options.quiet_before)
    except (RulebookError, FileNotFoundError, ValueError) as error:
        print(error, file=sys.stderr)
        return 2
    try:
        with Console(stderr=True).status(f"reading {options.events}"):
            found = ticket_of(options.asked, options.events, rulebook.vocabulary)
    except OSError as error:
        print(f"{options.events}: {error.strerror or error}", file=sys.stderr)
        return 2
    _tell_left_out(found)
    if found.subject is None:
        return _not_found(f"no event of {options.asked!r} in {options.events}", found.near)
    watch, horizon = Watch(rulebook, quiet_before), until or found.last_at
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


def _tell_left_out(found: Found) -> None:
    if found.refused:
        print(f"{found.refused} lines are no events and were left out (slawatch backtest says why)", file=sys.stderr)
    for type_, count in sorted(found.unknown.items()):
        print(f"{count} events of the unknown type {type_}", file=sys.stderr)


def _aware(text: str | None) -> datetime | None:
    if text is None:
        return None
    instant = datetime.fromisoformat(text)
    if instant.tzinfo is None:
        raise ValueError(f"{text!r} has no offset from UTC; write it as in 2026-11-23T08:00:00+08:00")
    return instant.astimezone(UTC)
