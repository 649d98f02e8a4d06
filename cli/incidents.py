"""Incidents, offline: what tickets say of them, put together and counted. Used by `cli.trial`."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from sla.fact import Fact, read
from sla.incident import step
from sla.publication import Channel, Output
from sla.step import Watch

OFFLINE_SECRET = b"slawatch offline"
"""The key of pseudonyms where none is given: whoever has the file has the customers in it anyway."""


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

    def outputs(self, horizon: datetime | None) -> Iterator[Output]:
        """What is published of the incidents, one after the other, silence up to `horizon`."""
        for key, facts in self._facts.items():
            counted = step(None, key, list(facts.values()), self.watch)
            yield from counted.outputs
            if counted.incident is not None and horizon is not None:
                yield from step(counted.incident, key, [], self.watch, horizon).outputs
