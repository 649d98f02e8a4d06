"""apprise: what it hands on is never called sent, and it holds nobody up."""

import asyncio
import logging
import sys
import threading

import pytest

from tests.alerting.receivers.building import CANARY, NOW, build, message
from tests.alerting.receivers.scripted import Script, Scripted


def deliver(script, **settings):
    """Send one message through the real library to a scripted receiver; the answer and what came in."""

    async def run():
        async with Scripted(script) as it:
            receiver = build("apprise", {"url": f"json://127.0.0.1:{it.port}/{CANARY}", "timeout_s": 20.0} | settings)
            answer = await receiver.send(message(), NOW)
            await receiver.close()
            return answer, it.asked

    return asyncio.run(run())


def test_what_apprise_hands_on_is_unverified():
    """It looks at the status only, so a refusal inside a 200 would be a success to it."""
    answer, asked = deliver(Script(200, {}, b'{"errcode":310000}'))
    assert (answer.kind, answer.why) == ("unverified", "handed_on")
    assert "2026112300017" in asked[0].body.decode()


def test_what_apprise_could_not_hand_on_is_tried_again(caplog, capfd):
    """Whatever it was; and its address, which apprise would write into its log, is seen nowhere."""
    caplog.set_level(logging.DEBUG, "apprise")
    answer, _ = deliver(Script(500))
    assert (answer.kind, answer.why) == ("retry", "unknown_answer")
    assert CANARY not in repr(answer) + caplog.text + "".join(capfd.readouterr())


def test_a_call_that_hangs_ends_by_our_timeout(monkeypatch):
    """The thread is its own, so nothing else waits for it."""
    receiver = build("apprise", {"url": "json://127.0.0.1:9", "timeout_s": 0.2})
    let_go = threading.Event()
    monkeypatch.setattr(receiver, "_notify", lambda *_: let_go.wait(20))

    async def run():
        answers = [await receiver.send(message(), NOW) for _ in range(2)]
        await receiver.close()
        return answers

    try:
        answers = asyncio.run(run())
    finally:
        let_go.set()
    assert {(answer.kind, answer.why) for answer in answers} == {("retry", "timed_out")}


def test_an_exception_of_a_plugin_is_an_answer(monkeypatch):
    """By its type alone."""
    receiver = build("apprise", {"url": "json://127.0.0.1:9"})

    def fail(*_):
        raise RuntimeError(CANARY)

    monkeypatch.setattr(receiver, "_notify", fail)

    async def run():
        answer = await receiver.send(message(), NOW)
        await receiver.close()
        return answer

    answer = asyncio.run(run())
    assert answer.kind == "retry"
    assert answer.detail == "apprise failed: RuntimeError"


def test_without_the_library_it_says_what_to_install(monkeypatch):
    """At the start, not in the night."""
    monkeypatch.setitem(sys.modules, "apprise", None)
    with pytest.raises(ValueError, match=r"apprise is not installed: install slawatch\[apprise\]"):
        build("apprise", {"url": "json://127.0.0.1:9"})
