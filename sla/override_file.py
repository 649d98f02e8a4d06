"""How the operator's `calendar-override.toml` is read: single days, for everybody or for a unit, and whole years.

It is read beside the rulebook so that a notice of the authorities is a few lines on the day it appears. Only
`sla.calendar_file` imports this.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

import msgspec

from sla.toml_file import Fault, load
from sla.toml_lines import Path
from sla.window_text import read_windows
from sla.working_days import FIRST_YEAR, LAST_YEAR, Certainty, Day, Window

OVERRIDE = "calendar-override.toml"


class DayFile(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """`[[day]]`."""

    on: date
    working: bool
    unit: str | None = None
    windows: list[str] | None = None


class YearFile(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """`[[year]]`."""

    year: int
    off: list[date]
    working: list[date] = []


class OverrideFile(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """`calendar-override.toml`."""

    day: list[DayFile] = []
    year: list[YearFile] = []


class Override(msgspec.Struct, frozen=True):
    """What the operator says: of whole years, and of days by unit (None: everybody)."""

    years: dict[int, dict[date, bool]]
    days: dict[str | None, dict[date, Day]]


def read_override(files: Mapping[str, str], faults: list[Fault]) -> Override | None:
    """Read the override, an empty one where there is no file; None after noting its faults."""
    if OVERRIDE not in files:
        return Override({}, {})
    file = load(OVERRIDE, files, OverrideFile, faults)
    if file is None:
        return None
    reading = _Reading(files, faults)
    found = len(faults)
    for number, day in enumerate(file.day):
        reading.day(number, day)
    for number, year in enumerate(file.year):
        reading.year(number, year)
    return Override(reading.years, reading.days) if len(faults) == found else None


class _Reading:
    """What was read of an override so far; faults are noted as they are met."""

    def __init__(self, files: Mapping[str, str], faults: list[Fault]) -> None:
        self.files = files
        self.faults = faults
        self.years: dict[int, dict[date, bool]] = {}
        self.days: dict[str | None, dict[date, Day]] = {}

    def day(self, number: int, entry: DayFile) -> None:
        """Take a `[[day]]` over."""
        path: Path = ("day", number)
        if not FIRST_YEAR <= entry.on.year <= LAST_YEAR:
            self._fault((*path, "on"), f"{entry.on} is in no year that a calendar knows", _YEARS)
        if entry.unit is not None and (not entry.unit or entry.unit != entry.unit.strip()):
            self._fault((*path, "unit"), f"{entry.unit!r} is no unit", "name one, or leave unit out: everybody")
        of_unit = self.days.setdefault(entry.unit, {})
        if entry.on in of_unit:
            whose = "everybody" if entry.unit is None else f"unit {entry.unit!r}"
            self._fault((*path, "on"), f"{entry.on} is given twice for {whose}", "keep one of the two")
        windows = self._windows((*path, "windows"), entry)
        of_unit[entry.on] = Day(entry.working, Certainty.OVERRIDE, windows)

    def year(self, number: int, entry: YearFile) -> None:
        """Take a `[[year]]` over."""
        path: Path = ("year", number)
        if not FIRST_YEAR <= entry.year <= LAST_YEAR:
            self._fault((*path, "year"), f"{entry.year} is no year that a calendar knows", _YEARS)
            return
        if entry.year in self.years:
            self._fault((*path, "year"), f"the year {entry.year} is given twice", "join the two")
        if not entry.off:
            remedy = "list its statutory days off; without them leave the year out, and it is unknown"
            self._fault((*path, "off"), f"the year {entry.year} has no day off at all", remedy)
        said: dict[date, bool] = {}
        for key, works in (("off", False), ("working", True)):
            for on in getattr(entry, key):
                self._listed((*path, key), entry.year, on, works=works, said=said)
        self.years[entry.year] = said

    def _listed(self, path: Path, year: int, on: date, *, works: bool, said: dict[date, bool]) -> None:
        if on.year != year:
            self._fault(path, f"{on} does not lie in {year}", "move it to its own [[year]]")
        if on in said:
            how = "twice" if said[on] is works else "as a day off and as a working day"
            self._fault(path, f"{on} is listed {how}", "keep one of the two")
        if works and on.weekday() < 5:
            what = f"{on} is neither Saturday nor Sunday and worked anyway"
            self._fault(path, what, "check the date: a make-up day lies on a weekend")
        said[on] = works

    def _windows(self, path: Path, entry: DayFile) -> tuple[Window, ...]:
        if entry.windows is None:
            return ()
        if not entry.working:
            self._fault(
                path, f"{entry.on} has windows and is not worked", "leave windows out, or write working = true"
            )
        elif not entry.windows:
            self._fault(
                path, f"{entry.on} is worked, with no window at all", "write working = false, or leave windows out"
            )
        return read_windows(OVERRIDE, self.files, path, entry.windows, self.faults) or ()

    def _fault(self, path: Path, what: str, remedy: str) -> None:
        self.faults.append(Fault.at(OVERRIDE, self.files, path, what, remedy))


_YEARS = f"write a year from {FIRST_YEAR} to {LAST_YEAR}"
