"""When a failed attempt is followed by the next, and when it was the last. Pure; `alerting` and `cli` only."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from alerting.answer import Answer, Class
from alerting.record import Outcome

PAUSES_S: Final = (5.0, 30.0, 120.0, 600.0, 1_800.0)
"""Between the attempts at one message; after the last there is none. A page an hour late is of no use."""

WAIT_MAX_S: Final = 3_600.0
"""The longest a receiver may ask to be left alone."""


def follows(answer: Answer, attempt: int, at: datetime) -> tuple[Outcome, datetime | None]:
    """What an attempt (counted from 1) that ended at `at` comes to, and when the next is due, if there is one."""
    if answer.kind is Class.SENT:
        return Outcome.SENT, None
    if answer.kind is Class.UNVERIFIED:
        return Outcome.UNVERIFIED, None
    if answer.kind is Class.REFUSED or attempt > len(PAUSES_S):
        return Outcome.DEAD, None
    pause = max(PAUSES_S[attempt - 1], min(answer.wait_s or 0.0, WAIT_MAX_S))
    return Outcome.RETRY, at + timedelta(seconds=pause)
