"""What an HTTP answer means: by status, and by the code in the body of those that say no inside a 200. Pure.

Why: taking a refusal for a success loses a page, and taking a passing trouble for a refusal loses it too. The texts
here are ours: what a receiver writes may repeat the secret or the message it was sent. May be imported by `alerting`
and `cli`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, Final

import msgspec

from alerting.answer import Answer, Class, Why
from alerting.http import Failure, Reply

WAIT_S_MAX: Final = 900.0
"""A receiver may ask for patience, but not silence us for the rest of the shift."""

_CODE_DIGITS_MAX: Final = 12
_REFUSED_FAILURES: Final = frozenset({Why.FORBIDDEN_ADDRESS})


class Meaning(msgspec.Struct, frozen=True):
    """What a code or a status stands for; `phrases` are parts of the receiver's words that make it something else."""

    kind: Class
    why: Why
    detail: str
    wait_s: float | None = None
    phrases: Mapping[str, Meaning] = {}


def retry(why: Why, detail: str, wait_s: float | None = None) -> Meaning:
    """Another attempt may do."""
    return Meaning(Class.RETRY, why, detail, wait_s)


def refused(why: Why, detail: str) -> Meaning:
    """Somebody has to mend something first."""
    return Meaning(Class.REFUSED, why, detail)


_STATUS: Final[Mapping[int, Meaning]] = {
    401: refused(Why.NOT_AUTHORISED, "the receiver does not accept who we are: check its secret"),
    403: refused(Why.NOT_AUTHORISED, "the receiver does not let us in: check its secret and its list of addresses"),
    404: refused(Why.MALFORMED, "nothing is at this address: check the URL"),
    407: refused(Why.NOT_AUTHORISED, "a proxy on the way wants to know who we are"),
    408: retry(Why.TIMED_OUT, "the receiver waited for us too long"),
    409: retry(Why.UNKNOWN_ANSWER, "the receiver is busy with the same message"),
    410: refused(Why.GONE, "the receiver does not want to hear from us again"),
    413: refused(Why.TOO_LARGE, "the message is too large for the receiver"),
    414: refused(Why.TOO_LARGE, "the address is too long for the receiver"),
    421: retry(Why.SERVER_ERROR, "the wrong server answered"),
    425: retry(Why.SERVER_ERROR, "too early for the receiver"),
    429: retry(Why.RATE_LIMITED, "too many messages"),
    431: refused(Why.TOO_LARGE, "the headers are too large for the receiver"),
}


def by_status(reply: Reply, now: datetime) -> Answer:
    """Class an answer by its status alone; `now` is what a date in Retry-After is counted from."""
    status = reply.status
    if 200 <= status <= 299:
        return Answer(Class.SENT, Why.ACCEPTED, status)
    meaning = _STATUS.get(status)
    if meaning is None and 300 <= status <= 399:
        meaning = refused(Why.REDIRECTED, "the receiver points elsewhere, which is not followed: enter its new URL")
    elif meaning is None and 400 <= status <= 499:
        meaning = refused(Why.MALFORMED, "the receiver does not take such a message")
    elif meaning is None and 500 <= status <= 599:
        meaning = retry(Why.SERVER_ERROR, "the receiver has a trouble of its own")
    elif meaning is None:
        meaning = retry(Why.UNKNOWN_ANSWER, "a status that HTTP does not know")
    wait_s = retry_after_s(reply.headers, now) if meaning.kind is Class.RETRY else None
    return Answer(meaning.kind, meaning.why, status, None, meaning.detail, wait_s, switch_off=status == 410)


def by_code(reply: Reply, now: datetime, fields: Sequence[str], message: str, known: Mapping[int, Meaning]) -> Answer:
    """Class an answer that tells its result in the body: the first of `fields` that is there, 0 for a success.

    `message` is the field with the receiver's words. A known code counts whatever the status is; a 2xx is a success
    only with a 0 in its body, and one that cannot be read, or with a code nobody has described, is tried again.
    """
    told = body_of(reply)
    code = next((told[field] for field in fields if field in told), None)
    if type(code) is not int or len(str(code)) > _CODE_DIGITS_MAX:
        code = None
    meaning = None if code is None else known.get(code)
    if meaning is not None:
        words = str(told.get(message, "")).lower()
        meaning = next((other for phrase, other in meaning.phrases.items() if phrase in words), meaning)
        wait_s = meaning.wait_s
        if meaning.kind is Class.RETRY:
            asked_s = retry_after_s(reply.headers, now)
            wait_s = asked_s if wait_s is None else max(wait_s, asked_s or 0.0)
        return Answer(meaning.kind, meaning.why, reply.status, str(code), meaning.detail, wait_s)
    answer = by_status(reply, now)
    if answer.kind is not Class.SENT:
        return msgspec.structs.replace(answer, code=None if code is None else str(code))
    if code == 0:
        return msgspec.structs.replace(answer, code="0")
    if code is None:
        return unknown(reply, "a success without the code that would say so: is this the receiver, or a proxy?")
    return unknown(reply, "a code that is not in our table: see the receiver's documents", str(code))


def unknown(reply: Reply, detail: str, code: str | None = None) -> Answer:
    """An answer that nothing describes: never taken for a yes."""
    return Answer(Class.RETRY, Why.UNKNOWN_ANSWER, reply.status, code, detail)


def by_failure(failure: Failure) -> Answer:
    """Class what came instead of an answer: the receiver does not have it, or we do not know."""
    kind = Class.REFUSED if failure.why in _REFUSED_FAILURES else Class.RETRY
    return Answer(kind, failure.why, detail=failure.detail)


def body_of(reply: Reply) -> dict[str, Any]:
    """The body as a JSON object; empty if it is none."""
    try:
        told = msgspec.json.decode(reply.body)
    except (msgspec.DecodeError, RecursionError):
        return {}
    return told if isinstance(told, dict) else {}


def retry_after_s(headers: Mapping[str, str], now: datetime) -> float | None:
    """How long the receiver wants to be left alone, by Retry-After in seconds or as a date; None if it says nothing.

    Never below 0 nor above WAIT_S_MAX.
    """
    told = headers.get("retry-after", "").strip()
    if told.isascii() and told.isdecimal():
        wait_s = float(told[:_CODE_DIGITS_MAX])
    else:
        try:
            until = parsedate_to_datetime(told)
        except ValueError:
            return None
        wait_s = (until.replace(tzinfo=until.tzinfo or UTC) - now).total_seconds()
    return min(max(wait_s, 0.0), WAIT_S_MAX)
