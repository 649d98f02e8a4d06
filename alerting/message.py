"""What is handed to a receiver: one or many alerts, why it hears them, and a key that never changes. Pure.

May be imported by `alerting` and `cli`.
"""

from __future__ import annotations

from enum import StrEnum

import msgspec

from alerting.alert import Alert


class Occasion(StrEnum):
    """Why a receiver hears something."""

    RAISED = "raised"
    """It fires."""
    ESCALATED = "escalated"
    """Nobody acknowledged it in time, so it goes one step further."""
    CHASED = "chased"
    """It is still overdue and nobody has acknowledged it."""
    RESOLVED = "resolved"
    """It is over."""
    RETRACTED = "retracted"
    """It was wrong."""
    DIGEST = "digest"
    """A storm: many alerts in one message."""
    MIRROR = "mirror"
    """How all open alerts stand, for a receiver that keeps no state of its own (Alertmanager)."""
    TEST = "test"
    """Somebody tries whether the receiver can be reached."""


class Message(msgspec.Struct, frozen=True):
    """What one receiver is told at once.

    `key` is the same in every attempt, whichever process makes it: receivers that know idempotency get it. `alerts`
    holds one alert, except for a digest or a mirror. `ack_url` is a signed link by which the reader says "I am on
    it"; None where there is nothing to acknowledge or no public address is configured. `degraded`: Redis is
    away, so a second message under the same key may follow.
    """

    key: str
    occasion: Occasion
    alerts: tuple[Alert, ...]
    critical: bool = False
    ack_url: str | None = None
    degraded: bool = False

    @property
    def alert(self) -> Alert:
        """The first, which is the only one except in a digest or a mirror."""
        return self.alerts[0]
