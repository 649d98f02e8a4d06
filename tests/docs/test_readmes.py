"""The two READMEs say the same: equal blocks, headings, tables, links and names; only the words around them differ."""

import re

import pytest

from tests.docs.texts import BLOCK, ROOT, SPAN

ENGLISH = (ROOT / "README.md").read_text(encoding="utf-8")
CHINESE = (ROOT / "README.zh-CN.md").read_text(encoding="utf-8")


def headings(text):
    """The levels of the headings, in their order."""
    return [len(marks) for marks in re.findall(r"^(#+) ", BLOCK.sub("", text), re.MULTILINE)]


def by_section(text, pattern):
    """What a pattern finds in each section outside of blocks, in any order: languages order their sentences otherwise."""
    return [
        sorted(re.findall(pattern, section)) for section in re.split(r"^#+ ", BLOCK.sub("", text), flags=re.MULTILINE)
    ]


def test_the_blocks_of_code_are_equal():
    """Commands and examples, byte for byte."""
    assert BLOCK.findall(CHINESE) == BLOCK.findall(ENGLISH)
    assert len(BLOCK.findall(ENGLISH)) > 4


@pytest.mark.parametrize(
    "pattern",
    [r"^\|.*\|$", r"^- \*\*", r"`[^`\n]+`", r"\]\((?!README)([^)]+)\)", r"https?://[\w./:-]+"],
    ids=["rows", "points", "names", "links", "addresses"],
)
def test_each_section_holds_the_same(pattern):
    """As many rows and points; the same names, links and addresses."""
    count = pattern.startswith("^")
    told = [by_section(text, re.compile(pattern, re.MULTILINE)) for text in (ENGLISH, CHINESE)]
    english, chinese = ([len(found) for found in one] if count else one for one in told)
    assert chinese == english


def test_the_headings_are_alike():
    """As many, of the same levels, in the same order."""
    assert headings(CHINESE) == headings(ENGLISH)


def test_each_leads_to_the_other():
    """At its top."""
    assert "](README.zh-CN.md)" in ENGLISH.partition("## ")[0]
    assert "](README.md)" in CHINESE.partition("## ")[0]


def numbers(text):
    """Every number outside of blocks and names."""
    plain = SPAN.sub("", BLOCK.sub("", text)).replace("第十二条", "12")
    return sorted(re.findall(r"(?<![\w.])\d[\d,.]*\d|\b\d\b", plain, re.ASCII))


def test_the_numbers_are_the_same():
    """Each number of the English text is in the Chinese one, as often; Chinese writes more of its numbers in digits."""
    english, chinese = numbers(ENGLISH), numbers(CHINESE)
    assert [number for number in english if chinese.count(number) < english.count(number)] == []
    assert len(english) > 20
