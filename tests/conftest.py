"""Fixtures that any test may ask for, and the promise that CI leaves nothing out.

The real broker is started here, once a session, because starting one takes seconds. Only pytest imports it.
"""

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from streams.brokers.jars import missing_tools
from streams.brokers.local import LocalKafka

WHOLE_LOG = os.environ.get("SLAWATCH_BPIC2013")
collect_ignore = [] if WHOLE_LOG else ["cli/test_whole_log.py"]
ON_CI = os.environ.get("CI") == "true"


def pytest_report_header() -> str:
    """Say what cannot be tested here, and why."""
    if WHOLE_LOG:
        return f"with the log {WHOLE_LOG}"
    return "not collected: cli/test_whole_log.py (SLAWATCH_BPIC2013 names no file; the public log may not be shipped)"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Iterator[None]:
    """Turn a skipped test into a failed one on CI."""
    report = yield
    return _nothing_left_out(report)


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(collector: pytest.Collector) -> Iterator[None]:
    """Turn a file that skips itself into an error on CI."""
    report = yield
    return _nothing_left_out(report)


def _nothing_left_out(report):
    """Keep an expected failure as it is; a skip says `skipped` too, but carries no `wasxfail`."""
    if ON_CI and report.skipped and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"left out, which CI=true forbids: {report.longrepr}"
    return report


@pytest.fixture(scope="session")
def local_kafka_data() -> Iterator[Path]:
    """A folder for a broker that goes away with the session, however long the paths of pytest get."""
    with tempfile.TemporaryDirectory(prefix="slawatch-kafka-") as folder:
        yield Path(folder)


@pytest.fixture(scope="session")
def can_run_kafka() -> None:
    """Skip, with the reason, where no local Kafka can be run; on CI that is a failure."""
    reason = missing_tools()
    if reason is not None:
        pytest.skip(f"no local Kafka: {reason}")


@pytest.fixture(scope="session")
def real_kafka(request: pytest.FixtureRequest) -> Iterator[str]:
    """The bootstrap address of a real Kafka: SLAWATCH_KAFKA_BOOTSTRAP if set, else the session's own.

    Tests share it, so each must name its own topics and groups.
    """
    given = os.environ.get("SLAWATCH_KAFKA_BOOTSTRAP")
    if given:
        yield given
        return
    request.getfixturevalue("can_run_kafka")
    with LocalKafka(request.getfixturevalue("local_kafka_data")) as kafka:
        yield kafka.bootstrap
