"""The units of a utility: who stands above whom, and what they are called. Read from `units.toml`.

The law says which level owes what; the operator says which units there are. Everybody may import this.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import msgspec

from sla.toml_file import Fault, each, load

UNITS = "units.toml"
UNITS_MAX = 100_000

Level = Literal["hq", "national", "province", "city", "county", "team"]
_ABOVE = {"team": "county", "county": "city", "city": "province", "province": "hq", "national": "hq"}


class UnitFile(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """`[units.<code>]`."""

    name: dict[str, str]
    level: Level
    parent: str | None = None


class UnitsFile(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """`units.toml`."""

    units: dict[str, object] = {}


class Unit(msgspec.Struct, frozen=True):
    """One unit: its names in zh and en, its level, and the code of the unit above it (None: there is none)."""

    code: str
    name: dict[str, str]
    level: str
    parent: str | None


def read_units(files: Mapping[str, str], faults: list[Fault]) -> dict[str, Unit]:
    """Read `units.toml`, if there is one; every fault is noted."""
    if UNITS not in files:
        return {}
    file = load(UNITS, files, UnitsFile, faults)
    if file is None:
        return {}
    if len(file.units) > UNITS_MAX:
        faults.append(Fault.at(UNITS, files, ("units",), f"more than {UNITS_MAX} units", "split the installation"))
        return {}
    told = each(UNITS, "units", file.units, UnitFile, files, faults)
    units = {code: Unit(code, entry.name, entry.level, entry.parent) for code, entry in told.items()}
    for code, unit in units.items():
        if {"zh", "en"} - unit.name.keys():
            what = f"the name of unit {code!r} lacks a language"
            faults.append(Fault.at(UNITS, files, ("units", code, "name"), what, "give it in zh and en"))
        if unit.parent is not None and unit.parent not in units:
            what = f"the unit above {code!r} is {unit.parent!r}, which is not there"
            faults.append(Fault.at(UNITS, files, ("units", code, "parent"), what, "add it, or mend the code"))
        elif _circles(units, code):
            what = f"unit {code!r} stands above itself"
            faults.append(Fault.at(UNITS, files, ("units", code, "parent"), what, "mend parent"))
    return units


def above(units: Mapping[str, Unit], code: str | None, level: str | None) -> tuple[str | None, str | None]:
    """The next unit up and its level, for a unit of a level; where the unit is not listed, only the level."""
    unit = units.get(code or "")
    if unit is not None and unit.parent is not None and unit.parent in units:
        return unit.parent, units[unit.parent].level
    level = unit.level if unit is not None else level
    return None, _ABOVE.get(level or "")


def _circles(units: Mapping[str, Unit], code: str) -> bool:
    seen, at = set(), units[code].parent
    while at is not None and at in units and at not in seen:
        seen.add(at)
        at = units[at].parent
    return code in seen
