"""The canary's web server believes what is signed, and answers as the notifier has to understand it."""

import asyncio
import json
from datetime import UTC, datetime, timedelta

import aiohttp
import pytest
from prometheus_client import CollectorRegistry

from alerting.canary.metrics import Metrics
from alerting.canary.pages import HEARD, NO_CANARY, Pages
from alerting.message import Message, Occasion
from alerting.receivers.webhook import BODY_BYTES_MAX, event
from alerting.secret import Secret
from alerting.signing import secret, sign
from tests.alerting.folders import alert

NOW = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
OURS, THEIRS = secret(b"k" * 32), secret(b"x" * 32)
ALERT = alert(rule="canary/heard")
BODY = event(Message("key", Occasion.RAISED, (ALERT,)))


def ask(body=BODY, *, key=OURS, at=NOW, headers=None, path="/alerts", answers=HEARD, unwell=""):
    """Post a message, or get a page: the answer's status and text, what was heard, how many were refused."""
    heard, metrics = [], Metrics(2, CollectorRegistry())

    async def hear(told, _):
        heard.append(told)
        return answers

    async def work():
        pages = Pages(
            "127.0.0.1", 0, metrics.registry, Secret(OURS), hear, lambda _: unwell, metrics.refused.inc, lambda: NOW
        )
        async with pages, aiohttp.ClientSession() as session:
            url = f"http://127.0.0.1:{pages.port}{path}"
            if path != "/alerts":
                async with session.get(url) as answer:
                    return answer.status, await answer.text()
            signed = sign([key], "id", at, body) if headers is None else headers
            async with session.post(url, data=body, headers=signed) as answer:
                return answer.status, await answer.text()

    status, text = asyncio.run(work())
    return status, text, heard, metrics.registry.get_sample_value("sla_canary_refused_total")


def test_what_is_signed_is_heard():
    """As the webhook receiver writes it: the alert comes out as it went in."""
    status, _, [told], refused = ask()
    assert (status, refused) == (204, 0)
    assert (told.subject, told.data) == (ALERT.subject, ALERT.data)


@pytest.mark.parametrize(
    "wrong", [{"key": THEIRS}, {"at": NOW - timedelta(minutes=6)}, {"headers": {}}], ids=["key", "old", "unsigned"]
)
def test_what_is_not_signed_by_the_notifier_is_not_believed(wrong):
    """Whoever reaches the port could else tell that all is well."""
    assert ask(**wrong)[0::2] == (401, [])
    assert ask(**wrong)[3] == 1


@pytest.mark.parametrize("body", [b"{}", b"no json", b"\xff"])
def test_what_is_no_alert_is_refused(body):
    """Signed or not."""
    assert ask(body)[0::2] == (400, [])


def test_a_message_that_is_too_long_is_not_read():
    """A webhook sends no more than the specification allows."""
    assert ask(b" " * (BODY_BYTES_MAX + 1))[0::2] == (413, [])


def test_an_alert_for_people_is_refused_with_what_to_mend():
    """Its route is wrong."""
    status, text, _, refused = ask(answers=NO_CANARY)
    assert (status, refused) == (422, 1)
    assert "canary/*" in text


def test_whoever_tries_the_receiver_is_told_that_it_can_be_reached():
    """`slawatch notifications try canary`."""
    told = json.loads(BODY) | {"occasion": "test"}
    assert ask(json.dumps(told).encode())[0::2] == (204, [])


@pytest.mark.parametrize(("unwell", "expected"), [("", (200, "ok\n")), ("Kafka", (503, "Kafka\n"))])
def test_health_says_what_is_wrong(unwell, expected):
    """Or that nothing is."""
    assert ask(path="/healthz", unwell=unwell)[:2] == expected


def test_every_partition_is_told_from_the_start():
    """As not yet seen."""
    told = ask(path="/metrics")[1]
    for partition in range(2):
        assert f'sla_canary_last_seen_timestamp_seconds{{partition="{partition}"}} 0.0' in told
