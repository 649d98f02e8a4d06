"""A rule is shown whole, in either language; nothing its file says is left out."""

import re
import tomllib
from argparse import Namespace

import pytest

from cli import rulebook_show
from cli.main import main
from cli.rulebook_files import SHIPPED, folder, texts
from cli.rulebook_words import KINDS, LABELS, LANGS, NAMES_ZH, named, said
from sla.kinds import KINDS as KNOWN
from sla.rule_layout import RuleFile
from sla.rulebook import parse

GLOSSARY = (SHIPPED.parent / "docs" / "glossary.md").read_text(encoding="utf-8")
CHINESE = re.compile(r"[\u4e00-\u9fff]")
BOOKS = {name: texts(folder(name)) for name in ("sgcc-2014", "sgcc-2014-extended", "itsm-example")}
PARSED = {name: parse(files) for name, files in BOOKS.items()}
RULES = {
    f"{name}: {rule.id}": (name, tomllib.loads(BOOKS[name][f"{rule.id}.toml"]))
    for name, rulebook in PARSED.items()
    for rule in rulebook.rules
    if name != "sgcc-2014-extended" or rule.id not in {base.id for base in PARSED["sgcc-2014"].rules}
}

each_rule = pytest.mark.parametrize(("name", "rule"), RULES.values(), ids=RULES)
each_language = pytest.mark.parametrize("lang", LANGS)


def shown(capsys, *arguments):
    """Run the verb; the lines it printed."""
    assert main(["rulebook", "show", *arguments]) == 0
    return capsys.readouterr().out


def page_of(capsys, name, rule, lang):
    """The page of a rule of a rulebook that is read once for all tests."""
    rulebook_show.act(BOOKS[name], PARSED[name], Namespace(rule=rule, lang=lang, events=True))
    return capsys.readouterr().out


def values(table):
    """List every value of a table that is no switch, however deep it lies."""
    if isinstance(table, dict):
        return [value for entry in table.values() for value in values(entry)]
    if isinstance(table, list):
        return [value for entry in table for value in values(entry)]
    return [] if isinstance(table, bool) else [str(table)]


def word(value, lang):
    """Tell a value as it is shown: a sort of day in words, a length by its number, an instant with a blank."""
    if value in ("calendar_day", "working_day"):
        return said(value, lang)
    if re.fullmatch(r"\d{4}-\d\d-\d\dT[\d:.]+", value):
        return value.replace("T", " ")
    return value.split(" ")[0] if re.fullmatch(r"\d+ (s|min|h|d|wh|wd|mo)", value) else value


@each_language
@each_rule
def test_nothing_is_left_out(name, rule, lang, capsys):
    """Every name, number, date and sentence of the file stands on the page, and every attribute it asks about."""
    page = page_of(capsys, name, rule["id"], lang)
    missing = [value for value in values(rule) if value not in page and word(value, lang) not in page]
    asked = [key for start in values_of(rule, ("where", "unless", "match", "binds", "except")) for key in start]
    assert missing + [key for key in asked if key not in page] == []


def values_of(rule, keys):
    """List the tables under any of these keys, however deep."""
    if isinstance(rule, list):
        return [table for entry in rule for table in values_of(entry, keys)]
    if not isinstance(rule, dict):
        return []
    own = [
        entry for key in keys if key in rule for entry in (rule[key] if isinstance(rule[key], list) else [rule[key]])
    ]
    return own + [table for entry in rule.values() for table in values_of(entry, keys)]


@each_language
@each_rule
def test_its_switches_are_told(name, rule, lang, capsys):
    """Off, assumed, silent, owed at closing, first, last and bound each change what is said."""
    page = page_of(capsys, name, rule["id"], lang)
    starts = rule["from"] if isinstance(rule["from"], list) else [rule["from"]]
    told = {
        ("off: not in force", "停用："): rule.get("off", False),
        ("assumed: the limit", "假定："): rule.get("assumed", False),
        ("verdicts only", "只出结论"): rule.get("verdict_only", False),
        ("closing does not end it", "办结不免除"): rule.get("owed_at_close", False),
        ("  the first ", "  首次 "): any(start.get("first") for start in starts),
        ("before it is done", "完成之前最后一次"): any(start.get("last") for start in starts),
        ("the event from which the rule binds", "工单开始适用本规则"): any(start.get("bound") for start in starts),
    }
    for words, holds in told.items():
        assert (words[LANGS.index(lang)] in page) is holds, words


