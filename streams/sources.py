"""Who tells the events, and for how long each has been silent: what nobody tells looks like what nobody did.

A worker knows the sources of the partitions it owns. A source is silent when everything appended through an instant
is read, and nothing of it for longer than it may be quiet. Alerts that rest on its silence are marked. `streams` and
`agents` only.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

SOURCES_MAX = 100
"""So many sources are known by name; an installation that has more of them names wrongly what it calls a source."""

CANARY = "slawatch/canary"
"""The source of the monitor's own tickets: Prometheus misses them, and people on call shall not hear of it."""


@dataclass(slots=True)
class Heard:
    """When the broker took the last event of a source, and its greatest delay since that was asked last."""

    appended_at: datetime
    delay: timedelta = timedelta(0)


class Sources:
    """The sources one worker hears of.

    `silent_after` is how long a source may be quiet (None: as long as it likes). Those `expected` count as heard at
    `since`, so that one that never tells anything is missed too.
    """

    def __init__(
        self, silent_after: timedelta | None = None, expected: Iterable[str] = (), since: datetime | None = None
    ) -> None:
        self.silent_after = silent_after
        self.heard: dict[str, Heard] = {}
        if since is not None:
            self.heard = {name: Heard(since) for name in expected}

    def hear(self, name: str, at: datetime, appended_at: datetime) -> None:
        """Note one event of a source: when it happened, and when the broker took it."""
        heard = self.heard.get(name)
        if heard is None:
            if name == CANARY:  # unless it is expected by name
                return
            if len(self.heard) >= SOURCES_MAX:
                return
            heard = self.heard[name] = Heard(appended_at)
        heard.appended_at = max(heard.appended_at, appended_at)
        heard.delay = max(heard.delay, appended_at - at)

    def silent(self, through: datetime) -> frozenset[str]:
        """The sources that are silent, everything appended through an instant being read."""
        if self.silent_after is None:
            return frozenset()
        since = through - self.silent_after
        return frozenset(name for name, heard in self.heard.items() if heard.appended_at < since)

    def delays(self) -> dict[str, timedelta]:
        """The greatest delay of each source since this was asked last."""
        found = {name: heard.delay for name, heard in self.heard.items()}
        for heard in self.heard.values():
            heard.delay = timedelta(0)
        return found
