"""What every rulebook in the box must have: worked cases that pass and show the edge, names in two languages."""

import tomllib
from datetime import date, timedelta
from pathlib import Path

import pytest

from cli.rulebook_files import texts
from sla import cases
from sla.rulebook import NOT_RULES, parse

FOLDERS = sorted(path.parent for path in (Path(__file__).resolve().parents[2] / "rulebooks").glob("*/rulebook.toml"))


def texts_in(folder):
    """Read all files of a rulebook, with those of the one it extends, by their path in its folder."""
    return texts(folder)


RULES = {
    f"{folder.name}/{path}": (path, tomllib.loads(text))
    for folder in FOLDERS
    for path, text in texts_in(folder).items()
    if path not in NOT_RULES and (folder / path).exists()
}

CHINA = parse(texts(FOLDERS[0].parent / "sgcc-2014")).calendar

WITHOUT_DUE = ("check", "attempts", "quota")
"""Kinds of duty without a due time of their own."""

each_rulebook = pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
each_rule = pytest.mark.parametrize(("path", "rule"), RULES.values(), ids=RULES)


def expected(rule):
    """List what the worked cases of a rule expect, each with its case."""
    return [(case, clock) for case in rule["case"] for clock in case["expect"]]


def test_the_rulebooks_are_seen():
    """The tests below are not passed by looking at nothing."""
    assert {folder.name for folder in FOLDERS} >= {"sgcc-2014", "itsm-example"}
    assert len(RULES) >= 6


@each_rulebook
def test_its_worked_cases_pass(folder):
    """A rulebook in the box is whole, and every case comes out as a supervisor would read it."""
    texts = texts_in(folder)
    assert cases.check(texts, parse(texts)) == []


@each_rulebook
def test_its_name_is_its_folder(folder):
    """The name that outputs carry is the one people type."""
    assert parse(texts_in(folder)).name == folder.name


@each_rulebook
def test_its_ids_are_unique(folder):
    """No two rules of a rulebook share an id."""
    ids = [rule.id for rule in parse(texts_in(folder)).rules]
    assert len(ids) == len(set(ids)) == len([path for path in texts_in(folder) if path not in NOT_RULES])


@each_rule
def test_its_id_is_its_path(path, rule):
    """Whoever reads an id in an alert finds the file."""
    assert f"{rule['id']}.toml" == path


@each_rule
def test_it_has_a_title_in_both_languages(path, rule):
    """The title is there in Chinese and in English, and the Chinese one is Chinese."""
    assert set(rule["title"]) >= {"zh", "en"}
    assert any("\u4e00" <= character <= "\u9fff" for character in rule["title"]["zh"])
    assert rule["title"]["en"].isascii()


@each_rule
def test_it_names_its_clause(path, rule):
    """Each rule says which clause it watches, and what that asks."""
    assert rule["clause"].strip()
    assert rule["says"].strip()


@each_rule
def test_it_shows_both_ends(path, rule):
    """A worked case shows the duty kept, another one shows it broken; facts that contradict nothing make no clock."""
    outcomes = {clock["outcome"] for _, clock in expected(rule)}
    assert "breached" in outcomes or (rule["kind"] == "recurrence" and "repeated" in reasons(rule))
    if rule["kind"] == "check":
        assert any(not case["expect"] for case in rule["case"])
    else:
        assert "met" in outcomes


def reasons(rule):
    """What the worked cases of a rule expect as reasons."""
    return {clock.get("reason") for _, clock in expected(rule)}


@each_rule
def test_it_shows_the_boundary(path, rule):
    """A worked case has the duty done exactly at its due time, which is in time."""
    done = [
        case["name"]
        for case, clock in expected(rule)
        if clock["outcome"] == "met" and clock["due"] in {line.split()[0] for line in case["events"]}
    ]
    if rule["kind"] in WITHOUT_DUE:
        done = [case["name"] for case in rule["case"] if "exactly" in case["name"] or "very instant" in case["name"]]
        done += [case["name"] for case in rule["case"] if rule["kind"] == "check" and "put right" in case["name"]]
    if rule["kind"] == "recurrence":  # accepted at the very end of the window, it counts
        done = [case["name"] for case in rule["case"] if "at 24:00 is within" in case["name"]]
    assert done


@each_rule
def test_it_shows_what_comes_just_too_late(path, rule):
    """A worked case has the duty done after its due time, or not done when it has passed."""
    too_late = {"late", "breached"} & {clock["outcome"] for _, clock in expected(rule)}
    assert too_late or (rule["kind"] == "recurrence" and "window_over" in reasons(rule))


def days_of(case, clock):
    """List the days from the start of an expected clock to its due time, both included."""
    start = next(line.split() for line in case["events"] if line.split()[1] == clock["start"])
    told = [word.partition("=")[2] for word in start[3:] if word.startswith("hung_up_at=")]
    first, last = (on_day(text, case) for text in ((told or start)[0], clock["due"]))
    return [first + timedelta(days=number) for number in range((last - first).days + 1)]


def on_day(text, case):
    """The day of a time in a worked case."""
    day, _, _ = text.rpartition("T")
    return date.fromisoformat(day) if day else case["on"]


@each_rule
def test_working_time_is_shown_over_a_holiday_and_a_make_up_saturday(path, rule):
    """Whoever knows the calendar sees that the rule does: clocks run over a holiday and over a worked weekend day."""
    terms = [str(entry.get("term", "")) for entry in rule["in_force"]]
    if not any(term.endswith((" wh", " wd")) for term in terms):
        return
    days = [on for case, clock in expected(rule) if clock["due"] != "none" for on in days_of(case, clock)]
    assert any(on.weekday() < 5 and not CHINA.working(on) for on in days), "over no holiday"
    assert any(on.weekday() == 5 and CHINA.working(on) for on in days), "over no make-up Saturday"


def test_rules_in_working_time_are_seen():
    """The test above is not passed by finding no working time."""
    counted = {
        rule["id"]
        for _, rule in RULES.values()
        if any(str(entry.get("term", "")).endswith((" wh", " wd")) for entry in rule["in_force"])
    }
    assert counted >= {f"complaint/{name}" for name in ("contact", "answer", "callback", "kpi-answer")}
    assert counted >= {"complaint/receive-local", "complaint/receive-province"}


@each_rule
def test_its_cases_have_names_of_their_own(path, rule):
    """A case that comes out differently is known by its name."""
    names = [case["name"] for case in rule["case"]]
    assert len(names) == len(set(names))
