"""What is remembered of a ticket, and how its events are read: voids, corrections, attributes.

The state is the ticket's set of events plus what has been published about its clocks; the clocks themselves
are a function of it. Only `sla.step` changes a ticket. Everybody may import this.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import msgspec

from sla.event import Event
from sla.vocabulary import Business, Vocabulary, infer

EVENTS_MAX = 500
"""A ticket holds at most this many events; what comes beyond is refused (`too_many_events`)."""


class Raised(msgspec.Struct, array_like=True, gc=False):
    """The last published revision of one alert; `facts` is the fingerprint of what it was said of.

    `historic` alerts were never for people; neither is what takes them back.
    """

    revision: int
    status: str
    facts: bytes
    historic: bool = False


class Published(msgspec.Struct, array_like=True, gc=False):
    """The last published verdict of one clock, and its alerts by level."""

    revision: int
    outcome: str
    reason: str
    facts: bytes
    alerts: dict[str, Raised] = {}


class Contributed(msgspec.Struct, array_like=True, gc=False):
    """The last revision of what a ticket said about one incident, and a fingerprint of it."""

    revision: int
    facts: bytes


class Ticket(msgspec.Struct, array_like=True, gc=False):
    """All that is remembered of one ticket.

    `events` are in event order. `horizon` is the instant through which silence has been judged. `wake_at` is the
    next instant at which time alone changes something (None: nothing is waited for). `forgotten` marks a ticket
    whose events are gone; it stays so that late events of it are recognised. `law` is the hash of the rulebook that
    judged it last: under another one every clock is judged anew. `contributed` is what it said, by incident.
    """

    events: list[Event] = []
    published: dict[str, Published] = {}
    horizon: datetime | None = None
    wake_at: datetime | None = None
    forgotten: bool = False
    contributed: dict[str, Contributed] = {}
    law: str = ""


class Reading:
    """A ticket's events as the law sees them: without what was voided, with attributes as corrected.

    `events` are in event order; `accepted` is the first acceptance (None: nothing binds yet). `inferred` says that an
    attribute nobody stated was filled in, so that a later event may change it. `horizon` is the instant through which
    silence is judged (None: nothing is proven). `last_at` is when the last event happened, voided or not. `types` are
    those of its events.
    """

    __slots__ = (
        "_over_time",
        "_vocabulary",
        "accepted",
        "attributes",
        "business",
        "closings",
        "corrections",
        "events",
        "horizon",
        "inferred",
        "last_at",
        "types",
    )

    def __init__(
        self, events: list[Event], vocabulary: Vocabulary, business: Business, horizon: datetime | None = None
    ) -> None:
        self.business = business
        self.horizon = horizon
        self._vocabulary = vocabulary
        self._over_time: list[dict[str, Any]] | None = None
        self.last_at = events[-1].time
        self.events = effective(events, business)
        self.types = {event.type for event in self.events}
        self.accepted: Event | None = None
        self.closings: list[int] = []
        attributes: dict[str, Any] = {}
        corrections: dict[str, Any] = {}
        remembered = vocabulary.remembered
        for position, event in enumerate(self.events):
            if event.type == business.corrected:
                corrections.update({name: value for name, value in event.data.items() if name in remembered})
                continue
            if event.type == business.accepted:
                self.accepted = self.accepted or event
            elif event.type in business.closed:
                self.closings.append(position)
            if not remembered.isdisjoint(event.data):
                attributes.update({name: value for name, value in event.data.items() if name in remembered})
        attributes.update(corrections)
        self.attributes = attributes
        self.corrections = corrections
        self.inferred = False
        for attribute in vocabulary.inferred.get(business.name, ()):
            if attribute.name not in attributes:
                value = infer(attribute, self.events, corrections)
                if value is not None:
                    attributes[attribute.name] = value
                    self.inferred = True

    def over_time(self) -> list[dict[str, Any]]:
        """What the ticket was at each event and until the next: of what changes over time, what was told by then.

        Everything else is taken as it was told last, and a correction holds from the start.
        """
        if self._over_time is None:
            changing = self._vocabulary.changing
            filled_in = self._vocabulary.inferred.get(self.business.name, ())
            known = dict(self.attributes)
            for attribute in changing:
                if attribute.name not in self.corrections and self._told(attribute.name):
                    known.pop(attribute.name, None)
                    if attribute.default is not None and attribute in filled_in:
                        known[attribute.name] = attribute.default
            self._over_time = []
            names = {attribute.name for attribute in changing} - self.corrections.keys()
            for event in self.events:
                if event.type != self.business.corrected and not names.isdisjoint(event.data):
                    known = {**known, **{name: event.data[name] for name in names if name in event.data}}
                self._over_time.append(known)
        return self._over_time

    def spans(self, binds: Callable[[dict[str, Any]], bool]) -> list[tuple[int, int | None]]:
        """From which event to which a condition held, since acceptance: half-open, None where it still holds."""
        found: list[tuple[int, int | None]] = []
        since: int | None = None
        accepted = False
        for position, attributes in enumerate(self.over_time()):
            accepted = accepted or self.events[position] is self.accepted
            holds = accepted and binds(attributes)
            if holds and since is None:
                since = position
            elif not holds and since is not None:
                found.append((since, position))
                since = None
        if since is not None:
            found.append((since, None))
        return found

    def _told(self, name: str) -> bool:
        return any(name in event.data for event in self.events if event.type != self.business.corrected)


def effective(events: list[Event], business: Business) -> list[Event]:
    """The events that count: without voids and what they void. A void is voided by a later one only."""
    for event in events:
        if event.type == business.voided:
            break
    else:
        return events
    gone: set[tuple[str, str]] = set()
    for event in reversed(events):
        if event.type == business.voided and event.identity not in gone:
            gone.add((str(event.data.get("event_source", event.source)), str(event.data.get("event_id", ""))))
    return [event for event in events if event.identity not in gone and event.type != business.voided]


_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(Ticket)


def encode(ticket: Ticket) -> bytes:
    """A ticket as bytes (MessagePack)."""
    return _encoder.encode(ticket)


def decode(raw: bytes) -> Ticket:
    """A ticket from bytes; msgspec.ValidationError when they are none."""
    return _decoder.decode(raw)
