"""`slawatch routes check|test`: whether a delivery folder can be used, and who would hear an alert, when and why.

Used by `cli.main`. Exit 0 fine; 1 where the folder has a fault; 2 wrong use.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from alerting.alert import VALUE_BYTES_MAX, Alert, AlertUnreadable, read_alert
from alerting.delivery import Delivery
from alerting.delivery_files import DeliveryError, teams_named
from cli.configuration import ConfigurationError, add_flags, settings_or_none
from cli.delivery_folder import folder, load, rulebook
from cli.event_lines import lines, reading
from cli.instants import aware
from cli.routes_page import as_json, tell
from sla.toml_file import RulebookError
from streams.settings import Settings

SOON = timedelta(days=30)
"""A roster that ends within so much time is spoken of."""
FLAGS = ("rulebook", "calendar_override", "units")


def add(verbs: Any) -> None:
    """Add the verb."""
    verb = verbs.add_parser("routes", help="check a delivery folder, or say who would hear an alert and why")
    actions = verb.add_subparsers(dest="action", required=True, metavar="ACTION")
    checking = actions.add_parser("check", help="exit 0 when the folder can be used")
    checking.add_argument("directory", metavar="DIR", nargs="?", help="default: the setting delivery")
    add_flags(checking, *FLAGS)
    checking.set_defaults(run=check)
    testing = actions.add_parser("test", help="say who would hear an alert, when and why; nothing is sent")
    testing.add_argument("alert", metavar="ALERT.json", help="an alert, or one a line; - for standard input")
    testing.add_argument("--at", metavar="TIME", help="when it is raised (default: the instant it is about)")
    add_flags(testing, *FLAGS, "delivery")
    testing.add_argument("--json", action="store_true", help="for machines: one object an alert, times in UTC")
    testing.set_defaults(run=test)


def check(options: argparse.Namespace) -> int:
    """Read the folder whole; 1 when it has a fault, 2 when there is none."""
    try:
        settings = settings_or_none(options)
        if settings is None:
            return 0
        path = folder(options.directory or settings.delivery)
    except (ConfigurationError, OSError) as error:
        print(error, file=sys.stderr)
        return 2
    delivery = _read(settings, path)
    if delivery is None:
        return 1
    print(
        f"{path}: {len(delivery.receivers)} receivers, {len(delivery.routes)} routes, {len(delivery.contacts)} units "
        f"with a contact, {len(delivery.teams)} teams"
    )
    _remark(delivery, datetime.now(UTC))
    return 0


def test(options: argparse.Namespace) -> int:
    """Say who would hear each alert."""
    try:
        settings = settings_or_none(options)
        if settings is None:
            return 0
        path, at = folder(settings.delivery), aware(options.at)
    except (ConfigurationError, OSError, ValueError) as error:
        print(error, file=sys.stderr)
        return 2
    delivery = _read(settings, path)
    if delivery is None:
        return 1
    try:
        for alert in _alerts(options.alert):
            raised_at = at or alert.at
            if options.json:
                print(as_json(alert, delivery, raised_at))
            else:
                tell(alert, delivery, raised_at)
    except (OSError, AlertUnreadable) as error:
        print(f"{options.alert}: {error}", file=sys.stderr)
        return 2
    return 0


def _read(settings: Settings, path: Path) -> Delivery | None:
    """The folder and the rulebook whose alerts it delivers; None after telling what is wrong with either."""
    try:
        return load(path, rulebook(settings, path))
    except (DeliveryError, RulebookError) as error:
        for fault in error.faults:
            print(f"{path}/{fault}", file=sys.stderr)
    except OSError as error:
        print(error, file=sys.stderr)
    return None


def _alerts(file_name: str) -> Iterator[Alert]:
    """The alerts of a file: one a line, or a single one over many lines. Raises AlertUnreadable, OSError."""
    now = datetime.now(UTC)
    with reading(file_name) as file:
        first = True
        for number, line in lines(file):
            try:
                yield read_alert(line, now)
            except AlertUnreadable as error:
                if not first:
                    raise AlertUnreadable(f"line {number}: {error}") from None
                yield read_alert(line + file.read(VALUE_BYTES_MAX), now)
                return
            first = False
    if first:
        raise AlertUnreadable("there is no alert in it")


def _remark(delivery: Delivery, now: datetime) -> None:
    """What is no fault today and may become a surprise."""
    for team in delivery.teams.values():
        if team.ends_at is not None and team.ends_at < now + SOON:
            print(f"the roster of {team.name} ends at {team.ends_at.astimezone(team.zone):%Y-%m-%d %H:%M}")
    for name in sorted(delivery.teams.keys() - teams_named(delivery)):
        print(f"no route calls the team {name}")
