"""The guide names every key that a rulebook's files may hold."""

import re

import msgspec
import pytest

from sla import calendar_file, cases, clauses, override_file, rule_layout, rulebook, units, vocabulary_file
from tests.docs.texts import BLOCK, ROOT, SPAN

GUIDES = "\n".join((ROOT / "docs" / name).read_text(encoding="utf-8") for name in ("rulebook.md", "calendar.md"))
CODE = "\n".join([*SPAN.findall(GUIDES), *(body for _, body in BLOCK.findall(GUIDES))])
LAYOUTS = [
    layout
    for module in (rule_layout, rulebook, vocabulary_file, clauses, cases, units, calendar_file, override_file)
    for layout in vars(module).values()
    if isinstance(layout, type) and issubclass(layout, msgspec.Struct) and layout.__module__ == module.__name__
    and layout.__struct_config__.forbid_unknown_fields
]  # fmt: skip


@pytest.mark.parametrize("layout", LAYOUTS, ids=lambda layout: layout.__name__)
def test_the_guide_names_every_key(layout):
    """In a block or as code within a line."""
    keys = [field.encode_name for field in msgspec.structs.fields(layout)]
    assert [key for key in keys if not re.search(rf"(?<!\w){re.escape(key)}(?!\w)", CODE)] == []


def test_the_layouts_are_found():
    """A rule's, and those beside it."""
    assert {"RuleFile", "ExcuseFile", "AttributeFile", "Expected", "CalendarFile"} <= {
        one.__name__ for one in LAYOUTS
    }
