"""Signatures of webhooks, by the Standard Webhooks specification (symmetric, `v1`): pure functions.

Why: whoever can reach a receiver could page people, or tell them that all is well. So every message carries an
HMAC-SHA256 over `id.timestamp.payload`, made with a secret that only both sides know; the time stamp keeps a
recorded message from being played again later. While a secret is being replaced both ends know two.
May be imported by `alerting` and `cli`. Imports nothing of ours.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final
from urllib.parse import quote

ID: Final = "webhook-id"
TIMESTAMP: Final = "webhook-timestamp"
SIGNATURE: Final = "webhook-signature"

TOLERANCE: Final = timedelta(minutes=5)
"""How far the clocks of sender and receiver may be apart, and how long a message may travel."""

_PREFIX: Final = "whsec_"
_KEY_BYTES: Final = range(24, 65)  # what the specification asks of a secret
_SAFE: Final = "!\"#$&'()*+,/:;<=>?@[\\]^`{|}"  # all of printable ASCII but blank and percent sign
_DIGITS_MAX: Final = 12  # seconds since 1970, for some thirty thousand years


class SignatureRefused(Exception):
    """A message that must not be believed; the text says why and holds nothing secret."""


def secret(key: bytes) -> str:
    """Write a key of 24 to 64 random bytes as it is configured: `whsec_` and base64. ValueError for other sizes."""
    if len(key) not in _KEY_BYTES:
        raise ValueError(f"a webhook secret has 24 to 64 bytes, not {len(key)}")
    return _PREFIX + base64.b64encode(key).decode()


def message_id(event_id: str) -> str:
    """The webhook id of an event: the same for every attempt, and without a dot.

    A dot is what divides the signed text, so an id that holds one could lend its signature to another message. What a
    header cannot carry, a ticket's Chinese characters for example, is written in percent signs too.
    """
    return quote(event_id, safe=_SAFE).replace(".", "%2E")


def sign(secrets: Sequence[str], webhook_id: str, at: datetime, payload: bytes) -> dict[str, str]:
    """The three headers of a message sent at the aware instant `at`: one signature for each secret.

    Raises ValueError for an id with a dot or a line break, without a secret, or for one that is none.
    """
    if not secrets:
        raise ValueError("a webhook cannot be signed without a secret")
    if "." in webhook_id or not webhook_id.isprintable() or not webhook_id.isascii():
        raise ValueError("a webhook id is printable ASCII without a dot; message_id() makes one")
    stamp = str(int(at.timestamp()))
    signatures = [_signature(_key(known), webhook_id, stamp, payload) for known in secrets]
    return {ID: webhook_id, TIMESTAMP: stamp, SIGNATURE: " ".join(signatures)}


def verify(secrets: Sequence[str], headers: Mapping[str, str], payload: bytes, now: datetime) -> str:
    """The id of a message that one of these secrets has signed lately, as seen at the aware instant `now`.

    `payload` is the body as received, byte by byte. Raises SignatureRefused for anything else, ValueError for
    a secret that is none.
    """
    found = {name.lower(): value for name, value in headers.items()}
    webhook_id, stamp, told = (found.get(name, "") for name in (ID, TIMESTAMP, SIGNATURE))
    if not (webhook_id and stamp and told):
        raise SignatureRefused(f"{ID}, {TIMESTAMP} and {SIGNATURE} are needed")
    if not (stamp.isascii() and stamp.isdecimal() and len(stamp) <= _DIGITS_MAX):
        raise SignatureRefused(f"{TIMESTAMP} is not in seconds since 1970")
    away = now.timestamp() - int(stamp)
    if abs(away) > TOLERANCE.total_seconds():
        raise SignatureRefused(f"the message is {'old' if away > 0 else 'from the future'}: {abs(away):.0f} s away")
    expected = [_signature(_key(known), webhook_id, stamp, payload).encode() for known in secrets]
    # All are compared, each in constant time: how long it takes tells nothing about which came how near.
    matches = [hmac.compare_digest(mine, theirs.encode()) for theirs in told.split() for mine in expected]
    if not any(matches):
        raise SignatureRefused("no signature fits")
    return webhook_id


def _signature(key: bytes, webhook_id: str, stamp: str, payload: bytes) -> str:
    signed = b".".join((webhook_id.encode(), stamp.encode(), payload))
    return "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()


def _key(known: str) -> bytes:
    """The key of a configured secret. The message of the error must never hold any of it."""
    try:
        key = base64.b64decode(known.removeprefix(_PREFIX), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if not known.startswith(_PREFIX) or len(key) not in _KEY_BYTES:
        raise ValueError(f"a webhook secret is {_PREFIX} and the base64 of 24 to 64 bytes") from None
    return key
