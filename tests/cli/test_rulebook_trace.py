"""The trace lists every clause of the regulation with its rules or the reason there are none."""

import io
import json
import pty
import sys
from itertools import product

import pytest

from cli.main import main
from cli.rulebook_files import SHIPPED
from tests.copies import copied

# Every numbered clause of the two annexes, in order; the second one breaks off where it ends here.
ANNEX_1 = [
    *("一", "二(一)", *(f"二(一){n}" for n in range(1, 6)), "二(二)", "二(二)1", "二(二)2", "三"),
    *(f"三({part}){n}" for part, n in product("一二三", ["", 1, 2, 3, 4])),
    *("三(四)", "四", *(f"五({part})" for part in "一二三四五"), "六", "六1", "六2"),
    *("七(一)", "七(二)", "七(三)", "八", *(f"八{n}" for n in range(1, 6))),
    *(f"九({part})" for part in "一二三四五"),
    *("九(五)1", "九(五)2", "十(一)", "十(二)", *(f"十(二){n}" for n in range(1, 6))),
    *("十一(一)", "十一(二)", "十二(一)", "十二(二)"),
    *("十三(一)", "十三(一)1", "十三(一)2", "十三(二)", "十三(三)", *(f"十三(四){n}" for n in range(1, 5))),
]
ANNEX_2 = [
    *("一", "二", *(f"二({part})" for part in "一二三四"), "三", "三(一)", *(f"三(一){n}" for n in range(1, 8))),
    *("三(二)", "四", *(f"五({part}){n}" for part, n in product("一二三", [1, 2])), "五(四)1"),
]
CLAUSES = [*(f"附件1 {name}" for name in ANNEX_1), *(f"附件2 {name}" for name in ANNEX_2)]

WATCHED = {
    "附件1 五(二)": {"complaint/dispatch", "complaint/redispatch"},
    "附件1 五(三)": {"complaint/report-marketing"},
    "附件1 五(四)": {"complaint/notify-province", "complaint/track-province"},
    "附件1 五(五)": {"complaint/dispatch"},
    "附件1 六": {"complaint/receive-province", "complaint/receive-local"},
    "附件1 七(一)": {"complaint/contact", "complaint/answer"},
    "附件1 七(三)": {"complaint/progress"},
    "附件1 八": {"complaint/answer"},
    "附件1 九(二)": {"complaint/callback"},
    "附件1 九(三)": {
        "complaint/callback-attempts",
        "complaint/callback-attempts-general",
        "complaint/close-approval",
    },
    "附件1 九(五)": {"complaint/answer"},
    "附件1 十一(二)": {"complaint/appeal-order"},
    "附件1 十三(一)": {"complaint/evidence"},
    "附件1 十三(四)4": {"complaint/evidence"},
    "附件2 五(二)2": {"repair/dispatch", "repair/redispatch"},
    "附件2 五(三)1": {"repair/receive-province"},
    "附件2 五(三)2": {"repair/receive-local"},
}


def traced(capsys, *arguments):
    """Run the trace as JSON; its exit code and document."""
    code = main(["rulebook", "trace", *arguments, "--json"])
    return code, json.loads(capsys.readouterr().out)


@pytest.fixture
def folder(tmp_path):
    """A copy of the shipped rulebook, to be changed."""
    return copied(SHIPPED / "sgcc-2014", tmp_path / "sgcc-2014")


def test_every_numbered_clause_is_there_in_order(capsys):
    """No clause of the regulation is left out, and none is made up."""
    code, document = traced(capsys, "sgcc-2014")
    assert code == 0
    assert [row["clause"] for row in document["clauses"]] == CLAUSES


def test_what_can_be_timed_is_watched(capsys):
    """The clauses with limits and duties each name at least the rules made for them."""
    _, document = traced(capsys, "sgcc-2014")
    rows = {row["clause"]: row for row in document["clauses"]}
    for clause, rules in WATCHED.items():
        assert rows[clause]["state"] == "watched", clause
        assert set(rows[clause]["rules"]) >= rules, clause


def test_what_is_not_watched_says_why(capsys):
    """Each clause is watched by a rule that is on, or has a reason; the counts are those of the rows."""
    _, document = traced(capsys, "sgcc-2014")
    on = {rule for rule, told in document["rules"].items() if "off" not in told["marks"]}
    for row in document["clauses"]:
        assert (row["state"] == "watched") == bool(on & set(row["rules"])), row["clause"]
        assert row["reason"].endswith(".") == (row["state"] == "out_of_scope"), row["clause"]
    states = [row["state"] for row in document["clauses"]]
    assert document["counts"] == {
        state: states.count(state) for state in ("watched", "out_of_scope", "unwatched", "beyond")
    }


def test_every_rule_stands_under_a_clause(capsys):
    """No rule of the rulebook watches for nobody."""
    _, document = traced(capsys, "sgcc-2014")
    assert set().union(*(row["rules"] for row in document["clauses"])) == set(document["rules"])


