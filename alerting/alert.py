"""An alert as it was read from `sla.alerts`, and what makes one urgent: pure, no Kafka.

It stands between the layout that `sla` publishes and everything that decides who hears of it.
May be imported by `alerting` and `cli`.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

import msgspec

from alerting.unreadable import UNREADABLE, fault_of
from sla.alert_layout import AlertData

VALUE_BYTES_MAX: Final = 1024**2
SHORT_TERM: Final = timedelta(minutes=10)
"""A duty with less time than this is not warned about: the breach would come before anybody has read the warning."""


CANARY: Final = "canary/heard"
"""The rule by which the monitor proves itself: it is nobody's to hear but the canary's own."""


class AlertUnreadable(Exception):
    """A record that is no alert; the text says why and holds none of its content."""


class Status(StrEnum):
    """How an alert stands."""

    FIRING = "firing"
    RESOLVED = "resolved"
    RETRACTED = "retracted"


class Level(StrEnum):
    """How bad it is."""

    NOTICE = "notice"
    """To be watched: enough complaints are filed, not all are judged."""
    WARNING = "warning"
    """Part of the term has passed, or all of an assumed limit; whatever is wrong with the monitor."""
    BREACH = "breach"
    """It was due and had not been done."""
    ESCALATION = "escalation"
    """The next unit up has to step in."""


class _Envelope(msgspec.Struct, frozen=True):
    """What is read of the CloudEvent; the rest is not needed."""

    id: str
    type: str
    subject: str
    time: datetime
    data: AlertData


class Alert(msgspec.Struct, frozen=True):
    """One revision of an alert.

    `at` is the instant it is about, `appended_at` when the broker took it; both are aware. `detected_at` is when a
    worker decided it (from the header), None where that was not told.
    """

    event_id: str
    subject: str
    at: datetime
    data: AlertData
    appended_at: datetime
    detected_at: datetime | None = None

    @property
    def alert_id(self) -> str:
        """The same over all revisions."""
        return self.data.alert_id

    @property
    def revision(self) -> int:
        """1, 2, ..."""
        return self.data.revision

    @property
    def status(self) -> Status:
        """Firing, resolved or retracted."""
        return Status(self.data.status)

    @property
    def level(self) -> Level:
        """Notice, warning, breach or escalation."""
        return Level(self.data.level)

    @property
    def canary(self) -> bool:
        """Whether it is the monitor's own test: nobody hears it but by a route that names it."""
        return self.data.rule == CANARY

    @property
    def short_term(self) -> bool:
        """Whether the duty had so little time that a warning is of no use."""
        started_at, due_at = self.data.started_at, self.data.due_at
        return started_at is not None and due_at is not None and due_at - started_at < SHORT_TERM


_decoder = msgspec.json.Decoder(_Envelope)
_KNOWN = frozenset(Status), frozenset(Level)


def read_alert(value: bytes | None, appended_at: datetime, detected_at: datetime | None = None) -> Alert:
    """The alert a record holds. Raises AlertUnreadable for anything else."""
    if not value:
        raise AlertUnreadable("the record is empty")
    if len(value) > VALUE_BYTES_MAX:
        raise AlertUnreadable(f"the record has {len(value):,} bytes, more than {VALUE_BYTES_MAX:,}")
    try:
        told = _decoder.decode(value)
    except UNREADABLE as error:
        raise AlertUnreadable(f"not an alert: {fault_of(error)}") from None
    if told.type != "sla.alert.v1":
        raise AlertUnreadable("the type is not sla.alert.v1: a newer edition of the topic needs a newer notifier")
    if told.data.status not in _KNOWN[0] or told.data.level not in _KNOWN[1]:
        raise AlertUnreadable("status or level is none of those this edition knows")
    instants = (told.time, told.data.started_at, told.data.due_at, told.data.stopped_at)
    if any(at is not None and at.tzinfo is None for at in instants) or told.data.revision < 1:
        raise AlertUnreadable("an instant has no offset, or the revision is below 1")
    return Alert(told.id, told.subject, told.time, told.data, appended_at, detected_at)
