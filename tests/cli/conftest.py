"""Events that several tests of the command line judge."""

import pytest

from cli.main import main


@pytest.fixture(scope="session")
def lives(tmp_path_factory):
    """A Friday of repairs and complaints, a third of them with some trouble, and the days after it."""
    path = tmp_path_factory.mktemp("lives") / "events.jsonl.gz"
    options = ["--tickets", "600", "--seed", "5", "--business", "both", "--trouble", "0.3"]
    when = ["--start", "2026-11-27T08:00:00+08:00", "--span", "10 h"]
    assert main(["generate", *options, *when, "--out", str(path)]) == 0
    return path
