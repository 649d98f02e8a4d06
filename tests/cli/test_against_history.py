"""`slawatch backtest --against` on history: what differs is what a recount of the raw events in plain Python says."""

import gzip
import json
from collections import Counter
from datetime import date, datetime
from pathlib import Path
from urllib.parse import unquote

import pytest

from cli.main import main
from tests.cli import recount
from tests.cli.trying import ROOT, changed, differences

DESK = Path(__file__).parent / "data" / "desk.xes"

EXAMPLE = ROOT / "examples" / "bpic2013.toml"

MAKE_UP_SATURDAY = "[[day]]\non = 2026-11-28\nworking = true\n"

MOVED_HOLIDAY = """
[[day]]
on = 2026-11-28
working = true
[[day]]
on = 2026-11-30
working = false
"""

LIMITS = {"Major": 1, "High": 4, "Medium": 24, "Low": 48}


def verdicts(found, rule):
    """The differing clocks of a rule, as `recount.moved` tells them."""

    def side(standing):
        due = standing and standing.get("due_at")
        return standing and (standing["outcome"], due and datetime.fromisoformat(due))

    return {
        tuple(unquote(part) for part in differs["clock_id"].replace(f"/{rule}/", "/").split("/")): (
            side(differs.get("old")),
            side(differs.get("new")),
        )
        for differs in found
        if differs["rule"] == rule and differs["change"] != "alerts"
    }


def read_again(lines, duty, old, new, until=None):
    """The same from the raw events: a duty under what holds now and under what would."""
    tickets = recount.tickets(lines)
    until = until or max(datetime.fromisoformat(json.loads(line)["time"]) for line in lines)
    return recount.moved(
        {subject: duty(events, old, until) for subject, events in tickets.items()},
        {subject: duty(events, new, until) for subject, events in tickets.items()},
    )


def unpacked(path):
    """The lines of a packed file."""
    return gzip.decompress(path.read_bytes()).splitlines()


@pytest.mark.parametrize("minutes", [1, 3])
def test_a_changed_limit_on_generated_tickets(tmp_path, lives, minutes, capsys):
    """A minute more or less to dispatch moves exactly the clocks that the raw events say, and of that rule alone."""
    edit = ("repair/dispatch.toml", 'term  = "2 min"', f'term  = "{minutes} min"')
    new = changed(tmp_path, "sgcc-2014", edit)
    found = differences(tmp_path, lives, "--rulebook", new, "--against", "sgcc-2014")
    expected = read_again(unpacked(lives), recount.dispatch, 2, minutes)
    assert verdicts(found, "repair/dispatch") == expected
    assert {differs["rule"] for differs in found} == {"repair/dispatch"}
    clauses = [line.split()[:2] for line in capsys.readouterr().out.splitlines() if line.startswith("附件")]
    assert clauses == [["附件2", "五(二)2"]]
    turned = Counter(old[0] + " " + now[0] for old, now in expected.values())
    assert turned["late met" if minutes == 3 else "met late"] > 10
    breaches = Counter(differs.get("breach") for differs in found)
    assert breaches["vanishes" if minutes == 3 else "comes"] > 10
    assert not breaches["comes" if minutes == 3 else "vanishes"]


def test_a_limit_changed_from_a_date_on(tmp_path, lives):
    """A change of the law is a date more: clocks from before it keep their term and do not differ."""
    dated = 'term  = "2 min"\nwarn  = ["50 %", "80 %"]\n[[in_force]]\nsince = 2026-11-28\nterm  = "3 min"'
    new = changed(tmp_path, "sgcc-2014", ("repair/dispatch.toml", 'term  = "2 min"', dated))
    assert differences(tmp_path, lives, "--rulebook", new, "--against", "sgcc-2014") == []


@pytest.mark.parametrize(
    ("override", "working"),
    [
        (MAKE_UP_SATURDAY, recount.make_up("2026-11-28")),
        (MOVED_HOLIDAY, lambda day: day != date(2026, 11, 30) and recount.make_up("2026-11-28")(day)),
    ],
    ids=["a make-up Saturday", "a Monday off made up on the Saturday before"],
)
def test_a_changed_calendar_on_generated_tickets(tmp_path, lives, override, working):
    """Days that the operator changes move the customers' contacts as the raw events say, and no repair."""
    days = tmp_path / "days.toml"
    days.write_text(override)
    until = datetime.fromisoformat("2026-12-09T00:00:00+08:00")
    new = ("--calendar-override", days, "--against", "sgcc-2014")
    found = differences(tmp_path, lives, *new, "--until", until.isoformat())
    expected = read_again(unpacked(lives), recount.contact, recount.weekdays, working, until)
    assert len(expected) > 50
    assert verdicts(found, "complaint/contact") == expected
    assert {differs["rule"].partition("/")[0] for differs in found} == {"complaint"}
    # The other way round: what one rulebook has more, the other lacks.
    old = ("--against", "sgcc-2014", "--against-calendar-override", days)
    back = differences(tmp_path, lives, *old, "--until", until.isoformat())
    assert verdicts(back, "complaint/contact") == {clock: pair[::-1] for clock, pair in expected.items()}


def other_trade(tmp_path, log):
    """The events of a log of incidents, and what a doubled limit for those of high impact changes in them."""
    events = tmp_path / "events.jsonl"
    assert main(["convert", "--mapping", str(EXAMPLE), str(log), "--out", str(events)]) == 0
    new = changed(tmp_path, "itsm-example", ("incident/accept.toml", 'term  = "4 h"', 'term  = "8 h"'))
    found = differences(tmp_path, events, "--rulebook", new, "--against", "itsm-example")
    lines = events.read_bytes().splitlines()
    return found, read_again(lines, recount.accept, LIMITS, {**LIMITS, "High": 8})


def test_a_changed_limit_in_another_trade(tmp_path):
    """The sample of incidents under the example rulebook: what differs is what the raw events say."""
    found, expected = other_trade(tmp_path, DESK)
    assert expected
    assert verdicts(found, "incident/accept") == expected
    assert len(found) == len(expected)
