"""A set of events on its way through the core, offline: read, put together by ticket, judged ticket by ticket.

`cli.backtest` uses it, and so do tests and benchmarks that need to know how a log ends.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import datetime

from cli.incidents import Incidents
from sla.cloudevent import Refused, UnknownType, read
from sla.event import Event
from sla.publication import Output
from sla.step import Step, step
from sla.watch import Watch


class Trial:
    """Events under one rulebook. `refused` and `unknown` count by reason and by type what was kept out."""

    def __init__(self, watch: Watch) -> None:
        self.watch = watch
        self.tickets: dict[str, list[Event]] = {}
        self.refused: Counter[str] = Counter()
        self.unknown: Counter[str] = Counter()
        self.last_at: datetime | None = None
        self.incidents = Incidents(watch)

    def take(self, raw_events: Iterable[bytes]) -> None:
        """Read events; what is no event is counted by reason."""
        vocabulary = self.watch.rulebook.vocabulary
        tickets = self.tickets
        for raw in raw_events:
            try:
                subject, event = read(raw, vocabulary)
            except Refused as refused:
                self.refused[refused.reason.value] += 1
            except UnknownType as unknown:
                self.unknown[unknown.type] += 1
            else:
                tickets.setdefault(subject, []).append(event)
                if self.last_at is None or event.time > self.last_at:
                    self.last_at = event.time

    def take_both(self, other: Trial, raw_events: Iterable[bytes]) -> None:
        """Read events for this trial and another; only once where both rulebooks have the same vocabulary."""
        if self.watch.rulebook.vocabulary != other.watch.rulebook.vocabulary:
            self.take(_passed_through(raw_events, other))
            return
        self.take(raw_events)
        other.tickets, other.last_at = self.tickets, self.last_at  # nobody changes them once they are read
        other.refused, other.unknown = self.refused.copy(), self.unknown.copy()

    def outputs(self, until: datetime | None) -> Iterator[Output]:
        """Judge ticket by ticket, silence up to `until` (None: the last event's time); yields what is published.

        What tickets say of incidents is counted when all are judged.
        """
        horizon = until or self.last_at
        for subject in self.tickets:
            yield from self.judged(subject, horizon)
        for key in self.incidents.keys:
            yield from self.incidents.judged(key, horizon)

    def judged(self, subject: str, horizon: datetime | None) -> list[Output]:
        """What is published of one ticket, silence up to `horizon`; nothing of a ticket that has no events here."""
        events = self.tickets.get(subject)
        if events is None:
            return []
        result = self._counted(step(None, subject, events, self.watch))
        outputs = self.incidents.take(result.outputs)
        if result.ticket is None or horizon is None:
            return outputs
        silent = self._counted(step(result.ticket, subject, [], self.watch, horizon))
        return [*outputs, *self.incidents.take(silent.outputs)]

    def _counted(self, result: Step) -> Step:
        for _, refusal in result.refused:
            self.refused[refusal.value] += 1
        return result


def _passed_through(raw_events: Iterable[bytes], other: Trial) -> Iterator[bytes]:
    """The events, each read by the other trial as it goes by: standard input cannot be read twice."""
    for raw in raw_events:
        other.take((raw,))
        yield raw
