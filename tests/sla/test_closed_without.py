"""Closing a ticket does not end what was owed before it: the breach fires until the deed is done.

Told of complaints, where the answer is owed within 6 working days: by 2026-12-01 at 17:30 here.
"""

import msgspec
import pytest

from cli.rulebook_files import load
from sla.event import Event, fingerprint
from sla.publication import Channel
from sla.step import step
from sla.watch import Watch
from tests.sla.lives_of_events import instant

WATCH = Watch(load("sgcc-2014"))
ACCEPTED = ("2026-11-23T09:00:00", "e1", "accepted", {"grade": "general"})
CLOSED = ("2026-11-24T09:00:00", "e2", "closed", {})
ANSWER = "complaint/answer"


def complaint(*steps, rule=ANSWER):
    """Tell events and silences in turn: all that was said of a rule's one clock, verdicts and breaches."""
    ticket, verdicts, breaches = None, [], []
    for told in steps:
        events, horizon = [], None
        if isinstance(told, str):
            horizon = instant(told)
        else:
            time, id_, type_, data = told
            at = instant(time)
            events = [Event(at, id_, "s", f"complaint.{type_}", data, fingerprint(type_, at, data))]
        stepped = step(ticket, "c1", events, WATCH, horizon)
        assert stepped.refused == []
        ticket = stepped.ticket
        for output in stepped.outputs:
            data = msgspec.json.decode(output.value)["data"]
            if data["rule"] != rule:
                continue
            if output.channel is Channel.VERDICTS:
                verdicts.append((data["outcome"], data["reason"]))
            elif data["level"] == "breach":
                breaches.append(data["status"])
    return verdicts, breaches


def test_the_breach_fires_until_the_deed_is_done_however_long_that_takes():
    """Neither the due time nor weeks of silence end it, and nothing of it is said twice."""
    verdicts, breaches = complaint(
        ACCEPTED, CLOSED, "2026-11-25T00:00:00", "2026-12-02T00:00:00", "2027-01-20T00:00:00"
    )
    assert verdicts[-1] == ("breached", "closed_without")
    assert breaches == ["firing"]


@pytest.mark.parametrize(
    ("answered", "came"),
    [
        ("2026-11-26T10:00:00", ("met", "in_time")),
        ("2026-12-01T17:30:00", ("met", "in_time")),
        ("2026-12-03T10:00:00", ("late", "after_due")),
    ],
)
def test_done_after_all_the_breach_is_resolved_and_not_taken_back(answered, came):
    """The deed ends the alert; the verdict says whether that was still in time."""
    reply = (answered, "e3", "replied", {"unit": "3201"})
    verdicts, breaches = complaint(ACCEPTED, CLOSED, "2026-11-25T00:00:00", reply, "2027-01-20T00:00:00")
    assert verdicts == [("running", "awaited"), ("breached", "closed_without"), came]
    assert breaches == ["firing", "resolved"]


def test_a_deed_before_the_closing_that_is_told_late_takes_the_breach_back():
    """It was done when the ticket closed, so nothing was broken."""
    reply = ("2026-11-24T08:59:59", "e3", "replied", {"unit": "3201"})
    verdicts, breaches = complaint(ACCEPTED, CLOSED, "2026-11-25T00:00:00", reply)
    assert verdicts[-1] == ("met", "in_time")
    assert breaches == ["firing", "retracted"]


def test_a_closing_that_is_taken_back_takes_the_breach_back():
    """The ticket is open, and the answer is due when it was."""
    voided = ("2026-11-24T10:00:00", "e3", "voided", {"event_id": "e2"})
    verdicts, breaches = complaint(ACCEPTED, CLOSED, "2026-11-25T00:00:00", voided, "2026-11-26T00:00:00")
    assert verdicts[-1] == ("running", "awaited")
    assert breaches == ["firing", "retracted"]


def test_calls_given_up_too_early_may_still_reach_the_customer():
    """Also a duty without a due time is resolved by its deed."""
    major = (*ACCEPTED[:3], {"grade": "major"})
    reply = ("2026-11-23T10:00:00", "e3", "replied", {"unit": "3201"})
    failed = ("2026-11-23T11:00:00", "e4", "callback", {"reached": False})
    reached = ("2026-11-27T11:00:00", "e5", "callback", {"reached": True})
    told = (major, reply, failed, CLOSED, "2026-11-25T00:00:00")
    rule = "complaint/callback-attempts"
    assert complaint(*told, "2027-01-20T00:00:00", rule=rule) == (
        [("running", "awaited"), ("breached", "closed_without")],
        ["firing"],
    )
    verdicts, breaches = complaint(*told, reached, rule=rule)
    assert (verdicts[-1], breaches) == (("met", "in_time"), ["firing", "resolved"])
