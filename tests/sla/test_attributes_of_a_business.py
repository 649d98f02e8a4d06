"""What nobody stated is filled in only for tickets of the business an attribute belongs to."""

from datetime import datetime, timedelta

import msgspec
import pytest

from cli.generate import lives
from cli.rulebook_files import load
from sla import cloudevent
from sla.publication import Channel
from sla.step import step
from sla.watch import Watch

START = datetime.fromisoformat("2026-11-23T08:00:00+08:00")
OTHERS = {"repair": {"grade", "category"}, "complaint": {"mode", "urgency"}}


@pytest.fixture(scope="module")
def alerts():
    """The alerts of tickets of both businesses that go wrong, by business."""
    watch = Watch(load("sgcc-2014"))
    tickets = {}
    for event in lives(200, 3, START, timedelta(hours=6), trouble=1.0, business="both"):
        subject, read = cloudevent.read(msgspec.json.encode(event), watch.rulebook.vocabulary)
        tickets.setdefault(subject, []).append(read)
    found = {"repair": [], "complaint": []}
    for subject, events in tickets.items():
        for output in step(None, subject, events, watch, START + timedelta(days=30)).outputs:
            data = msgspec.json.decode(output.value)["data"]
            if output.channel is Channel.ALERTS and data["status"] != "retracted":
                found[data["kind"]].append(data)
    return found


@pytest.mark.parametrize("business", OTHERS)
def test_alerts_tell_nothing_of_the_other_business(alerts, business):
    """A complaint has no operating mode, and a repair no grade."""
    assert len(alerts[business]) > 20
    told = {name for alert in alerts[business] for name in alert}
    assert told & OTHERS[business] == set()


@pytest.mark.parametrize(("business", "name"), [("repair", "mode"), ("complaint", "grade")])
def test_alerts_tell_what_is_filled_in_for_their_own(alerts, business, name):
    """Where nobody states it, an alert tells what the ticket is taken to be."""
    assert all(name in alert for alert in alerts[business])
