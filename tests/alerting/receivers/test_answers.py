"""Every answer of every receiver means what the table `answers.toml` says, played over real sockets."""

import asyncio
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from alerting.answer import DETAIL_MAX, Answer
from tests.alerting.receivers.building import CANARY, NOW, build, message, table_for
from tests.alerting.receivers.scripted import Script, Scripted

TABLE = tomllib.loads((Path(__file__).parent / "answers.toml").read_text(encoding="utf-8"))["answer"]
ROWS = [pytest.param(to, row, id=f"{to}: {row['name']}") for row in TABLE for to in row["to"]]
SLOW = {"hang", "drip", "hang_in_body"}  # these end by our timeout, so the test keeps it short


def play(to: str, row: Mapping[str, Any]) -> tuple[Answer, int]:
    """Send once to a receiver that answers so; the answer, and how many connections were made."""

    async def run():
        body = row.get("body", "").encode()
        async with Scripted(Script(row.get("status", 200), {}, body, row.get("trick", ""))) as it:
            it.script.headers = {
                name: value.replace("{self}", f"http://127.0.0.1:{it.port}")
                for name, value in row.get("headers", {}).items()
            }
            timeout_s = 0.4 if row.get("trick") in SLOW else 20.0
            receiver = build(to, table_for(to, it.port, timeout_s=timeout_s, connect_timeout_s=20.0))
            answer = await receiver.send(message(), NOW)
            await receiver.close()
            return answer, it.connections

    return asyncio.run(run())


def test_the_table_is_long_enough():
    """At least forty different answers are played."""
    assert len({row["name"] for row in TABLE}) == len(TABLE) >= 40
    for codes in ("310000", "130101", "400402", "45009", "9499", "11232", "19021", "19022", "19024"):
        assert any(row.get("code") == codes for row in TABLE), codes


@pytest.mark.parametrize(("to", "row"), ROWS)
def test_an_answer_means_what_the_table_says(to, row):
    """Class, reason, code and patience are those of the table, and one request went out."""
    answer, connections = play(to, row)
    assert (answer.kind, answer.why) == (row["kind"], row["why"]), answer
    assert answer.code == row.get("code")
    assert answer.switch_off == row.get("switch_off", False)
    assert answer.wait_s == (None if "wait_s" not in row else pytest.approx(row["wait_s"]))
    assert row.get("detail", "") in answer.detail
    assert connections == 1  # nothing was followed, nothing was tried again behind our back
    assert len(answer.detail) <= DETAIL_MAX
    assert CANARY not in repr(answer)
    if "trick" not in row:
        assert answer.status == row.get("status", 200)
