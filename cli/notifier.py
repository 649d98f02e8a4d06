"""`slawatch notifier`: tell people of alerts until told to stop. Used by `cli.main`.

Exit 0 after an orderly stop, 1 when it must not start, 2 for wrong use, 70 after a failure.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from alerting import command_log, history
from alerting.ack_link import KEY_BYTES_MIN
from alerting.delivery_files import DeliveryError
from alerting.settings import NotifierSettings
from alerting.settings import shown as shown_notifier
from cli import logs
from cli.configuration import ConfigurationError, add_flags, add_notifier_flags, read, read_notifier
from cli.delivery_folder import folder, load, rulebook
from cli.preflight import may_start
from sla.toml_file import RulebookError
from streams.rights import of_notifier
from streams.settings import Settings, shown
from streams.topics import catalogue, delivery_catalogue

READERS = (command_log.GROUP, history.GROUP)


def add(verbs: Any) -> None:
    """Add the verb."""
    verb = verbs.add_parser("notifier", help="tell the people on call: alerts in, messages out")
    add_flags(
        verb, "bootstrap", "prefix", "app_id", "partitions", "rulebook", "calendar_override", "units", "delivery",
        "log_level", "log_format",
    )  # fmt: skip
    add_notifier_flags(
        verb, "group", "instance", "redis_url", "remember_for_days", "give_up_after", "session_timeout", "public_url",
        "ack_key_file", "status_host", "status_port",
    )  # fmt: skip
    verb.add_argument(
        "--dry-run", action="store_true", help="print who would hear what from now on; nothing is sent or kept"
    )
    verb.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Run."""
    try:
        settings, own = read(options), read_notifier(options)
        if options.show_config:
            json.dump(shown(settings) | {"notifier": shown_notifier(own)}, sys.stdout, indent=2, ensure_ascii=False)
            sys.stdout.write("\n")
            return 0
    except ConfigurationError as error:
        print(error, file=sys.stderr)
        return 2
    logs.serve(settings.log_level, settings.log_format)
    try:
        key = _key(own)
        path = folder(settings.delivery)
        delivery = load(path, rulebook(settings, path))
    except (RulebookError, DeliveryError, OSError, ValueError) as error:
        logs.refuse(error, settings.log_format)
        return 2
    try:
        if not _may_start(settings, own, dry_run=options.dry_run):
            return 1
    except ConfigurationError as error:
        logs.refuse(error, settings.log_format)
        return 2
    from cli import notifier_run  # noqa: PLC0415 - what it needs takes half a second to import; other verbs need none

    try:
        return notifier_run.run(settings, own, key, delivery, dry_run=options.dry_run)
    except DeliveryError as error:
        logs.refuse(error, settings.log_format)
        return 2
    except OSError as error:
        at = f"{own.status_host}:{own.status_port}"
        logs.refuse(OSError(f"{at}: {error.strerror}; give another --status-port"), settings.log_format)
        return 1


def _key(own: NotifierSettings) -> bytes:
    """The key of the links. ValueError where one is named that cannot be used."""
    text = Path(own.ack_key_file).read_text().strip() if own.ack_key_file else own.ack_key
    key = text.encode()
    if key and len(key) < KEY_BYTES_MIN:
        raise ValueError(f"the ack_key has fewer than {KEY_BYTES_MIN} bytes; make a longer one")
    if own.public_url and not key:
        raise ValueError("public_url is given and no ack_key: links must be signed; give ack_key_file as well")
    return key


def _may_start(settings: Settings, own: NotifierSettings, *, dry_run: bool) -> bool:
    alerts = [
        spec
        for spec in catalogue(settings.prefix, settings.app_id, settings.partitions)
        if spec.name in (f"{settings.prefix}alerts", f"{settings.prefix}dead-letters")
    ]
    specs = [*alerts, *delivery_catalogue(settings.prefix, settings.partitions)]
    # A dry run writes nothing and joins a group that nobody can grant by name.
    return may_start(settings, specs, () if dry_run else of_notifier(settings.prefix, own.group, READERS))
