"""The layout of `routes.toml`, table by table. Only `alerting.routes_file` and `alerting.match_file` import this."""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from alerting.roster_file import Weekday

Level = Literal["notice", "warning", "breach", "escalation"]
OwnerLevel = Literal["hq", "national", "province", "city", "county", "team"]


class HoursFile(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """`[hours.<name>]`: without days every day, without windows the whole day."""

    days: Literal["working"] | list[Weekday] | None = None
    windows: list[str] | None = None
    zone: str | None = None


class ContactFile(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """`[contacts.<unit>]`."""

    receivers: list[str]


class MatchFile(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """`match`: each key a value or a list of values; a key that is left out fits all."""

    level: Level | list[Level] | None = None
    rule: str | list[str] | None = None
    kind: str | list[str] | None = None
    grade: str | list[str] | None = None
    urgency: str | list[str] | None = None
    category: str | list[str] | None = None
    mode: int | list[int] | None = None
    owner: str | list[str] | None = None
    owner_level: OwnerLevel | list[OwnerLevel] | None = None
    assumed: bool | None = None
    unverified: bool | None = None
    hours: str | list[str] | None = None


class StepFile(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """`[[route.steps]]`."""

    after: str = "0 s"
    to: list[str]


class RouteFile(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """`[[route]]`."""

    name: str
    match: MatchFile = msgspec.field(default_factory=MatchFile)
    continues: bool = msgspec.field(name="continue", default=False)
    critical: bool | None = None
    chase_every: str | None = None
    chase_times: int | None = None
    steps: list[StepFile]


class RoutesFile(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """`routes.toml`."""

    fallback: list[str] = []
    hours: dict[str, Any] = {}
    contacts: dict[str, Any] = {}
    route: list[Any] = []
