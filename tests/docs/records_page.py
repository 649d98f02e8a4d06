"""Writes docs/records.md from the layouts: `.venv/bin/python -m tests.docs.records_page`; a test compares the two."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import msgspec

from alerting import command, record
from alerting.alert import Level
from alerting.answer import Why
from alerting.message import Occasion
from alerting.stages.mute import Mute
from cli.explain_words import REASONS
from cli.rulebook_files import load
from sla.alert_layout import AlertData, Envelope, VerdictData
from sla.duty import Outcome, Reason, Status
from sla.event import Event
from sla.publication import Channel
from sla.step import step
from sla.watch import Watch
from streams.operator_alerts import SAYS, Condition
from streams.topics import catalogue, delivery_catalogue
from tests.docs.layouts import fields, members, said, table

PAGE = Path(__file__).parents[2] / "docs" / "records.md"

HEAD = """# What slawatch writes

The records on its topics, field by field, for whoever reads them: alerts about tickets, verdicts, commands, records of
delivery, dead letters. This page is made from the code (`sla/alert_layout.py`, `alerting/record.py`,
`alerting/command.py` and the enums they use). What a source must send is in [events.md](events.md). Alerts about the
monitor's own processes, which come from Prometheus, are another matter: [alerts.md](alerts.md).

## The topics

"""

RULES = """
`slawatch topics create` makes them so; another `prefix` stands in place of `sla.`, another `app_id` in place of
`slawatch`. Facts and changelogs are the workers' own, and no contract. A record of delivery lies in the partition of its
alert. What the loss of each topic means is in [operations.md](operations.md#back-up-and-restore).

## The envelope

Every value is a CloudEvent 1.0 in structured mode, JSON in UTF-8. A field without `always` below is left out where it is not
known, and so is one at its usual value. Instants are RFC 3339 in UTC, to the microsecond. Pass over fields that are not
listed; `v1` in `type` is the edition of the layout, and one that you do not know is not for you.

"""

IDS = """
**Ids are derived**, from nothing but what they name. A clock's is ticket / rule / source / id of its starting event / round:
ticket, source and id percent-encoded, the round only where a duty repeats (the local date, or a number). An alert's is the
clock's / its level, of a warning with its threshold (`warning-50`: half of the term; `warning-3min`: three minutes before it
is over). No worker, attempt or time is in them, so what is told again after a crash is told under the same id, byte by byte.

**Revisions** count up by one for each change. Keep, of each id, the highest; what has a lower one than you hold is a repeat or
late, and is to be dropped. One (id, revision) never has two contents. Nothing is deleted: an alert that should never have
been said is `retracted`, a clock that should never have started `cancelled` with `start_withdrawn`.

**Headers** of alerts and verdicts, which are no part of their content: `detected_at` (when a worker decided it, by its
clock) and `epoch` (which ownership of the partition said so; it only grows).
"""

OPERATOR = """
An alert about the monitor has `rule` = `operator/<condition>`, the condition as `reason`, no ticket and no clock; its key is
its id, its `subject` says where: app, partition, and what it is about.

"""

COMMANDS = """
## Commands

On `{topic}`, type `{type}`: what people ask. `slawatch ack`, `slawatch silence` and
`slawatch notifications redeliver` write them, and the page behind a link does; other programs may. The key is `name`, else
`target`. Whatever its writer's clock said, it holds from when the broker took it.

"""

NOTIFICATIONS = """
## Notifications

On `{topic}`, type `{type}`, `source` `slawatch/notifier`: what was tried for one
receiver and one step of an alert's route, or deliberately not. Id, revision, receiver and
step make the key under which the receiver gets every attempt.

"""

LETTERS = """
## Dead letters

On `sla.dead-letters`: what could not be taken, key and value as they came, its own headers kept. The reason is in headers:

