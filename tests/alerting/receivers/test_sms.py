"""SMS gateways: the template is filled in without letting a text add anything, and each number is told once."""

import asyncio
import json
from urllib.parse import parse_qs, urlsplit

import pytest

from alerting import texts
from alerting.receivers.sms import at, fill
from alerting.text import Text
from tests.alerting.receivers.building import CANARY, NOW, build, message, table_for
from tests.alerting.receivers.scripted import Script, Scripted

OK = b'{"result":{"code":"OK"}}'
ATTACKS = [
    '","admin":true,"x":"',
    "a&to=13900000000&b=1",
    "{key} {secret} {to}",
    "\r\nX-Evil: 1",
    "\\u0022",
    "%s {0}",
]


def deliver(*, attempts=1, answers=(), **settings):
    """Send one message as often as told, each request answered by the next of these; answers and requests."""

    async def run():
        told = list(answers)

        class Turning(Script):
            def wire(self, length=None):
                if told:
                    self.status, self.body = told.pop(0)
                return super().wire(length)

        async with Scripted(Turning(200, {}, OK)) as it:
            receiver = build("sms", table_for("sms", it.port, **settings))
            results = [await receiver.send(message(), NOW) for _ in range(attempts)]
            await receiver.close()
            return results, it.asked

    return asyncio.run(run())


@pytest.mark.parametrize("attack", ATTACKS)
def test_a_text_cannot_add_a_field_to_json(attack, monkeypatch):
    """It is one string, as it was written, and placeholders in it are left alone."""
    monkeypatch.setattr(texts, "compose", lambda *_, **__: Text("", attack))
    _, (asked,) = deliver()
    body = json.loads(asked.body)
    assert set(body) == {"phone", "content", "id"}
    assert body["content"] == attack
    assert body["phone"] == "13800000001"
    assert CANARY not in asked.body.decode()
    assert asked.headers["authorization"] == f"Bearer {CANARY}"
    assert "x-evil" not in asked.headers


@pytest.mark.parametrize("attack", ATTACKS)
def test_a_text_cannot_add_a_field_to_a_form_or_a_query(attack, monkeypatch):
    """Nor there."""
    monkeypatch.setattr(texts, "compose", lambda *_, **__: Text("", attack))
    _, (asked,) = deliver(json=None, form={"m": "{to}", "c": "【值班】{text}"})
    assert parse_qs(asked.body.decode(), strict_parsing=True) == {"m": ["13800000001"], "c": [f"【值班】{attack}"]}
    _, (asked,) = deliver(json=None, method="GET", query={"m": "{to}", "c": "{text}"})
    method, target, _ = asked.line.split(" ")
    assert method == "GET"
    assert asked.body == b""
    assert parse_qs(urlsplit(target).query, strict_parsing=True) == {"m": ["13800000001"], "c": [attack]}


def test_a_template_may_be_nested():
    """Placeholders are found wherever a string stands."""
    template = {"messages": [{"to": ["{to}", 1, None], "body": "{text}!"}], "n": True}
    told = fill(template, {"to": "1", "text": "{to}"})
    assert told == {"messages": [{"to": ["1", 1, None], "body": "{to}!"}], "n": True}


def test_every_number_gets_one_request_with_the_same_key():
    """The gateway can tell a repeat."""
    (answer,), asked = deliver(to=["1", "2", "2", "3"])
    assert answer.kind == "sent"
    bodies = [json.loads(one.body) for one in asked]
    assert [body["phone"] for body in bodies] == ["1", "2", "3"]
    assert len({body["id"] for body in bodies}) == 1


def test_who_has_it_is_not_told_again():
    """Another attempt goes only to the others."""
    busy = (200, b'{"result":{"code":"BUSY"}}')
    (first, second), asked = deliver(attempts=2, answers=[(200, OK), busy, (200, OK), (200, OK)], to=["1", "2", "3"])
    assert (first.kind, first.code) == ("retry", "BUSY")
    assert first.detail.startswith("1 of 3 recipients still to be told")
    assert second.kind == "sent"
    assert [json.loads(one.body)["phone"] for one in asked] == ["1", "2", "3", "2"]


def test_a_number_that_is_refused_holds_up_no_other():
    """It is sent, and says who does not have it; of a single number it is refused."""
    (answer,), asked = deliver(answers=[(400, b""), (200, OK)], to=["1", "2"])
    assert answer.kind == "sent"
    assert answer.detail.startswith("1 of 2 recipients refused for good")
    assert len(asked) == 2
    (answer,), _ = deliver(answers=[(400, b"")])
    assert answer.kind == "refused"


def test_a_gateway_in_trouble_is_not_asked_for_every_number():
    """What ails it as a whole ends the attempt."""
    (answer,), asked = deliver(answers=[(503, b"")], to=["1", "2", "3"])
    assert (answer.kind, answer.why) == ("retry", "server_error")
    assert len(asked) == 1


@pytest.mark.parametrize(
    ("wanted", "status", "body", "kind"),
    [
        ({"status": [200, 201]}, 201, b"", "sent"),
        ({"status": [200]}, 202, b"", "retry"),
        ({"path": "0.ok", "equals": True}, 200, b'[{"ok":true}]', "sent"),
        ({"path": "0.ok", "equals": True}, 200, b'[{"ok":1}]', "retry"),
        ({"path": "code", "equals": 0}, 200, b'{"code":0}', "sent"),
        ({"path": "code", "equals": 0}, 200, b'{"code":false}', "retry"),
        ({"path": "code", "equals": "0"}, 200, b'{"code":0}', "retry"),
        ({"path": "code", "equals": 0}, 200, b"", "retry"),
        ({"path": "code", "equals": 0}, 500, b'{"code":0}', "retry"),
        ({"path": "code", "equals": 0}, 403, b'{"code":0}', "refused"),
    ],
)
def test_taken_is_what_the_configuration_says(wanted, status, body, kind):
    """Status and value, with its type; nothing else is taken for a yes."""
    (answer,), _ = deliver(answers=[(status, body)], taken_when=wanted)
    assert answer.kind == kind


def test_a_path_leads_to_a_value_or_nowhere():
    """Names and positions."""
    told = {"a": [{"b": 1}, {"b": 2}]}
    assert at(told, "a.1.b") == 2
    for path in ("a.2.b", "a.x.b", "c", "a.1.b.c", "a.-1.b", "a.99999999999.b"):
        with pytest.raises(LookupError):
            at(told, path)
