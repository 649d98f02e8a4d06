"""SMS through any gateway with an HTTP interface, described by a template.

Gateways differ in everything but that. So the configuration says what a request looks like, with {to}, {text}, {key}
and {secret} in it, and by what one knows that a message was taken. Placeholders are filled in after the template was
read, so nothing in a text can add a field. One request goes out for each number.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Final, Literal
from urllib.parse import urlencode

import msgspec

from alerting import texts
from alerting.answer import Answer, Class, Why
from alerting.classing import by_failure, by_status, unknown
from alerting.http import Failure, Line, Reply, UrlConfig
from alerting.message import Message
from alerting.receiver import Kind, Rate, Surroundings, Traits
from alerting.secret import Secret, find_secret, need_secret
from alerting.signing import message_id
from alerting.taken import Taken
from alerting.text import Limits

_PLACEHOLDER: Final = re.compile(r"\{([^{}]*)\}")
_ANYWHERE: Final = frozenset({"to", "text", "key", "secret"})
_IN_HEADERS: Final = frozenset({"key", "secret"})  # a number or a text is no part of a header
_CODE: Final = re.compile(r"[A-Za-z0-9._-]{1,64}")
_CHANCE: Final = 5  # so short a code may stand in an address by chance
_HEADER: Final = re.compile(r"[A-Za-z0-9-]{1,64}")

_FOR_ALL: Final = frozenset(
    {
        *(Why.TIMED_OUT, Why.NO_CONNECTION, Why.BROKEN_OFF, Why.UNTRUSTED, Why.FORBIDDEN_ADDRESS),
        *(Why.RATE_LIMITED, Why.SERVER_ERROR, Why.GONE, Why.REDIRECTED, Why.NOT_AUTHORISED),
    }
)
"""What the next number would hear as well."""

Value = str | int | bool


class TakenWhen(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """By what one knows that the gateway has a message: its status, and what stands at `path` of its JSON answer.

    `path` is names and positions with dots between: `results.0.code`. Without it every answer with that status is a
    yes.
    """

    status: tuple[int, ...] = (200,)
    path: str | None = None
    equals: Value | None = None


class Config(UrlConfig, frozen=True, kw_only=True):
    """`json` or `form` is the body's template, `query` is added to the address."""

    to: list[str]
    taken_when: TakenWhen
    method: Literal["POST", "PUT", "GET"] = "POST"
    headers: dict[str, str] = msgspec.field(default_factory=dict)
    query: dict[str, str] = msgspec.field(default_factory=dict)
    json: Any = None
    form: dict[str, str] | None = None
    secret: str | None = None
    secret_file: str | None = None
    secret_env: str | None = None
    text_bytes: Annotated[int, msgspec.Meta(ge=140, le=2_000)] = 480
    per_minute: Annotated[int, msgspec.Meta(ge=1, le=6_000)] = 60


class Sms:
    """One gateway, one list of numbers."""

    def __init__(self, config: Config, line: Line, secret: Secret | None, surroundings: Surroundings) -> None:
        limits = Limits(title_bytes=0, body_bytes=config.text_bytes)
        self.traits = Traits(people=True, limits=limits, rates=(Rate(config.per_minute, 60.0),))
        self._config = config
        self._line = line
        self._secret = secret
        self._taken = Taken(config.to)
        self._language = surroundings.language
        self._unit_names = surroundings.unit_names
        self._zone = surroundings.zone

    async def send(self, message: Message, now: datetime) -> Answer:
        """See `alerting.receiver.Receiver`. What ails the gateway as a whole ends the attempt."""
        assert self.traits.limits is not None  # people read it
        text = texts.compose(message, self._language, self.traits.limits, self._unit_names, now, zone=self._zone)
        answers = {}
        for to in self._taken.open(message.key):
            answers[to] = await self._tell(to, text.body, message_id(message.key), now)
            if answers[to].why in _FOR_ALL:
                break
        return self._taken.settle(message.key, answers)

    async def _tell(self, to: str, text: str, key: str, now: datetime) -> Answer:
        config = self._config
        values = {"to": to, "text": text, "key": key}
        if self._secret is not None:
            values["secret"] = self._secret.reveal()
        headers: dict[str, str] = fill(config.headers, values)
        body = b""
        if config.form is not None:
            body = urlencode(fill(config.form, values)).encode()
            headers = {"Content-Type": "application/x-www-form-urlencoded"} | headers
        elif config.json is not None:
            body = msgspec.json.encode(fill(config.json, values))
            headers = {"Content-Type": "application/json; charset=utf-8"} | headers
        query: dict[str, str] = fill(config.query, values)
        reply = await self._line.ask(body, headers, method=config.method, query=query)
        return by_failure(reply) if isinstance(reply, Failure) else self._read(reply, now)

    def _read(self, reply: Reply, now: datetime) -> Answer:
        wanted = self._config.taken_when
        answer = by_status(reply, now)
        if reply.status not in wanted.status:
            return unknown(reply, "a status that taken_when does not list") if answer.kind is Class.SENT else answer
        if wanted.path is None:
            return Answer(Class.SENT, Why.ACCEPTED, reply.status)
        try:
            told = at(msgspec.json.decode(reply.body), wanted.path)
        except (msgspec.DecodeError, RecursionError, LookupError):
            return unknown(reply, "the answer holds nothing at taken_when.path")
        code = self._presentable(told)
        if type(told) is type(wanted.equals) and told == wanted.equals:
            return Answer(Class.SENT, Why.ACCEPTED, reply.status, code)
        return unknown(reply, "the answer is not what taken_when.equals says", code)

    def _presentable(self, told: Any) -> str | None:
        """What the gateway says, if it looks like a code and is no part of a secret."""
        code = str(told)
        if not isinstance(told, str | int) or not _CODE.fullmatch(code):
            return None
        secret = "" if self._secret is None else self._secret.reveal()
        told_back = len(code) > _CHANCE and (code in str(self._line.url) or code in secret)
        return None if told_back or (secret and secret in code) else code

    async def close(self) -> None:
        """Let go of connections."""
        await self._line.close()


