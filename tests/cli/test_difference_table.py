"""What a supervisor reads of a comparison, where rounding or an empty column could mislead."""

import pytest

from cli.difference import Comparison
from cli.difference_table import show
from cli.rulebook_files import load
from cli.rulebook_page import Page
from cli.standing import Standing
from sla.duty import Outcome


def stands(outcome, level="city"):
    """A clock of the rule on dispatching, owed by a level that no unit is named of."""
    return Standing("repair/dispatch", "附件2 五(二)2", outcome, None, None, level, False)


def shown(capsys, *clocks):
    """The lines of a comparison of clocks, each told as (outcome before, outcome after)."""
    comparison = Comparison(5)
    old = {f"T{n}": stands(before) for n, (before, _) in enumerate(clocks)}
    comparison.take(old, {f"T{n}": stands(after) for n, (_, after) in enumerate(clocks)})
    law = load("sgcc-2014")
    show(Page(), comparison, law, law, 1)
    return capsys.readouterr().out.splitlines()


@pytest.mark.parametrize(
    ("most", "one", "share"),
    [
        (Outcome.MET, Outcome.LATE, "99.9%"),
        (Outcome.LATE, Outcome.MET, "0.1%"),
        (Outcome.RUNNING, Outcome.CANCELLED, "-"),
    ],
)
def test_a_share_never_rounds_to_all_or_none(capsys, most, one, share):
    """One late among thousands is not 100 %, one met not 0 %; where nothing came to an end there is no share."""
    clocks = [(Outcome.MET, most)] * 4999 + [(Outcome.MET, one)]
    row = next(line.split() for line in shown(capsys, *clocks) if line.startswith("(city)") or "-> -" in line)
    assert share in row


def test_what_happens_nowhere_has_no_column(capsys):
    """Where clocks only moved and no alert differs, nothing is said of new, gone or alerts."""
    lines = shown(capsys, (Outcome.LATE, Outcome.MET))
    assert lines[4].split() == ["rule", "clocks", "moved"]
    assert lines[5].split() == ["repair/dispatch", "1", "1"]


def test_a_unit_that_is_not_named_is_told_by_its_level(capsys):
    """Breaches that nobody's unit is named of are summed by the level that owes them."""
    lines = shown(capsys, (Outcome.LATE, Outcome.MET))
    assert ["(city)", "1", "1", "->", "0", "1", "0.0%", "->", "100.0%"] in [line.split() for line in lines]
