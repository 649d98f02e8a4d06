"""DingTalk: a custom robot in a group, with markdown, signed if the robot wants it.

Its answers are HTTP 200 whatever happens; `errcode` tells. More than 20 messages a minute block it for ten minutes.
Source: DingTalk, "custom robots send group messages".
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import ClassVar

from alerting.answer import Why
from alerting.classing import Meaning, refused, retry
from alerting.http import Line, UrlConfig
from alerting.message import Message
from alerting.receiver import Kind, Rate, Surroundings, Traits
from alerting.robot import Robot, signature
from alerting.secret import Secret, find_secret, need_secret
from alerting.text import Limits, Text

_CHECK = refused(Why.NOT_AUTHORISED, "the robot's security check failed: compare its settings with ours")
_CODES = {
    -1: retry(Why.SERVER_ERROR, "DingTalk is busy"),
    40035: refused(Why.MALFORMED, "the body is not what the robot expects"),
    43004: refused(Why.MALFORMED, "the robot wants another content type"),
    130101: retry(Why.RATE_LIMITED, "too many messages: blocked for ten minutes", 600.0),
    300001: refused(Why.NOT_AUTHORISED, "the access token in the address does not exist"),
    310000: Meaning(
        _CHECK.kind,
        _CHECK.why,
        _CHECK.detail,
        phrases=MappingProxyType(
            {
                "keyword": refused(Why.NOT_AUTHORISED, "the text lacks the robot's keyword: set keyword"),
                "timestamp": refused(Why.NOT_AUTHORISED, "our clock and DingTalk's are an hour or more apart"),
                "sign": refused(Why.NOT_AUTHORISED, "the signature does not fit: check secret"),
                "whitelist": refused(Why.NOT_AUTHORISED, "our address is not on the robot's list"),
            }
        ),
    ),
    400013: refused(Why.GONE, "the group was dissolved"),
    400101: refused(Why.NOT_AUTHORISED, "the access token in the address does not exist"),
    400102: refused(Why.NOT_AUTHORISED, "the robot was switched off in its group"),
    400105: refused(Why.MALFORMED, "the robot does not take this type of message"),
    400106: refused(Why.GONE, "the robot was removed from its group"),
    400402: refused(Why.MALFORMED, "a part of the message is missing or has another form"),
    410100: retry(Why.RATE_LIMITED, "too many messages", 60.0),
    430101: refused(Why.MALFORMED, "DingTalk does not allow the link"),
    430102: refused(Why.MALFORMED, "DingTalk does not allow the text"),
    430103: refused(Why.MALFORMED, "DingTalk does not allow the picture"),
    430104: refused(Why.MALFORMED, "DingTalk does not allow the content"),
}

# Half of the 20,000 bytes of a body: JSON may need two bytes for one, and a text must never be refused for that.
_LIMITS = Limits(title_bytes=200, body_bytes=9_500, markdown=True)


class Config(UrlConfig, frozen=True, kw_only=True):
    """`url` is the robot's whole address, with its token; `secret` (SEC...) and `keyword` as its settings ask."""

    secret: str | None = None
    secret_file: str | None = None
    secret_env: str | None = None
    keyword: str | None = None


class DingTalk(Robot):
    """One robot."""

    body_bytes_max: ClassVar[int] = 20_000
    codes: ClassVar[Mapping[int, Meaning]] = MappingProxyType(_CODES)

    def __init__(
        self, line: Line, traits: Traits, surroundings: Surroundings, secret: Secret | None, keyword: str | None
    ) -> None:
        super().__init__(line, traits, surroundings)
        self._secret = secret
        self._keyword = keyword

    def pack(self, text: Text, message: Message, now: datetime) -> tuple[dict[str, object], dict[str, str]]:
        """Markdown; a signature of the instant goes into the address."""
        lines = [line.rstrip() for line in text.body.split("\n")] + ([self._keyword] if self._keyword else [])
        # A single line break is none in DingTalk's markdown; two blanks before it make it one.
        markdown = {"title": text.title, "text": "  \n".join(lines)}
        query = {}
        if self._secret is not None:
            stamp, key = str(int(now.timestamp() * 1000)), self._secret.reveal()
            query = {"timestamp": stamp, "sign": signature(key, f"{stamp}\n{key}")}
        return {"msgtype": "markdown", "markdown": markdown}, query


def _make(config: Config, surroundings: Surroundings) -> DingTalk:
    line: Line = surroundings.http.line(need_secret(config, "url"), config)
    if "access_token" not in line.url.query:
        raise ValueError("url has no access_token: copy the robot's whole address from its settings")
    traits = Traits(people=True, limits=_LIMITS, rates=(Rate(18, 60.0),))
    return DingTalk(line, traits, surroundings, find_secret(config, "secret"), config.keyword)


KIND = Kind("dingtalk", Config, _make)
