"""The pages of events and records are what the code says."""

import pytest

from sla.rule import Lack, Owner, Rule, Start, Stop
from tests.docs import events_page, records_page


@pytest.mark.parametrize("made", [events_page, records_page], ids=lambda module: module.PAGE.name)
def test_a_page_is_current(made):
    """Where it is not: .venv/bin/python -m tests.docs.events_page, or records_page."""
    assert made.PAGE.read_text(encoding="utf-8") == made.page()


def test_the_example_holds_an_alert_and_its_verdict():
    """As the core renders them."""
    assert {channel.value for channel in records_page.example()} == {"alerts", "verdicts"}


@pytest.mark.parametrize(
    ("layout", "known"),
    [
        (Start, {"event", "where", "unless", "at", "first", "last", "ticket"}),
        (Stop, {"event", "where", "unless", "match", "reason"}),
        (Lack, {"event", "where", "unless", "later"}),
        (Owner, {"where", "unit", "level", "level_from", "of"}),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_nothing_that_rules_look_at_is_passed_over(layout, known):
    """A field that is new here may name an attribute: `read_of` and `asked_of_tickets` must know of it."""
    assert set(layout.__struct_fields__) == known


def test_rules_name_events_in_no_other_place():
    """As above, for the rule as a whole."""
    holding = {"starts", "stops", "undo", "cancels", "needs", "lacks", "owners", "superior", "sum", "recurrence"}
    asking = {"binds", "excepts", "in_force"}
    other = {
        "id", "clause", "says", "title", "kind", "business", "zone", "calendar", "also", "bound", "owed_at_close",
        "verdict_only", "assumed", "off", "settles", "turning", "opening", "handed_on", "changing",
    }  # fmt: skip
    assert set(Rule.__struct_fields__) == holding | asking | other
