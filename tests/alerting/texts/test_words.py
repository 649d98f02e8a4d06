"""What the texts say is complete: a word for every reason, a next step for every rule, an allow-list for every field."""

import ast
import tomllib
from pathlib import Path

import msgspec
import pytest

import alerting.texts
from alerting.alert import Level
from alerting.texts import compose
from alerting.texts.facts import SAID, UNSAID, Facts
from alerting.texts.next_steps import OTHERS, next_step, steps
from alerting.texts.reasons import REASONS
from alerting.texts.words import LEVELS, NAMES, SENTENCES
from sla.alert_layout import AlertData
from sla.duty import Reason
from streams.operator_alerts import Condition
from tests.alerting.texts.samples import MAIL, NOW, UNITS, alert, message

ROOT = Path(__file__).resolve().parents[3]
RULES = {
    rule["id"]: rule
    for file in sorted(ROOT.glob("rulebooks/*/*/*.toml"))
    for rule in [tomllib.loads(file.read_text(encoding="utf-8"))]
}
ALERTING_RULES = sorted(name for name, rule in RULES.items() if not rule.get("verdict_only"))


def test_every_reason_has_words():
    """Whatever ends or retracts an alert can be said in both languages."""
    assert set(REASONS) == set(Reason)
    assert all(set(words) == {"zh", "en"} and all(words.values()) for words in REASONS.values())


@pytest.mark.parametrize("name", ALERTING_RULES)
def test_every_shipped_rule_says_what_to_do_next(name):
    """Each rule that alerts has a next step of its own, in both languages and short enough."""
    words = steps().rule[name]
    assert set(words) == {"zh", "en"}
    assert all(0 < len(text.encode()) <= 120 for text in words.values())


def test_rules_that_alert_nobody_need_no_next_step():
    """A rule that only gives verdicts has no sentence: nobody would read it."""
    silent = {name for name, rule in RULES.items() if rule.get("verdict_only")}
    assert silent == {"complaint/kpi-answer", "repair/area-unknown"}
    assert not silent & set(steps().rule)


def test_no_next_step_is_left_over():
    """Each sentence belongs to a rule that exists, or to a condition of the monitor."""
    monitor = {f"operator/{condition}" for condition in Condition}
    assert set(steps().rule) == set(ALERTING_RULES) | monitor
    assert {name for name, rule in RULES.items() if rule["kind"] == "recurrence"} == set(steps().not_yet)


def test_a_rule_of_ones_own_has_the_step_of_its_family():
    """What the file does not know falls back to the family, and a strange family to the sentence for all."""
    known = steps().family
    assert next_step("repair/ours", Level.BREACH, "en") == known["repair"]["en"]
    assert next_step("operator/new", Level.WARNING, "zh") == known["operator"]["zh"]
    assert next_step("water/leak", Level.BREACH, "zh") == known[OTHERS]["zh"]
    assert {name.partition("/")[0] for name in RULES} <= set(known)


def test_an_incident_that_is_not_full_asks_for_something_else():
    """Before the third complaint nobody has to step in yet."""
    rule = "complaint/repeated-service"
    assert next_step(rule, Level.WARNING, "en") != next_step(rule, Level.ESCALATION, "en")


def test_every_level_and_every_sentence_is_in_both_languages():
    """No reader meets a gap."""
    assert set(LEVELS) == set(Level)
    for words in (*LEVELS.values(), *NAMES.values(), *SENTENCES.values()):
        assert set(words) == {"zh", "en"}
        assert all(words.values())


def test_every_field_of_an_alert_is_said_or_left_unsaid_on_purpose():
    """A field that alerts gain must be put on one of the two lists before a text can hold it."""
    fields = set(AlertData.__struct_fields__)
    assert fields == SAID | UNSAID
    assert not SAID & UNSAID
    assert set(Facts.__struct_fields__) - {"subject", "at"} == SAID - {"ticket"}


def test_only_the_allow_list_reads_the_data_of_an_alert():
    """No other module of the texts reaches for `.data`, by whatever road."""
    folder = Path(alerting.texts.__file__).parent
    readers = {
        file.name
        for file in folder.glob("*.py")
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if (isinstance(node, ast.Attribute) and node.attr in ("data", "asdict", "astuple"))
        or (isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ("vars", "repr"))
    }
    assert readers == {"facts.py"}


def test_what_is_not_on_the_list_is_never_said():
    """An alert that holds more than this edition knows says no more than before."""

    class Richer(AlertData):
        customer: str = "张三 13800000000"

    plain = alert()
    richer = msgspec.structs.replace(plain, data=Richer(**msgspec.structs.asdict(plain.data)))
    secret = msgspec.structs.replace(richer, data=msgspec.structs.replace(richer.data, clock_id="c-secret", mode=77))
    for language in ("zh", "en"):
        expected = compose(message(plain), language, MAIL, UNITS, NOW)
        assert compose(message(secret), language, MAIL, UNITS, NOW) == expected
        assert "13800000000" not in expected.body
