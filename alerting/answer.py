"""What a receiver's answer means: taken, try again, or never. The one vocabulary of all receivers. Pure.

Why: several of the robots people use say no inside an HTTP 200. So no receiver decides by status alone, and each
answer becomes one of four classes with a reason that a person can act on.
May be imported by `alerting` and `cli`.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final

import msgspec

DETAIL_MAX: Final = 200


class Class(StrEnum):
    """What to do after an attempt."""

    SENT = "sent"
    """The receiver has it, and said so."""
    RETRY = "retry"
    """It does not have it, or that is not known; another attempt may do."""
    REFUSED = "refused"
    """It will never take this message as it is: somebody has to mend the configuration."""
    UNVERIFIED = "unverified"
    """It was handed on by something that cannot tell whether the receiver took it."""


class Why(StrEnum):
    """Why an attempt ended as it did."""

    ACCEPTED = "accepted"
    """The receiver said yes."""
    HANDED_ON = "handed_on"
    """It was handed to something that cannot tell whether it arrived."""
    RATE_LIMITED = "rate_limited"
    """The receiver had enough for now."""
    SERVER_ERROR = "server_error"
    """The receiver failed."""
    TIMED_OUT = "timed_out"
    """No answer in time."""
    NO_CONNECTION = "no_connection"
    """No connection came about."""
    BROKEN_OFF = "broken_off"
    """The connection broke before the answer: it may have arrived."""
    UNTRUSTED = "untrusted"
    """The certificate does not fit the name, or nobody we know vouches for it."""
    FORBIDDEN_ADDRESS = "forbidden_address"
    """The name leads to a private or reserved address that is not on the allow-list."""
    REDIRECTED = "redirected"
    """The receiver lives elsewhere now; nothing is sent there unasked."""
    GONE = "gone"
    """The receiver does not want to hear from us again."""
    NOT_AUTHORISED = "not_authorised"
    """Token, key, signature or address of the sender is not accepted."""
    MALFORMED = "malformed"
    """The receiver does not understand, or does not allow, what it was sent."""
    TOO_LARGE = "too_large"
    """The receiver takes no message of this size."""
    UNKNOWN_ANSWER = "unknown_answer"
    """Nothing that the receiver's documents describe; never taken for a yes."""
    OUR_FAULT = "our_fault"
    """Our own code failed while it prepared or sent the message."""


class Answer(msgspec.Struct, frozen=True):
    """What came of one attempt.

    `status` is the HTTP or SMTP status and `code` the receiver's own (`errcode`), where there is one. `detail` is at
    most DETAIL_MAX characters and holds no secret, address with a token, or content of the message. `wait_s` is how
    long the receiver asked to be left alone. `switch_off`: it does not want to hear from us again (410).
    """

    kind: Class
    why: Why
    status: int | None = None
    code: str | None = None
    detail: str = ""
    wait_s: float | None = None
    switch_off: bool = False
