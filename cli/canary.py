"""`slawatch canary`: prove once a minute and partition that a breach is told, until told to stop. Used by `cli.main`.

Exit 0 after an orderly stop, 1 when it must not start, 2 for wrong use, 70 after a failure.
"""

from __future__ import annotations

import argparse
import json
import os
import secrets
import sys
from datetime import timedelta
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any

from alerting.canary.settings import check, secret_of
from alerting.canary.settings import shown as shown_canary
from alerting.signing import secret
from cli import logs
from cli.configuration import ConfigurationError, add_canary_flags, add_flags, read, read_canary
from cli.preflight import may_start
from cli.rulebook_files import load
from sla.rulebook import Rulebook
from sla.term import Continuous
from sla.toml_file import RulebookError
from streams.rights import of_canary
from streams.settings import Settings, shown
from streams.topics import catalogue

RULE, ACCEPTED = "canary/heard", "canary.accepted"
KEY_BYTES = 32


def add(verbs: Any) -> None:
    """Add the verb."""
    verb = verbs.add_parser("canary", help="send canary tickets, and miss them when their breach is not told")
    add_flags(
        verb,
        "bootstrap",
        "prefix",
        "app_id",
        "partitions",
        "rulebook",
        "calendar_override",
        "units",
        "log_level",
        "log_format",
    )
    add_canary_flags(verb, "every", "lost_after", "secret_file", "status_host", "status_port")
    verb.add_argument(
        "--make-secret", type=Path, metavar="FILE", help="write a new secret there, unless there is a file, and stop"
    )
    verb.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Run."""
    try:
        if options.make_secret is not None:
            return _make_secret(options.make_secret)
        settings, own = read(options), read_canary(options)
        if options.show_config:
            json.dump(shown(settings) | {"canary": shown_canary(own)}, sys.stdout, indent=2, ensure_ascii=False)
            sys.stdout.write("\n")
            return 0
    except (ConfigurationError, OSError) as error:
        print(error, file=sys.stderr)
        return 2
    logs.serve(settings.log_level, settings.log_format)
    try:
        check(own, _term(load(settings.rulebook, settings.calendar_override, settings.units)))
        known_by = secret_of(own)
    except (RulebookError, OSError, ValueError) as error:
        logs.refuse(error, settings.log_format)
        return 2
    try:
        if not _may_start(settings):
            return 1
    except ConfigurationError as error:
        logs.refuse(error, settings.log_format)
        return 2
    from cli import canary_run  # noqa: PLC0415 - what it needs takes half a second to import; other verbs need none

    try:
        return canary_run.run(settings, own, known_by)
    except OSError as error:
        at = f"{own.status_host}:{own.status_port}"
        logs.refuse(OSError(f"{at}: {error.strerror}; give another --status-port"), settings.log_format)
        return 1


def _term(rulebook: Rulebook) -> timedelta:
    """How long a canary runs by this rulebook. ValueError where nothing would watch it."""
    rule = next((rule for rule in rulebook.rules_of("canary") if rule.id == RULE), None)
    if rule is None or ACCEPTED not in rulebook.vocabulary.types:
        raise ValueError(
            f"the rulebook {rulebook.name} has no rule {RULE} that is on: no worker would miss a canary. Copy "
            "canary/heard.toml of sgcc-2014 into it, and [businesses.canary] of its vocabulary.toml (docs/canary.md)"
        )
    terms = [entry.term for entry in rule.in_force]
    if not all(isinstance(term, Continuous) for term in terms):
        raise ValueError(f"the term of {RULE} must run day and night; write it as in '5 s'")
    return max(term.length for term in terms if isinstance(term, Continuous))


def _may_start(settings: Settings) -> bool:
    events, *_ = catalogue(settings.prefix, settings.app_id, settings.partitions)
    return may_start(settings, [events], of_canary(settings.prefix))


def _make_secret(path: Path) -> int:
    """A secret for both ends, readable by whoever runs this and nobody else; one that is there stays."""
    if path.exists():
        print(f"{path} is there and stays as it is")
        return 0
    # Whole or not at all: an empty file would stay as it is, too.
    with NamedTemporaryFile("w", dir=path.parent, prefix=f".{path.name}-") as file:
        file.write(f"{secret(secrets.token_bytes(KEY_BYTES))}\n")
        file.flush()
        try:
            os.link(file.name, path)
        except FileExistsError:
            print(f"{path} is there and stays as it is")
            return 0
    print(f"{path} is made")
    return 0
