"""A new edition of the rulebook is rolled out over several workers while clocks run."""

from datetime import timedelta
from pathlib import Path

import pytest

from cli.rulebook_files import SHIPPED, load
from tests.copies import copied
from tests.live.stage import Stage, wait_for
from tests.live.test_spine import event, now

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(300)]

TICKETS = 60


def longer(tmp_path: Path) -> str:
    """The shipped rulebook with three minutes to dispatch in place of two, from the first day on."""
    folder = tmp_path / "sgcc-longer"
    copied(SHIPPED / "sgcc-2014", folder)
    dispatch = folder / "repair" / "dispatch.toml"
    text = dispatch.read_text()
    assert 'term  = "2 min"' in text
    dispatch.write_text(text.replace('term  = "2 min"', 'term  = "3 min"'))
    return str(folder)


def test_two_workers_change_to_a_new_edition(real_kafka: str, tmp_path: Path) -> None:
    """Breaches that the new edition does not know are retracted, the others stand, and all is judged by it in the end."""
    start = now()
    told = []
    for number in range(TICKETS):  # from a breach of both editions to a clock that has most of its time
        accepted = start - timedelta(seconds=100 + 2 * number)
        told.append(event(f"t{number}", 1, "repair.accepted", accepted))
        if number % 3 == 0:
            to = {"to_unit": "3201", "to_level": "city"}
            told.append(event(f"t{number}", 2, "repair.dispatched", accepted + timedelta(seconds=1.5 * number), **to))
    with Stage(real_kafka, tmp_path, "edition", partitions=4) as stage:
        old = [stage.worker().wait_watching(), stage.worker().wait_watching()]
        stage.produce(told)
        wait_for("the old edition to judge all", lambda: len(stage.seen("verdicts").last()) >= TICKETS, 60)
        edition = longer(tmp_path)
        stage.settings["rulebook"] = edition
        new = [stage.worker().wait_watching() for _ in range(2)]
        for worker in old:
            assert worker.stop() == 0
        until = start + timedelta(seconds=85)  # the last clock of the new edition is due
        stage.wait_judged(stage.backtest(told, until), 240)
        stage.check_untorn()
        label = load(edition).label
        assert {verdict["rulebook"] for verdict in stage.seen("verdicts").last().values()} == {label}
        retracted = {a["ticket"] for a in stage.seen("alerts").records if a["status"] == "retracted"}
        assert retracted  # breached after two minutes, in time within three
        assert all(worker.process.poll() is None for worker in new)
