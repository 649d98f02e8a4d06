"""Stage "digest": what a receiver gets next, one message or a storm in one. Pure.

A few alerts are told one by one. When more wait than a person reads, they become one message that lists every id;
while the storm lasts there is one such message in a window. Critical ones go first and do not wait for the window.
Machines get every message. `alerting` only.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Final

from alerting.alert import Alert
from alerting.ladder import Task
from alerting.record import END, Key

SINGLES_MAX: Final = 3
"""So many are told one by one in a window; what is more waits and becomes one message."""
WINDOW: Final = timedelta(seconds=15)
WINDOW_CRITICAL: Final = timedelta(seconds=5)
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
        self._singles: deque[datetime] = deque(maxlen=SINGLES_MAX)
        self._digest_at: datetime | None = None
        self._left_over = self._firing_last = False

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
        if self._holds is None or self._left_over or self._one_by_one(now):
            return now
        since = self._digest_at
        few = len(self) <= SINGLES_MAX and not self._queues[0]
        if few and self._singles:  # a trickle: the next single may go, or more come and make it a digest
            since = max(self._singles[0], since or self._singles[0])
        return now if since is None else max(now, since + (WINDOW_CRITICAL if self._queues[0] else WINDOW))

    def next(self, now: datetime) -> list[Task]:
        """Take what goes out in one message; more than one is a digest. Empty: not yet."""
        ready_at = self.ready_at(now)
        if ready_at is None or ready_at > now:
            return []
        if self._holds is None:
            return self._pop(self._first())
        if self._one_by_one(now) and not self._left_over:
            self._singles.append(now)
            return self._pop(self._first())
        taken = self._pop(self._listed())
        self._digest_at, self._left_over = now, len(self) > SINGLES_MAX
        return taken

    def _one_by_one(self, now: datetime) -> bool:
        """Whether a single message is due: few wait, and few went out lately."""
        if len(self._singles) == SINGLES_MAX and self._singles[0] > now - WINDOW:
            return False
        critical = len(self._queues[0])
        if critical:
            return critical <= SINGLES_MAX
        storm = self._digest_at is not None and self._digest_at > now - WINDOW
        return len(self) <= SINGLES_MAX and not storm

    def _listed(self) -> list[Task]:
        """What the next digest lists: a message that was not taken as it was; else what fires, or what is over."""
        first = self._first()[0]
        if first.digest is not None:
            return [task for queue in self._queues for task in queue.values() if task.digest == first.digest]
        firing = [*self._queues[0].values(), *self._queues[1].values()]
        over = [*self._queues[2].values(), *self._queues[3].values()]
        ends_turn = self._firing_last and not self._queues[0]  # else they would wait as long as the storm lasts
        waiting = over if over and (not firing or ends_turn) else firing
        self._firing_last = waiting is firing
        waiting = [task for task in waiting[:DIGEST_MAX] if task.digest is None]
        assert self._holds is not None
        return waiting[: max(1, self._holds([task.alert for task in waiting]))]

    def _first(self) -> list[Task]:
        return [next(task for queue in self._queues for task in queue.values())]

    def _pop(self, taken: list[Task]) -> list[Task]:
        for task in taken:
            self.discard(task.key)
        return taken
