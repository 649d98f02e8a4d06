"""Stage "digest": what a receiver gets next, one message or a storm in one. Pure.

A few alerts are told one by one. When more wait than a person reads, they become one message that lists every id;
while the storm lasts there is one such message in a window. Critical ones go first and do not wait for the window.
Machines get every message. `alerting` only.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from itertools import islice
from typing import Final

from alerting.alert import Alert
from alerting.ladder import END, Task
from alerting.record import Key

SINGLES_MAX: Final = 3
"""Up to so many waiting alerts are told one by one."""
WINDOW: Final = timedelta(seconds=15)
WINDOW_CRITICAL: Final = timedelta(seconds=4)
DIGEST_MAX: Final = 2_000
"""Alerts in one message, whatever its limit."""

Holds = Callable[[Sequence[Alert]], int]
"""How many of these alerts, from the first, one message can list."""


class Outbox:
    """What waits for one receiver, in the order it is to go out."""

    def __init__(self, holds: Holds | None) -> None:
        """`holds` None: never a digest."""
        self._holds = holds
        # Four queues, in the order of what a person needs first; a dict keeps the order of arrival.
        self._queues: tuple[dict[Key, Task], ...] = ({}, {}, {}, {})
        self._calm_at: datetime | None = None  # until then the storm is not over
        self._left_over = False

    def __len__(self) -> int:
        return sum(map(len, self._queues))

    def __contains__(self, key: Key) -> bool:
        return any(key in queue for queue in self._queues)

    def add(self, task: Task) -> None:
        """One more message that is due."""
        over = task.key.step == END
        self._queues[(2 if over else 0) + (0 if task.critical else 1)].setdefault(task.key, task)

    def discard(self, key: Key) -> None:
        """It is not wanted any more."""
        for queue in self._queues:
            queue.pop(key, None)

    def ready_at(self, now: datetime) -> datetime | None:
        """From when on `next` gives something; None: nothing waits."""
        if not len(self):
            return None
        if self._calm_at is None or self._left_over or self._few_critical():
            return now
        since = self._calm_at - WINDOW
        return since + (WINDOW_CRITICAL if self._queues[0] else WINDOW)

    def next(self, now: datetime) -> list[Task]:
        """Take what goes out in one message; more than one is a digest. Empty: not yet."""
        ready_at = self.ready_at(now)
        if ready_at is None or ready_at > now:
            return []
        if self._holds is None or self._few_critical():
            return self._pop(1)
        firing = [*self._queues[0].values(), *self._queues[1].values()]
        waiting = firing or [*self._queues[2].values(), *self._queues[3].values()]
        if len(self) <= SINGLES_MAX and (self._calm_at is None or self._calm_at <= now):
            self._calm_at = None
            return self._pop(1)
        count = max(1, min(self._holds([task.alert for task in waiting[:DIGEST_MAX]]), DIGEST_MAX))
        taken = waiting[:count]
        for task in taken:
            self.discard(task.key)
        self._calm_at, self._left_over = now + WINDOW, len(self) > SINGLES_MAX
        return taken

    def _few_critical(self) -> bool:
        return 0 < len(self._queues[0]) <= SINGLES_MAX

    def _pop(self, count: int) -> list[Task]:
        taken = list(islice(self._ordered(), count))
        for task in taken:
            self.discard(task.key)
        return taken

    def _ordered(self) -> Iterator[Task]:
        for queue in self._queues:
            yield from queue.values()
