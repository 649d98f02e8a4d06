"""CloudEvents 1.0 in: bytes become an `Event`, or are refused with a reason a person can act on.

Structured JSON and binary mode (`ce_*` headers) are read alike. Nothing is guessed: a time without an offset is
refused, an attribute of the wrong type is refused, and an event type nobody declared is told apart (it is
counted, not refused). The text of a refusal never repeats values, which may be personal. Everybody may import this.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

import msgspec

from sla.event import Event, fingerprint
from sla.vocabulary import Vocabulary, credible

BYTES_MAX = 64 * 1024
AHEAD_MAX = timedelta(hours=24)
"""An event may claim a time at most this far after the broker took it; more is absurd."""

_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f]").search
_LENGTHS = {"id": 256, "source": 256, "type": 128, "subject": 128}


class Fault(StrEnum):
    """Why a record is no event; each is a reason of a dead letter."""

    NULL_VALUE = "null_value"
    """The record has no value. A ticket cannot be deleted: close it, or void its events."""
    TOO_LARGE = "too_large"
    """The record is longer than an event may be. Send what rules read, not the whole file of the ticket."""
    BAD_JSON = "bad_json"
    """The value is no JSON in UTF-8. Mend the encoder of the source."""
    NOT_CLOUDEVENT = "not_cloudevent"
    """A field of the envelope is missing, no text, too long or holds control characters; the detail names it."""
    NO_SUBJECT = "no_subject"
    """The ticket id is missing or empty."""
    BAD_TIME = "bad_time"
    """`time` is missing or not in RFC 3339."""
    NAIVE_TIME = "naive_time"
    """`time` has no offset from UTC. Send it with one; nobody guesses a zone here."""
    ABSURD_TIME = "absurd_time"
    """`time` is out of bounds. Mend the clock of the source, or its unit (milliseconds for seconds)."""
    BAD_DATA = "bad_data"
    """`data` is not flat: texts, numbers, true and false only. On the facts: a record that no worker wrote."""
    BAD_ATTRIBUTE = "bad_attribute"
    """An attribute has a value its vocabulary does not allow; the detail names it and what is allowed."""
    WRONG_KEY = "wrong_key"
    """The key of the record is not the ticket id: the ticket would lie on two partitions. Key it by `subject`."""


class Refused(Exception):
    """A record that is no event: the reason, and what to mend."""

    def __init__(self, reason: Fault, detail: str) -> None:
        super().__init__(f"{reason.value}: {detail}")
        self.reason = reason
        self.detail = detail


class UnknownType(Exception):
    """A well-formed event of a type the vocabulary does not know; it is counted and kept out of the clocks."""

    def __init__(self, type_: str) -> None:
        super().__init__(type_)
        self.type = type_


class _Structured(msgspec.Struct, gc=False):
    specversion: str
    id: str
    source: str
    type: str
    subject: str
    time: datetime
    data: dict[str, str | int | float | bool | None] = {}


_fast = msgspec.json.Decoder(_Structured)
_slow = msgspec.json.Decoder()
_data = msgspec.json.Decoder(dict[str, str | int | float | bool | None])

Headers = Sequence[tuple[str, bytes]]


def read(
    raw: bytes | None,
    vocabulary: Vocabulary,
    *,
    headers: Headers = (),
    appended_at: datetime | None = None,
) -> tuple[str, Event]:
    """The ticket and the event of a record.

    `appended_at` is when the broker took it (None for history). Raises Refused, or UnknownType.
    """
    if raw is None:
        raise Refused(Fault.NULL_VALUE, "the record has no value; a ticket cannot be deleted here")
    if len(raw) > BYTES_MAX:
        raise Refused(Fault.TOO_LARGE, f"the record has {len(raw)} bytes; an event has at most {BYTES_MAX}")
    envelope = _binary(raw, headers) if headers and _is_binary(headers) else _structured(raw)
    _check(envelope, appended_at)
    if envelope.type not in vocabulary.types:
        raise UnknownType(envelope.type)
    data = envelope.data
    try:
        kept = vocabulary.keep(data)
    except ValueError as error:
        raise Refused(Fault.BAD_ATTRIBUTE, str(error)) from None
    time = envelope.time
    digest = fingerprint(envelope.type, time, vocabulary.disguised(data))
    return envelope.subject, Event(time, envelope.id, envelope.source, envelope.type, kept, digest, appended_at)


def _is_binary(headers: Headers) -> bool:
    return any(name.lower() == "ce_specversion" for name, _ in headers)


def _structured(raw: bytes) -> _Structured:
    try:
        return _fast.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise _diagnosis(raw) from None


def _diagnosis(raw: bytes) -> Refused:
    """Say what is wrong with a value the strict reader refused."""
    try:
        value = _slow.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return Refused(Fault.BAD_JSON, "the value is no JSON in UTF-8")
    if not isinstance(value, dict):
        return Refused(Fault.NOT_CLOUDEVENT, "the value is no JSON object")
    if value.get("subject") in (None, ""):
        return Refused(Fault.NO_SUBJECT, "subject (the ticket id) is missing")
    for name in ("specversion", "id", "source", "type", "subject"):
        if not isinstance(value.get(name), str):
            return Refused(Fault.NOT_CLOUDEVENT, f"{name} is missing or no text")
    if not _is_time(value.get("time")):
        return Refused(Fault.BAD_TIME, "time is missing or no RFC 3339 time")
    return Refused(Fault.BAD_DATA, "data must be flat: text, number, true or false")


def _is_time(value: Any) -> bool:
    try:
        msgspec.convert(value, datetime)
    except msgspec.ValidationError:
        return False
    return True


def _binary(raw: bytes, headers: Headers) -> _Structured:
    told: dict[str, str] = {}
    for name, value in headers:
        if name.lower().startswith("ce_"):
            try:
                told[name.lower()[3:]] = value.decode()
            except (UnicodeDecodeError, AttributeError):
                raise Refused(Fault.NOT_CLOUDEVENT, f"header {name[:32]} is no UTF-8 text") from None
    if not told.get("subject"):
        raise Refused(Fault.NO_SUBJECT, "header ce_subject (the ticket id) is missing")
    for name in ("specversion", "id", "source", "type"):
        if name not in told:
            raise Refused(Fault.NOT_CLOUDEVENT, f"header ce_{name} is missing")
    if not _is_time(told.get("time")):
        raise Refused(Fault.BAD_TIME, "header ce_time is missing or no RFC 3339 time")
    try:
        data = _data.decode(raw) if raw else {}
    except msgspec.ValidationError:
        raise Refused(Fault.BAD_DATA, "the value must be a flat JSON object") from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise Refused(Fault.BAD_JSON, "the value is no JSON in UTF-8") from None
    time = msgspec.convert(told["time"], datetime)
    return _Structured(told["specversion"], told["id"], told["source"], told["type"], told["subject"], time, data)


def _unfit(envelope: _Structured) -> Refused:
    """Say which name does not fit, and how long it may be."""
    for name, longest in _LENGTHS.items():
        text = getattr(envelope, name)
        if not 0 < len(text) <= longest:
            return Refused(Fault.NOT_CLOUDEVENT, f"{name} must have 1 to {longest} characters")
        if _CONTROL(text):
            return Refused(Fault.NOT_CLOUDEVENT, f"{name} must not hold control characters")
    return Refused(Fault.NOT_CLOUDEVENT, "a name does not fit")


def _check(envelope: _Structured, appended_at: datetime | None) -> None:
    if not envelope.subject:
        raise Refused(Fault.NO_SUBJECT, "subject (the ticket id) is empty")
    if not envelope.specversion.startswith("1."):
        raise Refused(Fault.NOT_CLOUDEVENT, "specversion must be 1.x")
    if not (
        0 < len(envelope.id) <= _LENGTHS["id"]
        and 0 < len(envelope.source) <= _LENGTHS["source"]
        and 0 < len(envelope.type) <= _LENGTHS["type"]
        and len(envelope.subject) <= _LENGTHS["subject"]
        and not _CONTROL(f"{envelope.id}{envelope.source}{envelope.type}{envelope.subject}")
    ):
        raise _unfit(envelope)
    if envelope.time.tzinfo is None:
        raise Refused(Fault.NAIVE_TIME, "time has no offset from UTC; write it as in +08:00")
    try:
        time = envelope.time = credible(envelope.time)
    except ValueError as error:
        raise Refused(Fault.ABSURD_TIME, f"time {error}") from None
    if appended_at is not None and time > appended_at + AHEAD_MAX:
        raise Refused(Fault.ABSURD_TIME, "time lies more than 24 h after the broker took the record")
