"""The words a rulebook uses: businesses, event types, attributes.

Read from `vocabulary.toml`; a new event type is one line there. It decides which attributes of an event the
law remembers and which it must never keep (personal data, free text). Everybody may import this.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from enum import StrEnum
from hashlib import blake2b
from typing import Any

import msgspec

from sla.event import Event


class Kind(StrEnum):
    """What an attribute holds. `text` is free text and never leaves the event it came in."""

    CODE = "code"
    ENUM = "enum"
    INTEGER = "integer"
    NUMBER = "number"
    BOOLEAN = "boolean"
    INSTANT = "instant"
    TEXT = "text"


class Condition(msgspec.Struct, frozen=True):
    """Attributes that must each hold one of some values; an absent attribute does not match."""

    wanted: tuple[tuple[str, frozenset[Any]], ...] = ()

    def holds(self, attributes: dict[str, Any]) -> bool:
        """Whether every attribute named is there with one of its values."""
        for name, values in self.wanted:
            value = attributes.get(name)
            if value is None or value not in values:
                return False
        return True


class Inference(msgspec.Struct, frozen=True):
    """A value to assume for an attribute nobody stated: from the first event of a type that matches."""

    event: str
    where: Condition
    value: Any


class Attribute(msgspec.Struct, frozen=True):
    """One attribute: its type, and whether the ticket remembers it beyond the event it came in.

    `over_time`: the ticket is first one thing, then another (a grade); else what was told last holds from the start.
    What nobody stated is filled in only for tickets of its `businesses` (empty: of all). `pseudonym`: it is personal,
    and only a keyed hash of it is kept.
    """

    name: str
    kind: Kind
    values: frozenset[Any] = frozenset()
    remembered: bool = False
    personal: bool = False
    infer: tuple[Inference, ...] = ()
    default: Any = None
    over_time: bool = False
    businesses: frozenset[str] = frozenset()
    pseudonym: bool = False

    @property
    def kept(self) -> bool:
        """Whether it may enter the state at all."""
        return self.pseudonym or (not self.personal and self.kind is not Kind.TEXT)


MARKER_TERM = timedelta(days=210)
"""How long a forgotten ticket stays known: as long as `sla.ticket-events` keeps records that could come again."""


class Business(msgspec.Struct, frozen=True):
    """A kind of ticket: what opens it, what closes it, and how long it is remembered after its last event.

    It stays known as forgotten for `marked_for` more: then an event of it would open it anew.
    """

    name: str
    accepted: str
    closed: frozenset[str]
    corrected: str
    voided: str
    forget_after: timedelta
    marked_for: timedelta = MARKER_TERM


class Vocabulary(msgspec.Struct, frozen=True):
    """All words of a rulebook.

    `businesses` maps an event type to the business it belongs to, `inferred` a business to the attributes that are
    filled in where nobody states them, `texts` an attribute to its values where all are texts. `secret` is the key
    under which pseudonyms are made, of the attributes `pseudonyms`; without one (empty) these are not kept at all.
    """

    attributes: dict[str, Attribute]
    types: frozenset[str]
    businesses: dict[str, Business]
    remembered: frozenset[str]
    inferred: dict[str, tuple[Attribute, ...]] = {}
    changing: tuple[Attribute, ...] = ()
    texts: dict[str, frozenset[Any]] = {}
    secret: bytes = b""
    pseudonyms: frozenset[str] = frozenset()

    def __repr__(self) -> str:
        """Without the key, whoever prints this."""
        return f"Vocabulary({len(self.types)} event types, {len(self.attributes)} attributes)"

    def keep(self, data: dict[str, Any]) -> dict[str, Any]:
        """The attributes that may be stored, each checked; ValueError names the attribute and what it allows."""
        kept: dict[str, Any] = {}
        attributes, texts = self.attributes, self.texts
        for name, value in data.items():
            allowed = texts.get(name)
            if allowed is not None and value in allowed:
                kept[name] = value  # the common case, without a call
                continue
            attribute = attributes.get(name)
            if value is None or attribute is None or not attribute.kept:
                continue
            if not attribute.pseudonym:
                kept[name] = read(attribute, value)
            elif self.secret and isinstance(value, str) and value.strip():
                kept[name] = pseudonym(self.secret, value)
        return kept

    def disguised(self, data: dict[str, Any]) -> dict[str, Any]:
        """What an event said, for its fingerprint: pseudonyms in place of what they stand for; nothing without a key.

        A hash of the whole could be tried against every telephone number there is.
        """
        names = [name for name in self.pseudonyms if name in data]
        if not names:
            return data
        hidden = {name: pseudonym(self.secret, data[name]) if self.secret else "" for name in names}
        return {**data, **hidden}


def pseudonym(secret: bytes, value: Any) -> str:
    """What stands for a personal value: equal for equal values under one secret, and no way back without it."""
    key = secret if len(secret) <= blake2b.MAX_KEY_SIZE else blake2b(secret).digest()
    return blake2b(str(value).encode(), key=key, digest_size=12).hexdigest()


def read(attribute: Attribute, value: Any) -> Any:
    """Check one value and give it its type; ValueError says what the attribute allows, never the value."""
    match attribute.kind:
        case Kind.ENUM:
            if value in attribute.values and not isinstance(value, bool):
                return int(value) if isinstance(value, float) else value  # 1.0 is the 1 the vocabulary knows
            allowed = ", ".join(sorted(str(v) for v in attribute.values))
            raise ValueError(f"{attribute.name} must be one of {allowed}")
        case Kind.CODE:
            if isinstance(value, str) and 0 < len(value) <= 256:
                return value
            raise ValueError(f"{attribute.name} must be a text of 1 to 256 characters")
        case Kind.BOOLEAN:
            if isinstance(value, bool):
                return value
            raise ValueError(f"{attribute.name} must be true or false")
        case Kind.INTEGER:
            if isinstance(value, int) and not isinstance(value, bool):
                return value
            raise ValueError(f"{attribute.name} must be a whole number")
        case Kind.NUMBER:
            if isinstance(value, int | float) and not isinstance(value, bool):
                return value
            raise ValueError(f"{attribute.name} must be a number")
        case _:
            return read_instant(attribute.name, value)


EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
LATEST = datetime(2200, 1, 1, tzinfo=UTC)


def credible(instant: datetime) -> datetime:
    """An aware instant in UTC; ValueError when it lies outside the years 2000 to 2199."""
    try:
        in_utc = instant.astimezone(UTC)
    except OverflowError:
        in_utc = None
    if in_utc is None or not EARLIEST <= in_utc < LATEST:
        raise ValueError("lies outside the years 2000 to 2199")
    return in_utc


def read_instant(name: str, value: Any) -> datetime:
    """Read an RFC 3339 instant with its offset; ValueError when it is none."""
    try:
        instant = msgspec.convert(value, datetime)
    except msgspec.ValidationError:
        raise ValueError(f"{name} must be an RFC 3339 time with its offset") from None
    if instant.tzinfo is None:
        raise ValueError(f"{name} must carry its offset from UTC, as in +08:00")
    try:
        return credible(instant)
    except ValueError as error:
        raise ValueError(f"{name} {error}") from None


def infer(attribute: Attribute, events: list[Event], corrections: dict[str, Any]) -> Any:
    """The value an attribute is taken to have when nobody stated it; its default where nothing speaks for one.

    What was corrected counts as told from the start.
    """
    for event in events:
        for inference in attribute.infer:
            if event.type != inference.event:
                continue
            if inference.where.holds({**event.data, **corrections} if corrections else event.data):
                return inference.value
    return attribute.default
