"""`slawatch handover`: what the next shift takes over, and who comes on duty. Used by `cli.main`.

Exit 0 fine, also where much is overdue; 2 wrong use.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from rich.console import Console

from alerting.delivery_files import DeliveryError
from alerting.handover import OpenClocks, VerdictUnreadable, handover
from alerting.roster import Turn, turn
from alerting.unit_tree import at_or_below
from cli.configuration import ConfigurationError, add_flags, settings_or_none
from cli.delivery_folder import folder, load, rulebook
from cli.event_lines import lines, reading
from cli.explain_kafka import UnreadableError, records_of
from cli.handover_page import Page, as_json
from cli.instants import aware
from cli.rulebook_words import LANGS
from sla.rulebook import Rulebook
from sla.term import parse_length
from sla.toml_file import RulebookError
from streams.settings import Settings


def add(verbs: Any) -> None:
    """Add the verb."""
    verb = verbs.add_parser(
        "handover", help="list what a shift hands over: overdue, due soon, open; and who comes on"
    )
    verb.add_argument("--unit", metavar="CODE", help="only what this unit and those beneath it owe")
    verb.add_argument("--within", default="2 h", metavar="TERM", help="what counts as due soon (%(default)s)")
    verb.add_argument("--at", metavar="TIME", help="the list as of then (default: now)")
    verb.add_argument(
        "--verdicts", metavar="FILE", help="JSON lines, .gz too, - for standard input (default: from Kafka)"
    )
    add_flags(verb, "bootstrap", "prefix", "rulebook", "calendar_override", "units", "delivery")
    verb.add_argument("--lang", choices=LANGS, default="en", help="language of the words (default en)")
    verb.add_argument("--json", action="store_true", help="for machines: every clock, times in UTC")
    verb.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Write the list."""
    try:
        settings = settings_or_none(options)
        if settings is None:
            return 0
        at = aware(options.at) or datetime.now(UTC)
        within = timedelta(seconds=parse_length(options.within).seconds)
        law, turns = _law_and_turns(settings, at)
    except (ConfigurationError, RulebookError, DeliveryError, OSError, ValueError) as error:
        print(error, file=sys.stderr)
        return 2
    place = options.verdicts or f"{settings.own_prefix}verdicts"
    open_clocks, unreadable = OpenClocks(at), 0
    try:
        with Console(stderr=True).status(f"reading {place}"):
            for value in _verdicts(options.verdicts, settings):
                try:
                    open_clocks.take(value)
                except VerdictUnreadable:
                    unreadable += 1
    except (OSError, UnreadableError) as error:
        print(error if isinstance(error, UnreadableError) else f"{place}: {error.strerror}", file=sys.stderr)
        return 2
    if unreadable:
        print(f"{unreadable} records are no verdicts and were left out", file=sys.stderr)
    unit = options.unit
    told = handover(
        open_clocks.clocks(), at, within, (lambda owner: at_or_below(law.units, owner, unit)) if unit else None
    )
    if options.json:
        print(as_json(told, unit, turns))
    else:
        Page(law, options.lang).show(told, unit, turns)
    return 0


def _law_and_turns(settings: Settings, at: datetime) -> tuple[Rulebook, dict[str, Turn | None]]:
    """The rulebook, and of each team the change of shift; no team where the default folder is not there."""
    default = Settings().delivery
    path = None if settings.delivery == default and not Path(default).is_dir() else folder(settings.delivery)
    law = rulebook(settings, path)
    if path is None:
        return law, {}
    return law, {name: turn(team, at) for name, team in sorted(load(path, law).teams.items())}


def _verdicts(file_name: str | None, settings: Settings) -> Iterator[bytes | None]:
    if file_name is None:
        topic = f"{settings.own_prefix}verdicts"
        yield from (record.value for record in records_of(settings.client(), topic, None, None))
        return
    with reading(file_name) as file:
        for _, line in lines(file):
            yield line
