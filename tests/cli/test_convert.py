"""`slawatch convert`: exports in, events out, and every way in which an export or a mapping can be wrong."""

import argparse
import io
import json
from pathlib import Path

import pytest

from cli import convert as verb
from cli.conversion import Tally, convert
from cli.mapping import MappingError, parse

ROOT = Path(__file__).resolve().parents[2]
EXAMPLE = ROOT / "examples" / "bpic2013.toml"
DESK = Path(__file__).parent / "data" / "desk.xes"

CSV = """
format = "csv"
source = "desk"
ticket = "Ticket"
[time]
column = "When"
format = "%d.%m.%Y %H:%M"
zone   = "Europe/Stockholm"
[first]
type = "incident.accepted"
[[row]]
where = { Status = "Queued" }
type  = "incident.queued"
[[row]]
where = { Status = ["Solved", "Done"], Reached = "yes" }
type  = ["incident.replied", "incident.closed"]
set   = { sure = true }
[[row]]
where = { Status = "Solved" }
type  = "incident.replied"
[[row]]
where  = { Status = "Note" }
ignore = true
[attributes.impact]
column = "Impact"
values = { "1 - high" = "High", "2 - low" = "Low" }
[attributes.effort]
column = "Effort"
as     = "integer"
on     = ["incident.replied"]
"""
HEADER = "Ticket;When;Status;Reached;Impact;Effort;Agent\n"
SEMICOLON = CSV.replace("[time]", '[csv]\ndelimiter = ";"\n[time]', 1)


def converted(text, *, mapping=SEMICOLON, header=HEADER):
    """Convert a text; the events, what became of its rows, and what was told of bad ones."""
    told = []
    tally = Tally(told.append)
    raw = text if isinstance(text, bytes) else (header + text).encode()
    return list(convert(io.BytesIO(raw), parse("m.toml", mapping), tally)), tally, told


def brief(events):
    """Events as a person would tell them."""
    return [(e["id"], e["type"].partition(".")[2], e["time"]) for e in events]


def ran(*arguments):
    """Run the verb as the command line does."""
    parser = argparse.ArgumentParser()
    verb.add(parser.add_subparsers())
    options = parser.parse_args(["convert", *map(str, arguments)])
    return options.run(options)


def test_rows_become_events():
    """The first rule that matches counts, the first row is the acceptance too, local times get an offset."""
    events, tally, told = converted(
        "T1;05.01.2026 08:00;Queued;;1 - high;;Ann\n"
        "T2;05.07.2026 08:00;Solved;no;2 - low;7;Ann\n"
        "T1;05.01.2026 09:00;Solved;yes;;12;Bob\n"
    )
    assert brief(events) == [
        ("T1-1", "accepted", "2026-01-05T08:00:00+01:00"),
        ("T1-1-2", "queued", "2026-01-05T08:00:00+01:00"),
        ("T2-1", "accepted", "2026-07-05T08:00:00+02:00"),
        ("T2-1-2", "replied", "2026-07-05T08:00:00+02:00"),
        ("T1-2", "replied", "2026-01-05T09:00:00+01:00"),
        ("T1-2-2", "closed", "2026-01-05T09:00:00+01:00"),
    ]
    assert [e["data"] for e in events[2:]] == [
        {"impact": "Low"},
        {"impact": "Low", "effort": 7},
        {"effort": 12, "sure": True},
        {"sure": True},
    ]
    assert told == []
    assert (tally.rows, tally.tickets, tally.events, tally.bad) == (3, 2, 6, 0)
    assert "Ann" not in json.dumps(events)


def test_the_first_row_can_stand_for_the_acceptance_alone():
    """With `instead`, the first row makes no event of its own."""
    mapping = SEMICOLON.replace('"incident.accepted"', '"incident.accepted"\ninstead = true', 1)
    rows = "T1;05.01.2026 08:00;Queued;;;;\nT1;05.01.2026 09:00;Queued;;;;\n"
    assert [e["type"] for e in converted(rows, mapping=mapping)[0]] == [
        "incident.accepted",
        "incident.queued",
    ]


def test_a_time_that_occurs_twice_or_never_is_told():
    """Where the clocks are changed nothing is guessed: the row is bad, and its line is named."""
    events, tally, told = converted(
        "T1;29.03.2026 02:30;Queued;;;;\nT2;25.10.2026 02:30;Queued;;;;\nT3;25.10.2026 03:00;Queued;;;;\n"
    )
    assert {e["subject"] for e in events} == {"T3"}
    assert tally.bad == 2
    assert told[0].startswith("line 2: the local time 2026-03-29 02:30:00 does not exist in Europe/Stockholm")
    assert told[1].startswith("line 3: the local time 2026-10-25 02:30:00 exists twice in Europe/Stockholm")


