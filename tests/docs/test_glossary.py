"""The glossary has a row for each word of the 95598 vocabulary, of verdicts and of their reasons."""

import re

import pytest

from cli.rulebook_files import load
from sla.duty import Outcome, Reason
from sla.vocabulary import Kind
from tests.docs.texts import ROOT

ROWS = [
    row for row in (ROOT / "docs" / "glossary.md").read_text(encoding="utf-8").splitlines() if row.startswith("|")
]
VOCABULARY = load("sgcc-2014").vocabulary
PLAIN = frozenset({"phone", "web", "app", "letter", "counter", "mail", "sms", "other", "general", "95598"})
"""Values that mean what they say, or that stand in the row of their attribute."""


def told(name):
    """Whether a row has a name, with blanks for its underscores or without."""
    return any(re.search(rf"(?<!\w){name.replace('_', '[_ ]')}(?!\w)", row) for row in ROWS)


@pytest.mark.parametrize(
    "names",
    [
        {type_.partition(".")[2] for type_ in VOCABULARY.types},
        set(VOCABULARY.attributes),
        {str(v) for one in VOCABULARY.attributes.values() if one.kind is Kind.ENUM for v in one.values if isinstance(v, str)} - PLAIN,
        set(Outcome),
        set(Reason) - {Reason.IN_TIME, Reason.AFTER_DUE, Reason.NOT_DONE},
    ],
    ids=["events", "attributes", "values", "outcomes", "reasons"],
)  # fmt: skip
def test_the_glossary_has_a_row_for_each_word(names):
    """A new word cannot be forgotten here; `met`, `late` and `breached` say what three of the reasons do."""
    assert len(names) > 5
    assert {name for name in names if not told(name)} == set()


def test_a_word_that_is_not_there_is_found():
    """The check looks at something."""
    assert not told("coffee_break")
