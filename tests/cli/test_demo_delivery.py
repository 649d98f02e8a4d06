"""The demo's delivery: every breach reaches the receivers, once and signed, and what is shown agrees with the topics."""

import argparse
import asyncio
import time
from datetime import UTC, datetime

import aiohttp
import pytest

from alerting.notifier import Notifier
from alerting.record import Notification, Outcome
from cli.demo_delivery import HOOK, ROOM
from cli.demo_heard import Heard
from cli.demo_lines import Lines, summary
from cli.demo_play import Demo
from cli.demo_receivers import DemoReceivers, Text
from cli.demo_stage import Stage
from cli.demo_tally import Tally
from cli.demo_words import EN, LANGUAGES
from streams.clock import ScaledClock
from tests.cli.test_demo import START, alert

OPTIONS = argparse.Namespace(speed=240.0, minutes=20.0, tickets=60, seed=7, seconds=None, lang="zh")


@pytest.fixture(scope="module")
def played() -> Demo:
    """A demo that is over."""
    wall = datetime.now(UTC)
    with Stage(ScaledClock(wall, wall, OPTIONS.speed)) as stage:
        demo = Demo(OPTIONS, stage, time.monotonic())
        assert asyncio.run(demo.play()) == 0
    return demo


def record(name: str, step: str = "first", outcome: Outcome = Outcome.SENT, **told) -> Notification:
    """A record of the duty room."""
    told = {"late_ms": 0.0, "revision": 1} | told
    return Notification(
        alert_id=name, receiver=ROOM, step=step, outcome=outcome, reason="", status="firing", at=START, **told
    )


@pytest.mark.embedded
@pytest.mark.slow
@pytest.mark.parametrize("name", [HOOK, ROOM])
def test_no_breach_is_told_twice_and_none_is_owed(played, name):
    """Whatever was raised was told once, or was over before its turn came."""
    heard = played.heard[name]
    assert heard.told
    assert set(heard.told.values()) == {1}
    covered = heard.coverage(played.tally)
    assert covered.owed == 0
    assert covered.told + covered.over_before == len(played.tally.breaches) > 10
    still_firing = {id_ for id_ in played.tally.breaches if played.tally.alerts[id_].status == "firing"}
    assert still_firing
    assert still_firing <= {alert_id for alert_id, _ in heard.told}


@pytest.mark.embedded
@pytest.mark.slow
def test_every_webhook_is_signed_and_taken_once(played):
    """As many signatures are good as messages are recorded as sent, under as many ids; one was refused at first."""
    heard, receivers = played.heard[HOOK], played.receivers
    assert receivers.unsigned == 0
    assert set(receivers.verified.values()) == {1}
    assert len(receivers.verified) == heard.messages
    assert heard.ended
    assert (heard.again, heard.dead) == (1, 0)


@pytest.mark.embedded
@pytest.mark.slow
def test_the_duty_room_reads_fewer_messages_than_alerts(played):
    """The storm comes as digests; the robot's no inside a 200 is not taken for a yes."""
    heard, receivers = played.heard[ROOM], played.receivers
    assert heard.digests
    assert receivers.messages == heard.messages < len(heard.told) + len(heard.ended)
    assert (heard.again, heard.dead) == (1, 0)
    assert receivers.last is not None
    assert receivers.last.tickets
    assert "超时" in "".join(receivers.last.lines) or "违反" in receivers.last.title


@pytest.mark.embedded
@pytest.mark.slow
def test_a_notifier_that_ends_by_itself_ends_the_demo(monkeypatch, capsys):
    """With exit code 1, and the reason."""

    async def run(_: Notifier) -> None:
        raise RuntimeError("no more")

    monkeypatch.setattr(Notifier, "run", run)
    wall = datetime.now(UTC)
    with Stage(ScaledClock(wall, wall, OPTIONS.speed)) as stage:
        assert asyncio.run(Demo(OPTIONS, stage, time.monotonic()).play()) == 1
    assert "the notifier ended: RuntimeError('no more')" in capsys.readouterr().err


def test_a_webhook_without_a_good_signature_is_refused():
    """It is told so, counted, and not taken for a message."""

    async def ask() -> int:
        receivers = DemoReceivers(lambda _: None)
        async with receivers.open():
            post = aiohttp.request("POST", f"{receivers.url}/alerts", data=b"{}")
            async with post as answer:
                status = answer.status
        assert (receivers.unsigned, receivers.verified) == (1, {})
        return status

    assert asyncio.run(ask()) == 401


def test_the_summary_says_what_is_owed_and_what_was_over_before():
    """Three breaches: told in a digest, over before it was told, and still waiting."""
    tally, heard = Tally(), Heard()
    for number in range(3):
        tally.take_alert(alert("breach", number), START)
    tally.take_alert(alert("breach", 1, revision=2, status="resolved"), START)
    heard.take(record("0/breach", outcome=Outcome.RETRY))
    heard.take(record("0/breach", digest="digest/1", late_ms=5_000.0))
    heard.take(record("9/warning", digest="digest/1", late_ms=1_000.0))
    heard.take(record("9/warning", "end", revision=2))
    heard.take(record("9/warning", "later", outcome=Outcome.DEAD))
    heard.take(record("8/warning", outcome=Outcome.MUTED))
    told = "\n".join(summary(EN, tally, {ROOM: heard}, DemoReceivers(lambda _: None), 3, 3))
    assert "duty room: 2 alerts and 1 ends in 2 messages, 1 of them digests; 3.00 s late, at most 5.00 s" in told
    assert "1 tried again, 1 refused" in told
    assert "breaches told to the duty room: 1 of 3; 1 were over before their turn came; 1 still wait" in told


def test_lines_print_a_message_that_names_more_tickets_than_any_before(capsys):
    """So the first one and growing digests are read, and a storm does not bury them."""
    lines = Lines(LANGUAGES["en"], "en", lambda: None)
    for names in (("2026112300001",), ("2026112300002",), ("2026112300003", "2026112300004")):
        lines.read(Text("t", names))
    shown = capsys.readouterr().out
    assert "2026112300001" in shown
    assert "2026112300002" not in shown
    assert "message 3;" in shown
    assert "| 2026112300004" in shown
