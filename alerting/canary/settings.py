"""What a canary can be told, with defaults. `cli` fills it from slawatch.toml, SLAWATCH_CANARY_* and flags.

May be imported by `alerting` and `cli`.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, Final

import msgspec

from alerting.secret import Masked, Secret, need_secret
from alerting.signing import sign

EVERY_S: Final = range(1, 3601)
LOST_AFTER_S: Final = range(5, 3601)


class CanarySettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One canary's settings; lengths in whole seconds.

    `every` so often each partition gets a ticket; what is not heard within `lost_after` of it is lost. `secret`, or
    what `secret_file` holds, is the one with which the notifier's receiver signs. Its messages, metrics and health
    are all at `status_host` and `status_port`.
    """

    every: int = 60
    lost_after: int = 180
    secret: str = ""
    secret_file: str = ""
    status_host: str = "127.0.0.1"
    status_port: int = 9466


SECRETS: Final = frozenset({"secret"})
"""Settings that are never shown."""


class _Signed(Masked, frozen=True, kw_only=True):
    """The secret, in the words of receivers."""

    secret: str | None = None
    secret_file: str | None = None
    secret_env: str | None = None


def shown(settings: CanarySettings) -> dict[str, Any]:
    """The settings for printing: secrets masked."""
    told: dict[str, Any] = msgspec.to_builtins(settings)
    return {name: ("***" if name in SECRETS and value else value) for name, value in told.items()}


def secret_of(settings: CanarySettings) -> Secret:
    """The secret of the webhook. ValueError where there is none, or none that signs."""
    if not settings.secret and not settings.secret_file:
        raise ValueError(
            "the canary has no secret to know the notifier by: make one with `slawatch canary --make-secret FILE`, "
            "and name that file as canary's secret_file and as secret_file of its receiver in receivers.toml"
        )
    found = need_secret(_Signed(secret=settings.secret or None, secret_file=settings.secret_file or None), "secret")
    sign([found.reveal()], "check", datetime.fromtimestamp(0, UTC), b"")
    return found


def check(settings: CanarySettings, term: timedelta) -> None:
    """ValueError where the lengths make no sense for a ticket that is due after `term`."""
    for name, value, known in (
        ("every", settings.every, EVERY_S),
        ("lost_after", settings.lost_after, LOST_AFTER_S),
    ):
        if value not in known:
            raise ValueError(f"canary's {name} is {value} s; give {known.start} to {known.stop - 1}")
    if timedelta(seconds=settings.lost_after) <= term:
        raise ValueError(
            f"canary's lost_after, {settings.lost_after} s, is no longer than the ticket runs "
            f"({term.total_seconds():g} s): none could be heard in time; give more, or canary/heard a shorter term"
        )
