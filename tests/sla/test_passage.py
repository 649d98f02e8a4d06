"""What each stretch of a term is called: holidays by name, days off by whoever made them so."""

from sla.passage import Why, passage
from sla.term import parse_term
from tests.sla.calendars import OFFICE, at, calendar

DAY_OFF = """
[[day]]
on      = 2026-11-25
working = false
"""


def passed(text, start, days):
    """Give the stretches of a term as (why, name in Chinese, counts)."""
    term = parse_term(text, days)
    due = term.due(at(start))
    found = passage(term, at(start), due.at or due.not_before, None, None)
    return [(stretch.why, (stretch.name or {}).get("zh"), stretch.counts) for stretch in found]


def test_holidays_and_their_make_up_days_have_names():
    """Around the National Day of 2026: seven days off are one stretch, the Saturday after is worked in their place."""
    assert passed("3 wd", "2026-09-30T10:00", calendar()) == [
        (Why.DAY_OF_START, None, False),
        (Why.HOLIDAY, "国庆节", False),
        (Why.WORKING_DAY, None, True),
        (Why.WORKING_DAY, None, True),
        (Why.MAKE_UP_DAY, "国庆节", True),
    ]


def test_hours_outside_the_windows_do_not_count():
    """Lunch, night and weekend lie between the office hours."""
    worked, pause = (Why.OFFICE_HOURS, None, True), (Why.OUTSIDE_OFFICE_HOURS, None, False)
    weekend = (Why.WEEKEND, None, False)
    expected = [worked, pause, worked, pause, weekend, pause, worked]
    assert passed("6 wh", "2026-11-20T11:00", calendar()) == expected


def test_a_day_off_of_the_operator_is_no_holiday():
    """It has no name, and no weekend either."""
    days = calendar(OFFICE, DAY_OFF)
    assert (Why.DAY_OFF, None, False) in passed("2 wd", "2026-11-23T10:00", days)


def test_a_start_that_rolls_says_so():
    """A start on a Saturday counts as made on Monday, which does not count either."""
    days = calendar('nonworking_start = "roll"\n' + OFFICE)
    assert passed("1 wd", "2026-11-21T10:00", days) == [
        (Why.DAY_OF_START, None, False),
        (Why.WEEKEND, None, False),
        (Why.ROLLED_START, None, False),
        (Why.WORKING_DAY, None, True),
    ]


def test_an_estimated_holiday_has_its_name_in_both_languages():
    """The tables of later years know the feasts, too."""
    days = calendar('beyond = "estimated"\n' + OFFICE)
    assert days.holiday(at("2030-01-01T00:00").date()) == {"zh": "元旦", "en": "New Year's Day"}
    assert days.holiday(at("2030-01-02T00:00").date()) is None
    assert calendar().holiday(at("2030-01-01T00:00").date()) is None
