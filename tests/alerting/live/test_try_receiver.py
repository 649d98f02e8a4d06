"""`slawatch notifications try`: a test message goes out, and what the receiver says is told."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from alerting.signing import secret
from tests.alerting.live.process import Sink
from tests.live.stage import SLAWATCH

ROUTES = 'fallback = ["hook"]\n[[route]]\nname = "all"\n[[route.steps]]\nto = ["receiver:hook"]\n'


def _try(folder: Path, sink: Sink, name: str) -> subprocess.CompletedProcess[str]:
    loopback = f'url = "{sink.url}"\nallow_http = true\nallow_networks = ["127.0.0.0/8"]\n'
    (folder / "receivers.toml").write_text(
        f'[receivers.hook]\nkind = "webhook"\nsecret = "{secret(b"k" * 32)}"\n{loopback}'
        f'[receivers.room]\nkind = "feishu"\n{loopback.replace("/alerts", "/open-apis/bot/v2/hook/h")}'
    )
    (folder / "routes.toml").write_text(ROUTES)
    command = [*SLAWATCH, "notifications", "try", name, f"--delivery={folder}"]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)


@pytest.mark.parametrize(
    ("name", "status", "body", "code", "says"),
    [
        ("hook", 204, b"", 0, "hook: sent accepted HTTP 204"),
        ("hook", 401, b"", 1, "hook: refused not_authorised HTTP 401"),
        ("room", 200, b'{"code":0,"msg":"success"}', 0, "room: sent accepted"),
        ("room", 200, b'{"code":19021,"msg":"sign match fail"}', 1, "room: refused not_authorised"),
    ],
)
def test_what_the_receiver_says_is_told(
    tmp_path: Path, name: str, status: int, body: bytes, code: int, says: str
) -> None:
    """A no inside a 200 is a no; machines get something that is over already."""
    with Sink(status=status, answer=body) as sink:
        tried = _try(tmp_path, sink, name)
        [(_, _, sent)] = sink.got
    assert tried.returncode == code, tried.stderr
    assert tried.stdout.startswith(says)
    if name == "hook":
        told = json.loads(sent)
        assert (told["data"]["status"], told["occasion"]) == ("resolved", "test")
    else:
        assert "测试" in sent.decode()


def test_a_receiver_that_is_not_there(tmp_path: Path) -> None:
    """Those that are there are named."""
    with Sink() as sink:
        tried = _try(tmp_path, sink, "nobody")
    assert (tried.returncode, "there are hook, room" in tried.stderr) == (2, True)
