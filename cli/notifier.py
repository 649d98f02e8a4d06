"""`slawatch notifier`: tell people of alerts until told to stop. Used by `cli.main`.

Exit 0 after an orderly stop, 1 when it must not start, 2 for wrong use, 70 after a failure.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import logging
import os
import signal
import socket
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import nullcontext
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import uvloop
from confluent_kafka.admin import AdminClient
from prometheus_client import CollectorRegistry

from alerting import ack_link
from alerting.alert import Alert
from alerting.command_log import give
from alerting.delivery import Delivery
from alerting.delivery_files import DeliveryError, build
from alerting.http import Http
from alerting.metrics import Metrics
from alerting.notifier import Notifier
from alerting.pages import Pages
from alerting.plans import plan_of
from alerting.receiver import Receiver, Surroundings
from alerting.settings import NotifierSettings, Topics
from alerting.settings import shown as shown_notifier
from alerting.stages.dedupe import Dedupe
from alerting.stages.digest import Holds
from alerting.stages.record import Journal
from alerting.texts import holds
from cli.configuration import ConfigurationError, add_flags, add_notifier_flags, read, read_notifier
from cli.delivery_folder import folder, load, rulebook
from cli.dry_run import NoJournal, NoRedis, Shown
from sla.toml_file import RulebookError
from streams.settings import Settings, shown
from streams.topics import ClusterUnreachableError, TopicsError, catalogue, check, delivery_catalogue

logger = logging.getLogger("slawatch.notifier")

ASK_AGAIN_S = 2.0
FAILED = 70


def add(verbs: Any) -> None:
    """Add the verb."""
    verb = verbs.add_parser("notifier", help="tell the people on call: alerts in, messages out")
    add_flags(
        verb, "bootstrap", "prefix", "app_id", "partitions", "rulebook", "calendar_override", "units", "delivery",
        "log_level",
    )  # fmt: skip
    add_notifier_flags(
        verb, "group", "redis_url", "remember_for_days", "give_up_after", "session_timeout", "public_url",
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
        key = _key(own)
        path = folder(settings.delivery)
        delivery = load(path, rulebook(settings, path))
    except (ConfigurationError, RulebookError, DeliveryError, OSError, ValueError) as error:
        print(error, file=sys.stderr)
        return 2
    logging.getLogger("slawatch").setLevel(settings.log_level.upper())
    if not _topics_are_right(settings):
        return 1
    uvloop.install()
    try:
        return asyncio.run(_serve(settings, own, key, delivery, dry_run=options.dry_run))
    except DeliveryError as error:
        print(error, file=sys.stderr)
        return 2
    except OSError as error:
        print(f"{own.status_host}:{own.status_port}: {error.strerror}; give another --status-port", file=sys.stderr)
        return 1


async def _serve(settings: Settings, own: NotifierSettings, key: bytes, delivery: Delivery, *, dry_run: bool) -> int:
    now = partial(datetime.now, UTC)
    names = {code: unit.name for code, unit in delivery.units.items()}
    registry = CollectorRegistry()
    topics = Topics.of(settings.prefix)
    receivers: Mapping[str, Receiver] = build(delivery, Surroundings("", "zh", Http(), names, delivery.zone))
    metrics = Metrics(receivers, registry)
    if dry_run:
        own = _dry(own)
        receivers = {
            name: Shown(name, delivery.receivers[name], receiver, names, delivery.zone)
            for name, receiver in receivers.items()
        }
    notifier = Notifier(
        own,
        settings.client(),
        topics,
        receivers,
        lambda alert: plan_of(alert, delivery),
        NoRedis() if dry_run else Dedupe(own.redis_url, settings.prefix, _owner()),
        metrics,
        now,
        _holds(receivers, delivery, names),
        _link(own, key, now),
        NoJournal()
        if dry_run
        else Journal(settings.client(), topics.notifications, topics.dead_letters, metrics.records_failed.inc),
        from_now=dry_run,
    )
    loop = asyncio.get_running_loop()
    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, notifier.stop.set)
    give_command = partial(give, settings.client(), topics.commands)
    pages = Pages(own.status_host, own.status_port, registry, notifier.unwell, key, give_command, now)
    async with nullcontext() if dry_run else pages:
        logger.info("serving %d receivers on %d routes", len(receivers), len(delivery.routes))
        try:
            await notifier.run()
        except Exception:
            logger.critical("the notifier cannot go on", exc_info=True)
            return FAILED
    return 0


def _holds(
    receivers: Mapping[str, Receiver], delivery: Delivery, names: Mapping[str, Mapping[str, str]]
) -> dict[str, Holds]:
    found: dict[str, Holds] = {}
    for name, receiver in receivers.items():
        limits = receiver.traits.limits
        if limits is not None:
            found[name] = partial(holds, language=delivery.receivers[name].language, limits=limits, unit_names=names)
    return found


def _link(own: NotifierSettings, key: bytes, now: Callable[[], datetime]) -> Callable[[Alert, str], str | None]:
    if not own.public_url or not key:
        return lambda *_: None
    return lambda alert, receiver: ack_link.link(own.public_url, key, alert.alert_id, receiver, now())


def _key(own: NotifierSettings) -> bytes:
    """The key of the links. ValueError where one is named that cannot be used."""
    text = Path(own.ack_key_file).read_text().strip() if own.ack_key_file else own.ack_key
    key = text.encode()
    if key and len(key) < ack_link.KEY_BYTES_MIN:
        raise ValueError(f"the ack_key has fewer than {ack_link.KEY_BYTES_MIN} bytes; make a longer one")
    if own.public_url and not key:
        raise ValueError("public_url is given and no ack_key: links must be signed; give ack_key_file as well")
    return key


def _dry(own: NotifierSettings) -> NotifierSettings:
    """Settings under which nobody else notices: a group of one's own."""
    fields = {name: getattr(own, name) for name in own.__struct_fields__}
    return NotifierSettings(**fields | {"group": f"{own.group}-dry-run-{os.getpid()}"})


def _owner() -> str:
    """Names this process among all notifiers; nothing derives from it."""
    return f"{socket.gethostname()}/{os.getpid()}/{time.monotonic_ns()}"


def _topics_are_right(settings: Settings) -> bool:
    """Whether the topics are as they must be; waits for brokers that do not answer."""
    admin = AdminClient(settings.client())
    alerts = [
        spec
        for spec in catalogue(settings.prefix, settings.app_id, settings.partitions)
        if spec.name in (f"{settings.prefix}alerts", f"{settings.prefix}dead-letters")
    ]
    specs = [*alerts, *delivery_catalogue(settings.prefix, settings.partitions)]
    while True:
        try:
            faults = check(admin, specs, timeout=10)
            break
        except ClusterUnreachableError as error:
            print(f"waiting for the brokers: {error}", file=sys.stderr, flush=True)
            time.sleep(ASK_AGAIN_S)
        except TopicsError as error:
            print(error, file=sys.stderr)
            return False
    wrong = [fault for fault in faults if fault.refuses_start]
    for fault in wrong:
        print(f"{fault.topic}: {fault.what}; {fault.mend}", file=sys.stderr)
    return not wrong
