"""Each limit that the text of the two annexes gives has a rule in force with that very limit.

What the text asks without a number is in `ASKED`: a rule watches it, and says that its limit is assumed.
"""

from datetime import time, timedelta

import pytest

from cli.rulebook_files import load

BOOK = load("sgcc-2014")
RULES = {rule.id: rule for rule in BOOK.rules}
ON = {rule.id for business in ("repair", "complaint") for rule in BOOK.rules_of(business)}

# clause, rule, term
TERMS = [
    ("附件1 五(二)", "complaint/dispatch", "20 min"),
    ("附件1 五(二)", "complaint/redispatch", "60 min"),
    ("附件1 五(四)", "complaint/notify-province", "30 min"),
    ("附件1 五(五)", "complaint/dispatch", "20 min"),
    ("附件1 六", "complaint/receive-province", "2 wh"),
    ("附件1 六", "complaint/receive-local", "2 wh"),
    ("附件1 七(一)", "complaint/contact", "1 wd"),
    ("附件1 七(一)", "complaint/answer", "6 wd"),
    ("附件1 九(二)", "complaint/callback", "1 wd"),
    ("附件2 五(二)2", "repair/dispatch", "2 min"),
    ("附件2 五(二)2", "repair/redispatch", "3 min"),
    ("附件2 五(三)1", "repair/receive-province", "2 min"),
    ("附件2 五(三)2", "repair/receive-local", "3 min"),
]

# clause, rule, whether it is in force as shipped
ASKED = [
    ("附件1 五(三)", "complaint/report-marketing", True),
    ("附件1 五(四)", "complaint/track-province", False),
    ("附件1 九(三)", "complaint/callback-attempts-general", True),
    ("附件1 十三(一)", "complaint/evidence", True),
]


def cited(clause):
    """List the rules that stand under a clause, its parts included."""
    return {rule for entry in BOOK.clauses if entry.id.startswith(clause) for rule in entry.rules}


@pytest.mark.parametrize(("clause", "rule", "term"), TERMS, ids=[f"{clause} {rule}" for clause, rule, _ in TERMS])
def test_a_limit_of_the_text_is_in_force(clause, rule, term):
    """The rule stands under its clause, is on, may breach, and grants what the text grants, to every ticket."""
    assert rule in cited(clause)
    assert rule in ON
    assert not RULES[rule].assumed
    assert {entry.term.text for entry in RULES[rule].in_force} == {term}
    assert not any(entry.where.wanted for entry in RULES[rule].in_force)


@pytest.mark.parametrize(("clause", "rule", "on"), ASKED, ids=[f"{clause} {rule}" for clause, rule, _ in ASKED])
def test_what_the_text_asks_without_a_number_is_assumed(clause, rule, on):
    """The rule stands under its clause, and nobody is blamed for a limit that is not there."""
    assert rule in cited(clause)
    assert (rule in ON) == on
    assert RULES[rule].assumed


def test_a_superior_may_set_another_date():
    """七(一): in special circumstances the time is the one a superior asks for."""
    assert RULES["complaint/answer"].superior.event == "complaint.deadline_set"


@pytest.mark.parametrize("clause", ["附件1 八", "附件1 九(五)"])
def test_a_reply_sent_back_is_no_reply(clause):
    """八, 九(五): the answer is owed again when the audit or the call-back returns it."""
    assert "complaint/answer" in cited(clause)
    assert [undo.event for undo in RULES["complaint/answer"].undo] == ["complaint.reply_returned"]


def test_progress_is_reported_once_a_day():
    """七(三): major and important complaints, every day until they are answered."""
    rule = RULES["complaint/progress"]
    assert {"complaint/progress"} <= cited("附件1 七(三)") & ON
    assert [(entry.daily, entry.each) for entry in rule.in_force] == [(time(17, 30), "calendar_day")]


def test_a_grave_complaint_is_called_on_five_days_before_it_is_closed_with_approval():
    """九(三): at least 5 days, 3 times a day, 2 hours apart; and closing then takes an approval."""
    assert {"complaint/callback-attempts", "complaint/close-approval"} <= cited("附件1 九(三)") & ON
    (entry,) = RULES["complaint/callback-attempts"].in_force
    assert (entry.days, entry.a_day, entry.gap) == (5, 3, timedelta(hours=2))
    assert not RULES["complaint/callback-attempts"].assumed


@pytest.mark.parametrize("clause", ["附件1 十一(一)", "附件1 十一(二)"])
def test_appeals_have_their_order_and_excuse(clause):
    """十一: first the initial appeal, then the final one; one about overtime that is upheld excuses the breach."""
    assert "complaint/appeal-order" in cited(clause) & ON
    granted = [excuse for excuse in BOOK.excuses["complaint"] if excuse.event is not None]
    assert [excuse.event.event for excuse in granted] == ["complaint.appealed"]


def test_evidence_has_a_cap_and_years_to_keep():
    """十三(一), 十三(四)4: 5 MB a complaint; 5 years for special and major ones, 3 for the others."""
    assert {"complaint/evidence"} <= cited("附件1 十三(一)") & cited("附件1 十三(四)4") & ON
    (entry,) = RULES["complaint/evidence"].in_force
    assert entry.cap == 5 * 1024 * 1024
    years = {grade: kept for where, kept in entry.keep_years for _, grades in where.wanted for grade in grades}
    assert years == {"special": 5, "major": 5, "important": 3, "general": 3}
