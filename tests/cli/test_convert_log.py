"""`slawatch convert` on XES logs: from the log through the example mapping and rulebook to the verdicts."""

import argparse
import gzip
import io
import json
from collections import Counter
from pathlib import Path

import pytest

from cli import convert as verb
from cli.conversion import Tally, convert
from cli.export_rows import ExportError
from cli.mapping import parse
from sla import cases, cloudevent, rulebook
from sla.step import step
from sla.watch import Watch

ROOT = Path(__file__).resolve().parents[2]
EXAMPLE = ROOT / "examples" / "bpic2013.toml"
DESK = Path(__file__).parent / "data" / "desk.xes"


def ran(*arguments):
    """Run the verb as the command line does."""
    parser = argparse.ArgumentParser()
    verb.add(parser.add_subparsers())
    options = parser.parse_args(["convert", *map(str, arguments)])
    return options.run(options)


def test_the_sample_log_becomes_events_of_the_example_rulebook():
    """Each event of the invented log is one that the rulebook takes; people's names stay in the log."""
    tally = Tally()
    events = list(convert(io.BytesIO(DESK.read_bytes()), parse(str(EXAMPLE), EXAMPLE.read_text()), tally))
    vocabulary = law().vocabulary
    assert all(cloudevent.read(json.dumps(e).encode(), vocabulary) for e in events)
    assert "Testa" not in json.dumps(events)
    assert (tally.tickets, tally.rows, tally.ignored, tally.bad, len(events)) == (6, 25, 1, 0, 31)
    assert [(e["id"], e["type"]) for e in events if e["subject"] == "SD-3"][3:6] == [
        ("SD-3-3", "incident.replied"),
        ("SD-3-4", "incident.reply_returned"),
        ("SD-3-4-2", "incident.queued"),
    ]
    waiting = next(e for e in events if e["type"] == "incident.waiting")
    assert waiting["data"] == {"impact": "High", "product": "TEAPOT", "unit": "T2", "waits_for": "vendor"}
    # A trace that is not in order of time: the earliest row is the acceptance, ids stay with the rows.
    assert [e["id"] for e in events if e["subject"] == "SD-6"] == ["SD-6-2", "SD-6-2-2", "SD-6-1", "SD-6-3"]


def test_ids_are_stable():
    """The same export gives the same bytes again, and no id twice."""
    mapping = parse(str(EXAMPLE), EXAMPLE.read_text())
    once, twice = (list(convert(io.BytesIO(DESK.read_bytes()), mapping)) for _ in range(2))
    assert once == twice
    assert len({e["id"] for e in once}) == len(once)


def test_the_sample_log_under_the_example_rulebook():
    """From the export to the verdicts: one on the boundary, two late, one never answered."""
    events = convert(io.BytesIO(DESK.read_bytes()), parse(str(EXAMPLE), EXAMPLE.read_text()))
    assert verdicts(events) == {
        ("incident/accept", "met"): 3,
        ("incident/accept", "late"): 2,
        ("incident/reply", "met"): 4,
        ("incident/reply", "late"): 1,
        ("incident/reply", "running"): 1,
    }


def test_the_example_rulebook_keeps_its_worked_cases():
    """The rulebook that the example mapping speaks to is sound."""
    files = law_files()
    assert cases.check(files, rulebook.parse(files)) == []


def test_a_log_that_breaks_off(tmp_path, capsys):
    """What came before the break is written; the exit code says that it is not all."""
    broken = tmp_path / "broken.xes.gz"
    broken.write_bytes(gzip.compress(DESK.read_bytes()[:-2000]))
    out = tmp_path / "events.jsonl"
    assert ran("--mapping", EXAMPLE, broken, "--out", out) == 1
    assert len(out.read_text().splitlines()) > 20
    assert "the file breaks off or is no XML" in capsys.readouterr().err
    broken.write_bytes(gzip.compress(DESK.read_bytes())[:-100])
    assert ran("--mapping", EXAMPLE, broken, "--out", out) == 1


def test_a_log_with_entities_is_refused():
    """A log defines no entities; one that does is an attack on whoever reads it."""
    bomb = b'<?xml version="1.0"?><!DOCTYPE log [<!ENTITY a "aaaa">]><log><trace>&a;</trace></log>'
    with pytest.raises(ExportError, match="entities"):
        list(convert(io.BytesIO(bomb), parse(str(EXAMPLE), EXAMPLE.read_text())))


def test_the_verb_writes_sorts_and_packs(tmp_path, capsys):
    """`--sort` orders all events by time, `.gz` packs them, and twice the same run gives the same bytes."""
    out = tmp_path / "events.jsonl.gz"
    assert ran("--mapping", EXAMPLE, DESK, "--sort", "--out", out) == 0
    first = out.read_bytes()
    assert ran("--mapping", EXAMPLE, DESK, "--sort", "--out", out) == 0
    assert out.read_bytes() == first
    times = [json.loads(line)["time"] for line in gzip.decompress(first).splitlines()]
    assert times == sorted(times)
    assert "25 rows of 6 tickets became 31 events" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["events.jsonl.gz"]


def test_a_column_that_the_log_never_fills_is_told(tmp_path, capsys):
    """A typing error in the mapping of a log spoils no row, so it is told on its own, with its line."""
    mapping = tmp_path / "m.toml"
    mapping.write_text(EXAMPLE.read_text().replace('column = "impact"', 'column = "impacct"'))
    assert ran("--mapping", mapping, DESK, "--out", tmp_path / "events.jsonl") == 0
    line = mapping.read_text().splitlines().index('column = "impacct"') + 1
    assert f"{mapping}:{line}: the export never fills 'impacct'" in capsys.readouterr().err


def law_files():
    """The texts of the example rulebook."""
    folder = ROOT / "rulebooks" / "itsm-example"
    return {path.relative_to(folder).as_posix(): path.read_text() for path in folder.rglob("*.toml")}


def law():
    """The example rulebook."""
    return rulebook.parse(law_files())


def verdicts(events):
    """Run events through the core, silence deciding nothing; how many clocks of each rule ended how."""
    watch = Watch(law())
    tickets = {}
    for event in events:
        subject, read = cloudevent.read(json.dumps(event).encode(), watch.rulebook.vocabulary)
        tickets.setdefault(subject, []).append(read)
    ended = {}
    for subject, own in tickets.items():
        for output in step(None, subject, own, watch).outputs:
            data = json.loads(output.value)["data"]
            if "outcome" in data:
                ended[data["clock_id"]] = (data["rule"], data["outcome"])
    return Counter(ended.values())