@pytest.mark.parametrize(("choice", "offset"), [("earlier", "+02:00"), ("later", "+01:00")])
def test_the_mapping_may_decide_between_two_times(choice, offset):
    """Told which one is meant, a time that occurs twice is read, and counted."""
    mapping = SEMICOLON.replace("[first]", f'ambiguous = "{choice}"\n[first]', 1)
    events, tally, told = converted("T1;25.10.2026 02:30;Queued;;;;\n", mapping=mapping)
    assert events[0]["time"] == f"2026-10-25T02:30:00{offset}"
    assert (tally.decided, told) == (1, [])


def test_only_a_zone_makes_an_instant_of_a_naive_time():
    """Without a zone a naive ISO time is a bad row; a time's own offset needs none and always wins."""
    naive = SEMICOLON.replace('format = "%d.%m.%Y %H:%M"\nzone   = "Europe/Stockholm"\n', "")
    rows = "T1;2026-01-05T08:00:00;Queued;;;;\nT2;2026-01-05T08:00:00+08:00;Queued;;;;\n"
    events, _, told = converted(rows, mapping=naive)
    assert {e["time"] for e in events} == {"2026-01-05T08:00:00+08:00"}
    assert told == [
        "line 2: the time '2026-01-05T08:00:00' has no offset from UTC; give the mapping a zone under [time]"
    ]
    zoned = naive.replace("[first]", 'zone = "Europe/Stockholm"\n[first]', 1)
    events, _, told = converted(rows, mapping=zoned)
    assert {e["time"][-6:] for e in events} == {"+01:00", "+08:00"}
    assert told == []


@pytest.mark.parametrize(
    ("form", "text"),
    [("unix", "1767600000.25"), ("unix-ms", "1767600000250"), ("iso", "2026-01-05T08:00:00.25Z")],
)
def test_counted_and_fractional_times(form, text):
    """Seconds and milliseconds since 1970 are read without loss."""
    mapping = SEMICOLON.replace("%d.%m.%Y %H:%M", form)
    events, _, told = converted(f"T1;{text};Queued;;;;\n", mapping=mapping)
    assert told == []
    assert events[0]["time"] == "2026-01-05T08:00:00.250000+00:00"


def test_unmatched_rows_are_counted_by_what_they_hold():
    """A row that no rule matches is no error, but it is never silent; an ignored one is only counted."""
    events, tally, told = converted(
        "T1;05.01.2026 08:00;Queued;;;;\nT1;05.01.2026 09:00;Lost;;;;\n"
        "T1;05.01.2026 09:10;Lost;;;;\nT1;05.01.2026 09:20;Note;;;;\nT1;05.01.2026 09:30;Queued;;;;\n"
    )
    assert [e["id"] for e in events] == ["T1-1", "T1-1-2", "T1-5"]
    assert tally.unmatched == {"Status='Lost', Reached=''": 2}
    assert (tally.ignored, tally.bad, told) == (1, 0, [])


@pytest.mark.parametrize(
    ("row", "what"),
    [
        (";05.01.2026 08:00;Queued;;;;", "no ticket: 'Ticket' is empty"),
        ("T2;;Queued;;;;", "no time: 'When' is empty"),
        ("T2;2026;Queued;;;;", "'2026' is no time of the form '%d.%m.%Y %H:%M'"),
        ("T2;05.01.1926 08:00;Queued;;;;", "absurd_time"),
        ("T2;05.01.2026 08:00;Queued;;3 - none;;", "'Impact' holds '3 - none', which [attributes.impact]"),
        ("T2;05.01.2026 08:00;Solved;;;1.5;", "'Effort' must hold a value of type integer, not '1.5'"),
        ("T2;05.01.2026 08:00", "it has 2 cells where the header has 7"),
        ('T2;05.01.2026 08:00;Queued;;;;"Ann" B', "no CSV"),
        ("T" * 129 + ";05.01.2026 08:00;Queued;;;;", "subject must have 1 to 128 characters"),
    ],
)
def test_a_bad_row_is_named_and_the_others_are_written(row, what):
    """The line of the bad row is told, with what is wrong; the rows around it become events all the same."""
    good = "T1;05.01.2026 08:00;Queued;;;;\n"
    events, tally, told = converted(f"{good}{row}\n{good.replace('T1', 'T3')}")
    assert [e["subject"] for e in events] == ["T1", "T1", "T3", "T3"]
    assert tally.bad == 1
    assert told[0].startswith("line 3: ")
    assert what in told[0]


