"""`slawatch notifications`: what was told to whom and what was not, from the records; and the audit of all steps.

    list TARGET   every attempt for an alert or a ticket
    audit         whether each step that was due has an outcome; exit 1 when one has none
    redeliver     try dead messages anew, under the same keys
    try           send a test message to one receiver

Used by `cli.main`.
"""

from __future__ import annotations

import argparse
import sys
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

from alerting.alert import AlertUnreadable, read_alert
from alerting.audit import missing
from alerting.command import Command, Verb
from alerting.delivery import Delivery
from alerting.delivery_files import DeliveryError
from alerting.desk import Desk
from alerting.plans import plan_of
from alerting.record import Notification, Outcome, RecordUnreadable, decode
from alerting.settings import Topics
from alerting.stages.mute import in_force
from cli import try_receiver
from cli.asking import FLAGS, ask, by_flag, commands_of
from cli.configuration import ConfigurationError, add_flags, settings_or_none
from cli.delivery_folder import folder, load, rulebook
from cli.explain_kafka import UnreadableError, records_of
from sla.term import parse_length
from sla.toml_file import RulebookError
from streams.settings import Settings

SINCE = "2 d"


def add(verbs: Any) -> None:
    """Add the verb."""
    verb = verbs.add_parser("notifications", help="what was told to whom; audit it; deliver dead messages anew")
    actions = verb.add_subparsers(dest="action", required=True, metavar="ACTION")
    listing = actions.add_parser("list", help="every attempt, and every deliberate silence")
    listing.add_argument("target", nargs="?", default="", metavar="ALERT|TICKET", help="only of this one")
    auditing = actions.add_parser("audit", help="exit 1 when a step that was due has no outcome")
    anew = actions.add_parser("redeliver", help="try anew what was given up")
    anew.add_argument("target", nargs="?", default="", metavar="ALERT|TICKET", help="only of this one")
    anew.add_argument("--receiver", default="", metavar="NAME", help="only at this receiver")
    by_flag(anew)
    trying = actions.add_parser("try", help="send a test message to one receiver, and say what it answered")
    trying.add_argument("receiver", metavar="RECEIVER")
    add_flags(trying, "rulebook", "calendar_override", "units", "delivery")
    trying.set_defaults(run=try_receiver.run)
    for action, run in ((listing, _list), (auditing, _audit), (anew, _redeliver)):
        action.add_argument("--since", default=SINCE, metavar="TERM", help='how far back, as in "%(default)s"')
        add_flags(action, *FLAGS, *(("rulebook", "calendar_override", "units", "delivery") if run is _audit else ()))
        action.set_defaults(run=run)


def _list(options: argparse.Namespace) -> int:
    """Print records, oldest first."""
    said = _settings(options)
    if isinstance(said, int):
        return said
    settings, since = said
    found = _records(settings, since)
    if found is None:
        return 2
    for told in sorted(found, key=lambda told: told.at):
        if not options.target or options.target == told.alert_id or told.alert_id.startswith(f"{options.target}/"):
            print(_line(told))
    return 0


def _line(told: Notification) -> str:
    where = f"{told.at:%Y-%m-%d %H:%M:%S}Z  {told.outcome:<10} {told.receiver:<20} {told.step:<24}"
    more = [told.reason, f"attempt {told.attempt}" if told.attempt else "", str(told.http_status or ""), told.detail]
    return f"{where} {told.alert_id}:{told.revision}  {' '.join(part for part in more if part)}"


def _audit(options: argparse.Namespace) -> int:
    """Work out from the topics alone which steps were due, and whether each has an outcome."""
    said = _settings(options)
    if isinstance(said, int):
        return said
    settings, since = said
    now = datetime.now(UTC)
    try:
        path = folder(settings.delivery)
        delivery = load(path, rulebook(settings, path))
        desk = _desk(settings, since, delivery, now)
    except (RulebookError, DeliveryError, OSError, UnreadableError) as error:
        print(error, file=sys.stderr)
        return 2
    cases = list(desk.cases.values())
    plan = partial(plan_of, delivery=delivery)
    lost = [
        key
        for case in cases
        for key in missing(case, plan, now, muted=case.firing and desk.muting(case, now) is not None)
    ]
    for key in lost:
        print(f"no outcome: {key}")
    print(f"{len(cases)} alerts, {len(lost)} steps without an outcome")
    return 1 if lost else 0


def _redeliver(options: argparse.Namespace) -> int:
    """Ask notifiers to try dead messages anew."""
    said = _settings(options)
    if isinstance(said, int):
        return said
    settings, since = said
    found = _records(settings, since)
    if found is None:
        return 2
    last = {told.key: told for told in sorted(found, key=lambda told: told.at)}
    dead = [
        told
        for told in last.values()
        if told.outcome is Outcome.DEAD
        and options.receiver in ("", told.receiver)
        and (not options.target or options.target in (told.alert_id, told.alert_id.partition("/")[0]))
    ]
    targets = sorted({(told.alert_id, told.receiver) for told in dead})
    if not targets:
        print("nothing was given up")
        return 0
    commands = [
        Command(verb=Verb.REDELIVER, by=options.by, target=alert_id, receiver=receiver)
        for alert_id, receiver in targets
    ]
    return ask(options, commands, f"asked to deliver {len(targets)} messages anew")


def _settings(options: argparse.Namespace) -> tuple[Settings, datetime] | int:
    """Settings, and from when on to read; an exit code where there is nothing to do."""
    try:
        settings = settings_or_none(options)
        length = timedelta(seconds=parse_length(options.since).seconds)
    except (ConfigurationError, ValueError) as error:
        print(error, file=sys.stderr)
        return 2
    return 0 if settings is None else (settings, datetime.now(UTC) - length)


def _records(settings: Settings, since: datetime) -> list[Notification] | None:
    found = []
    try:
        for raw in records_of(settings.client(), Topics.of(settings.prefix).notifications, None, since):
            try:
                found.append(decode(raw.value))
            except RecordUnreadable as error:
                print(error, file=sys.stderr)
    except UnreadableError as error:
        print(error, file=sys.stderr)
        return None
    return found


def _desk(settings: Settings, since: datetime, delivery: Delivery, now: datetime) -> Desk:
    """What the three topics say, as a notifier would read them."""
    topics, client = Topics.of(settings.prefix), settings.client()
    commands = sorted(commands_of(settings, since), key=lambda found: found[1])
    holding = in_force(commands, now)
    desk = Desk(partial(plan_of, delivery=delivery), frozenset(), timedelta(days=1), lambda: holding, {})
    for raw in records_of(client, topics.alerts, None, since):
        try:
            desk.take(read_alert(raw.value, raw.appended_at or since))
        except AlertUnreadable as error:
            print(error, file=sys.stderr)
    for told in _records(settings, since) or ():
        desk.note(told)
    for command, at in commands:
        desk.command(command, at)
    return desk
