"""A storm of breaches: robots get few messages that list every ticket, and what is critical does not wait."""

from __future__ import annotations

import os
import re
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.alerting.live.process import NotifierProcess, Sink
from tests.alerting.live.stage import DeliveryStage
from tests.alerting.making import alert

FULL = os.environ.get("SLAWATCH_FAULTS") == "full"
BREACHES, OVER_S = (10_000, 60.0) if FULL else (1_500, 6.0)
ROBOTS = {
    "dingtalk": ("robot/send?access_token=t", b'{"errcode":0,"errmsg":"ok"}', [(20, 60.0)]),
    "wecom": ("cgi-bin/webhook/send?key=k", b'{"errcode":0,"errmsg":"ok"}', [(20, 60.0)]),
    "feishu": ("open-apis/bot/v2/hook/h", b'{"code":0,"msg":"success"}', [(100, 60.0), (5, 1.0)]),
}
"""Of each robot: its path, a yes, and how many messages it takes in how many seconds."""
CRITICAL = "c-urgent"
TICKET = re.compile(rb"t-\d{5}|c-urgent")
WITHIN_S = 5.0

pytestmark = pytest.mark.timeout(900)


def _folder(sinks: dict[str, Sink]) -> tuple[str, str]:
    receivers = "".join(
        f'[receivers.{name}]\nkind = "{name}"\nurl = "{sink.url.replace("/alerts", "/" + ROBOTS[name][0])}"\n'
        'allow_http = true\nallow_networks = ["127.0.0.0/8"]\n'
        for name, sink in sinks.items()
    )
    to = ", ".join(f'"receiver:{name}"' for name in sinks)
    return receivers, f'fallback = ["dingtalk"]\n[[route]]\nname = "all"\n[[route.steps]]\nto = [{to}]\n'


def _most(times: list[float], seconds: float) -> int:
    """The most messages in any stretch of that length."""
    return max((sum(at <= other < at + seconds for other in times) for at in times), default=0)


def test_a_storm_is_told_in_few_messages_that_list_every_ticket(
    delivery: DeliveryStage, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """No robot gets more than it takes; one urgent repair in the middle of it is told within five seconds."""
    names = {f"t-{number:05d}" for number in range(BREACHES)}
    with ExitStack() as stack:
        sinks = {name: stack.enter_context(Sink(0.05, 200, told[1])) for name, told in ROBOTS.items()}
        notifier = NotifierProcess(delivery, tmp_path).configure(*_folder(sinks)).start()
        delivery.put(alert("t-first"))
        notifier.wait_for(lambda: all(sink.got for sink in sinks.values()), "the first alert")
        began, waves = time.monotonic(), 60
        critical_at = 0.0
        for number, name in enumerate(sorted(names)):
            if number % (BREACHES // waves) == 0:
                wave = began + OVER_S * number / BREACHES
                notifier.wait_for(lambda at=wave: time.monotonic() >= at, "the next wave of the storm")
            delivery.start_putting(alert(name, at=datetime.now(UTC)))
            if number == BREACHES // 2:
                delivery.put(alert(CRITICAL, at=datetime.now(UTC), urgency="urgent"))
                critical_at = time.monotonic()
        delivery.put()
        seen = {name: _listed(sink) for name, sink in sinks.items()}
        notifier.wait_for(
            lambda: all(names <= found() for found in seen.values()), "every ticket to be listed", 120 + 30 * OVER_S
        )
        assert notifier.stop() == 0
    for name, sink in sinks.items():
        times = [at for at, _, _ in sink.got]
        first = next(at for at, _, body in sink.got if CRITICAL.encode() in body)
        for most, seconds in ROBOTS[name][2]:
            assert _most(times, seconds) <= most, f"{name}: more than {most} messages in {seconds:g} s"
        with capsys.disabled():
            sys.stdout.write(
                f"\n  {name}: {BREACHES:,} breaches in {len(times)} messages, at most {_most(times, 60.0)} a minute, "
                f"all within {times[-1] - began:.0f} s, the critical one after {first - critical_at:.2f} s"
            )
        assert first - critical_at <= WITHIN_S, f"{name}: the urgent repair waited"
    last = {told.key: told.outcome for told in delivery.records()}
    assert set(last.values()) == {"sent"}


def _listed(sink: Sink) -> Callable[[], set[str]]:
    """The tickets named so far; each message is read once."""
    found: set[str] = set()
    read = 0

    def listed() -> set[str]:
        nonlocal read
        for _, _, body in sink.got[read:]:
            found.update(name.decode() for name in TICKET.findall(body))
            read += 1
        return found

    return listed
