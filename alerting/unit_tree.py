"""Which units stand above a unit, also where the list of units names only the larger ones. Pure.

Why: alerts name crews and counties that no list holds, and yet somebody above them must hear. May be imported by
`alerting` and `cli`.
"""

from __future__ import annotations

from collections.abc import Mapping

from sla.units import Unit
from sla.working_days import units_above

RANKS = {"team": 0, "county": 1, "city": 2, "province": 3, "national": 4, "hq": 5}
"""Levels from the lowest to the highest."""


def chain(units: Mapping[str, Unit], code: str | None) -> tuple[str, ...]:
    """A unit and those above it, nearest first; empty for None.

    A listed unit says who stands above it. One that is not listed lies below the nearest listed unit whose code its
    own begins with (numeric codes of four digits or more, as in the calendar); without any list, below all of those.
    """
    found: list[str] = []
    while code is not None and code not in found:
        found.append(code)
        unit = units.get(code)
        if unit is not None:
            code = unit.parent
        else:
            code = next((above for above in units_above(code)[1:] if above in units or not units), None)
    return tuple(found)


def at_or_below(units: Mapping[str, Unit], code: str | None, top: str) -> bool:
    """Whether a unit is `top` or lies beneath it."""
    return top in chain(units, code)


def at_level(units: Mapping[str, Unit], code: str | None, level: str) -> str | None:
    """The unit of a level above a unit, or the nearest of a higher one; the unit itself where it is that high."""
    for above in chain(units, code):
        unit = units.get(above)
        if unit is not None and RANKS[unit.level] >= RANKS[level]:
            return above
    return None


def called(units: Mapping[str, Unit], code: str, language: str = "en") -> str:
    """The name of a unit with its code, or the code alone where it is not listed."""
    unit = units.get(code)
    name = unit.name.get(language) if unit is not None else None
    return f"{name} ({code})" if name else code
