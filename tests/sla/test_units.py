"""The list of units says who stands above whom, and a list that cannot be says where it is wrong."""

import pytest

from sla.rulebook import RulebookError, parse
from sla.units import above
from tests.sla.lives_of_events import texts_of

UNITS = """\
[units.SGCC]
name  = { zh = "国网公司", en = "State Grid" }
level = "hq"
[units.32]
name   = { zh = "江苏", en = "Jiangsu" }
level  = "province"
parent = "SGCC"
[units.3201]
name   = { zh = "南京", en = "Nanjing" }
level  = "city"
parent = "32"
"""


def with_units(text):
    """Read the shipped rulebook with a list of units."""
    return parse({**texts_of("sgcc-2014"), "units.toml": text})


@pytest.mark.parametrize(
    ("unit", "level", "expected"),
    [
        ("3201", "city", ("32", "province")),
        ("32", "province", ("SGCC", "hq")),
        ("SGCC", "hq", (None, None)),
        ("3202", "city", (None, "province")),
        (None, "county", (None, "city")),
        ("NCSC", "national", (None, "hq")),
        (None, None, (None, None)),
    ],
)
def test_the_next_unit_up(unit, level, expected):
    """It is the one the list names; for a unit that is not listed only its level is known."""
    assert above(with_units(UNITS).units, unit, level) == expected


@pytest.mark.parametrize(
    ("old", "new", "lines", "says"),
    [
        ('parent = "32"', 'parent = "33"', [11], "not there"),
        ('parent = "SGCC"', 'parent = "3201"', [7, 11], "stands above itself"),
        ('en = "Jiangsu"', 'fr = "Jiangsu"', [5], "lacks a language"),
        ('level  = "city"', 'level  = "town"', [10], "town"),
        ('parent = "32"', 'above  = "32"', [11], "above"),
    ],
    ids=["unknown parent", "a circle", "a language missing", "an unknown level", "an unknown key"],
)
def test_a_wrong_list_refuses_to_start(old, new, lines, says):
    """The fault names the line and what to do."""
    with pytest.raises(RulebookError) as caught:
        with_units(UNITS.replace(old, new))
    assert [(fault.file, fault.line) for fault in caught.value.faults] == [("units.toml", n) for n in lines]
    assert says in caught.value.faults[0].what
    assert caught.value.faults[0].remedy


def test_a_list_of_units_is_part_of_the_law():
    """Another list may change who owes what, so every clock is judged anew."""
    assert with_units(UNITS).hash != with_units("").hash
