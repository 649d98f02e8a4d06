"""When alerts about complaints are said: not before silence is proven, and not again without news."""

import msgspec
import pytest

from cli.rulebook_files import load
from sla.event import Event, fingerprint
from sla.publication import Channel
from sla.step import step
from sla.watch import Watch
from tests.sla.lives_of_events import instant


@pytest.fixture(scope="module")
def watch():
    """The law as shipped."""
    return Watch(load("sgcc-2014"))


def told(time, number, type_, appended=None, **data):
    """One event of the complaint."""
    at = instant(time)
    digest = fingerprint(type_, at, data)
    return Event(
        at, f"e{number}", "test", f"complaint.{type_}", data, digest, instant(appended) if appended else None
    )


def statuses(watch, rule, *passes):
    """What was said of the alerts of one rule, after each (events, silent until)."""
    ticket, said = None, []
    for events, silent_until in passes:
        result = step(ticket, "C-1", events, watch, instant(silent_until) if silent_until else None)
        ticket = result.ticket
        alerts = [msgspec.json.decode(o.value)["data"] for o in result.outputs if o.channel is Channel.ALERTS]
        said.append({a["alert_id"].rpartition("/")[2]: a["status"] for a in alerts if a["rule"] == rule})
    return said


ANSWERED = told("2026-12-01T09:00:00", 2, "replied")
CLOSED = told("2026-12-02T09:00:00", 3, "closed")
ACCEPTED = told("2026-11-23T09:00:00", 1, "accepted")


def test_a_closing_proves_nothing_about_the_reply_before_it(watch):
    """A closing after the answer was due fires no alert: the reply may be further on in the log, in time."""
    assert statuses(watch, "complaint/answer", ([ACCEPTED, CLOSED], None), ([ANSWERED], "2026-12-03T09:00:00")) == [
        {},
        {"warning-50": "resolved", "warning-80": "resolved"},
    ]


def test_after_a_closing_alerts_fire_when_silence_is_proven(watch):
    """No reply comes: what was owed is said as soon as nothing can come any more that would have been one."""
    (nothing, fired) = statuses(
        watch, "complaint/answer", ([ACCEPTED, CLOSED], None), ([], "2026-12-01T17:30:00.001")
    )
    assert nothing == {}
    assert fired == {"warning-50": "firing", "warning-80": "firing", "breach": "firing"}


def test_a_grading_told_late_is_given_the_time_to_be_acted_upon(watch):
    """The notice of an important complaint runs from its grading; silence before that was in the log says nothing."""
    sent = told("09:10:00", 2, "dispatched", "09:10:00", to_level="province", to_unit="32")
    graded = told("09:20:00", 3, "graded", "11:00:00", grade="important")
    said = statuses(
        watch,
        "complaint/notify-province",
        ([told("09:00:00", 1, "accepted", "09:00:00"), sent], None),
        ([], "10:59:59"),
        ([graded], None),
        ([], "11:00:00"),
        ([], "11:00:00.001"),
    )
    assert said[:4] == [{}] * 4
    assert said[4]["breach"] == "firing"


def test_a_date_to_keep_evidence_until_is_no_news_about_an_alert(watch):
    """A closing that says until when to keep the evidence changes the verdict only."""
    late = ([ACCEPTED, told("10:00:00", 5, "evidence_added", bytes=6_000_000)], "2026-12-03T09:00:00")
    assert statuses(watch, "complaint/evidence", late, ([CLOSED], None)) == [{"warning": "firing"}, {}]


def test_another_reply_before_the_one_sent_back_is_no_news(watch):
    """When the reply was given that went back is nowhere in an alert; only that it went back, and why, is."""
    first, back = told("10:00:00", 6, "replied"), told("11:00:00", 7, "reply_returned")
    passes = ([ACCEPTED, first, back], "2026-12-03T09:00:00"), ([told("09:30:00", 8, "replied")], None)
    assert statuses(watch, "complaint/answer", *passes, ([told("09:40:00", 9, "reply_returned")], None))[1:] == [
        {},
        {},
    ]
