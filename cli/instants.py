"""Instants as people give them on the command line. Used by the verbs of this package."""

from __future__ import annotations

from datetime import UTC, datetime


def aware(text: str | None) -> datetime | None:
    """An instant in UTC; None for None. ValueError says how to write one."""
    if text is None:
        return None
    try:
        instant = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(f"{text!r} is no instant; write it as in 2026-11-23T08:00:00+08:00") from None
    if instant.tzinfo is None:
        raise ValueError(f"{text!r} has no offset from UTC; write it as in 2026-11-23T08:00:00+08:00")
    return instant.astimezone(UTC)
