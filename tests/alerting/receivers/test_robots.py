"""The robots: what DingTalk, WeCom and Feishu are sent, signed as each of them wants it."""

import asyncio
import base64
import hashlib
import hmac
import json
from urllib.parse import parse_qs, urlsplit

import pytest

from alerting import texts
from alerting.message import Occasion
from alerting.receiver import Rate
from alerting.text import Text
from tests.alerting.receivers.building import CANARY, NOW, alert, build, message, table_for
from tests.alerting.receivers.scripted import Script, Scripted

ROBOTS = ("dingtalk", "wecom", "feishu")


def deliver(kind, told, **settings):
    """Send one message; the answer, the query and the body that came in."""

    async def run():
        body = b'{"errcode":0,"code":0}'
        async with Scripted(Script(200, {}, body)) as it:
            receiver = build(kind, table_for(kind, it.port, **settings))
            answer = await receiver.send(told, NOW)
            await receiver.close()
            return answer, it.asked, receiver.traits

    answer, asked, traits = asyncio.run(run())
    if not asked:
        return answer, {}, {}, traits
    query = parse_qs(urlsplit(asked[0].line.split(" ")[1]).query)
    assert asked[0].headers["content-type"] == "application/json; charset=utf-8"
    return answer, query, json.loads(asked[0].body), traits


def test_dingtalk_is_sent_markdown_with_a_signature_in_its_address():
    """HMAC-SHA256 of time stamp and secret, under the secret, as DingTalk describes it."""
    answer, query, body, traits = deliver("dingtalk", message())
    assert answer.kind == "sent"
    secret = f"SEC{CANARY}"
    (stamp,), (sign,) = query["timestamp"], query["sign"]
    assert int(stamp) == int(NOW.timestamp() * 1000)
    wanted = hmac.new(secret.encode(), f"{stamp}\n{secret}".encode(), hashlib.sha256).digest()
    assert base64.b64decode(sign) == wanted
    assert query["access_token"] == [CANARY]
    assert body["msgtype"] == "markdown"
    assert body["markdown"]["title"] == "抢修工单派发超时"
    assert body["markdown"]["text"].split("  \n")[0] == "2026112300017"
    assert traits.rates == (Rate(18, 60.0),)
    assert traits.people


def test_dingtalk_without_a_secret_is_not_signed():
    """Robots can be guarded by a keyword instead, which then ends the text."""
    _, query, body, _ = deliver("dingtalk", message(), secret=None, keyword="工单")
    assert set(query) == {"access_token"}
    assert body["markdown"]["text"].endswith("  \n工单")


def test_dingtalk_gets_one_line_break_where_one_was_meant(monkeypatch):
    """Whether the text ends its lines with two blanks or not."""
    for body in ("a\nb\n\nc", "a  \nb  \n  \nc"):
        monkeypatch.setattr(texts, "compose", lambda *_, body=body, **__: Text("t", body))
        _, _, sent, _ = deliver("dingtalk", message())
        assert sent["markdown"]["text"] == "a  \nb  \n  \nc"


def test_wecom_is_sent_markdown():
    """Its limit is that of the content: 4,096 bytes."""
    answer, query, body, traits = deliver("wecom", message())
    assert answer.kind == "sent"
    assert query == {"key": [CANARY]}
    assert body["msgtype"] == "markdown"
    assert body["markdown"]["content"].startswith("2026112300017\n")
    assert traits.limits.body_bytes == 4_096
    assert traits.limits.title_bytes == 0


def test_feishu_is_sent_a_card_with_a_signature_in_the_body():
    """Time stamp and secret are the key, and the message is empty: as Feishu describes it."""
    answer, _, body, traits = deliver("feishu", message())
    assert answer.kind == "sent"
    key = f"{body['timestamp']}\n{CANARY}".encode()
    assert body["timestamp"] == str(int(NOW.timestamp()))
    assert base64.b64decode(body["sign"]) == hmac.new(key, b"", hashlib.sha256).digest()
    assert body["msg_type"] == "interactive"
    assert body["card"]["header"]["title"] == {"tag": "plain_text", "content": "抢修工单派发超时"}
    assert body["card"]["elements"][0]["content"].startswith("2026112300017\n")
    assert traits.rates == (Rate(95, 60.0), Rate(4, 1.0))


@pytest.mark.parametrize(
    ("occasion", "level", "colour"),
    [
        (Occasion.RAISED, "notice", "blue"),
        (Occasion.RAISED, "warning", "orange"),
        (Occasion.CHASED, "breach", "red"),
        (Occasion.DIGEST, "breach", "red"),
        (Occasion.RAISED, "escalation", "carmine"),
        (Occasion.RESOLVED, "breach", "green"),
        (Occasion.RETRACTED, "breach", "grey"),
    ],
)
def test_the_colour_of_a_card_tells_what_happened(occasion, level, colour):
    """Before anybody has read a word."""
    _, _, body, _ = deliver("feishu", message(alert(level=level), occasion=occasion), keyword="工单")
    assert body["card"]["header"]["template"] == colour
    assert body["card"]["elements"][-1]["content"] == "工单"


@pytest.mark.parametrize("kind", ROBOTS)
@pytest.mark.parametrize("character", ["x", '"', "\\", "工", "🚒"])
def test_the_longest_text_still_fits_whatever_it_is_made_of(kind, character, monkeypatch):
    """JSON writes some characters with two; a text within its limits is never refused for that."""

    def longest(told, language, limits, unit_names, now, *, zone):
        size = len(character.encode())
        return Text(character * (limits.title_bytes // size), character * (limits.body_bytes // size))

    monkeypatch.setattr(texts, "compose", longest)
    answer, *_ = deliver(kind, message())
    assert answer.kind == "sent"


def test_what_is_too_large_all_the_same_is_not_sent(monkeypatch):
    """A body of nothing but line breaks grows fivefold in DingTalk's markdown; the robot would refuse it."""
    monkeypatch.setattr(texts, "compose", lambda *_, **__: Text("t", "\n" * 9_500))
    answer, _, body, _ = deliver("dingtalk", message())
    assert (answer.kind, answer.why) == ("refused", "too_large")
    assert body == {}


@pytest.mark.parametrize("kind", ROBOTS)
def test_the_text_is_written_for_the_robots_readers(kind, monkeypatch):
    """Language, limits, names of units and the instant reach whoever writes it."""
    seen = []

    def listen(*told, zone):
        seen.append(told)
        return Text("t", "b")

    monkeypatch.setattr(texts, "compose", listen)
    told = message()
    _, _, _, traits = deliver(kind, told)
    assert seen == [(told, "zh", traits.limits, {"3201": {"zh": "南京供电公司"}}, NOW)]
