"""Whether a worker is alive in the sense that counts: every owned partition moves, or stands at its end.

`/healthz` and `/readyz` answer from it. A monitor that is stuck is worse than one that is restarted. `streams`
and `agents` only.
"""

from __future__ import annotations

from dataclasses import dataclass, field

MOVED_WITHIN_S = 30.0
ANSWERED_WITHIN_S = 10.0


@dataclass(slots=True)
class Health:
    """What was last seen of each owned partition; instants are monotonic seconds."""

    restored: bool = False
    rebalancing: bool = True
    answered_at: float = float("-inf")
    _seen: dict[int, tuple[int, float]] = field(default_factory=dict)

    def observe(self, offsets: dict[int, int], ends: dict[int, int], now: float) -> None:
        """Note the next offsets of the owned partitions beside where these end.

        While brokers do not answer nothing can move: after such a gap a partition has its time again from the start.
        """
        silent, self.answered_at = now - self.answered_at > ANSWERED_WITHIN_S, now
        seen = {}
        for number, offset in offsets.items():
            before, since = self._seen.get(number, (-1, now))
            moved = offset > before or offset >= ends.get(number, 0)
            seen[number] = (offset, now if moved or silent else since)
        self._seen = seen

    def stuck(self, now: float, after_s: float = MOVED_WITHIN_S) -> list[int]:
        """Partitions that have neither moved nor been at their end for so long."""
        return [number for number, (_, at) in self._seen.items() if now - at > after_s]

    def healthy(self, now: float) -> tuple[bool, str]:
        """Whether to leave this worker alone, and why not."""
        stuck = self.stuck(now)
        if stuck:
            return (
                False,
                f"partitions {stuck} have not moved for {MOVED_WITHIN_S:g} s and are not at their end",
            )
        return True, "every owned partition moves or stands at its end"

    def ready(self, now: float) -> tuple[bool, str]:
        """Whether this worker watches its partitions right now."""
        if self.rebalancing or not self.restored:
            return False, "taking partitions over"
        if now - self.answered_at > ANSWERED_WITHIN_S:
            return False, "the brokers do not answer"
        return True, "watching"
