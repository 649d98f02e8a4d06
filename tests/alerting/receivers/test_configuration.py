"""A fault in a receiver's configuration is told with the key and the remedy, before anything is sent."""

import re
import tomllib
from pathlib import Path

import msgspec
import pytest

from alerting.http import HttpConfig
from alerting.receiver import kinds
from alerting.secret import Masked
from tests.alerting.receivers.building import CANARY, WHSEC, build, table_for

MAIL = {"host": "mail.example.org", "sender": "slawatch@example.org", "to": ["duty@example.org"]}
SMS = table_for("sms", 9)

DOCUMENT = Path(__file__).parents[3] / "docs" / "receivers.md"
SECRETS = {
    ("dingtalk", "url"): f"https://oapi.dingtalk.com/robot/send?access_token={CANARY}",
    ("dingtalk", "secret"): f"SEC{CANARY}",
    ("wecom", "url"): f"https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key={CANARY}",
    ("feishu", "url"): f"https://open.feishu.cn/open-apis/bot/v2/hook/{CANARY}",
    ("feishu", "secret"): CANARY,
    ("webhook", "secret"): WHSEC,
    ("webhook", "second_secret"): WHSEC,
    ("alertmanager", "authorization"): f"Bearer {CANARY}",
    ("pagerduty", "routing_key"): CANARY,
    ("mail", "password"): CANARY,
    ("sms", "secret"): CANARY,
    ("apprise", "url"): "json://example.org",
}

FAULTS = [
    ("dingtalk", {}, "url is missing"),
    ("dingtalk", {"url": "https://oapi.dingtalk.com/robot/send"}, "url has no access_token"),
    ("wecom", {"url": "https://qyapi.weixin.qq.com/cgi-bin/webhook/send"}, "url has no key"),
    ("feishu", {"url": f"http://open.feishu.cn/{CANARY}"}, "url is not encrypted"),
    ("webhook", {"url": "https://example.org/"}, "secret is missing"),
    ("webhook", {"url": "https://example.org/", "secret": CANARY}, "secret: a webhook secret is whsec_"),
    (
        "webhook",
        {"url": "https://example.org/", "secret": WHSEC, "second_secret": CANARY},
        "second_secret: a webhook secret is whsec_",
    ),
    ("pagerduty", {}, "routing_key is missing"),
    ("alertmanager", {"urls": []}, "urls is empty"),
    ("alertmanager", {"urls": ["https://a.example.org", "x"]}, r"urls\[1\] is no address"),
    ("alertmanager", {"urls": ["https://a.example.org/api/v2/alerts"]}, r"urls\[0\] goes too far"),
    ("alertmanager", {"urls": ["https://a.example.org/"], "allow_networks": ["x/y"]}, "allow_networks: 'x/y'"),
    ("mail", MAIL | {"to": []}, "to is empty"),
    ("mail", MAIL | {"to": ["a@example.org\nBcc: b@example.org"]}, r"to\[0\]: .* no mail address"),
    ("mail", MAIL | {"to": ["Duty <a@example.org>"]}, r"to\[0\]: write the address alone"),
    ("mail", MAIL | {"sender": "slawatch"}, "sender: 'slawatch' is no mail address"),
    ("mail", MAIL | {"user": "u"}, "user and password belong together"),
    ("mail", MAIL | {"user": "u", "password": CANARY, "tls": "none"}, "would show the password"),
    ("mail", MAIL | {"host": "a b"}, "host is no name"),
    ("mail", MAIL | {"ca_file": "/nowhere.pem"}, "ca_file: no certificates"),
    ("sms", SMS | {"to": []}, "to is empty"),
    ("sms", SMS | {"form": {}}, "json and form are given"),
    ("sms", SMS | {"method": "GET"}, "a GET has no body"),
    ("sms", SMS | {"json": {"x": "{to} {text} {phone} {secret}"}}, r"json has \{phone\}: what can stand there"),
    ("sms", SMS | {"json": {"x": "{to} {secret}"}}, r"\{text\} stands nowhere"),
    ("sms", SMS | {"headers": {"X": "{text}"}}, r"headers has \{text\}"),
    ("sms", SMS | {"headers": {"X": "a\r\nb {secret}"}}, "headers: 'X' cannot be sent"),
    ("sms", SMS | {"headers": {}}, "secret and the placeholder"),
    ("sms", SMS | {"taken_when": {"path": "code"}}, "path and equals belong together"),
    ("apprise", {}, "url is missing"),
    ("apprise", {"url": f"nothing-{CANARY}"}, "url is no address that apprise knows"),
]


@pytest.mark.parametrize(("kind", "table", "complaint"), FAULTS)
def test_a_fault_names_the_key_and_the_remedy(kind, table, complaint):
    """Nobody has to read our code to mend it; and no secret is shown."""
    with pytest.raises(ValueError, match=complaint) as refused:
        build(kind, table)
    assert CANARY not in str(refused.value)
    assert not re.search(r"Traceback|object at", str(refused.value))


@pytest.mark.parametrize("kind", sorted(kinds()))
def test_a_key_that_does_not_exist_is_told(kind):
    """A typing error is not passed over."""
    with pytest.raises(msgspec.ValidationError, match=r"unknown field `timeouts`|missing required field"):
        msgspec.convert({"timeouts": 1}, kinds()[kind].layout)


def test_every_receiver_of_the_plan_is_there():
    """One file each, found without being named anywhere; and each keeps to the layout that hides secrets."""
    names = {"alertmanager", "webhook", "dingtalk", "wecom", "feishu", "pagerduty", "mail", "sms", "apprise"}
    assert set(kinds()) == names
    for kind in kinds().values():
        assert issubclass(kind.layout, Masked)
        assert kind.layout.__struct_config__.forbid_unknown_fields
        assert kind.layout.__struct_config__.frozen
    assert issubclass(kinds()["sms"].layout, HttpConfig)


def test_every_example_of_the_documents_is_a_configuration():
    """Each table is read as it stands, and together they show every kind."""
    blocks = re.findall(r"^```toml\n(.*?)^```", DOCUMENT.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    shown = set()
    for name, table in (item for block in blocks for item in tomllib.loads(block)["receivers"].items()):
        kind = table.pop("kind")
        shown.add(kind)
        layout = kinds()[kind].layout
        msgspec.convert(table, layout)
        # Built too, with every secret in the place of its file or variable.
        told = {key.removesuffix("_file").removesuffix("_env"): value for key, value in table.items()}
        told |= {
            key: SECRETS[kind, key] for key in told if f"{key}_file" in layout.__struct_fields__ and key not in table
        }
        assert build(kind, told).traits, name
    assert shown == set(kinds())


def test_a_table_of_toml_is_a_configuration():
    """As people write it."""
    table = tomllib.loads("""
    url_env = "SMS_URL"
    to = ["13800000001"]
    json = { phone = "{to}", content = "{text}", nonce = "{key}" }
    taken_when = { path = "code", equals = 0 }
    timeout_s = 3
    allow_networks = ["10.0.0.0/8", "sms.example.org"]
    """)
    config = msgspec.convert(table, kinds()["sms"].layout)
    assert config.timeout_s == 3.0
    assert config.json["content"] == "{text}"
