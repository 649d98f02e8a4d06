"""From an event on Kafka to somebody who says "I am on it": every process is real, and so is Alertmanager."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import urllib.error
import urllib.parse
import urllib.request
from datetime import timedelta
from pathlib import Path

import pytest

from alerting.signing import secret
from tests.alerting.live.process import NotifierProcess, Sink
from tests.alerting.live.redis_server import RedisServer
from tests.alerting.live.stage import DeliveryStage
from tests.alerting.receivers import real_alertmanager
from tests.live.stage import SLAWATCH, Stage
from tests.live.test_spine import event, now

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(240)]

KEY = "a key for the links of this test"
RECEIVERS = """
[receivers.desk]
kind = "webhook"
url = "{desk}"
secret = "{secret}"
allow_http = true
allow_networks = ["127.0.0.0/8"]
[receivers.boss]
kind = "webhook"
url = "{boss}"
secret = "{secret}"
allow_http = true
allow_networks = ["127.0.0.0/8"]
[receivers.alertmanager]
kind = "alertmanager"
urls = ["{alertmanager}"]
allow_http = true
allow_networks = ["127.0.0.0/8"]
"""
ROUTES = """
fallback = ["desk"]
[[route]]
name = "all"
match = { level = "breach" }
[[route.steps]]
to = ["receiver:desk", "receiver:alertmanager"]
[[route.steps]]
after = "12 s"
to = ["receiver:boss"]
"""


def _slawatch(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*SLAWATCH, *arguments], capture_output=True, text=True, timeout=120, check=False)


def _fetch(url: str, form: dict[str, str] | None = None) -> tuple[int, str]:
    data = urllib.parse.urlencode(form).encode() if form is not None else None
    try:
        with urllib.request.urlopen(url, data, timeout=30) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def _told(sink: Sink, ticket: str) -> list[dict]:
    """What a receiver was told of a ticket."""
    return [found for _, _, body in list(sink.got) if (found := json.loads(body))["subject"] == ticket]


def test_a_breach_is_told_acknowledged_and_ended(
    real_kafka: str, redis: RedisServer, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Of two tickets that nobody dispatched, one is acknowledged by its link: the next step hears of the other only."""
    if (reason := real_alertmanager.missing()) is not None:
        pytest.skip(reason)
    name = f"w{os.getpid()}"
    with (
        Stage(real_kafka, tmp_path, name) as stage,
        Sink() as desk,
        Sink() as boss,
        real_alertmanager.running(tmp_path) as alertmanager,
        DeliveryStage(real_kafka, redis, stage.prefix, stage.partitions) as delivery,
    ):
        notifier = NotifierProcess(delivery, tmp_path)
        page = f"http://127.0.0.1:{notifier.port}"
        addresses = {"desk": desk.url, "boss": boss.url, "alertmanager": alertmanager}
        notifier.configure(RECEIVERS.format(**addresses, secret=secret(b"k" * 32)), ROUTES)
        key_file = tmp_path / "ack.key"
        key_file.write_text(KEY)
        notifier.start(f"--public-url={page}", f"--ack-key-file={key_file}")
        stage.worker().wait_watching()
        started = now() - timedelta(seconds=117)
        for ticket in ("seen", "unseen"):
            stage.produce([event(ticket, 1, "repair.accepted", started, hung_up_at=started.isoformat())])
        notifier.wait_for(lambda: _told(desk, "seen") and _told(desk, "unseen"), "both breaches are told")
        [told] = _told(desk, "seen")
        assert told["data"]["status"] == "firing"
        assert told["data"]["rule"] == "repair/dispatch"

        _acknowledge(page, told["ackurl"])
        notifier.wait_for(lambda: _told(boss, "unseen"), "the next step hears of the other")
        shown = lambda: {  # noqa: E731
            one["labels"]["ticket"] for one in json.loads(_fetch(f"{alertmanager}/api/v2/alerts")[1])
        }
        notifier.wait_for(lambda: shown() == {"seen", "unseen"}, "Alertmanager shows both")

        sent = {"to_unit": "3201", "to_level": "city"}
        stage.produce([event(t, 2, "repair.dispatched", now(), **sent) for t in ("seen", "unseen")])
        notifier.wait_for(lambda: not shown(), "Alertmanager shows neither")
        notifier.wait_for(
            lambda: len(_told(desk, "seen")) >= 2 and len(_told(boss, "unseen")) >= 2, "the ends are told"
        )
        assert _told(desk, "seen")[-1]["data"]["status"] == "resolved"
        assert not _told(boss, "seen")

        counted = 'sla_notify_attempts_total{outcome="sent",receiver="boss"} 2.0'
        notifier.wait_for(lambda: counted in _fetch(f"{page}/metrics")[1], "both messages to be counted")
        assert _fetch(f"{page}/healthz") == (200, "ok\n")
        assert notifier.stop() == 0

    with capsys.disabled():
        sys.stdout.write(_records_are_complete(stage, notifier))


def _acknowledge(page: str, link: str) -> None:
    """As a reader does: the link shows a page and no more, its button acknowledges, and no other link does."""
    status, form = _fetch(link)
    assert (status, "I am on it" in form) == (200, True), form
    token = urllib.parse.parse_qs(urllib.parse.urlsplit(link).query)["t"][0]
    assert _fetch(f"{page}/ack", {"t": token[:-2] + "xx", "by": "Mallory"})[0] == 403
    status, done = _fetch(f"{page}/ack", {"t": token, "by": "王<b>"})
    assert (status, "王&lt;b&gt;" in done) == (200, True), done


def _records_are_complete(stage: Stage, notifier: NotifierProcess) -> str:
    """What the records say afterwards to somebody who asks."""
    flags = [f"--bootstrap={stage.bootstrap}", f"--prefix={stage.prefix}"]
    listed = _slawatch("notifications", "list", "seen", *flags)
    assert listed.returncode == 0, listed.stderr
    assert "acknowledged" in listed.stdout
    audited = _slawatch("notifications", "audit", *flags, f"--delivery={notifier.delivery}")
    assert (audited.returncode, audited.stderr) == (0, ""), audited.stdout
    return f"\n  {audited.stdout.strip()}"
