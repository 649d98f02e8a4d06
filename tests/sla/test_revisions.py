"""A revision says something: what is published of a clock differs from what was said of it before.

Lives of both businesses are drawn, sensible and wild, and told in any order, with repeats, batches and silence in
between; so much of what a ticket holds changes that most of it concerns only some of its outputs.
"""

from datetime import datetime, timedelta
from random import Random

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cli.generate import lives
from cli.rulebook_files import load
from sla import cloudevent
from sla.publication import Channel
from sla.step import step
from sla.watch import Watch
from tests.second_reading.complaint_wild import complaint
from tests.second_reading.repair import instant
from tests.second_reading.test_agreement import delivered

WATCH = Watch(load("sgcc-2014-extended"))
START = datetime.fromisoformat("2026-11-23T08:00:00+08:00")
SUBJECT = "c1"
LATE = (
    "08:00:00 e1 accepted hung_up_at=08:00:00",
    "09:00:00 e2 dispatched to_unit=3201 to_level=city",
    "18:00:00 e3 received unit=3201",
)
UPHELD = "18:30:00 e4 appealed stage=initial about=overtime granted=true"


def complaint_record(line):
    """Tell `08:00:00 e1 accepted grade=major` as the CloudEvent of a complaint."""
    time, id_, type_, *words = line.split()
    data = dict(word.split("=", 1) for word in words)
    data = {name: {"true": True, "false": False}.get(value, value) for name, value in data.items()}
    if "hung_up_at" in data:
        data["hung_up_at"] = f"2026-11-23T{data['hung_up_at']}+08:00"
    return {
        "specversion": "1.0",
        "id": id_,
        "source": "s",
        "type": f"complaint.{type_}",
        "subject": SUBJECT,
        "time": f"2026-11-23T{time}+08:00",
        "data": data,
    }


def said(deliveries, subject=SUBJECT):
    """Play deliveries: what was published, in order, each as its envelope."""
    ticket, envelopes = None, []
    for batch, horizon in deliveries:
        events = [cloudevent.read(msgspec.json.encode(event), WATCH.rulebook.vocabulary)[1] for event in batch]
        stepped = step(ticket, subject, events, WATCH, horizon)
        ticket = stepped.ticket
        envelopes += [(output.channel, msgspec.json.decode(output.value)) for output in stepped.outputs]
    return envelopes


def repeated(envelopes):
    """List the ids of what was published with nothing new but its revision."""
    last, idle = {}, []
    for channel, envelope in envelopes:
        name, _, revision = envelope["id"].rpartition(":")
        data = dict(envelope["data"])
        assert str(data.pop("revision")) == revision
        content = {**envelope, "id": name, "data": data}
        if last.get((channel, name)) == content:
            idle.append(envelope["id"])
        last[channel, name] = content
    return idle


def told(*lines, until):
    """Tell a complaint line by line, silence proven up to the time of each, and at the end up to `until`."""
    deliveries = [([complaint_record(line)], instant(complaint_record(line)["time"])) for line in lines]
    return said([*deliveries, ([], instant(f"2026-11-23T{until}+08:00"))])


def revisions(envelopes, rule, channel, level=None):
    """List all that was said of the clocks of a rule on a channel, oldest first."""
    data = [envelope["data"] for where, envelope in envelopes if where is channel]
    return [d for d in data if d["rule"] == rule and (level is None or d["alert_id"].endswith(f"/{level}"))]


@settings(max_examples=250, deadline=None)
@given(st.integers(0, 2**32), st.sampled_from(("repair", "complaint", "wild")))
def test_no_revision_repeats_the_one_before(seed, business):
    """No verdict and no alert is published that differs from the one before in nothing but its revision."""
    dice = Random(seed)
    if business == "wild":
        subject, events = SUBJECT, complaint(SUBJECT, dice)
    else:
        events = list(lives(1, seed, START, timedelta(hours=1), trouble=1.0, business=business))
        subject = events[0]["subject"]
    last = max(instant(event["time"]) for event in events) if events else START
    until = dice.choice((None, last, last + timedelta(days=dice.choice((0, 1, 12)), hours=dice.random() * 3)))
    assert repeated(said(delivered(events, until, dice), subject)) == []


def test_the_property_can_fail():
    """The same content under the next revision is seen."""
    verdict = {"id": "a/b:1", "data": {"revision": 1, "outcome": "met"}}
    again = {"id": "a/b:2", "data": {"revision": 2, "outcome": "met"}}
    other = {"id": "a/b:3", "data": {"revision": 3, "outcome": "late"}}
    row = [(Channel.VERDICTS, envelope) for envelope in (verdict, again, other)]
    assert repeated(row) == ["a/b:2"]


def test_an_upheld_appeal_is_told_of_the_breach_and_of_nothing_else():
    """Verdict and breach are published again, now excused; a warning that was kept or raised is not."""
    before, after = told(*LATE, until="18:20:00"), told(*LATE, UPHELD, until="19:00:00")
    rule = "complaint/receive-local"
    breach, appealed = (revisions(row, rule, Channel.ALERTS, "breach") for row in (before, after))
    assert [(d["status"], d["excused"]) for d in breach] == [("resolved", False)]
    assert [(d["status"], d["excused"]) for d in appealed] == [("resolved", False), ("resolved", True)]
    assert [d["excused"] for d in revisions(after, rule, Channel.VERDICTS)][-2:] == [False, True]
    for level in ("warning-50", "warning-80"):
        warnings = revisions(after, rule, Channel.ALERTS, level)
        assert warnings == revisions(before, rule, Channel.ALERTS, level) != []
        assert not any(warning["excused"] for warning in warnings)


def test_an_appeal_that_is_overturned_takes_the_excuse_back():
    """The final decision counts: the breach is published once more, excused no longer."""
    final = "19:30:00 e5 appealed stage=final about=overtime granted=false"
    row = told(*LATE, UPHELD, final, until="20:00:00")
    breach = revisions(row, "complaint/receive-local", Channel.ALERTS, "breach")
    assert [d["excused"] for d in breach][-2:] == [True, False]


def test_an_excuse_says_nothing_of_what_is_kept_or_open():
    """A clock that was met, and one that still runs, are not published again because of an appeal."""
    before, after = told(*LATE, until="18:20:00"), told(*LATE, UPHELD, until="18:40:00")
    for rule in ("complaint/contact", "complaint/answer"):
        verdicts = revisions(after, rule, Channel.VERDICTS)
        assert verdicts == revisions(before, rule, Channel.VERDICTS) != []


@pytest.mark.parametrize("rule", ["complaint/dispatch", "complaint/contact"])
def test_a_grade_is_told_by_alerts_and_not_by_verdicts(rule):
    """What only alerts say of a ticket moves no verdict to a next revision."""
    graded = "18:30:00 e4 graded grade=important"
    before, after = told(*LATE, until="18:20:00"), told(*LATE, graded, until="18:40:00")
    assert revisions(after, rule, Channel.VERDICTS) == revisions(before, rule, Channel.VERDICTS) != []
    if rule == "complaint/dispatch":
        breach = revisions(after, rule, Channel.ALERTS, "breach")
        assert [d["grade"] for d in breach][-2:] == ["general", "important"]
