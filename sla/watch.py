"""What the judging needs beside a ticket or an incident. Everybody may import this."""

from __future__ import annotations

from datetime import datetime

import msgspec

from sla.rulebook import Rulebook


class Watch(msgspec.Struct, frozen=True):
    """What the judging needs beside a ticket: the law, from when on alerts are for people, and whom to doubt.

    Alerts whose due time lies before `quiet_before` are `historic`: published, never delivered. Those that fire on
    the silence of an `unverified` source are marked so: it tells nothing at all.
    """

    rulebook: Rulebook
    quiet_before: datetime | None = None
    unverified: frozenset[str] = frozenset()

    def historic(self, at: datetime) -> bool:
        """Whether an instant lies before alerts are for people."""
        return self.quiet_before is not None and at < self.quiet_before
