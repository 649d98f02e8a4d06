"""The login of the person on duty, with the rights the guide gives it and no others, on a Kafka that asks for one."""

import re
from pathlib import Path

import pytest

from tests.docs.test_security_guide import told
from tests.live.secure_kafka import SecureKafka
from tests.live.stage import encoded, wait_for
from tests.live.test_secure_kafka import PASSWORD, slawatch
from tests.live.test_secure_kafka import folder as delivery_folder
from tests.live.test_spine import event, now

pytestmark = [pytest.mark.kafka, pytest.mark.slow, pytest.mark.timeout(240)]

ON_DUTY = 4
"""The column of the table."""


def test_a_person_on_duty_can_do_what_a_shift_needs(can_run_kafka, tmp_path: Path) -> None:
    """Every verb of the guide's list ends well; without the group, of which only the verbs know, they say what is refused."""
    with SecureKafka(tmp_path / "kafka") as kafka:
        homes = {}
        for name in ("administrator", "duty", "no-group"):
            homes[name] = tmp_path / name
            homes[name].mkdir()
            kafka.user(name, PASSWORD)
            (homes[name] / "slawatch.toml").write_text(kafka.settings(name, PASSWORD))
        kafka.grant("administrator", "topic", "*", "ALL")
        for (kind, name), operations in told(ON_DUTY).items():
            kafka.grant("duty", kind, name, *operations)
            if kind == "topic":
                kafka.grant("no-group", kind, name, *operations)
        duty = homes["duty"]
        delivery_folder(duty)
        made = lambda: slawatch(homes["administrator"], "topics", "create").returncode == 0  # noqa: E731
        wait_for("the topics to be made", made)
        (homes["administrator"] / "one.jsonl").write_bytes(encoded(event("t1", 1, "repair.accepted", now())))
        produced = slawatch(homes["administrator"], "produce", "one.jsonl")
        assert produced.returncode == 0, produced.stderr

        wait_for("the broker to know", lambda: slawatch(duty, "topics", "check").returncode == 0)
        for verb in (
            "handover --within=2h", "notifications list t1", "notifications audit", "silence --list", "explain t1",
            "ack t1 --by duty", "silence t1 --for 1h --reason test --by duty", "notifications redeliver --by duty",
        ):  # fmt: skip
            done = slawatch(duty, *verb.split())
            assert (verb, done.returncode, refused(done.stderr)) == (verb, 0, [])
        done = slawatch(homes["no-group"], "handover")
        assert done.returncode == 2
        assert refused(done.stderr)


def refused(said: str) -> list[str]:
    """The refusals among what a verb said."""
    return re.findall(r"[^\n]*(?:uthorization|not exist|CONFIG)[^\n]*", said)