def test_a_bad_first_row_is_not_replaced_by_the_second():
    """If the row that was the acceptance is bad, no later one passes for it: clocks would start late."""
    events, tally, _ = converted("T1;noon;Queued;;;;\nT1;05.01.2026 09:00;Queued;;;;\n")
    assert [e["id"] for e in events] == ["T1-2"]
    assert tally.bad == 1


def test_text_of_another_encoding_spoils_its_row_only():
    """A cell that is no text in the encoding named is a bad row; under its own encoding it is fine."""
    rows = (HEADER + "Å1;05.01.2026 08:00;Queued;;;;\nT2;05.01.2026 08:00;Queued;;;;\n").encode("cp1252")
    events, _, told = converted(rows)
    assert [e["subject"] for e in events] == ["T2", "T2"]
    assert "give the encoding under [csv]" in told[0]
    events, _, told = converted(rows, mapping=SEMICOLON.replace("[csv]", '[csv]\nencoding = "cp1252"', 1))
    assert [e["subject"] for e in events] == ["Å1", "Å1", "T2", "T2"]
    assert told == []


def test_a_tickets_rows_are_put_in_order_of_time():
    """Desks export newest first: a ticket's rows change places among themselves, ids stay with the rows."""
    events, _, _ = converted(
        "T1;05.01.2026 10:00;Queued;;;;\nT2;05.01.2026 09:30;Queued;;;;\nT1;05.01.2026 09:00;Queued;;;;\n"
    )
    assert [(e["id"], e["time"][11:16]) for e in events] == [
        ("T1-2", "09:00"),
        ("T1-2-2", "09:00"),
        ("T2-1", "09:30"),
        ("T2-1-2", "09:30"),
        ("T1-1", "10:00"),
    ]


@pytest.mark.parametrize(
    ("old", "new", "line", "what"),
    [
        ('zone   = "Europe/Stockholm"\n', "", 7, "the format has no offset (%z)"),
        ("Europe/Stockholm", "Europe/Stokholm", 8, "unknown time zone 'Europe/Stokholm'"),
        ("%d.%m.%Y %H:%M", "%d.%m.%Y %H:%M %Z", 7, "%Z reads names of zones"),
        ('"desk"', '""', 3, "source is empty"),
        ('source = "desk"\n', "", 1, "missing required field `source`"),
        ("ignore = true", "ignored = true", 23, "unknown field `ignored`"),
        ("ignore = true", "ignore = false", 21, "a row has a type, or ignore = true"),
        (
            'on     = ["incident.replied"]',
            'on = ["incident.repleid"]',
            30,
            "no row becomes 'incident.repleid'",
        ),
        ('column = "Impact"', 'column = "org:resource"', 25, "'org:resource' holds the names of people"),
        ('as     = "integer"', 'as = "whole"', 29, "Invalid enum value 'whole'"),
        ('[first]\ntype = "incident.accepted"', "[first]\ntype = incident", 10, "not valid TOML"),
    ],
)
def test_a_bad_mapping_is_refused(old, new, line, what):
    """The refusal names file and line, what is wrong and what to do."""
    assert old in CSV
    with pytest.raises(MappingError) as caught:
        parse("m.toml", CSV.replace(old, new, 1))
    fault = caught.value.faults[0]
    assert (fault.file, fault.line) == ("m.toml", line)
    assert what in fault.what
    assert fault.remedy


def test_a_column_that_the_export_lacks_is_refused():
    """A mapping that does not fit the file is refused at the line that names the column."""
    with pytest.raises(MappingError, match=r"m.toml:27: the export has no column 'Impact'; its columns are: Ticket"):
        converted("T1;05.01.2026 08:00;Queued;;;;\n", header=HEADER.replace("Impact", "Weight"))


def test_the_verb_reads_standard_input(tmp_path, capsysbinary, monkeypatch):
    """`-` reads standard input and events go to standard output; a bad row makes it 1, a bad mapping 2."""
    mapping = tmp_path / "m.toml"
    mapping.write_text(SEMICOLON)
    rows = HEADER + "T1;05.01.2026 08:00;Queued;;;;\nT2;noon;Queued;;;;\n"
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BufferedReader(io.BytesIO(rows.encode()))))
    assert ran("--mapping", mapping, "-") == 1
    out, err = capsysbinary.readouterr()
    assert [json.loads(line)["id"] for line in out.splitlines()] == ["T1-1", "T1-1-2"]
    assert b"-: line 3: 'noon' is no time" in err
    mapping.write_text("format = 1")
    assert ran("--mapping", mapping, DESK) == 2
    assert ran("--mapping", tmp_path / "none.toml", DESK) == 2
    assert ran("--mapping", EXAMPLE, tmp_path / "none.xes") == 2
