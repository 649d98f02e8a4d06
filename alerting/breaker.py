"""The circuit breaker of one receiver: one that does not answer is left alone for a while. Pure.

Why: with thousands of messages waiting, each would spend its attempts and its timeout on a receiver that is down.
While it is open nothing is tried; after the pause a single message tries again. `alerting` only.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from alerting.answer import Answer, Class, Why

FAILURES: Final = 5
PAUSE: Final = timedelta(seconds=10)
PAUSE_MAX: Final = timedelta(minutes=5)

_DOWN: Final = frozenset(
    {Why.SERVER_ERROR, Why.TIMED_OUT, Why.NO_CONNECTION, Why.BROKEN_OFF, Why.UNTRUSTED, Why.FORBIDDEN_ADDRESS}
)
"""What says something about the receiver, and not about one message."""


class Breaker:
    """Closed (all is well), open until an instant, or half open (one attempt decides)."""

    def __init__(self) -> None:
        self._failures = 0
        self._pause = PAUSE
        self.open_until: datetime | None = None

    def tell(self, answer: Answer, now: datetime) -> None:
        """What the last attempt came to."""
        if answer.why is Why.RATE_LIMITED and answer.wait_s:
            self.open_until = now + min(timedelta(seconds=answer.wait_s), timedelta(hours=1))
        elif answer.kind in (Class.SENT, Class.UNVERIFIED) or answer.why not in _DOWN:
            self._failures, self._pause, self.open_until = 0, PAUSE, None
        else:
            self._failures += 1
            if self._failures >= FAILURES:
                self.open_until = now + self._pause
                self._pause = min(self._pause * 2, PAUSE_MAX)
                self._failures = FAILURES - 1  # half open: the next failure opens it again

    @property
    def calm(self) -> bool:
        """Whether the last attempts say nothing bad of the receiver; else it is tried with one message at a time."""
        return self._failures == 0

    def closed(self, now: datetime) -> bool:
        """Whether something may be tried."""
        return self.open_until is None or self.open_until <= now