def test_a_rule_reads_like_this(capsys):
    """The page of a rule begins with its title and ends with its worked cases."""
    lines = shown(capsys, "sgcc-2014", "repair/redispatch").splitlines()
    assert lines[:2] == [
        "repair/redispatch  Returned repair ticket not dispatched again in time",
        "退单后重新派单超时",
    ]
    facts = dict(re.split(r"\s{2,}", line, maxsplit=1) for line in lines if re.match(r"\w[\w ]*\s{2,}\S", line))
    assert facts["kind"] == "deadline: do one thing within a term of another"
    assert facts["binds"] == "every ticket of repair"
    assert facts["starts with"] == "each repair.returned"
    assert facts["is done by"] == "repair.dispatched, its unit being to_unit of the start"
    assert facts["owed by"] == "the to_unit told by the start; level: its to_level"
    assert facts["in force"] == "since 2014-01-01: within 3 min; warning at 50 % of the term, 80 % of the term"
    assert any(line.startswith("met: exactly on the boundary") and "08:05:00" in line for line in lines)


def test_a_rule_reads_like_this_in_chinese(capsys):
    """What the program adds is Chinese; names keep their spelling and get the regulation's word."""
    page = shown(capsys, "sgcc-2014", "complaint/contact", "--lang", "zh")
    assert "首次 complaint.accepted（受理），有 hung_up_at（挂断电话时间）的从其起算" in page
    assert "自 2014-01-01 起：1 个工作日 内" in page
    labels = [line.split("  ")[0] for line in page.splitlines()[3:] if re.match(r"[\u4e00-\u9fff]", line)]
    assert {"条款", "要求", "类型", "适用", "起算", "完成", "责任方", "现行规定", "算例"} <= set(labels)


def test_without_a_rule_all_are_listed(capsys):
    """One line a rule, with what is off or assumed."""
    lines = shown(capsys, "sgcc-2014").splitlines()
    ids = [rule["id"] for name, rule in RULES.values() if name == "sgcc-2014"]
    assert sorted(line.split()[0] for line in lines[2:]) == sorted(ids)
    (report_up,) = (line for line in lines if line.startswith("complaint/report-up "))
    assert report_up.endswith("off, assumed")


def test_an_unknown_rule_is_wrong_use(capsys):
    """The message lists the rules there are."""
    assert main(["rulebook", "show", "sgcc-2014", "repair/despatch"]) == 2
    assert "repair/dispatch" in capsys.readouterr().err


def test_every_key_of_a_rule_has_words():
    """A new key of a rule file cannot be forgotten here; switches are told under one label."""
    switches = {"assumed", "off", "owed_at_close", "verdict_only"}
    renamed = {"start": "from", "excepts": "except"}
    keys = {renamed.get(key, key) for key in RuleFile.__struct_fields__} - switches
    assert keys <= set(LABELS)
    assert set(KNOWN) <= set(KINDS)
    assert all(CHINESE.search(zh) and not CHINESE.search(en) for en, zh in (*LABELS.values(), *KINDS.values()))


def test_the_words_are_the_glossary_s():
    """A Chinese word for a name stands in the glossary, in one row with that name."""
    rows = [line for line in GLOSSARY.splitlines() if line.startswith("|")]

    def explained(name, zh):
        return any(zh in row and (name in row or name.replace("_", " ") in row) for row in rows)

    assert {name: zh for name, zh in NAMES_ZH.items() if not explained(name, zh)} == {}


@pytest.mark.parametrize(
    ("name", "lang", "expected"),
    [
        ("repair.dispatched", "en", "repair.dispatched"),
        ("repair.dispatched", "zh", "repair.dispatched（派单）"),
        ("incident.queued", "zh", "incident.queued"),
    ],
)
def test_a_name_is_shown_as_it_is(name, lang, expected):
    """With its word behind it in Chinese, where there is one."""
    assert named(name, lang) == expected
