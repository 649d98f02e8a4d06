"""How the verbs that ask something of notifiers do it: a command on `sla.commands`. Used by those verbs."""

from __future__ import annotations

import argparse
import getpass
import sys
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

from alerting.command import Command, CommandUnreadable, decode, faults
from alerting.command_log import CommandFailed, give
from alerting.settings import Topics
from cli.configuration import ConfigurationError, settings_or_none
from cli.explain_kafka import records_of
from streams.settings import Settings

FLAGS = ("bootstrap", "prefix")


def by_flag(verb: argparse.ArgumentParser) -> None:
    """Give a verb the flag that says who asks."""
    verb.add_argument("--by", default=_user(), help="who asks (default: the name of the user, %(default)s)")


def ask(options: argparse.Namespace, commands: Sequence[Command], says: str) -> int:
    """Put commands on the topic and say so; 1 when Kafka did not take one, 2 when one cannot be given."""
    try:
        settings = settings_or_none(options)
        if settings is None:
            return 0
    except ConfigurationError as error:
        print(error, file=sys.stderr)
        return 2
    now = datetime.now(UTC)
    wrong = [fault for command in commands for fault in faults(command, now)]
    if wrong:
        print("\n".join(dict.fromkeys(wrong)), file=sys.stderr)
        return 2
    try:
        for command in commands:
            give(settings.client(), Topics.of(settings.prefix).commands, command, now)
    except CommandFailed as error:
        print(f"not asked: {error}", file=sys.stderr)
        return 1
    print(says)
    return 0


def commands_of(settings: Settings, since: datetime) -> Iterator[tuple[Command, datetime]]:
    """What was asked since an instant, with the instants it was appended. Raises UnreadableError."""
    for raw in records_of(settings.client(), Topics.of(settings.prefix).commands, None, since):
        at = raw.appended_at or since
        try:
            yield decode(raw.value, at), at
        except CommandUnreadable as error:
            print(error, file=sys.stderr)


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # no name for the user's number
        return ""
