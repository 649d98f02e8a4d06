"""What people say to the monitor: acknowledge, silence, deliver again. Records of `sla.commands`. Pure.

May be imported by `alerting` and `cli`.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Annotated, Final

import msgspec

from alerting.unreadable import UNREADABLE, fault_of

TYPE: Final = "sla.command.v1"
VALUE_BYTES_MAX: Final = 16 * 1024
REASON_MAX: Final = 500
SILENCE_MAX: Final = timedelta(days=7)
"""A silence ends by itself; whoever forgets one loses a week, not a year."""


class CommandUnreadable(Exception):
    """A record that is no command; the text says why."""


class Verb(StrEnum):
    """What is asked."""

    ACKNOWLEDGE = "acknowledge"
    """Somebody is on it: it goes no further up."""
    SILENCE = "silence"
    """Nobody is told of what fits, until its end."""
    UNSILENCE = "unsilence"
    """A silence ends now."""
    REDELIVER = "redeliver"
    """What was given up is tried anew."""


Instant = Annotated[datetime, msgspec.Meta(tz=True)]


class Command(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """One command. `target` is an alert id, a ticket or an incident; empty only for a silence by other fields.

    `by` says who asks, `reason` why (owed for a silence). A silence holds for alerts that fit all
    of `target`, `rule` (exact, or `repair/*`), `owner` and `level` that are given, until `until`; `name` identifies
    it. `receiver` narrows a redelivery.
    """

    verb: Verb
    """What is asked."""
    by: str
    """Who asks."""
    target: str = ""
    """An alert id, a ticket or an incident."""
    reason: str = ""
    """Why; owed for a silence."""
    name: str = ""
    """What a silence is called."""
    rule: str = ""
    """A silence for a rule, or for a folder of them: `repair/*`."""
    owner: str = ""
    """A silence for what this unit owes."""
    level: str = ""
    """A silence for this level."""
    receiver: str = ""
    """Deliver anew to this receiver only."""
    until: Instant | None = None
    """The end of a silence."""


class _Envelope(msgspec.Struct, kw_only=True):
    specversion: str = "1.0"
    id: str
    source: str = "slawatch"
    type: str = TYPE
    subject: str
    time: Instant
    datacontenttype: str = "application/json"
    data: Command


_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(_Envelope)


def faults(command: Command, at: datetime) -> list[str]:
    """What is wrong with a command that is given at that instant, each with its remedy; empty when nothing is."""
    found = []
    if not command.by.strip():
        found.append("nobody is named: say who asks (--by)")
    if command.verb in (Verb.ACKNOWLEDGE, Verb.REDELIVER) and not command.target:
        found.append("no alert or ticket is named")
    if command.verb is Verb.SILENCE:
        if not any((command.target, command.rule, command.owner, command.level)):
            found.append("a silence for everything is not possible: name a ticket, a rule, an owner or a level")
        if not command.reason.strip():
            found.append("a silence needs a reason (--reason): whoever wonders why nobody called will look for it")
        if command.until is None or command.until <= at:
            found.append("a silence needs an end in the future (--for or --until)")
        elif command.until - at > SILENCE_MAX:
            found.append(f"a silence lasts at most {SILENCE_MAX.days} days; renew it when it is still needed")
    if command.verb in (Verb.SILENCE, Verb.UNSILENCE) and not command.name:
        found.append("the silence has no name")
    if max(len(command.reason), len(command.by)) > REASON_MAX:
        found.append(f"reason and name have at most {REASON_MAX} characters")
    return found


def encode(command: Command, at: datetime) -> bytes:
    """The record's value; its key is `key(command)`."""
    identity = f"{command.verb}/{key(command)}/{command.by}/{at.isoformat()}"
    return _encoder.encode(_Envelope(id=identity, subject=key(command), time=at, data=command))


def key(command: Command) -> str:
    """What the record is keyed by: a silence's name, so that its end comes after it; else the alert or ticket."""
    return command.name or command.target


def decode(value: bytes | None, appended_at: datetime) -> Command:
    """What a record asks that was appended then: whatever its writer's clock said. Raises CommandUnreadable."""
    if not value or len(value) > VALUE_BYTES_MAX:
        raise CommandUnreadable("the record is empty or too long")
    try:
        envelope = _decoder.decode(value)
    except UNREADABLE as error:
        raise CommandUnreadable(f"not a command: {fault_of(error)}") from None
    if envelope.type != TYPE:
        raise CommandUnreadable(f"the type is not {TYPE}")
    wrong = faults(envelope.data, appended_at)
    if wrong:
        raise CommandUnreadable("; ".join(wrong))
    return envelope.data
