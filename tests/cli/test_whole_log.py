"""The whole public log of BPI Challenge 2013 through convert and core. It may not be shipped, so it must be named.

`SLAWATCH_BPIC2013=incidents.xes.gz make test` runs this too; without the variable it is not collected, and pytest's
header says so.
"""

import gzip
import os

from cli.conversion import Tally, convert
from cli.mapping import parse
from tests.cli.test_against_history import other_trade
from tests.cli.test_against_history import verdicts as differing
from tests.cli.test_convert_log import EXAMPLE, verdicts


def test_the_whole_log_of_volvo():
    """The real log converts without a bad row, and each queueing of it becomes one clock."""
    tally = Tally()
    with gzip.open(os.environ["SLAWATCH_BPIC2013"]) as stream:
        found = verdicts(convert(stream, parse(str(EXAMPLE), EXAMPLE.read_text()), tally))
    assert (tally.tickets, tally.rows, tally.bad, tally.unmatched) == (7554, 65533, 0, {})
    assert found == {
        ("incident/accept", "met"): 9925,
        ("incident/accept", "late"): 1619,
        ("incident/reply", "met"): 5762,
        ("incident/reply", "late"): 1784,
        ("incident/reply", "running"): 8,
    }


def test_a_changed_limit_on_the_whole_log(tmp_path):
    """Eight hours instead of four to accept what has high impact: what differs is what the raw events say."""
    found, expected = other_trade(tmp_path, os.environ["SLAWATCH_BPIC2013"])
    assert len(expected) > 100
    assert differing(found, "incident/accept") == expected
    assert len(found) == len(expected)
