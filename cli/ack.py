"""`slawatch ack`: somebody is on it, so an alert goes no further up. Used by `cli.main`."""

from __future__ import annotations

import argparse
from typing import Any

from alerting.command import Command, Verb
from cli.asking import FLAGS, ask, by_flag
from cli.configuration import add_flags


def add(verbs: Any) -> None:
    """Add the verb."""
    verb = verbs.add_parser("ack", help="acknowledge an alert, or all that fire for a ticket: it goes no further up")
    verb.add_argument("target", metavar="ALERT|TICKET", help="an alert's id, or a ticket or incident")
    verb.add_argument("--reason", default="", help="what is being done")
    by_flag(verb)
    add_flags(verb, *FLAGS)
    verb.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Put the command on the topic; 1 when Kafka did not take it."""
    command = Command(verb=Verb.ACKNOWLEDGE, by=options.by, target=options.target, reason=options.reason)
    return ask(options, [command], f"acknowledged: {options.target}")
