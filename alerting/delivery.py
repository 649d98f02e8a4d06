"""Who hears what, as the delivery folder says it once it is checked: receivers, routes, contacts, teams. Pure.

`alerting.delivery_files` makes it, `alerting.routing` decides with it. May be imported by `alerting` and `cli`.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

import msgspec

from alerting.match import Match
from alerting.receiver import Kind
from alerting.roster import Team
from alerting.text import Language
from sla.units import Unit


class TargetKind(StrEnum):
    """Whom a step names."""

    RECEIVER = "receiver"
    UNIT = "unit"
    LEVEL = "level"
    DUTY = "duty"


OWNER, PARENT = "owner", "parent"
"""The units that `unit:` may name."""


class Target(msgspec.Struct, frozen=True):
    """`receiver:NAME`, `unit:owner`, `unit:parent`, `level:province` or `duty:TEAM`."""

    kind: TargetKind
    name: str

    def __str__(self) -> str:
        return f"{self.kind}:{self.name}"


class Step(msgspec.Struct, frozen=True):
    """Who hears it so long after it was raised, unless somebody has acknowledged it by then."""

    after: timedelta
    to: tuple[Target, ...]


class Route(msgspec.Struct, frozen=True, kw_only=True):
    """One route; its first step is at once, each later one after the one before it.

    `critical` None: computed. While nobody has acknowledged it, it is chased `chase_times` times after the last step.
    """

    name: str
    match: Match
    steps: tuple[Step, ...]
    continues: bool = False
    critical: bool | None = None
    chase_every: timedelta | None = None
    chase_times: int = 0


class Configured(msgspec.Struct, frozen=True):
    """A receiver as `receivers.toml` configures it on a line; `kind.make` builds it."""

    name: str
    kind: Kind
    language: Language
    config: msgspec.Struct
    line: int


class Delivery(msgspec.Struct, frozen=True, kw_only=True):
    """Everything the folder says; `zone` is the rulebook's.

    `contacts` are the receivers of a unit, `people` those of a person, `fallback` hears what would reach nobody.
    """

    zone: ZoneInfo
    receivers: Mapping[str, Configured]
    routes: tuple[Route, ...]
    fallback: tuple[str, ...]
    contacts: Mapping[str, tuple[str, ...]]
    units: Mapping[str, Unit]
    teams: Mapping[str, Team]
    people: Mapping[str, tuple[str, ...]]
