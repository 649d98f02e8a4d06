"""The files that the delivery guide shows make a folder that can be used, and do what it says."""

import re
from pathlib import Path

from alerting.delivery_files import parse
from alerting.match_file import OF_TICKETS
from alerting.plans import plan_of
from alerting.receiver import kinds
from alerting.routes_layout import MatchFile
from alerting.routing import route
from tests.alerting.folders import AT, EXAMPLE, NOTED, alert, law

GUIDE = (Path(__file__).parents[2] / "docs" / "delivery.md").read_text()
FILE = re.compile(r"^```toml\n# ([a-z]+\.toml)\n(.*?)^```", re.MULTILINE | re.DOTALL)


def shown():
    """The files of the guide by name."""
    return dict(FILE.findall(GUIDE))


def test_what_the_guide_of_the_canary_adds_can_be_used():
    """To the shipped example, at its end: the canary's alert goes to the canary, and nobody else hears of it."""
    added = dict(FILE.findall((Path(__file__).parents[2] / "docs" / "canary.md").read_text()))
    files = {path.name: path.read_text() for path in EXAMPLE.glob("*.toml") if path.name != "units.toml"}
    files = {name: f"{text}\n{added.get(name, '')}" for name, text in files.items()}
    told = alert(rule="canary/heard", kind="canary", owner="canary")
    assert set(added) == {"receivers.toml", "routes.toml"}
    assert [rung.receivers(AT) for rung in plan_of(told, parse(files, law(), kinds())).rungs] == [("canary",)]


def test_the_files_of_the_guide_can_be_used():
    """All three, together, for the shipped rulebook."""
    assert set(shown()) == {"receivers.toml", "routes.toml", "roster.toml"}
    delivery = parse(shown(), law(), NOTED)
    assert [one.route for one in route(alert(), delivery)] == [
        "breaches, for the desk too",
        "urgent repairs of Jiangsu, overdue",
    ]


def test_the_guide_names_every_field_that_a_route_may_ask():
    """In its table of fields."""
    table = GUIDE.partition("| field | |")[2].partition("\n\n")[0]
    named = set(re.findall(r"`([a-z_]+)`", " ".join(row.split("|")[1] for row in table.splitlines() if "|" in row)))
    assert named == set(MatchFile.__struct_fields__)
    assert set(OF_TICKETS) < named
