"""What `slawatch backtest` prints: each clock counted once, by its rule and how it stands."""

import gzip
import json
from collections import Counter

import pytest

from cli.main import main

COLUMNS = ["met", "late", "breached", "running", "cancelled", "unknown"]
OVERRIDE = """
[[year]]
year    = 2027
off     = [2027-01-01, 2027-02-05, 2027-10-01]
working = [2027-01-31]
"""


@pytest.fixture(scope="module")
def december(tmp_path_factory):
    """Tickets of both businesses of the last days that the calendar knows."""
    path = tmp_path_factory.mktemp("december") / "events.jsonl.gz"
    options = ["--tickets", "300", "--seed", "4", "--business", "both", "--trouble", "0.3"]
    when = ["--start", "2026-12-29T08:00:00+08:00", "--span", "3 d"]
    assert main(["generate", *options, *when, "--out", str(path)]) == 0
    return path


def printed(capsys, *arguments):
    """Run a backtest: its title, its rows by rule, and what it says below the table."""
    capsys.readouterr()
    assert main(["backtest", *map(str, arguments)]) == 0
    title, head, *lines = capsys.readouterr().out.splitlines()
    assert head.split() == ["rule", *COLUMNS]
    rows = {words[0]: words[1:] for line in lines if (words := line.split()) and "/" in words[0]}
    return title, rows, [line for line in lines if "clocks unknown" in line]


def last_verdicts(path):
    """Count the last verdicts of all clocks in a file, by rule and outcome."""
    with gzip.open(path) as file:
        last = {data["clock_id"]: data for data in (json.loads(line)["data"] for line in file)}
    return Counter((data["rule"], data["outcome"]) for data in last.values())


def test_every_clock_is_counted_also_those_the_calendar_leaves_open(capsys, december, tmp_path):
    """The table is what the verdicts say, with a column for what cannot be known; a line says since when and why."""
    verdicts = tmp_path / "verdicts.jsonl.gz"
    title, rows, below = printed(capsys, december, "--verdicts", verdicts)
    expected = last_verdicts(verdicts)
    counted = {rule: [int(n.replace(",", "")) for n in row] for rule, row in rows.items() if len(row) > 2}
    shown = {
        (rule, outcome): count
        for rule, row in counted.items()
        for outcome, count in zip(COLUMNS, row, strict=True)
        if count
    }
    assert shown == dict(expected)
    assert title.rstrip().endswith(f"300 tickets, {expected.total():,} clocks")
    unknown = sum(row[-1] for row in counted.values())
    assert unknown > 10
    (line,) = below
    assert line.startswith(f"{unknown} clocks unknown: working days are known up to 2026-12-31; ")


def test_a_rule_without_clocks_says_why(capsys, december):
    """A rule that matched nothing says so and never 0 breaches, and one that is switched off says that."""
    _, rows, _ = printed(capsys, december)
    assert rows["complaint/report-up"] == ["off"]
    assert rows["repair/urgency"] == ["NO", "MATCH"]


def test_with_the_year_after_nothing_is_unknown(capsys, december, tmp_path):
    """An override that supplies the year leaves no clock open, and nothing is said of it."""
    override = tmp_path / "override.toml"
    override.write_text(OVERRIDE)
    _, rows, below = printed(capsys, december, "--calendar-override", override)
    assert {row[-1] for row in rows.values() if len(row) > 2} == {"0"}
    assert below == []


def test_a_file_that_breaks_off_is_told(capsys, december, tmp_path):
    """A packed file without its end, or none at all, is wrong use; the message names it."""
    broken = tmp_path / "broken.jsonl.gz"
    for content in (december.read_bytes()[:-100], b"no gzip"):
        broken.write_bytes(content)
        assert main(["backtest", str(broken)]) == 2
        assert capsys.readouterr().err.startswith(f"{broken}: ")


def test_a_place_that_cannot_be_written_is_told(capsys, december, tmp_path):
    """Verdicts wanted in a folder that is not there: the message names the file."""
    out = tmp_path / "nowhere" / "verdicts.jsonl"
    assert main(["backtest", str(december), "--verdicts", str(out)]) == 2
    assert capsys.readouterr().err == f"{out}: No such file or directory\n"
