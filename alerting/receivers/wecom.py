"""WeCom (企业微信): a robot in a group, with markdown of at most 4,096 bytes. 20 messages a minute.

Its answers are HTTP 200 whatever happens; `errcode` tells. Source: WeCom, "group robots", document 91770.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import ClassVar

from alerting.answer import Class, Why
from alerting.classing import Meaning, refused, retry
from alerting.http import Line, UrlConfig
from alerting.message import Message
from alerting.receiver import Kind, Rate, Surroundings, Traits
from alerting.robot import Robot
from alerting.secret import need_secret
from alerting.text import Limits, Text

_TOO_LONG = refused(Why.TOO_LARGE, "the text is longer than WeCom takes")
_CODES = {
    -1: retry(Why.SERVER_ERROR, "WeCom is busy"),
    40008: refused(Why.MALFORMED, "the robot does not take this type of message"),
    40058: Meaning(
        Class.REFUSED,
        Why.MALFORMED,
        "the message is not what the robot expects",
        phrases=MappingProxyType({"exceed max length": _TOO_LONG}),
    ),
    44004: refused(Why.MALFORMED, "the text is empty"),
    45002: _TOO_LONG,
    45009: retry(Why.RATE_LIMITED, "too many messages", 60.0),
    45033: retry(Why.RATE_LIMITED, "too many messages at the same time", 5.0),
    93000: refused(Why.NOT_AUTHORISED, "the key in the address is none, or its robot was removed"),
    93004: refused(Why.NOT_AUTHORISED, "the robot was switched off"),
    93008: refused(Why.GONE, "the robot is not in the group any more"),
}

_LIMITS = Limits(title_bytes=0, body_bytes=4_096, markdown=True)


class Config(UrlConfig, frozen=True, kw_only=True):
    """`url` is the robot's whole address, key included."""


class WeCom(Robot):
    """One robot."""

    body_bytes_max: ClassVar[int] = 20_000
    codes: ClassVar[Mapping[int, Meaning]] = MappingProxyType(_CODES)

    def pack(self, text: Text, message: Message, now: datetime) -> tuple[dict[str, object], dict[str, str]]:
        """Markdown, whose first line is the title."""
        return {"msgtype": "markdown", "markdown": {"content": text.body}}, {}


def _make(config: Config, surroundings: Surroundings) -> WeCom:
    line: Line = surroundings.http.line(need_secret(config, "url"), config)
    if "key" not in line.url.query:
        raise ValueError("url has no key: copy the robot's whole address from its settings")
    return WeCom(line, Traits(people=True, limits=_LIMITS, rates=(Rate(18, 60.0),)), surroundings)


KIND = Kind("wecom", Config, _make)
