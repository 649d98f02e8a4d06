"""Foreign text made harmless, and cut without breaking a character."""

import pytest

from alerting.texts.cleaning import foreign, head, middle_cut, shortened


@pytest.mark.parametrize("name", ["2026112300017", "INC_2026_01", "a.b-c/d:e", "工单-7", "INC#7", "T (2)"])
@pytest.mark.parametrize("markdown", [True, False])
def test_what_is_usual_in_an_id_stays_as_it_is(name, markdown):
    """It must be found again by whoever copies it."""
    assert foreign(name, markdown=markdown) == name


@pytest.mark.parametrize(
    ("text", "plain", "marked"),
    [
        ('<at user_id="all">', '＜at user_id="all"＞', '＜at user_id="all"＞'),
        ("@all", "＠all", "＠all"),
        ("[x](http://evil)", "[x](http：//evil)", "［x］(http：//evil)"),
        ("**a** `b` ~c~ \\d", "**a** `b` ~c~ \\d", "＊＊a＊＊ ｀b｀ ～c～ ＼d"),
        ("_a_b_", "_a_b_", "＿a_b＿"),
        ("&lt;", "&lt;", "＆lt;"),
    ],
)
def test_what_could_be_markup_or_a_mention_is_written_full_width(text, plain, marked):
    """It reads the same and does nothing; mentions and addresses are disarmed in plain text too."""
    assert foreign(text, markdown=False) == plain
    assert foreign(text, markdown=True) == marked


def test_what_cannot_be_seen_goes():
    """Controls, marks of direction, blanks of no width, halves of characters; line breaks become a blank."""
    assert foreign("a\u202eb\u200bc\x00d\x1be\ud800f\u2028g\nh\ti\ufeff", markdown=False) == "abcdefg h i"
    assert foreign("\u202e\x00", markdown=False) == ""


def test_a_cut_is_never_inside_a_character():
    """Nor between a letter and its accent; a mark tells that something is missing."""
    assert head("派单", 4) == "派"
    assert head("ae\u0301", 3) == "a"
    assert shortened("故障报修派单超时", 12) == "故障报…"
    assert shortened("abc", 2) == ""
    assert middle_cut("2026112300017", 10) == "2026…017"
    assert middle_cut("😀" * 5, 12) == "😀…😀"
    assert middle_cut("xxxxae\u0301bcd", 9) == "xxx…bcd"
