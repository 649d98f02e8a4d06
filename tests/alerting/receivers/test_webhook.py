"""The webhook: what its receiver gets can be believed, and is the alert's own event."""

import asyncio
import json
from datetime import timedelta

import pytest
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from alerting.message import Occasion
from alerting.receivers.webhook import BODY_BYTES_MAX, event
from alerting.signing import secret
from tests.alerting.receivers.building import NOW, WHSEC, alert, build, message, table_for
from tests.alerting.receivers.scripted import Script, Scripted

OTHER = secret(b"o" * 32)
NEWEST = secret(b"n" * 24)


def deliver(*messages, now=NOW, status=204, **settings):
    """Send these messages to a scripted receiver; the answers, and what it was asked."""

    async def run():
        async with Scripted(Script(status)) as it:
            receiver = build("webhook", table_for("webhook", it.port, **settings))
            answers = [await receiver.send(told, now) for told in messages]
            await receiver.close()
            return answers, it.asked

    return asyncio.run(run())


@pytest.fixture
def _at_that_time(monkeypatch):
    """The reference library reads the clock; here it reads ours."""
    import standardwebhooks.webhooks as library

    class Clock(library.datetime):
        @classmethod
        def now(cls, tz=None):
            return NOW.astimezone(tz)

    monkeypatch.setattr(library, "datetime", Clock)


@pytest.mark.usefixtures("_at_that_time")
@pytest.mark.parametrize("held", [WHSEC, OTHER], ids=["the old secret", "the new secret"])
def test_the_reference_library_believes_it_while_the_secret_is_changed(held):
    """Both sign, so the other end may change over whenever it likes."""
    _, (asked,) = deliver(message(), second_secret=OTHER)
    told = Webhook(held).verify(asked.body, asked.headers)
    assert told["id"] == message().alert.event_id
    with pytest.raises(WebhookVerificationError):
        Webhook(NEWEST).verify(asked.body, asked.headers)


@pytest.mark.usefixtures("_at_that_time")
def test_with_one_secret_there_is_one_signature():
    """After the change nothing signs with the old one any more."""
    _, (asked,) = deliver(message(), secret=OTHER)
    assert " " not in asked.headers["webhook-signature"]
    Webhook(OTHER).verify(asked.body, asked.headers)
    with pytest.raises(WebhookVerificationError):
        Webhook(WHSEC).verify(asked.body, asked.headers)


@pytest.mark.usefixtures("_at_that_time")
@pytest.mark.parametrize("touched", ["body", "webhook-id", "webhook-timestamp", "webhook-signature"])
def test_the_reference_library_refuses_what_was_touched(touched):
    """Whatever is changed on the way."""
    _, (asked,) = deliver(message())
    if touched == "body":
        asked.body = asked.body.replace(b"firing", b"resolv")
    else:
        asked.headers[touched] = asked.headers[touched].translate(str.maketrans("15ab", "26cd"))
    with pytest.raises(WebhookVerificationError):
        Webhook(WHSEC).verify(asked.body, asked.headers)


@pytest.mark.usefixtures("_at_that_time")
@pytest.mark.parametrize("away", [timedelta(minutes=-6), timedelta(minutes=6)])
def test_the_reference_library_refuses_what_is_old_or_from_the_future(away):
    """A recorded message cannot be played again later."""
    _, (asked,) = deliver(message(), now=NOW + away)
    with pytest.raises(WebhookVerificationError):
        Webhook(WHSEC).verify(asked.body, asked.headers)


def test_every_attempt_carries_the_same_id_and_body():
    """So the other end can tell a repeat; only the time stamp and the signature are new."""

    async def run():
        async with Scripted(Script(500)) as it:
            receiver = build("webhook", table_for("webhook", it.port))
            await receiver.send(message(), NOW)
            await receiver.send(message(), NOW + timedelta(seconds=5))
            await receiver.close()
            return it.asked

    first, second = asyncio.run(run())
    assert first.headers["webhook-id"] == second.headers["webhook-id"]
    assert "." not in first.headers["webhook-id"]
    assert first.body == second.body
    assert first.headers["webhook-timestamp"] != second.headers["webhook-timestamp"]


def test_a_key_in_chinese_becomes_an_id_that_a_header_can_carry():
    """Ticket ids come from other systems."""
    answers, (asked,) = deliver(message(key="工单 2026.1/派发:1"))
    assert answers[0].kind == "sent"
    assert asked.headers["webhook-id"].isascii()
    assert " " not in asked.headers["webhook-id"]


def test_the_body_is_the_alert_as_a_cloud_event():
    """Its own id, type and data, and beside them why it is heard."""
    told = message(alert(revision=3), occasion=Occasion.CHASED, critical=True, ack_url="https://ack.example.org/t")
    _, (asked,) = deliver(told)
    body = json.loads(asked.body)
    assert asked.headers["content-type"].startswith("application/cloudevents+json")
    assert body["specversion"] == "1.0"
    assert body["id"] == told.alert.event_id
    assert (body["source"], body["type"]) == ("slawatch", "sla.alert.v1")
    assert body["subject"] == "2026112300017"
    assert (body["occasion"], body["critical"], body["degraded"]) == ("chased", True, False)
    assert body["ackurl"] == "https://ack.example.org/t"
    assert body["data"]["revision"] == 3
    assert body["data"]["clause"] == "第二十二条"
    assert all(name.isalnum() and name.islower() for name in body)  # what the specification asks of attributes


def test_evidence_is_cut_before_a_body_grows_too_large():
    """The alert still goes out, and says how much is left out."""
    many = [f"event-{i:04}-{'x' * 80}" for i in range(500)]
    body = event(message(alert(evidence=many)))
    told = json.loads(body)
    assert len(body) <= BODY_BYTES_MAX
    kept = told["data"]["evidence"]
    assert kept == many[: len(kept)]
    assert kept
    assert told["evidencecut"] == 500 - len(kept)


def test_several_alerts_at_once_are_refused_in_words():
    """A mistake of our own is told, not sent in part."""
    (answer,), asked = deliver(message(alert(), alert(ticket="2")))
    assert (answer.kind, answer.why) == ("refused", "our_fault")
    assert asked == []
