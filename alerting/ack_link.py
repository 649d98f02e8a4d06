"""The link by which the reader of a message says "I am on it": an address that nobody can make up. Pure.

It carries the alert, the receiver it was sent to, and an end, signed with a key that only notifiers know. Whoever has
the message may use it; nothing in it is secret or personal. May be imported by `alerting` and `cli`.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from datetime import UTC, datetime, timedelta
from typing import Final

import msgspec

VALID_FOR: Final = timedelta(days=7)
KEY_BYTES_MIN: Final = 16
TOKEN_MAX: Final = 2_000

PATH: Final = "/ack"


class LinkRefused(Exception):
    """A link that must not be believed; the text says why."""


class Pass(msgspec.Struct, frozen=True, array_like=True):
    """What a link says: which alert (or message that told many), at which receiver, until when (s since 1970)."""

    target: str
    receiver: str
    until: int


def link(base: str, key: bytes, target: str, receiver: str, now: datetime) -> str:
    """The address for the reader of a message. ValueError for a key that is too short."""
    if len(key) < KEY_BYTES_MIN:
        raise ValueError(f"the key of the links has fewer than {KEY_BYTES_MIN} bytes")
    told = Pass(target, receiver, int((now + VALID_FOR).timestamp()))
    body = _text(msgspec.json.encode(told))
    return f"{base.rstrip('/')}{PATH}?t={body}.{_text(_signature(key, body))}"


def read(token: str, key: bytes, now: datetime) -> Pass:
    """What a token says. Raises LinkRefused."""
    body, _, signature = token.partition(".")
    if len(token) > TOKEN_MAX or not signature or not token.isascii():
        raise LinkRefused("the link is incomplete")
    if not hmac.compare_digest(_text(_signature(key, body)).encode(), signature.encode()):
        raise LinkRefused("the link was changed, or made with another key")
    try:
        told = msgspec.json.decode(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)), type=Pass)
    except (msgspec.DecodeError, binascii.Error, ValueError):
        raise LinkRefused("the link is incomplete") from None
    if now > datetime.fromtimestamp(told.until, UTC):
        raise LinkRefused("the link is too old")
    return told


def _signature(key: bytes, body: str) -> bytes:
    return hmac.new(key, b"ack." + body.encode(), hashlib.sha256).digest()


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")
