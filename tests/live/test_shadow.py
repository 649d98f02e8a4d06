"""A shadow judges the same events under another rulebook, beside the workers people rely on, and disturbs nothing."""

from pathlib import Path

import pytest
from confluent_kafka.admin import AdminClient

from streams.topics import catalogue, create
from tests.live.stage import Stage, wait_for
from tests.live.test_spine import event, now

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(240)]


def slower(tmp_path: Path) -> str:
    """A layer that switches the dispatch limit off: what it judges otherwise is plain to see."""
    folder = tmp_path / "slower"
    folder.mkdir()
    (folder / "rulebook.toml").write_text(
        'name = "slower"\nedition = "test"\nsays = "Without the dispatch limit."\nzone = "Asia/Shanghai"\n'
        'extends = "sgcc-2014"\nswitch_off = ["repair/dispatch"]\n'
    )
    return str(folder)


def test_a_shadow_publishes_beside_and_not_among(real_kafka: str, tmp_path: Path) -> None:
    """Both judge every event; the shadow's verdicts are under `shadow.` only, and neither group knows the other."""
    with Stage(real_kafka, tmp_path, "beside", partitions=2) as stage:
        written = f"{stage.prefix}shadow."
        specs = catalogue(stage.prefix, f"{stage.app_id}-shadow", 2, written=written)
        create(AdminClient({"bootstrap.servers": real_kafka}), specs, 1)
        stage.worker().wait_watching()
        stage.worker("--shadow", f"--rulebook={slower(tmp_path)}").wait_watching()
        told = [event(f"t{n}", 1, "repair.accepted", now()) for n in range(10)]
        told += [event(f"t{n}", 2, "repair.dispatched", now(), to_unit="3201", to_level="city") for n in range(10)]
        stage.produce(told)
        wait_for("the worker's verdicts", lambda: len(stage.seen("verdicts").last()) == 20, 60)
        wait_for("the shadow's verdicts", lambda: len(stage.seen("shadow.verdicts").last()) == 10, 60)
        assert {v["rule"] for v in stage.seen("verdicts").last().values()} == {
            "repair/dispatch",
            "repair/receive-local",
        }
        assert {v["rule"] for v in stage.seen("shadow.verdicts").last().values()} == {"repair/receive-local"}
        labels = [
            {v["rulebook"].partition("@")[0] for v in stage.seen(t).records} for t in ("verdicts", "shadow.verdicts")
        ]
        assert labels == [{"sgcc-2014"}, {"slower"}]
        assert stage.records(stage.topic("shadow.dead-letters")) == []
