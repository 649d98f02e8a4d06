"""Fixtures of the fault runs: a stage with its witness on the session's broker, or on a broker that may be hurt."""

from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest

from streams.brokers.local import LocalKafka
from tests.faults.sizes import FULL
from tests.faults.witness import Witness
from tests.live.stage import Stage
from tests.live.test_incidents import KEY, ON

_numbers = count()


def pytest_report_header() -> str:
    """Say how large the fault runs are, and how to have the others."""
    if FULL:
        return "fault runs: the long ones"
    return "fault runs: short (fewer rounds, shorter outages, smaller backlogs); `make faults` runs the long ones"


@pytest.fixture
def rulebook(tmp_path: Path) -> str:
    """The shipped rulebook with article 12 on."""
    folder = tmp_path / "recurring"
    folder.mkdir()
    (folder / "rulebook.toml").write_text(ON)
    return str(folder)


@pytest.fixture
def stage(real_kafka: str, tmp_path: Path, rulebook: str) -> Iterator[Stage]:
    """A stage of its own on the session's real Kafka."""
    name = f"f{next(_numbers)}-{tmp_path.name[-8:].replace('_', '-')}"
    with Stage(real_kafka, tmp_path, name, rulebook=rulebook, customer_key=KEY) as made:
        yield made


@pytest.fixture
def own_kafka(can_run_kafka: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalKafka]:
    """A broker of the test's own, because the test takes it down."""
    with LocalKafka(tmp_path_factory.mktemp("kafka")) as kafka:
        yield kafka


@pytest.fixture
def hurt_stage(own_kafka: LocalKafka, tmp_path: Path, rulebook: str) -> Iterator[Stage]:
    """A stage on the broker that may be hurt."""
    with Stage(own_kafka.bootstrap, tmp_path, f"h{next(_numbers)}", rulebook=rulebook, customer_key=KEY) as made:
        yield made


@pytest.fixture
def witness(request: pytest.FixtureRequest) -> Iterator[Witness]:
    """The witness of the stage this test uses."""
    name = "hurt_stage" if "hurt_stage" in request.fixturenames else "stage"
    watching = Witness(request.getfixturevalue(name))
    yield watching
    watching.close()
