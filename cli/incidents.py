"""Incidents, offline: what tickets say of them, put together and counted. Used by `cli.trial`."""

from __future__ import annotations

from datetime import datetime

from sla.fact import Fact, read
from sla.incident import step
from sla.publication import Channel, Output
from sla.watch import Watch


class Incidents:
    """What the tickets of a log contribute to incidents; of each ticket the fact of the highest revision counts."""

    def __init__(self, watch: Watch) -> None:
        self.watch = watch
        self._facts: dict[str, dict[str, Fact]] = {}

    def take(self, outputs: list[Output]) -> list[Output]:
        """Keep the facts among a ticket's outputs; the others come back."""
        rest = []
        for output in outputs:
            if output.channel is Channel.FACTS:
                fact = read(output.value)
                self._facts.setdefault(output.key, {})[fact.ticket] = fact
            else:
                rest.append(output)
        return rest

    @property
    def keys(self) -> list[str]:
        """The incidents there are, in the order in which they came up."""
        return list(self._facts)

    def judged(self, key: str, horizon: datetime | None) -> list[Output]:
        """What is published of one incident, silence up to `horizon`; nothing of one that is not there."""
        facts = self._facts.get(key)
        if facts is None:
            return []
        counted = step(None, key, list(facts.values()), self.watch)
        if counted.incident is None or horizon is None:
            return counted.outputs
        return [*counted.outputs, *step(counted.incident, key, [], self.watch, horizon).outputs]
