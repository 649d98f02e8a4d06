"""Who tells the events, and for how long each has been silent: what nobody tells looks like what nobody did.

A worker knows the sources of the partitions it owns. A source is silent when everything appended through an instant
is read, and nothing of it for longer than it may be quiet. Alerts that rest on its silence are marked. `streams` and
`agents` only.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

SOURCES_MAX = 100
"""So many sources are known by name; an installation that has more of them names wrongly what it calls a source."""

EARLIEST = datetime.min.replace(tzinfo=UTC)

CANARY = "slawatch/canary"
"""The source of the monitor's own tickets: Prometheus misses them, and people on call shall not hear of it."""
CANARY_RULE = "canary/heard"
"""The rule that these tickets break on purpose, which is nobody's."""


@dataclass(slots=True)
class Heard:
    """When the broker took the last event of a source, and its greatest delay since that was asked last.

    `appended_at` is None before this worker hears of it; `missed` says that it was called silent before that.
    """

    appended_at: datetime | None = None
    delay: timedelta = timedelta(0)
    missed: bool = False


class Sources:
    """The sources one worker hears of.

    `silent_after` is how long a source may be quiet (None: as long as it likes). Those `expected` are missed when
    they never tell anything since `since`, as are those that this worker knew before it stood by.
    """

    def __init__(
        self, silent_after: timedelta | None = None, expected: Iterable[str] = (), since: datetime = EARLIEST
    ) -> None:
        self.silent_after = silent_after
        self.since = since
        self.heard: dict[str, Heard] = {name: Heard() for name in expected}

    def hear(self, name: str, at: datetime, appended_at: datetime) -> None:
        """Note one event of a source: when it happened, and when the broker took it."""
        heard = self.heard.get(name)
        if heard is None:
            if name == CANARY:  # unless it is expected by name
                return
            if len(self.heard) >= SOURCES_MAX:
                return
            heard = self.heard[name] = Heard(appended_at)
        known = heard.appended_at
        if known is None or appended_at > known:
            heard.appended_at, heard.missed = appended_at, False
        heard.delay = max(heard.delay, appended_at - at)

    def miss(self, name: str) -> None:
        """Take a source for silent until it is heard: a standing alert says so. Nothing where it was heard already.

        These are no more than former owners knew by name, so they have no limit of their own.
        """
        heard = self.heard.setdefault(name, Heard())
        heard.missed = heard.appended_at is None

    def stand_by(self, at: datetime) -> None:
        """Hear of nobody any more: others do, and none is silent before its time has passed from here on."""
        self.since = at
        self.heard = {name: Heard() for name in self.heard}

    def silent(self, through: datetime) -> frozenset[str]:
        """The sources that are silent, everything appended through an instant being read."""
        if self.silent_after is None:
            return frozenset()
        edge = through - self.silent_after
        return frozenset(
            name for name, heard in self.heard.items() if heard.missed or (heard.appended_at or self.since) < edge
        )

    def delays(self) -> dict[str, timedelta]:
        """The greatest delay of each source since this was asked last."""
        found = {name: heard.delay for name, heard in self.heard.items()}
        for heard in self.heard.values():
            heard.delay = timedelta(0)
        return found
