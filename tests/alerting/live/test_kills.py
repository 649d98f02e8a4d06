"""The notifier is killed again and again while it tells 1,000 alerts, and Redis is emptied once: none is lost."""

from __future__ import annotations

import asyncio
import os
import random
import sys
from collections import Counter
from pathlib import Path

import pytest
from redis.asyncio import Redis

from alerting.signing import message_id
from tests.alerting.live.process import NotifierProcess, Sink
from tests.alerting.live.stage import DeliveryStage
from tests.alerting.making import alert

FULL = os.environ.get("SLAWATCH_FAULTS") == "full"
KILLS = 50 if FULL else 8
ALERTS = 1_000
AT_ONCE = 8
"""Messages a webhook gets in parallel."""

pytestmark = pytest.mark.timeout(900)


async def _flush(url: str) -> None:
    redis = Redis.from_url(url)
    await redis.flushall()
    await redis.aclose()


def test_no_alert_is_lost_and_every_repeat_is_recognisable(
    delivery: DeliveryStage, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each message carries the key of its alert, and no more come twice than were on their way at a kill."""
    dice = random.Random(6)
    points = sorted(dice.sample(range(20, ALERTS - 20), KILLS))
    wanted = {message_id(f"{told.alert_id}:1/hook/first") for told in (alert(f"t{n}") for n in range(ALERTS))}
    with Sink(pause_s=0.02) as sink:
        notifier = NotifierProcess(delivery, tmp_path).webhook(sink)
        delivery.put(*(alert(f"t{n}") for n in range(ALERTS)))
        on_their_way = 0
        for number, point in enumerate(points):
            notifier.start()
            notifier.wait_for(lambda p=point: len(set(sink.ids())) >= p, f"{point} alerts told")
            notifier.kill()
            on_their_way += AT_ONCE
            if number == KILLS // 2:
                asyncio.run(_flush(delivery.redis.url))
        notifier.start()
        notifier.wait_for(lambda: len(set(sink.ids())) >= ALERTS, "all alerts told")
        assert notifier.stop() == 0
        times = Counter(sink.ids())
    assert set(times) == wanted
    repeats = sum(times.values()) - ALERTS
    with capsys.disabled():
        sys.stdout.write(f"\n  {KILLS} kills: 0 of {ALERTS} lost, {repeats} came twice (limit {on_their_way})")
    assert repeats <= on_their_way