"""

LETTER_HEADERS = [
    ("slawatch_reason", "why; the reasons of events are in [events.md](events.md#what-is-refused)"),
    ("slawatch_detail", "what to mend; it never repeats a value, which may be personal"),
    ("slawatch_topic", "the topic it came from"),
    ("slawatch_partition", "its partition"),
    ("slawatch_offset", "its offset; absent for `never_accepted`, whose value is what was remembered of the event"),
]

LETTERS_TAIL = """
Topic, partition and offset are its identity; a crash may repeat it. `crashed_us` is a fault of the program: a record at
which it failed three times. `unreadable_alert` is a record on `sla.alerts` that is none.
"""


def example() -> dict[str, str]:
    """An alert and a verdict as the core renders them: a repair that was returned and not dispatched again."""
    rulebook = load("sgcc-2014")
    at = datetime(2026, 11, 23, 0, 0, tzinfo=UTC)
    events = [
        Event(at, "e-1", "95598/ncsc", "repair.accepted", {"unit": "NCSC", "level": "national", "urgency": "urgent"}),
        Event(at.replace(minute=1), "e-2", "95598/ncsc", "repair.dispatched", {"unit": "NCSC", "level": "national", "to_unit": "3201", "to_level": "city"}),
        Event(at.replace(minute=2), "e-3", "95598/3201", "repair.returned", {"unit": "3201", "level": "city", "to_unit": "NCSC", "to_level": "national"}),
    ]  # fmt: skip
    outputs = step(None, "2026112300017", events, Watch(rulebook), at.replace(minute=10)).outputs
    found = {}
    for output in outputs:
        told = msgspec.json.decode(output.value)
        data = told["data"]
        if data["rule"] == "repair/redispatch" and data.get("level", "breach") == "breach":
            data["rulebook"] = "sgcc-2014@..."  # its hash changes with every line of the rulebook
            found[output.channel] = msgspec.json.format(msgspec.json.encode(told), indent=1).decode()
    return found


def envelope() -> str:
    """The fields of the envelope."""
    rows = [
        ("specversion", "`1.0`"),
        (
            "id",
            "the id of what it tells and its revision, `alert_id:revision`; of commands and notifications an own one",
        ),
        ("source", "`slawatch`, or `slawatch/notifier`"),
        ("type", "what `data` is: `sla.alert.v1`, `sla.verdict.v1`, `sla.command.v1`, `sla.notification.v1`"),
        ("subject", "the ticket, or the key of the incident"),
        ("time", "the instant it is about, never when it was found; absent where a clock or alert lost its ground"),
        ("datacontenttype", "`application/json`"),
        ("data", "the body, below"),
    ]
    assert {name for name, _ in rows} == set(Envelope.__struct_fields__)
    return table(("field", ""), [(f"`{name}`", says) for name, says in rows])


def topics() -> str:
    """The catalogue."""
    specs = [*catalogue("sla.", "slawatch", 8), *delivery_catalogue("sla.", 8)]
    rows = []
    for spec in specs:
        kept = f"{spec.retention.days} days" if spec.retention else "compacted: the last of each key"
        rows.append((f"`{spec.name}`", spec.key, kept))
    return table(("topic", "key", "kept"), rows)


def reasons() -> str:
    """The reasons of verdicts and alerts, in the words of `explain`."""
    return table(("value", "means"), [(f"`{one.value}`", REASONS[one.value][0]) for one in Reason])


def conditions() -> str:
    """What may be wrong with the monitor."""
    return table(("condition", "says"), [(f"`{one.value}`", SAYS[one]["en"]) for one in Condition])


def page() -> str:
    """The page as it must be."""
    shown = example()
    alert_codes = {"status": "[status](#status)", "level": "[level](#level)", "reason": "[reason](#reasons)"}
    verdict_codes = {"outcome": "[outcome](#outcome)", "reason": "[reason](#reasons)"}
    told_codes = {
        "outcome": "[outcome](#what-became-of-it)",
        "reason": "[reason](#why-it-ended-so)",
        "status": "[status](#status)",
        "occasion": "[occasion](#occasion)",
    }
    occasions = {one.name: one.value for one in Occasion}
    docs = said(Occasion)
    parts = [
        HEAD + topics() + RULES + envelope() + IDS,
        "## Alerts\n\nOn `sla.alerts`, type `sla.alert.v1`:\n",
        f"```json\n{shown[Channel.ALERTS]}\n```\n",
        fields(AlertData, alert_codes),
        "### Status\n\n" + members(Status),
        "### Level\n\n" + members(Level),
        "### The monitor's own\n" + OPERATOR + conditions(),
        "## Verdicts\n\nOn `sla.verdicts`, type `sla.verdict.v1`, one for each clock; a running one is there too, so that "
        "this topic\nalone tells every open clock:\n",
        f"```json\n{shown[Channel.VERDICTS]}\n```\n",
        fields(VerdictData, verdict_codes),
        "### Outcome\n\n" + members(Outcome),
        "## Reasons\n\nOf verdicts and alerts:\n\n" + reasons().removesuffix("\n"),
        COMMANDS.format(topic="sla.commands", type=command.TYPE)
        + fields(command.Command, {"verb": "[verb](#verb)"}),
        "### Verb\n\n" + members(command.Verb).removesuffix("\n"),
        NOTIFICATIONS.format(topic="sla.notifications", type=record.TYPE)
        + fields(record.Notification, told_codes),
        "### What became of it\n\n" + members(record.Outcome),
        "### Why it ended so\n\nOf an attempt, by the receiver's answer:\n\n"
        + members(Why)
        + "\nOf what was not sent (`muted`):\n\n"
        + members(Mute)
        + "\n`found_settled`: another notifier had sent it and could not write that down. `no_such_receiver`: it is in "
        "the delivery\nfolder no more.\n",
        "### Occasion\n\n"
        + table(("value", ""), [(f"`{value}`", docs.get(name, "").removesuffix(".")) for name, value in occasions.items()]).removesuffix("\n"),
        LETTERS + table(("header", ""), [(f"`{name}`", says) for name, says in LETTER_HEADERS]) + LETTERS_TAIL,
    ]  # fmt: skip
    return "\n".join(parts)


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
