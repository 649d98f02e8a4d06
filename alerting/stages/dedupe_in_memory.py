"""Stage "dedupe" for one notifier without Redis (`redis_url = ""`): what was sent is remembered in this process.

Two notifiers must not run like this: neither would see what the other has sent, nor how much a robot has got from
it. After a restart the topics alone say what was sent, so a crash between sending and recording costs a repeat under
the same key, as it does when Redis is lost. Used by `cli`.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from typing import Final

from alerting.receiver import Rate
from alerting.record import Key, Outcome
from alerting.stages.dedupe import Claim, Held

SETTLED_MAX: Final = 200_000
"""Keys that are remembered; beyond that the oldest are forgotten, which the topics still know."""


class DedupeInMemory:
    """Claims nobody contests; see `alerting.stages.dedupe.Claims`."""

    degraded = False

    def __init__(self) -> None:
        self._settled: OrderedDict[Key, Outcome] = OrderedDict()

    async def claim(self, keys: Sequence[Key], lease_s: float) -> list[Claim]:
        """All are ours that were not sent or given up yet."""
        return [Claim(Held(self._settled[key]) if key in self._settled else Held.CLAIMED) for key in keys]

    async def settle(self, keys: Sequence[Key], outcome: Outcome) -> None:
        """Remember what was sent or given up; what is tried again stays open."""
        if outcome is Outcome.RETRY:
            return
        for key in keys:
            self._settled[key] = outcome
        while len(self._settled) > SETTLED_MAX:
            self._settled.popitem(last=False)

    async def allowance(self, receiver: str, rates: Sequence[Rate]) -> float:
        """Nobody else sends: the courier's own count is enough."""
        return 0.0

    async def forget(self, keys: Sequence[Key]) -> None:
        """Let keys be sent anew."""
        for key in keys:
            self._settled.pop(key, None)

    async def look(self) -> None:
        """There is no Redis to look after."""

    async def close(self) -> None:
        """Nothing to let go of."""
