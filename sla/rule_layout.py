"""The layout of the file of a rule, table by table.

Only `sla.rule_file`, `sla.rule_check` and `sla.cases` import this.
"""

from __future__ import annotations

from datetime import date
from typing import Any, Literal

import msgspec

from sla.toml_file import Where


class TriggerFile(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """`needs` and `lacks`: an event under a condition."""

    event: str
    where: Where = {}
    unless: Where | list[Where] = {}


class LackFile(TriggerFile, forbid_unknown_fields=True, kw_only=True):
    """`lacks`: an event that must not be there before; `later`: not after the last of what is needed."""

    later: bool = False


class StartFile(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """`[from]` or `[[from]]`; with `bound` it names no event."""

    event: str = ""
    where: Where = {}
    unless: Where | list[Where] = {}
    at: str | None = None
    first: bool = False
    last: bool = False
    ticket: Where = {}
    bound: bool = False


class StopFile(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """`[[to]]`, `[[undo]]`, `[[cancel]]`; `reason` belongs to a cancel."""

    event: str
    where: Where = {}
    unless: Where | list[Where] = {}
    match: dict[str, str] = {}
    reason: Literal["merged", "reply_returned", "superseded", "regraded", "replied", "restored", "closed"] | None = (
        None
    )


class OwnerFile(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """`[[owner]]`."""

    where: Where = {}
    unit: str | None = None
    level: str | None = None
    level_from: str | None = None
    of: str | TriggerFile | None = None


class KeepFile(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """`keep` of a quota: for how many years, for which tickets."""

    years: int
    where: Where = {}


class InForceFile(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """`[[in_force]]`."""

    since: date
    warn: list[str] = []
    where: Where = {}
    term: str | None = None
    daily: str | None = None
    every: str | None = None
    after: str | None = None
    each: Literal["calendar_day", "working_day"] = "calendar_day"
    days: int = 0
    a_day: int = 0
    tries: int = 0
    gap: str | None = None
    cap: int = 0
    keep: list[KeepFile] = []


class SuperiorFile(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """`[superior]`."""

    event: str
    at: str


class QuotaFile(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """`[quota]`."""

    add: str
    amount: str
    remove: str | None = None


class RecurrenceFile(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """`[recurrence]`: which tickets are about the same, how many of them are too many, and which count."""

    same: list[str]
    times: int
    counts: list[TriggerFile]
    discounts: list[TriggerFile] = []
    warn_at: int = 0
    first_counts: bool = False
    window: Literal["anchored", "rolling"] = "anchored"


class RuleFile(
    msgspec.Struct, forbid_unknown_fields=True, kw_only=True, rename={"start": "from", "excepts": "except"}
):
    """One rule."""

    id: str
    clause: str
    says: str
    title: dict[str, str]
    kind: str
    business: str
    start: StartFile | list[StartFile]
    to: list[StopFile] = []
    owner: list[OwnerFile]
    in_force: list[InForceFile]
    case: list[dict[str, Any]]
    binds: Where | list[Where] = {}
    excepts: list[Where] = []
    undo: list[StopFile] = []
    cancel: list[StopFile] = []
    needs: list[TriggerFile] = []
    lacks: list[LackFile] = []
    superior: SuperiorFile | None = None
    quota: QuotaFile | None = None
    recurrence: RecurrenceFile | None = None
    also: list[str] = []
    source: str = ""
    owed_at_close: bool = False
    verdict_only: bool = False
    assumed: bool = False
    off: bool = False


def alternatives(where: Where | list[Where]) -> list[Where]:
    """The tables of a condition that may be one table or several, of which one must hold; none where it is empty."""
    return [table for table in (where if isinstance(where, list) else [where]) if table]


def starts(file: RuleFile) -> list[StartFile]:
    """The `[from]` or `[[from]]` of a rule that starts with events; none where it starts when it binds."""
    tables = file.start if isinstance(file.start, list) else [file.start]
    return [table for table in tables if not table.bound]
