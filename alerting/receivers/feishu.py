"""Feishu and Lark: a custom robot in a group, with a card, signed if the robot wants it.

100 messages a minute and 5 a second, 20 KB a message. `code` tells the result, inside an HTTP 200 or 400; older
robots answer with `StatusCode` alone. 9499 is said both of a bad request and of too many. Source: Feishu, "custom
bot".
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from typing import ClassVar

from alerting.alert import Level
from alerting.answer import Class, Why
from alerting.classing import Meaning, refused, retry
from alerting.http import Line, UrlConfig
from alerting.message import Message, Occasion
from alerting.receiver import Kind, Rate, Surroundings, Traits
from alerting.robot import Robot, signature
from alerting.secret import Secret, find_secret, need_secret
from alerting.text import Limits, Text

_CODES = {
    2200: retry(Why.SERVER_ERROR, "Feishu has a trouble of its own"),
    9499: Meaning(
        Class.RETRY,
        Why.RATE_LIMITED,
        "too many messages",
        10.0,
        MappingProxyType({"bad request": refused(Why.MALFORMED, "the body is not what the robot expects")}),
    ),
    11232: retry(Why.RATE_LIMITED, "too many messages", 10.0),
    11233: retry(Why.RATE_LIMITED, "too many messages", 10.0),
    19001: refused(Why.NOT_AUTHORISED, "the token in the address is none, or its robot was removed"),
    19002: refused(Why.MALFORMED, "a part of the message is missing or has another form"),
    19021: refused(Why.NOT_AUTHORISED, "the signature does not fit, or our clock is an hour off: check secret"),
    19022: refused(Why.NOT_AUTHORISED, "our address is not on the robot's list"),
    19024: refused(Why.NOT_AUTHORISED, "the text lacks the robot's keyword: set keyword"),
    99991400: retry(Why.RATE_LIMITED, "too many messages", 10.0),
}

# Half of the 20,000 bytes of a body: JSON may need two bytes for one, and a text must never be refused for that.
_LIMITS = Limits(title_bytes=200, body_bytes=9_500, markdown=True)
_COLOURS = {Level.NOTICE: "blue", Level.WARNING: "orange", Level.BREACH: "red", Level.ESCALATION: "carmine"}
_OVER = {Occasion.RESOLVED: "green", Occasion.RETRACTED: "grey", Occasion.TEST: "blue"}


class Config(UrlConfig, frozen=True, kw_only=True):
    """`url` is the robot's whole address, token included; `secret` and `keyword` as its security settings ask."""

    secret: str | None = None
    secret_file: str | None = None
    secret_env: str | None = None
    keyword: str | None = None


class Feishu(Robot):
    """One robot."""

    body_bytes_max: ClassVar[int] = 20_000
    codes: ClassVar[Mapping[int, Meaning]] = MappingProxyType(_CODES)
    code_fields: ClassVar[Sequence[str]] = ("code", "StatusCode")
    message_field: ClassVar[str] = "msg"

    def __init__(
        self, line: Line, traits: Traits, surroundings: Surroundings, secret: Secret | None, keyword: str | None
    ) -> None:
        super().__init__(line, traits, surroundings)
        self._secret = secret
        self._keyword = keyword

    def pack(self, text: Text, message: Message, now: datetime) -> tuple[dict[str, object], dict[str, str]]:
        """A card, coloured by what happened; the signature of the instant goes into the body."""
        elements: list[dict[str, str]] = [{"tag": "markdown", "content": text.body}]
        if self._keyword:
            elements.append({"tag": "markdown", "content": self._keyword})
        colour = _OVER.get(message.occasion) or _COLOURS[message.alert.level]
        header = {"title": {"tag": "plain_text", "content": text.title}, "template": colour}
        card = {"config": {"wide_screen_mode": True}, "header": header, "elements": elements}
        body: dict[str, object] = {"msg_type": "interactive", "card": card}
        if self._secret is not None:
            stamp = str(int(now.timestamp()))
            # The text and the secret are the key, and nothing is signed by it: that is how Feishu wants it.
            body |= {"timestamp": stamp, "sign": signature(f"{stamp}\n{self._secret.reveal()}", "")}
        return body, {}


def _make(config: Config, surroundings: Surroundings) -> Feishu:
    line: Line = surroundings.http.line(need_secret(config, "url"), config)
    traits = Traits(people=True, limits=_LIMITS, rates=(Rate(95, 60.0), Rate(4, 1.0)), at_once=2)
    return Feishu(line, traits, surroundings, find_secret(config, "secret"), config.keyword)


KIND = Kind("feishu", Config, _make)
