"""`slawatch topics create|check`: make the topics, or say what is wrong with them. Used by `cli.main`."""

from __future__ import annotations

import argparse
import sys
from typing import Any

from cli.configuration import ConfigurationError, add_flags, settings_or_none
from cli.preflight import Login
from streams.topics import TopicsError, catalogue, check, create, delivery_catalogue


def add(verbs: Any) -> None:
    """Add the verb."""
    verb = verbs.add_parser("topics", help="create or check the Kafka topics")
    actions = verb.add_subparsers(dest="action", required=True, metavar="ACTION")
    for name, says in (("create", "create what is missing, then check"), ("check", "check only")):
        action = actions.add_parser(name, help=says)
        add_flags(action, "bootstrap", "app_id", "prefix", "partitions", "shadow")
        if name == "create":
            action.add_argument("--replication", type=int, default=1, help="copies of each record (default 1)")
        action.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Create or check; 1 when a topic is not as it must be."""
    try:
        settings = settings_or_none(options)
        if settings is None:
            return 0
        specs = catalogue(settings.prefix, settings.own_id, settings.partitions, written=settings.own_prefix)
        if not settings.shadow:  # nobody is told of what a shadow finds
            specs += delivery_catalogue(settings.prefix, settings.partitions)
        login = Login(settings)
        admin = login.admin
        if options.action == "create":
            report = create(admin, specs, options.replication)
            for name in report.created:
                print(f"created {name}")
        faults = check(admin, specs)
    except (ConfigurationError, ValueError) as error:
        print(error, file=sys.stderr)
        return 2
    except TopicsError as error:
        print(login.refusal() or error, file=sys.stderr)
        return 1
    for fault in faults:
        print(f"{fault.topic}: {fault.what}; {fault.mend}", file=sys.stderr)
    if any(fault.refuses_start for fault in faults):
        return 1
    print(f"{len(specs)} topics are as they must be")
    return 0