def fill(template: Any, values: Mapping[str, str]) -> Any:
    """A template with the placeholders in its strings filled in. What is filled in is not looked at again."""
    if isinstance(template, str):
        return _PLACEHOLDER.sub(lambda found: values.get(found[1], found[0]), template)
    if isinstance(template, dict):
        return {name: fill(value, values) for name, value in template.items()}
    if isinstance(template, list):
        return [fill(value, values) for value in template]
    return template


def at(told: Any, path: str) -> Any:
    """What stands at a path of a JSON value. Raises LookupError if nothing does."""
    for step in path.split("."):
        if isinstance(told, dict):
            told = told[step]
        elif isinstance(told, list) and step.isascii() and step.isdecimal() and len(step) < 6:
            told = told[int(step)]
        else:
            raise LookupError(step)
    return told


def _placeholders(template: Any) -> set[str]:
    if isinstance(template, str):
        return set(_PLACEHOLDER.findall(template))
    inner = template.values() if isinstance(template, dict) else template if isinstance(template, list) else ()
    return {name for value in inner for name in _placeholders(value)}


def _check(config: Config, *, has_secret: bool) -> None:
    if not config.to or not all(to.isprintable() and to for to in config.to):
        raise ValueError("to is empty, or one of its numbers is: list who shall have the messages")
    if config.json is not None and config.form is not None:
        raise ValueError("json and form are given: a request has one body, keep one of them")
    if config.method == "GET" and (config.json is not None or config.form is not None):
        raise ValueError("a GET has no body: use query instead of json and form")
    used: set[str] = set()
    for key, allowed in (("query", _ANYWHERE), ("json", _ANYWHERE), ("form", _ANYWHERE), ("headers", _IN_HEADERS)):
        found = _placeholders(getattr(config, key))
        if not found <= allowed:
            name = min(found - allowed)
            raise ValueError(f"{key} has {{{name}}}: what can stand there is {', '.join(sorted(allowed))}")
        used |= found
    for name in ("to", "text"):
        if name not in used:
            raise ValueError(f"{{{name}}} stands nowhere in query, json or form: no message would say it")
    if ("secret" in used) != has_secret:
        raise ValueError("secret and the placeholder {secret} belong together: give both or neither")
    for name, value in config.headers.items():
        if not _HEADER.fullmatch(name) or not value.isprintable() or not value.isascii():
            raise ValueError(
                f"headers: {name!r} cannot be sent: names are letters and hyphens, values one line of ASCII"
            )
    if (config.taken_when.path is None) != (config.taken_when.equals is None):
        raise ValueError("taken_when: path and equals belong together: give both or neither")


def _make(config: Config, surroundings: Surroundings) -> Sms:
    secret = find_secret(config, "secret")
    _check(config, has_secret=secret is not None)
    if secret is not None and not secret.reveal().isascii():
        raise ValueError("secret holds more than ASCII, which a request cannot carry everywhere")
    return Sms(config, surroundings.http.line(need_secret(config, "url"), config), secret, surroundings)


KIND = Kind("sms", Config, _make)
