"""How `calendar.toml` and the operator's `calendar-override.toml` are read: their layout, and every fault in them.

What a calendar then says of a day is in `sla.working_days`. Only `sla.rulebook` imports this.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import time
from enum import StrEnum
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

import msgspec

from sla.almanac import MIDNIGHT, Calendar, DayEnd, NonworkingStart
from sla.override_file import OVERRIDE, Override, read_override
from sla.toml_file import Fault, each, load
from sla.toml_lines import Path
from sla.window_text import read_time, read_windows
from sla.working_days import Beyond, Days, Source
from sla.working_hours import Profile

CALENDAR = "calendar.toml"


class ProfileFile(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """`[profiles.<name>]`."""

    windows: list[str] | None = None
    all_day: bool = False
    closing: str | None = None
    levels: list[str] = []
    units: list[str] = []


class CalendarFile(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """`calendar.toml`."""

    days: str
    default: str
    profiles: dict[str, Any]
    beyond: str = Beyond.UNKNOWN.value
    day_end: str = DayEnd.CLOSE_OF_BUSINESS.value
    nonworking_start: str = NonworkingStart.CALENDAR.value
    roll_after: str | None = None


def read_calendar(files: Mapping[str, str], zone: ZoneInfo, faults: list[Fault]) -> Calendar | None:
    """Read the calendar of a rulebook with the operator's override; None without one, or after noting its faults."""
    found = len(faults)
    if CALENDAR not in files:
        if OVERRIDE in files:
            what = "there is no calendar.toml that it could override"
            faults.append(Fault(OVERRIDE, 1, what, "add a calendar.toml, or remove this file"))
        return None
    file = load(CALENDAR, files, CalendarFile, faults)
    override = read_override(files, faults)
    if file is None:
        return None
    return _Reading(file, files, faults).calendar(zone, override or Override({}, {}), found)


E = TypeVar("E", bound=StrEnum)


class _Reading:
    """One `calendar.toml` as it is turned into a calendar; faults are noted as they are met."""

    def __init__(self, file: CalendarFile, files: Mapping[str, str], faults: list[Fault]) -> None:
        self.file = file
        self.files = files
        self.faults = faults

    def calendar(self, zone: ZoneInfo, override: Override, found: int) -> Calendar | None:
        """The calendar, or None if there are now more than `found` faults."""
        file = self.file
        source, beyond = self._choice("days", Source), self._choice("beyond", Beyond)
        day_end, start = self._choice("day_end", DayEnd), self._choice("nonworking_start", NonworkingStart)
        if source is Source.WEEKDAYS and beyond is Beyond.ESTIMATED:
            self._fault(("beyond",), "plain weekdays never end, there is nothing to estimate", "leave beyond out")
        entries = each(CALENDAR, "profiles", file.profiles, ProfileFile, self.files, self.faults)
        profiles = {name: profile for name, entry in entries.items() if (profile := self._profile(name, entry))}
        if not file.profiles:
            self._fault(("profiles",), "there is no profile of working hours", "add [profiles.office] with windows")
        elif file.default not in file.profiles:
            what = f"the default {file.default!r} is no profile of this file"
            self._fault(("default",), what, f"name one of: {', '.join(sorted(file.profiles))}")
        roll_after = self._roll_after(start, profiles.get(file.default))
        by_unit, by_level = self._named(entries, "units"), self._named(entries, "levels")
        if len(self.faults) > found or not (source and beyond and day_end and start):
            return None
        return Calendar(
            zone,
            Days(source, beyond, override.years, override.days),
            profiles,
            file.default,
            day_end=day_end,
            nonworking_start=start,
            roll_after=roll_after,
            by_unit=by_unit,
            by_level=by_level,
        )

    def _choice(self, key: str, choices: type[E]) -> E | None:
        said = getattr(self.file, key)
        try:
            return choices(said)
        except ValueError:
            what = f"{key} is {said!r}, which nobody knows"
            self._fault((key,), what, f"write one of: {', '.join(choice.value for choice in choices)}")
        return None

    def _profile(self, name: str, entry: ProfileFile) -> Profile | None:
        path: Path = ("profiles", name)
        if entry.all_day:
            if entry.windows is not None:
                self._fault(
                    (*path, "windows"), f"profile {name!r} has windows and is all_day", "leave one of them out"
                )
                return None
            if entry.closing is not None:
                self._fault((*path, "closing"), f"profile {name!r} is all_day and never closes", "leave closing out")
                return None
            return Profile(name, all_day=True)
        if not entry.windows:
            remedy = 'write windows = ["08:30-12:00", "13:30-17:30"], or all_day = true'
            self._fault((*path, "windows"), f"profile {name!r} has no working hours", remedy)
            return None
        windows = read_windows(CALENDAR, self.files, (*path, "windows"), entry.windows, self.faults)
        if windows is None:
            return None
        closing = self._closing((*path, "closing"), entry.closing, windows[-1].closes)
        return Profile(name, windows, closing)

    def _closing(self, path: Path, said: str | None, last: time) -> time | None:
        if said is None:
            return None
        try:
            closing = read_time(said, end=True)
        except ValueError as error:
            self._fault(path, str(error), "write it as in '17:30'")
            return None
        if closing != MIDNIGHT and (last == MIDNIGHT or closing < last):
            what = f"business closes at {said}, before the last window ends"
            self._fault(path, what, "close at its end or later, or leave closing out")
        return closing

    def _roll_after(self, start: NonworkingStart | None, default: Profile | None) -> time | None:
        said, path = self.file.roll_after, ("roll_after",)
        if said is None:
            return None
        if start is NonworkingStart.CALENDAR:
            what = "roll_after does nothing while a start counts where it is"
            self._fault(path, what, 'write nonworking_start = "roll", or leave roll_after out')
        try:
            roll_after = read_time(said, end=False)
        except ValueError as error:
            self._fault(path, str(error), "write it as in '17:30'")
            return None
        if default is not None and default.windows and roll_after < default.windows[0].opens:
            what = f"a start after {said} would roll before the office has opened"
            self._fault(path, what, "name a time after the first opening of the default profile")
        return roll_after

    def _named(self, entries: dict[str, ProfileFile], key: str) -> dict[str, str]:
        """Which profile each unit or level belongs to; it can belong to one."""
        named: dict[str, str] = {}
        for profile, entry in entries.items():
            for name in getattr(entry, key):
                path: Path = ("profiles", profile, key)
                if not name or name != name.strip():
                    self._fault(path, f"{name!r} in {key} is no name", "write it without blanks around it")
                elif name in named:
                    what = f"{name!r} is among the {key} of {named[name]!r} already"
                    self._fault(path, what, "name it once, in one profile")
                named[name] = profile
        return named

    def _fault(self, path: Path, what: str, remedy: str) -> None:
        self.faults.append(Fault.at(CALENDAR, self.files, path, what, remedy))
