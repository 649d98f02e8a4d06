"""How many messages a receiver may get in a stretch of time: never one more, however they are bunched. Pure.

A robot that is told too much goes silent for minutes, just when it matters. So this counts sliding windows: in any
stretch of the length given there are at most so many. `alerting` only.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from datetime import datetime, timedelta

from alerting.receiver import Rate


class Allowance:
    """What one receiver has got lately, in this process."""

    def __init__(self, rates: Sequence[Rate]) -> None:
        self._rates = rates
        self._kept = max((rate.messages for rate in rates), default=0)
        self._sent: deque[datetime] = deque(maxlen=self._kept or 1)

    def wait(self, now: datetime) -> timedelta:
        """How long until one more may go out; zero: now."""
        longest = timedelta()
        for rate in self._rates:
            if len(self._sent) >= rate.messages:
                free_at = self._sent[-rate.messages] + timedelta(seconds=rate.seconds)
                longest = max(longest, free_at - now)
        return longest

    def note(self, now: datetime) -> None:
        """One goes out."""
        if self._rates:
            self._sent.append(now)
