"""Proof of silence about incidents: nothing more will be said of them that was in the events by a certain moment.

What is not in the facts yet may be in events that no worker has read, so an incident is only silent when everything
that lay in the events at that moment was read, by whichever worker, and the facts it gave rise to are in. Else an
escalation would go out that an appeal further on has overturned already. Used by `agents.worker`.

    asked at T:   where events end -> wait until the tickets' group has committed that far -> where facts end now
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

from confluent_kafka import Consumer, KafkaException, TopicPartition

from streams.clock import Clock
from streams.progress import Prober, ProofFailedError

ANSWER_WITHIN_S = 5.0


class FactsProber(Prober):
    """Asks where the partitions of facts end, and what that proves."""

    def __init__(
        self, settings: Mapping[str, Any], facts: str, events: str, group: str, partitions: int, clock: Clock
    ) -> None:
        """`group` reads `events` and writes facts only before it commits; all have the same `partitions`."""
        super().__init__(settings, facts, clock)
        self._events = Prober(settings, events, clock)
        self._events_topic, self._partitions = events, range(partitions)
        self._group = Consumer({**settings, "group.id": group, "enable.auto.commit": False})  # asks, never joins
        self._asked: tuple[int, dict[int, int]] | None = None

    async def proof(self, partitions: Sequence[int]) -> tuple[int, dict[int, int]]:
        """As `ends`, for the moment of which that is proven; no ends while the tickets are behind.

        Raises ProofFailedError when the brokers do not answer.
        """
        if self._asked is None:
            self._asked = await self._events.ends(self._partitions)
        asked_us, ends = self._asked
        committed = await asyncio.get_running_loop().run_in_executor(None, self._committed)
        if any(committed[number] < end for number, end in ends.items() if end > 0):
            return asked_us, {}
        self._asked = None
        return asked_us, (await self.ends(partitions))[1]

    def _committed(self) -> dict[int, int]:
        wanted = [TopicPartition(self._events_topic, number) for number in self._partitions]
        try:
            found = self._group.committed(wanted, timeout=ANSWER_WITHIN_S)
        except KafkaException as error:
            raise ProofFailedError(str(error)) from error
        return {tp.partition: tp.offset for tp in found}
