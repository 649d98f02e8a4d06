"""What a partition is about: tickets and their events, or incidents and the facts tickets tell of them.

A partition keeps states, timers and offsets alike for both; what a record means and what becomes of a state is here.
`streams` and `agents` only.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Protocol

import msgspec

from sla import fact, incident, ticket
from sla.cloudevent import Fault, Refused, UnknownType, read
from sla.event import Event
from sla.fact import Fact
from sla.publication import Output
from sla.step import Refusal, step
from sla.turn import Turn
from sla.watch import Watch
from streams.runs import Record
from streams.sources import Sources

KEY_BYTES_MAX = 1024
APP_HEADER = "app"
"""Names the installation that a fact comes from."""


class Stepped(Protocol):
    """What a step came to, as `sla.step.Step` says it; `state` is what is left (None: nothing)."""

    @property
    def state(self) -> Any:
        """The state that is left."""

    @property
    def outputs(self) -> list[Output]:
        """What is to be published."""

    @property
    def refused(self) -> Sequence[tuple[Any, Refusal]]:
        """What was not taken, and why."""

    @property
    def changed(self) -> bool:
        """Whether the state must be stored."""

    @property
    def unknown(self) -> bool:
        """Whether a clock waits for a calendar that ends before it is due."""

    @property
    def turns(self) -> list[Turn]:
        """The clocks whose outcome changed."""

    @property
    def fired(self) -> list[str]:
        """The rules of which an alert fires that did not, or by silence says something else."""


class Matter(Protocol):
    """One matter; `name` names its table and its metrics, `source` the topic its records come from."""

    name: str
    source: str

    def read(self, record: Record, appended_at: datetime | None) -> tuple[str, Any]:
        """Whose state a record belongs to, and what it says. Raises Refused or UnknownType."""

    def decode(self, raw: bytes) -> Any:
        """A state from its bytes."""

    def encode(self, state: Any) -> bytes:
        """A state as bytes; the hash of the law is the last thing in it."""

    def step(self, state: Any, key: str, items: Sequence[Any], horizon: datetime | None) -> Stepped:
        """Fold what was read, and proven silence, into a state."""


class Tickets:
    """Tickets, from their events."""

    name = "tickets"
    source = "ticket-events"

    def __init__(self, watch: Watch, sources: Sources | None = None) -> None:
        self.watch = watch
        self.sources = sources or Sources()
        self.encode = ticket.encode
        self.decode = ticket.decode

    def read(self, record: Record, appended_at: datetime | None) -> tuple[str, Event]:
        """The ticket and the event of a record; the key must be the ticket's id."""
        subject, event = read(
            record.value, self.watch.rulebook.vocabulary, headers=record.headers, appended_at=appended_at
        )
        if record.key != subject.encode():
            raise Refused(Fault.WRONG_KEY, "the record key must be the subject, the ticket id")
        if appended_at is not None:
            self.sources.hear(event.source, event.time, appended_at)
        return subject, event

    def doubt(self, silent: frozenset[str]) -> None:
        """Mark what is from now on said of clocks that these sources began."""
        if silent != self.watch.unverified:
            self.watch = msgspec.structs.replace(self.watch, unverified=silent)

    def step(self, state: Any, key: str, items: Sequence[Event], horizon: datetime | None) -> Stepped:
        """As `sla.step`."""
        return step(state, key, items, self.watch, horizon)


class Incidents:
    """Incidents, from the facts of their tickets."""

    name = "incidents"
    source = "incident-facts"

    def __init__(self, watch: Watch, app: str = "") -> None:
        """`app` is whose facts are meant: another installation's have revisions of their own."""
        self.watch = watch
        self.app = app.encode()
        self.encode = incident.encode
        self.decode = incident.decode

    def read(self, record: Record, appended_at: datetime | None) -> tuple[str, Fact]:
        """The incident and the fact of a record, which only workers write."""
        if dict(record.headers or ()).get(APP_HEADER, b"") != self.app:
            raise UnknownType("fact of another installation")
        if record.value is None:
            raise Refused(Fault.NULL_VALUE, "the record has no value; a fact is replaced, never deleted")
        try:
            key = (record.key or b"").decode()
            told = fact.read(record.value, appended_at)
        except (UnicodeDecodeError, msgspec.DecodeError):
            raise Refused(Fault.BAD_DATA, "the record is no fact; only workers write to this topic") from None
        if not 0 < len(key) <= KEY_BYTES_MAX or not key.isprintable():
            raise Refused(Fault.WRONG_KEY, "the record key must be the key of an incident")
        return key, told

    def step(self, state: Any, key: str, items: Sequence[Fact], horizon: datetime | None) -> Stepped:
        """As `sla.incident`."""
        return incident.step(state, key, items, self.watch, horizon)
