"""The timers of a partition: which tickets time alone changes, and when.

Clocks come due in herds (a storm, a changed rulebook), so the timers of one second are one list: setting one is an
append, and the list is sorted once, when its second comes. An entry is never taken back; whoever pops it compares it
with what the ticket waits for. `streams` only.
"""

from __future__ import annotations

from collections.abc import Iterable
from heapq import heappop, heappush

SECOND_US = 1_000_000

Entry = tuple[int, bytes]
"""When (microseconds since 1970), and whose ticket."""


class Timers:
    """Entries in order of time; `len` counts the stale ones too.

    The lists of `_by_second` hold their earliest entry first and the others in no order. Seconds up to `_begun` have
    come: their entries wait in `_now`, the next one last, and what is set into them afterwards in the heap `_late`.
    """

    def __init__(self, entries: Iterable[Entry] = ()) -> None:
        self._by_second: dict[int, list[Entry]] = {}
        self._seconds: list[int] = []
        self._now: list[Entry] = []
        self._late: list[Entry] = []
        self._begun = -1
        self._ahead = 0
        for at_us, key in entries:
            self.push(at_us, key)

    def __len__(self) -> int:
        return self._ahead + len(self._now) + len(self._late)

    def push(self, at_us: int, key: bytes) -> None:
        """Set a timer; the past is as good as the future."""
        second = at_us // SECOND_US
        if second <= self._begun:
            heappush(self._late, (at_us, key))
            return
        self._ahead += 1
        waiting = self._by_second.get(second)
        if waiting is None:
            self._by_second[second] = [(at_us, key)]
            heappush(self._seconds, second)
        elif at_us < waiting[0][0]:
            waiting.append(waiting[0])
            waiting[0] = (at_us, key)
        else:
            waiting.append((at_us, key))

    def next_us(self) -> int | None:
        """When the earliest entry is due; None when there is none."""
        if self._now and self._late:
            return min(self._now[-1][0], self._late[0][0])
        if self._now:
            return self._now[-1][0]
        if self._late:
            return self._late[0][0]
        return self._by_second[self._seconds[0]][0][0] if self._seconds else None

    def pop_before(self, horizon_us: int) -> Entry | None:
        """Take the earliest entry out, if it is due before an instant."""
        now, late = self._now, self._late
        if not now and not late:
            if not self._seconds or self._seconds[0] * SECOND_US >= horizon_us:
                return None
            self._begin()
            now = self._now
        if late and (not now or late[0] < now[-1]):
            return heappop(late) if late[0][0] < horizon_us else None
        return now.pop() if now[-1][0] < horizon_us else None

    def _begin(self) -> None:
        """Let the next second that has entries come."""
        self._begun = heappop(self._seconds)
        self._now = self._by_second.pop(self._begun)
        self._ahead -= len(self._now)
        self._now.sort(reverse=True)
