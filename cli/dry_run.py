"""`notifier --dry-run`: messages are printed, nothing is sent, claimed or recorded. Used by `cli.notifier`."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from alerting.answer import Answer, Class, Why
from alerting.delivery import Configured
from alerting.message import Message
from alerting.receiver import Receiver
from alerting.record import Notification
from alerting.text import Limits
from alerting.texts import compose

TEXT_BYTES = 4096


class Shown:
    """A receiver whose messages are printed instead."""

    def __init__(
        self, name: str, told: Configured, real: Receiver, unit_names: Mapping[str, Mapping[str, str]], zone: ZoneInfo
    ) -> None:
        self.traits = real.traits
        self._real = real
        self._name, self._told, self._names, self._zone = name, told, unit_names, zone

    async def send(self, message: Message, now: datetime) -> Answer:
        """Print it."""
        limits = self.traits.limits or Limits(title_bytes=200, body_bytes=TEXT_BYTES)
        text = compose(message, self._told.language, limits, self._names, now, zone=self._zone)
        head = f"--- would go to {self._name} ({self._told.kind.name}), {message.occasion}, key {message.key}"
        body = "\n".join(f"    {line}" for line in (text.title, *text.body.splitlines()) if line.strip())
        print(f"{head}\n{body}", file=sys.stdout, flush=True)
        return Answer(Class.SENT, Why.ACCEPTED)

    async def close(self) -> None:
        """Let go of the real one."""
        await self._real.close()


class NoJournal:
    """Records nobody keeps."""

    async def write(self, told: Notification, subject: str, partition: int) -> None:
        """Forget it."""

    async def dead_letter(self, message: Any, reason: str) -> None:
        """It stays where it is."""

    def turn(self) -> None:
        """Nothing waits."""

    def close(self, timeout_s: float) -> int:
        """Nothing is left."""
        return 0