def test_a_pipe_gets_one_line_a_clause(capsys):
    """Fields are apart by tabs, off and assumed rules are marked, and the counts go to standard error."""
    assert main(["rulebook", "trace", "sgcc-2014", "--lang", "zh"]) == 0
    told = capsys.readouterr()
    lines = [line.split("\t") for line in told.out.splitlines()]
    assert [line[0] for line in lines] == CLAUSES
    assert {len(line) for line in lines} == {5}
    assert [line[2] for line in lines if line[0] == "附件1 二(二)2"] == ["complaint/report-up (off, assumed)"]
    assert told.err.startswith(f"{len(CLAUSES)} clauses: ")


def test_a_terminal_gets_a_table_folded_to_its_width(monkeypatch):
    """Every line fits, every clause and the counts are there."""
    ours, theirs = pty.openpty()
    with open(ours, "rb", buffering=0), open(theirs, "w") as terminal:
        shown = io.StringIO()
        monkeypatch.setattr(terminal, "write", shown.write)
        monkeypatch.setattr(sys, "stdout", terminal)
        monkeypatch.setenv("COLUMNS", "100")
        monkeypatch.setenv("TERM", "dumb")
        assert main(["rulebook", "trace", "sgcc-2014"]) == 0
    lines = shown.getvalue().splitlines()
    assert {line.split("  ")[0] for line in lines} >= set(CLAUSES)
    assert max(len(line) for line in lines) <= 100
    assert lines[-1].startswith(f"{len(CLAUSES)} clauses: ")


def test_a_clause_whose_only_rule_is_switched_off_is_unwatched(folder, capsys):
    """Switching a rule off without saying why leaves its clause open, and the exit code says so."""
    header = folder / "rulebook.toml"
    header.write_text(
        header.read_text().replace("[[excuse]]", 'switch_off = ["complaint/progress"]\n\n[[excuse]]', 1)
    )
    code, document = traced(capsys, str(folder))
    assert code == 1
    assert [row["clause"] for row in document["clauses"] if row["state"] == "unwatched"] == ["附件1 七(三)"]


def test_a_rule_switched_on_watches_its_clause(folder, capsys):
    """The reason for not watching it is no longer told."""
    header = folder / "rulebook.toml"
    header.write_text(
        header.read_text().replace("[[excuse]]", 'switch_on = ["complaint/report-up"]\n\n[[excuse]]', 1)
    )
    code, document = traced(capsys, str(folder))
    (row,) = (row for row in document["clauses"] if row["clause"] == "附件1 二(二)2")
    assert (code, row["state"], row["reason"]) == (0, "watched", "")


def test_what_rules_cite_from_elsewhere_is_told_too(folder, capsys):
    """A rule that rests on another text is listed after the regulation."""
    rule = folder / "repair" / "promise.toml"
    text = (folder / "repair" / "dispatch.toml").read_text().replace("repair/dispatch", "repair/promise", 1)
    rule.write_text(text.replace("附件2 五(二)2", "承诺 二", 1))
    code, document = traced(capsys, str(folder))
    assert code == 0
    last = document["clauses"][-1]
    assert (last["clause"], last["state"], last["rules"]) == ("承诺 二", "beyond", ["repair/promise"])


def test_a_layer_is_traced_with_what_it_extends(capsys):
    """All clauses of the regulation come first, then what the layer's own rules rest on."""
    code, document = traced(capsys, "sgcc-2014-extended")
    assert code == 0
    assert [row["clause"] for row in document["clauses"]][: len(CLAUSES)] == CLAUSES
    beyond = document["clauses"][len(CLAUSES) :]
    assert {row["state"] for row in beyond} == {"beyond"}
    assert {"repair/arrive", "repair/restore"} <= {rule for row in beyond for rule in row["rules"]}


def test_a_clause_nobody_explains_is_refused_with_its_line(folder, capsys):
    """The fault names the file, the line and the remedy; the exit code is 1."""
    clauses = folder / "clauses.toml"
    clauses.write_text(clauses.read_text().replace('rules = ["repair/receive-local"]\n', "", 1))
    assert main(["rulebook", "trace", str(folder)]) == 1
    (first, *_) = capsys.readouterr().err.splitlines()
    at = clauses.read_text().splitlines().index('id    = "附件2 五(三)2"')
    assert first.startswith(f"{clauses}:{at}: ")
    assert "out_of_scope" in first


def test_a_rulebook_without_clauses_cannot_be_traced(capsys):
    """The message says which file is missing."""
    assert main(["rulebook", "trace", "itsm-example"]) == 1
    assert "clauses.toml" in capsys.readouterr().err


def test_an_unknown_rulebook_is_wrong_use(capsys):
    """The message lists the shipped ones."""
    assert main(["rulebook", "trace", "nowhere"]) == 2
    assert "sgcc-2014" in capsys.readouterr().err
