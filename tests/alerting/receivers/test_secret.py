"""Secrets: where they come from, and that they are seen nowhere but on the line."""

import asyncio
import logging
import pickle
import traceback

import msgspec
import pytest
from rich.pretty import pretty_repr

from alerting.receiver import kinds
from alerting.receivers.webhook import Config
from alerting.secret import MASK, Secret, find_secret, need_secret, shown
from tests.alerting.receivers.building import CANARY, NOW, WHSEC, build, message, table_for
from tests.alerting.receivers.scripted import Script, Scripted

BY_HTTP = ("alertmanager", "webhook", "dingtalk", "wecom", "feishu", "pagerduty", "sms")


def config(**table):
    """A configuration as the loader reads it."""
    return msgspec.convert(table, Config)


def test_a_secret_is_written_down_in_a_file_or_in_the_environment(tmp_path, monkeypatch):
    """All three ways lead to the same."""
    (tmp_path / "token").write_text(f"{CANARY}\n", encoding="utf-8")
    monkeypatch.setenv("ROBOT", CANARY)
    ways = [config(url=CANARY), config(url_file=str(tmp_path / "token")), config(url_env="ROBOT")]
    assert [need_secret(way, "url").reveal() for way in ways] == [CANARY] * 3
    assert find_secret(config(url=CANARY), "secret") is None


def test_what_is_wrong_with_a_secret_is_told_without_showing_it(tmp_path, monkeypatch):
    """Each fault names the key and how to mend it."""
    (tmp_path / "two").write_text(f"{CANARY}\n{CANARY}\n")
    (tmp_path / "empty").write_text("\n")
    (tmp_path / "large").write_text(CANARY * 2_000)
    (tmp_path / "binary").write_bytes(b"\xff\xfe" + CANARY.encode())
    monkeypatch.setenv("EMPTY", "")
    faults = {
        "url is missing: give url, url_file": config(),
        "url and url_env are given": config(url=CANARY, url_env="X"),
        "url_file: .* cannot be read .*name a file": config(url_file=str(tmp_path / "missing")),
        "url_file: .* cannot be read": config(url_file=str(tmp_path)),
        "url_file holds more than one line": config(url_file=str(tmp_path / "two")),
        "url_file is empty": config(url_file=str(tmp_path / "empty")),
        "url_file: .* more than 16,384": config(url_file=str(tmp_path / "large")),
        "url_file: .* is not UTF-8": config(url_file=str(tmp_path / "binary")),
        "url_env: the environment has no UNSET": config(url_env="UNSET"),
        "url_env: the environment has no EMPTY": config(url_env="EMPTY"),
        "url is empty": config(url=" "),
        "url holds more than one line": config(url=f"{CANARY}\r\nX-Evil: 1"),
    }
    for complaint, faulty in faults.items():
        with pytest.raises(ValueError, match=complaint) as refused:
            need_secret(faulty, "url")
        assert CANARY not in "".join(traceback.format_exception(refused.value))


def test_a_secret_shows_itself_to_nobody():
    """Not to a repr, not to a text, not to a debugger's pretty print, not to a pickle."""
    secret = Secret(CANARY)
    for seen in (repr(secret), str(secret), f"{secret}", f"{secret!r:>40}", f"{secret:>40}", pretty_repr([secret])):
        assert CANARY not in seen
        assert MASK in seen
    with pytest.raises(TypeError, match="not pickled"):
        pickle.dumps(secret)
    assert not hasattr(secret, "__dict__")


@pytest.mark.parametrize("kind", sorted(kinds()))
def test_a_configuration_shows_no_secret(kind):
    """Every field that may hold one is masked in a repr, and in what a person is shown."""
    layout = kinds()[kind].layout
    names = layout.__struct_fields__
    secrets = [name for name in names if f"{name}_file" in names]
    assert secrets
    assert all(f"{name}_env" in names for name in secrets)
    needed = {
        "alertmanager": {"urls": []},
        "mail": {"host": "h", "sender": "s", "to": []},
        "sms": {"to": [], "taken_when": {}},
    }
    table = needed.get(kind, {}) | dict.fromkeys(secrets, CANARY)
    made = msgspec.convert(table, layout)
    for seen in (repr(made), str(made), f"{made}", pretty_repr(made), repr(shown(made)), repr([made])):
        assert CANARY not in seen
    assert {shown(made)[name] for name in secrets} == {MASK}


def test_no_failure_and_no_log_holds_a_secret(caplog, capfd):
    """All receivers, all answers: the receiver sends back whatever it was sent, the worst it can do."""
    caplog.set_level(logging.DEBUG)
    asyncio.run(_play_all())
    out, err = capfd.readouterr()
    assert CANARY not in out + err + caplog.text


async def _play_all():
    loop = asyncio.get_running_loop()
    loop.set_debug(True)
    loop.slow_callback_duration = 1_000
    tricks = ["silence", "reset", "reset_in_body", "noise"]
    statuses = [200, 202, 302, 400, 410, 429, 500, 799]
    scripts = [Script(trick=trick, body=CANARY.encode()) for trick in tricks]
    parrot = f'{{"errcode":310000,"code":19021,"status":"{CANARY}","errmsg":"{CANARY}","msg":"{CANARY}",'
    parrot += f'"result":{{"code":"{CANARY}"}}}}'
    for body in (parrot, CANARY, f'{{"errcode":"{CANARY}","code":"{CANARY}"}}'):
        headers = {"Location": f"https://{CANARY}.example.org", "Retry-After": CANARY, "X-Echo": CANARY}
        scripts += [Script(status, headers, body.encode()) for status in statuses]
    seen = 0
    for kind in BY_HTTP:
        for script in scripts:
            async with Scripted(script) as it:
                receiver = build(kind, table_for(kind, it.port))
                answer = await receiver.send(message(), NOW)
                assert it.asked, (kind, script)
                assert CANARY in f"{it.asked[0]}" or kind == "webhook"
                seen += 1
            # Nobody listens any more.
            for told in (answer, await receiver.send(message(), NOW)):
                assert CANARY not in repr(told) + msgspec.json.encode(told).decode()
                assert WHSEC not in repr(told)
            assert CANARY not in repr(receiver) + str(receiver)
            await receiver.close()
    assert seen == len(BY_HTTP) * len(scripts)
