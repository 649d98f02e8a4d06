"""How often one place of the code is heard in the log: some lines at once, then one a minute. Pure.

A broker that is away for hours would otherwise fill a disk with one sentence. What is left out is counted, and the
count is told. Used by `cli.logs`.
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from typing import Final

LINES_AT_ONCE: Final = 20
AGAIN_AFTER_S: Final = 60.0
PLACES_MAX: Final = 2000
"""So many places are counted each by itself; those beyond share one allowance."""
OTHERS: Final = "others"


@dataclass(slots=True)
class _Allowance:
    lines: float
    at_s: float
    left_out: int = 0

    def refill(self, now_s: float) -> None:
        self.lines = min(float(LINES_AT_ONCE), self.lines + max(0.0, now_s - self.at_s) / AGAIN_AFTER_S)
        self.at_s = now_s


class Flood:
    """What each place may still say; not thread-safe."""

    def __init__(self) -> None:
        self._places: dict[Hashable, _Allowance] = {}

    def admit(self, place: Hashable, now_s: float) -> int | None:
        """How many lines of this place were left out before this one; None: so is this one."""
        if place not in self._places and len(self._places) >= PLACES_MAX:
            self._drop_quiet(now_s)
            if len(self._places) >= PLACES_MAX:
                place = OTHERS
        known = self._places.setdefault(place, _Allowance(LINES_AT_ONCE, now_s))
        known.refill(now_s)
        if known.lines < 1:
            known.left_out += 1
            return None
        known.lines -= 1
        left_out, known.left_out = known.left_out, 0
        return left_out

    def untold(self, now_s: float, *, at_the_end: bool = False) -> list[tuple[Hashable, int]]:
        """Places whose lines were left out and that fell silent since, with the counts; each is given once.

        `at_the_end` gives all of them.
        """
        found = []
        for place, known in list(self._places.items()):  # a destructor may log while this goes on
            if known.left_out and (at_the_end or known.lines + (now_s - known.at_s) / AGAIN_AFTER_S > 2):
                found.append((place, known.left_out))
                known.left_out = 0
        return found

    def _drop_quiet(self, now_s: float) -> None:
        """Forget places that may say as much as new ones."""
        for place, known in list(self._places.items()):
            known.refill(now_s)
            if known.lines >= LINES_AT_ONCE and not known.left_out:
                self._places.pop(place, None)
