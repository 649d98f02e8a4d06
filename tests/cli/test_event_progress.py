"""Progress while events are read and judged: measured against an end where there is one, silent in a pipe."""

import gzip
import io
import random
import sys

import pytest

from cli.event_lines import reading
from cli.event_progress import events_of, position, tickets_of


@pytest.fixture
def terminal(monkeypatch):
    """Make rich take the captured standard error for a terminal."""
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "200")


@pytest.fixture(params=["events.jsonl", "events.jsonl.gz"])
def file(request, tmp_path):
    """A file of many lines that do not pack well."""
    path = tmp_path / request.param
    dice = random.Random(1)
    raw = b"".join(b"%x\n" % dice.getrandbits(400) for _ in range(6000))
    path.write_bytes(gzip.compress(raw) if path.suffix == ".gz" else raw)
    return path


def test_a_file_is_measured_by_its_bytes(terminal, file, capsys):
    """Packed or not, a file that is read to its end is read to 100 %."""
    with events_of(str(file)) as events:
        assert sum(1 for _ in events) == 6000
    said = capsys.readouterr().err
    assert f"read {file}" in said.replace("\n", "")
    assert "100%" in said


def test_in_the_middle_of_a_file_the_bar_is_in_its_middle(file):
    """Half the lines are about half the bytes on disk, also where fewer bytes lie there than are read."""
    size = file.stat().st_size
    with reading(str(file)) as opened:
        for _ in range(3000):
            next(opened)
        assert 0.3 * size < position(str(file), opened)() < 0.8 * size


def test_standard_input_is_counted(terminal, monkeypatch, capsys):
    """What has no end to measure by shows how many events were read."""
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"{}\n" * 1234)))
    with events_of("-") as events:
        assert len(list(events)) == 1234
    said = capsys.readouterr().err
    assert "1,234 events read" in said
    assert "%" not in said


def test_tickets_are_counted_towards_their_number(terminal, capsys):
    """The bar of the judging says what is done, and ends at the number of tickets."""
    tickets = [f"T{n}" for n in range(250)]
    assert list(tickets_of(tickets, "tickets judged by both rulebooks")) == tickets
    said = capsys.readouterr().err
    assert "tickets judged by both rulebooks" in said
    assert "250/250" in said


def test_a_pipe_hears_nothing(monkeypatch, file, capsys):
    """Where nobody watches, nothing is written beside the results."""
    monkeypatch.delenv("FORCE_COLOR", raising=False)
    with events_of(str(file)) as events:
        list(tickets_of(list(map(str, events)), "tickets judged"))
    assert capsys.readouterr().err == ""
