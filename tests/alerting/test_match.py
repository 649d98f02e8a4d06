"""What a route may ask of an alert, and which hours count."""

from datetime import UTC, datetime, timedelta

import pytest

from alerting.match import covers_rule, means
from alerting.routing import route
from tests.alerting.folders import AT, alert, folder


def takes(match, found, hours=""):
    """Whether a route with this match takes an alert."""
    text = f'fallback = ["c"]\n{hours}\n[[route]]\nname = "x"\nmatch = {{ {match} }}\n[[route.steps]]\nto = ["receiver:a"]\n'
    return route(found, folder(routes=text))[0].route == "x"


@pytest.mark.parametrize(
    ("match", "told", "expected"),
    [
        ('level = "breach"', {}, True),
        ('level = ["warning", "notice"]', {}, False),
        ('rule = "repair/dispatch"', {}, True),
        ('rule = "repair/*"', {}, True),
        ('rule = ["complaint/*", "repair/redispatch"]', {}, False),
        ('rule = "operator/*"', {"rule": "operator/blind"}, True),
        ('rule = "operator/blind"', {"rule": "operator/silent_source"}, False),
        ('grade = "major"', {}, False),
        ('category = ["service", "outage"]', {"category": "outage"}, True),
        ("mode = 2", {"mode": 2}, True),
        ("mode = [1, 3]", {"mode": 2}, False),
        ('owner = "3201"', {"owner": "3201"}, True),
        ('owner = "3201"', {"owner": "320105"}, True),
        ('owner = "32"', {"owner": "320199"}, True),
        ('owner = "3201"', {"owner": "32"}, False),
        ('owner = "3201"', {"owner": None}, False),
        ('owner_level = "city"', {}, True),
        ("assumed = true", {}, False),
        ("assumed = true", {"assumed": True, "level": "warning"}, True),
        ("unverified = false", {"unverified": True}, False),
    ],
)
def test_what_a_route_asks(match, told, expected):
    """One value or several of a field; a unit is meant with all beneath it."""
    assert takes(match, alert(**told)) is expected


OFFICE = '[hours.office]\ndays = "working"\nwindows = ["08:30-12:00", "13:30-17:30"]\n'
NIGHT = '[hours.night]\nwindows = ["00:00-06:00", "22:00-24:00"]\n'
WEEKEND = '[hours.weekend]\ndays = ["sat", "sun"]\nzone = "Europe/Berlin"\n'


@pytest.mark.parametrize(
    ("hours", "name", "china", "expected"),
    [
        (OFFICE, "office", "2026-11-23T10:00", True),
        (OFFICE, "office", "2026-11-23T12:30", False),
        (OFFICE, "office", "2026-11-23T17:30", True),
        (OFFICE, "office", "2026-11-23T08:30", False),
        (OFFICE, "office", "2026-10-01T10:00", False),
        (OFFICE, "office", "2026-02-14T10:00", True),
        (OFFICE, "office", "2027-11-23T10:00", True),
        (OFFICE, "office", "2027-11-21T10:00", False),
        (NIGHT, "night", "2026-11-23T23:30", True),
        (NIGHT, "night", "2026-11-24T00:00", True),
        (NIGHT, "night", "2026-11-23T12:00", False),
        (WEEKEND, "weekend", "2026-11-23T06:00", True),
        (WEEKEND, "weekend", "2026-11-23T08:00", False),
    ],
    ids=[
        "a working hour",
        "at lunch",
        "due as business closes",
        "due as it opens",
        "a holiday",
        "a make-up Saturday",
        "a weekday beyond the calendar",
        "a Sunday beyond the calendar",
        "before midnight",
        "due at midnight",
        "at noon",
        "Sunday evening in Berlin",
        "Monday in Berlin",
    ],
)
def test_the_hours_are_those_of_the_due_time(hours, name, china, expected):
    """On the wall of the zone; what is due as a window closes is due within it."""
    due_at = datetime.fromisoformat(f"{china}:00+08:00")
    assert takes(f'hours = "{name}"', alert(due_at=due_at), hours) is expected


def test_without_a_due_time_the_start_counts():
    """As for notices."""
    started_at = datetime(2026, 11, 23, 2, tzinfo=UTC)
    found = alert(due_at=None, started_at=started_at, at=AT + timedelta(days=5, hours=10))
    assert takes('hours = "office"', found, OFFICE)


@pytest.mark.parametrize(
    ("mine", "theirs", "expected"),
    [
        ("repair/*", "repair/dispatch", True),
        ("repair/*", "repair/*", True),
        ("repair/dispatch", "repair/*", False),
        ("repair/dispatch", "repair/dispatch-again", False),
    ],
)
def test_a_pattern_covers_what_it_means(mine, theirs, expected):
    """A folder covers its rules and itself."""
    assert covers_rule(mine, theirs) is expected


def test_a_folder_means_no_rule_that_only_begins_alike():
    """`repair/*` is no `repairs/...`."""
    assert means("repair/*", "repair/dispatch")
    assert not means("repair/*", "repairs/dispatch")
