"""What the robots in people's chats have in common: a text goes out, and the code that comes back counts.

Only the receivers of robots import it.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import ClassVar, Final

import msgspec

from alerting import texts
from alerting.answer import Answer, Class, Why
from alerting.classing import Meaning, by_code, by_failure
from alerting.http import Failure, Line
from alerting.message import Message
from alerting.receiver import Surroundings, Traits
from alerting.text import Text

_JSON: Final = {"Content-Type": "application/json; charset=utf-8"}


class Robot(ABC):
    """A robot with an address. What differs from one to the next is told in the class."""

    traits: Traits
    body_bytes_max: ClassVar[int]
    codes: ClassVar[Mapping[int, Meaning]]
    code_fields: ClassVar[Sequence[str]] = ("errcode",)
    message_field: ClassVar[str] = "errmsg"

    def __init__(self, line: Line, traits: Traits, surroundings: Surroundings) -> None:
        self.traits = traits
        self._line = line
        self._language = surroundings.language
        self._unit_names = surroundings.unit_names
        self._zone = surroundings.zone

    @abstractmethod
    def pack(self, text: Text, message: Message, now: datetime) -> tuple[dict[str, object], dict[str, str]]:
        """The body, and what is added to the address."""

    async def send(self, message: Message, now: datetime) -> Answer:
        """See `alerting.receiver.Receiver`."""
        assert self.traits.limits is not None  # a robot speaks to people
        text = texts.compose(message, self._language, self.traits.limits, self._unit_names, now, zone=self._zone)
        content, query = self.pack(text, message, now)
        body = msgspec.json.encode(content)
        if len(body) > self.body_bytes_max:
            return Answer(
                Class.REFUSED, Why.TOO_LARGE, detail=f"{len(body):,} bytes, more than {self.body_bytes_max:,}"
            )
        reply = await self._line.ask(body, _JSON, query=query)
        if isinstance(reply, Failure):
            return by_failure(reply)
        return by_code(reply, now, self.code_fields, self.message_field, self.codes)

    async def close(self) -> None:
        """Let go of connections."""
        await self._line.close()


def signature(key: str, text: str) -> str:
    """The HMAC-SHA256 of a text in base64, as robots want it."""
    return base64.b64encode(hmac.new(key.encode(), text.encode(), hashlib.sha256).digest()).decode()
