"""PagerDuty: one key for all revisions, its own words for how bad it is, and a resolve when it is over."""

import asyncio
import json

import pytest

from alerting.message import Occasion
from alerting.receivers.pagerduty import DEDUP_CHARS_MAX, ENQUEUE, dedup_key
from tests.alerting.receivers.building import CANARY, NOW, alert, build, message, table_for
from tests.alerting.receivers.scripted import Script, Scripted


def deliver(told):
    """Send one message; the answer and the body that came in."""

    async def run():
        async with Scripted(Script(202, {}, b'{"status":"success"}')) as it:
            receiver = build("pagerduty", table_for("pagerduty", it.port))
            answer = await receiver.send(told, NOW)
            await receiver.close()
            return answer, [json.loads(asked.body) for asked in it.asked]

    return asyncio.run(run())


def test_an_alert_triggers_and_its_end_resolves():
    """Raised, escalated and chased join one incident; resolved and retracted close it."""
    actions, keys = [], set()
    for occasion in (Occasion.RAISED, Occasion.ESCALATED, Occasion.CHASED, Occasion.RESOLVED, Occasion.RETRACTED):
        answer, (body,) = deliver(message(occasion=occasion))
        assert answer.kind == "sent"
        assert body["routing_key"] == CANARY
        actions.append(body["event_action"])
        keys.add(body["dedup_key"])
    assert actions == ["trigger", "trigger", "trigger", "resolve", "resolve"]
    assert keys == {message().alert.alert_id}


def test_what_people_read_there():
    """The title, who owes it, since when, and the link by which they say that they are on it."""
    _, (body,) = deliver(message(ack_url="https://ack.example.org/t"))
    payload = body["payload"]
    assert payload["summary"] == "抢修工单派发超时"
    assert payload["source"] == "2026112300017"
    assert (payload["component"], payload["group"], payload["class"]) == ("repair/dispatch", "3201", "breach")
    assert payload["timestamp"] == "2026-11-23T00:02:00.250000Z"
    assert payload["custom_details"]["clause"] == "第二十二条"
    assert body["links"] == [{"href": "https://ack.example.org/t", "text": "acknowledge"}]


@pytest.mark.parametrize(
    ("level", "critical", "severity"),
    [
        ("notice", False, "info"),
        ("warning", False, "warning"),
        ("breach", False, "error"),
        ("escalation", False, "error"),
        ("breach", True, "critical"),
    ],
)
def test_how_bad_it_is(level, critical, severity):
    """PagerDuty knows four words."""
    _, (body,) = deliver(message(alert(level=level), critical=critical))
    assert body["payload"]["severity"] == severity


def test_a_long_id_is_shortened_and_stays_unlike_any_other():
    """255 characters are taken; two ids that begin alike must not become one incident."""
    assert dedup_key("a" * 255) == "a" * 255
    long, other = dedup_key("工" * 300), dedup_key("工" * 299 + "单")
    assert len(long) <= DEDUP_CHARS_MAX
    assert long != other
    assert long == dedup_key("工" * 300)


def test_several_alerts_at_once_are_refused_in_words():
    """A mistake of our own is told, not sent in part."""
    answer, asked = deliver(message(alert(), alert(ticket="2")))
    assert (answer.kind, answer.why) == ("refused", "our_fault")
    assert asked == []


def test_it_goes_to_pagerduty_unless_told_otherwise():
    """The key alone is a configuration."""
    assert build("pagerduty", {"routing_key": CANARY})._line.url.human_repr() == ENQUEUE
