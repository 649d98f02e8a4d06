"""What a notifier can be told, with defaults. `cli` fills it from slawatch.toml, SLAWATCH_* and flags.

May be imported by `alerting` and `cli`.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import msgspec


class NotifierSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One notifier's settings; lengths in seconds unless the name says otherwise.

    Notifiers of one `group` share the partitions of the alerts. One that has an `instance`, a name no other has, goes
    on where it was when it is started again; without one the group first waits `session_timeout` for the dead. What
    lies back further than `remember_for_days` is neither chased nor told to be over. An alert that was raised more
    than `give_up_after` before anybody could be told is recorded and not sent. `public_url` is where people reach the
    page on which they acknowledge; without it, or without `ack_key`, messages carry no link. An empty `redis_url`
    means one notifier without Redis: its claims are kept in memory, and no second one may run beside it.
    """

    group: str = "slawatch-notifier"
    instance: str = ""
    redis_url: str = "redis://127.0.0.1:6379/0"
    remember_for_days: float = 14.0
    give_up_after: float = 24 * 3600.0
    session_timeout: float = 10.0
    public_url: str = ""
    ack_key: str = ""
    ack_key_file: str = ""
    status_host: str = "127.0.0.1"
    status_port: int = 9465

    @property
    def remember_for(self) -> timedelta:
        """How far back what was said and done is read."""
        return timedelta(days=self.remember_for_days)


SECRETS = frozenset({"ack_key", "redis_url"})
"""Settings that are never shown: an address of Redis may hold a password."""


class Topics(msgspec.Struct, frozen=True):
    """The names of the topics a notifier reads and writes."""

    alerts: str
    commands: str
    notifications: str
    dead_letters: str

    @classmethod
    def of(cls, prefix: str) -> Topics:
        """Those of an installation."""
        return cls(*(f"{prefix}{name}" for name in ("alerts", "commands", "notifications", "dead-letters")))


def shown(settings: NotifierSettings) -> dict[str, Any]:
    """The settings for printing: secrets masked."""
    told: dict[str, Any] = msgspec.to_builtins(settings)
    return {name: ("***" if name in SECRETS and value else value) for name, value in told.items()}
