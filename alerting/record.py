"""One record of `sla.notifications`: what was tried, or deliberately not, for one receiver and one step. Pure.

These records are the memory of delivery: with the alerts and the commands they say at any time who has heard what and
what is still owed, so whatever Redis or a process held can be rebuilt from them.
May be imported by `alerting` and `cli`.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Final

import msgspec

from alerting.unreadable import UNREADABLE, fault_of

TYPE: Final = "sla.notification.v1"
FIRST: Final = "first"
"""The step in which an alert is told first."""
END: Final = "end"
"""The step in which whoever heard an alert hears that it is over, or was wrong."""
VALUE_BYTES_MAX: Final = 64 * 1024


class RecordUnreadable(Exception):
    """A record that is none of ours; the text says why."""


class Outcome(StrEnum):
    """What became of a step for a receiver."""

    SENT = "sent"
    """The receiver took it."""
    UNVERIFIED = "unverified"
    """Handed on; nobody can tell whether it arrived."""
    RETRY = "retry"
    """Not this time; it is tried again."""
    DEAD = "dead"
    """Refused for good, or tried for the last time. `slawatch notifications redeliver` tries it anew."""
    MUTED = "muted"
    """Deliberately not sent; `reason` says why."""


class Key(msgspec.Struct, frozen=True, order=True):
    """One message that is owed: an alert, the revision it is owed for, a receiver, and a step of its route.

    As text it is what makes a repeat recognisable: every attempt carries the same.
    """

    alert_id: str
    revision: int
    receiver: str
    step: str

    def __str__(self) -> str:
        """The idempotency key."""
        return f"{self.alert_id}:{self.revision}/{self.receiver}/{self.step}"


class Notification(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """The body. `at` is when it ended; `attempt` counts from 1 (0: nothing was sent).

    `status` is the alert's, as it was told. `http_status` and `code` are the receiver's answer, `latency_ms` how long
    it took, `late_ms` from the instant the step was due to the attempt. `digest` names the message that told many.
    `told_revision` is the revision that was told, where a newer one had come than the step is owed for.
    `dedupe` is `degraded` where Redis was away: a repeat under the same key is possible.
    """

    alert_id: str
    """The alert."""
    revision: int
    """The revision the step is owed for."""
    receiver: str
    """Its name in the delivery folder."""
    step: str
    """`first`, the later steps of the route, `update`, `end`; a deliberate silence adds its reason."""
    outcome: Outcome
    """What became of it."""
    reason: str
    """Why."""
    status: str
    """The status of the alert, as it was told."""
    at: datetime
    """When the attempt ended."""
    attempt: int = 0
    """Counts from 1; 0: nothing was sent."""
    occasion: str = ""
    """What the message is about: raised, escalated, chased, over."""
    http_status: int | None = None
    """The HTTP or SMTP status of the answer."""
    code: str | None = None
    """The code in the receiver's answer."""
    detail: str = ""
    """What to mend, in words of ours."""
    latency_ms: float | None = None
    """How long the answer took."""
    late_ms: float | None = None
    """From the instant the step was due to the attempt."""
    next_at: datetime | None = None
    """When it is tried again."""
    digest: str | None = None
    """The key of the message that told many at once."""
    told_revision: int = 0
    """The revision that was told, where a newer one had come."""
    dedupe: str = "ok"
    """`ok`; `degraded` where Redis was away, and a repeat under the same key is possible."""

    @property
    def key(self) -> Key:
        """What it is a record of."""
        return Key(self.alert_id, self.revision, self.receiver, self.step)


class _Envelope(msgspec.Struct, kw_only=True):
    specversion: str = "1.0"
    id: str
    source: str = "slawatch/notifier"
    type: str = TYPE
    subject: str
    time: datetime
    datacontenttype: str = "application/json"
    data: Notification


_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(_Envelope)


def encode(told: Notification, subject: str) -> bytes:
    """The record's value; its key is the alert's id, its partition that of the alert."""
    identity = f"{told.key}#{told.attempt}/{told.outcome}"
    return _encoder.encode(_Envelope(id=identity, subject=subject, time=told.at, data=told))


def decode(value: bytes | None) -> Notification:
    """What a record says. Raises RecordUnreadable."""
    if not value or len(value) > VALUE_BYTES_MAX:
        raise RecordUnreadable("the record is empty or too long")
    try:
        envelope = _decoder.decode(value)
    except UNREADABLE as error:
        raise RecordUnreadable(f"not a record of a notification: {fault_of(error)}") from None
    if envelope.type != TYPE:
        raise RecordUnreadable(f"the type is not {TYPE}")
    return envelope.data
