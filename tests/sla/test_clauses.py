"""A clause that nobody watches and nobody explains is a fault, and so are clauses and rules that disagree."""

import pytest

from sla.clauses import CLAUSES, read_clauses
from sla.rulebook import parse
from sla.toml_file import RulebookError
from tests.sla.lives_of_events import changed

KNOWN = {"repair/dispatch": ("附件2 五(二)2",), "repair/urgency": ("附件2 三(一)", "附件2 五(二)1")}

WHOLE = """\
[[clause]]
id    = "附件2 三(一)1"
says  = { zh = "可能伤人。", en = "People may be hurt." }
rules = ["repair/urgency"]

[[clause]]
id    = "附件2 五(二)1"
says  = { zh = "选定等级。", en = "The urgency is picked." }
rules = ["repair/urgency"]

[[clause]]
id    = "附件2 五(二)2"
says  = { zh = "两分钟内派单。", en = "Dispatched within 2 minutes." }
rules = ["repair/dispatch"]

[[clause]]
id    = "附件2 一"
says  = { zh = "定义。", en = "A definition." }
out_of_scope = "There is nothing to time."
"""

RULE = 'id = "repair/dispatch"\nclause = "附件2 五(二)2"\n'

# name: what stands there, what is put there, the broken line begins so, the fault says so
BROKEN = {
    "twice": ('"附件2 一"', '"附件2 五(二)1"', 'id    = "附件2 五(二)1"', "listed twice"),
    "neither watched nor explained": (
        'out_of_scope = "There is nothing to time."',
        "",
        "[[clause]]",
        "nothing watches",
    ),
    "an empty reason": ("There is nothing to time.", " ", "[[clause]]", "nothing watches"),
    "one language": ('zh = "定义。", ', "", "says  = { en = ", "lacks a language"),
    "an unknown rule": ("repair/dispatch", "repair/despatch", 'rules = ["repair/despatch"]', "unknown rule"),
    "a rule twice": (
        '["repair/dispatch"]',
        '["repair/dispatch", "repair/dispatch"]',
        'rules = ["repair/dispatch", ',
        "twice",
    ),
    "a rule of another clause": (
        '["repair/dispatch"]',
        '["repair/dispatch", "repair/urgency"]',
        'rules = ["repair/dispatch", ',
        "which cites 附件2 三(一)",
    ),
    "a clause that leaves its rule out": (
        'id    = "附件2 五(二)1"\nsays  = { zh = "选定等级。", en = "The urgency is picked." }\nrules = ["repair/urgency"]',
        'id    = "附件2 五(二)1"\nsays  = { zh = "选定等级。", en = "The urgency is picked." }\nout_of_scope = "x"',
        "[[clause]]",
        "'附件2 五(二)1', which does not name it",
    ),
    "a key of no clause": ("out_of_scope =", "out_of_scop =", "out_of_scop =", "out_of_scop"),
}


def faults_of(text, known=KNOWN, **files):
    """Read a clauses file beside a rule's file; its faults."""
    faults = []
    read_clauses({CLAUSES: text, "repair/dispatch.toml": RULE, **files}, known, faults)
    return faults


def test_clauses_are_read_in_their_order():
    """A clause keeps its place, what it says, its rules and its reason."""
    clauses = read_clauses({CLAUSES: WHOLE}, KNOWN, faults := [])
    assert faults == []
    assert [clause.id for clause in clauses] == ["附件2 三(一)1", "附件2 五(二)1", "附件2 五(二)2", "附件2 一"]
    assert clauses[2].says == {"zh": "两分钟内派单。", "en": "Dispatched within 2 minutes."}
    assert clauses[2].rules == ("repair/dispatch",)
    assert clauses[3].out_of_scope == "There is nothing to time."


@pytest.mark.parametrize(("old", "new", "line", "says"), BROKEN.values(), ids=BROKEN)
def test_a_broken_clause_is_refused(old, new, line, says):
    """The fault says what is wrong, where, and what to do about it."""
    assert WHOLE.count(old) == 1
    text = WHOLE.replace(old, new)
    fault = faults_of(text)[0]
    assert fault.file == CLAUSES
    assert says in fault.what
    assert text.split("\n")[fault.line - 1].startswith(line)
    assert fault.remedy


def test_a_rule_of_an_unlisted_clause_is_refused_where_it_cites_it():
    """The fault stands in the file of the rule."""
    known = {**KNOWN, "repair/dispatch": ("附件2 五(二)3",)}
    text = WHOLE.replace('["repair/dispatch"]', '["repair/urgency"]').replace("附件2 五(二)2", "附件2 三(一)2")
    (fault,) = faults_of(text, known)
    assert (fault.file, fault.line) == ("repair/dispatch.toml", 2)
    assert "附件2 五(二)3" in fault.what


def test_a_part_watches_for_the_whole_but_a_neighbour_does_not():
    """A rule that cites 十 stands under 十(二), never under 十一."""
    ten = '[[clause]]\nid = "附件1 {}"\nsays = {{ zh = "z", en = "e" }}\nrules = ["a"]\n'
    assert faults_of(ten.format("十(二)"), {"a": ("附件1 十",)}) == []
    assert faults_of(ten.format("十一"), {"a": ("附件1 十",)}, **{"a.toml": 'clause = "附件1 十"\n'}) != []


def test_a_clause_of_another_text_needs_no_entry():
    """A rule may rest on a promise that no clauses file lists."""
    assert faults_of(WHOLE, {**KNOWN, "repair/arrive": ("承诺 二",)}) == []


def test_a_file_without_clauses_is_refused():
    """An empty trace would look like a whole one."""
    (fault,) = faults_of("clause = []\n", {})
    assert "no clause" in fault.what


def test_the_rulebook_refuses_what_its_clauses_miss():
    """A shipped rulebook with a clause left unexplained does not start."""
    with pytest.raises(RulebookError) as refused:
        parse(changed(CLAUSES, 'rules = ["repair/receive-local"]\n', ""))
    assert {fault.file for fault in refused.value.faults} == {CLAUSES}
    assert "附件2 五(三)2" in str(refused.value)
