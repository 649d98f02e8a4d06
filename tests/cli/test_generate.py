"""The drawn lives: the same for a seed, in order, well formed, and with every trouble in them."""

import argparse
import gzip
import json
import random
from collections import Counter, defaultdict
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest

from cli import generate, lives

START = datetime.fromisoformat("2026-11-23T08:00:00+08:00")
SPAN = timedelta(hours=1)


@pytest.fixture(scope="module")
def events():
    """A thousand tickets, half of them in trouble."""
    return list(generate.lives(1_000, 7, START, SPAN, trouble=0.5))


def happened(event):
    """When an event says it happened."""
    return datetime.fromisoformat(event["time"])


def run(*arguments):
    """Run the verb as the command line does."""
    parser = argparse.ArgumentParser()
    generate.add(parser.add_subparsers())
    options = parser.parse_args(["generate", *arguments])
    return options.run(options)


def test_a_seed_is_a_world(events):
    """The same seed draws the same events, another seed others."""
    assert list(generate.lives(1_000, 7, START, SPAN, trouble=0.5)) == events
    assert list(generate.lives(1_000, 8, START, SPAN, trouble=0.5)) != events


def test_events_come_in_order_of_time(events):
    """No event is told before one that happened earlier, and none lies before the start."""
    assert happened(events[0]) >= START
    assert all(happened(earlier) <= happened(later) for earlier, later in pairwise(events))


def test_events_are_cloudevents(events):
    """Every event is flat structured CloudEvents 1.0 with an offset and milliseconds, from who acted."""
    for event in events:
        assert set(event) == {"specversion", "id", "source", "type", "subject", "time", "data"}
        assert event["specversion"] == "1.0"
        assert event["id"].startswith("e-")
        assert event["source"].startswith("95598/")
        assert event["type"].startswith("repair.")
        assert event["time"].endswith("+08:00")
        assert all(isinstance(value, str | int | bool) for value in event["data"].values())
    assert any(happened(event).microsecond for event in events)


def test_one_id_has_one_content(events):
    """An id told twice is a repeat, word for word."""
    told = defaultdict(list)
    for event in events:
        told[event["source"], event["id"]].append(event)
    repeats = [known for known in told.values() if len(known) > 1]
    assert repeats
    assert all(event == known[0] for known in repeats for event in known)


def test_a_void_takes_back_what_was_told(events):
    """The event a void names is there, under the source it names."""
    told = {(event["source"], event["id"]) for event in events}
    voids = [event for event in events if event["type"] == "repair.voided"]
    assert {(void["data"].get("event_source", void["source"]), void["data"]["event_id"]) for void in voids} <= told


def test_every_ticket_is_born_within_the_span(events):
    """As many tickets as asked for, each accepted within the span or half a minute later."""
    born = {}
    for event in events:
        if event["type"] == "repair.accepted":
            born.setdefault(event["subject"], happened(event))
    assert len(born) == 1_000
    assert max(born.values()) <= START + SPAN + timedelta(seconds=lives.EARLY / lives.SECOND)


def test_all_modes_ways_and_levels_appear(events):
    """Modes 1 to 3 and unstated, phone, web and app, urgent and general, and all four levels."""
    accepted = [event["data"] for event in events if event["type"] == "repair.accepted"]
    assert {data.get("mode") for data in accepted} == {None, 1, 2, 3}
    assert {data["via"] for data in accepted} == {"phone", "web", "app"}
    assert {data["urgency"] for data in accepted} == {"urgent", "general"}
    assert {"risk" in data for data in accepted if data["urgency"] == "urgent"} == {True}
    assert {"hung_up_at" in data for data in accepted if data["via"] == "phone"} == {True}
    levels = {event["data"].get("level") for event in events}
    assert levels >= {"national", "province", "city", "county", "team"}


def test_every_trouble_appears(events):
    """Returns, corrections, voids, late and boundary stops, ties, reopenings, ends left open."""
    by_ticket = defaultdict(list)
    for event in events:
        by_ticket[event["subject"]].append(event)
    seen = Counter()
    for told in by_ticket.values():
        seen.update(troubles(told))
    wanted = {
        *(
            "undispatched",
            "unreceived",
            "returned",
            "returned_up",
            "returned_often",
            "before_hang_up",
            "unnamed",
        ),
        *("void_dispatched", "void_accepted", "void_voided", "void_across", "corrected_hung_up_at"),
        *(
            "corrected_mode",
            "corrected_urgency",
            "tie",
            "boundary",
            "past_boundary",
            "reopened",
            "closed_first",
        ),
    }
    assert wanted <= {trouble for trouble, times in seen.items() if times >= 3}


def troubles(told):
    """Name what is unusual in the events of one ticket."""
    types = [event["type"].removeprefix("repair.") for event in told]
    kinds = {event["id"]: event["type"].removeprefix("repair.") for event in told}
    found = {"undispatched"} if "dispatched" not in types else set()
    found |= {"unreceived"} if "received" not in types else set()
    found |= {"returned_often"} if types.count("returned") > 1 else set()
    found |= {"tie"} if any(happened(a) == happened(b) and a != b for a, b in pairwise(told)) else set()
    if "closed" in types:
        after = types[types.index("closed") :]
        found |= {"reopened"} & ({"reopened"} if "dispatched" in after else set())
        found |= {"closed_first"} if "received" not in types[: types.index("closed")] else set()
    for event, what in zip(told, types, strict=True):
        data = event["data"]
        if what == "returned":
            found.add("returned_up" if data.get("level") == "province" else "returned")
        if what == "corrected":
            found |= {f"corrected_{name}" for name in data}
        if what == "voided":
            found.add(f"void_{kinds[data['event_id']]}")
            found |= {"void_across"} if "event_source" in data else set()
        if what in ("dispatched", "received", "returned"):
            found |= {"unnamed"} if "unit" not in data else set()
    return found | waits(told, types)


def waits(told, types):
    """Name what is unusual about the first dispatch, seen from the hang-up."""
    first = next((event for event, what in zip(told, types, strict=True) if what == "dispatched"), None)
    accepted = next(event for event in told if event["type"] == "repair.accepted")
    hung_up = accepted["data"].get("hung_up_at")
    if first is None or hung_up is None:
        return set()
    waited = happened(first) - datetime.fromisoformat(hung_up)
    names = {timedelta(minutes=2): "boundary", timedelta(minutes=2, milliseconds=1): "past_boundary"}
    return {"before_hang_up"} if waited < timedelta(0) else {names.get(waited, "usual")}


def test_without_trouble_every_life_is_a_good_one():
    """No void, no correction, no early closing; everybody acts within the limits."""
    types = Counter(event["type"] for event in generate.lives(300, 1, START, SPAN, trouble=0))
    assert types["repair.voided"] == types["repair.corrected"] == 0
    assert types["repair.accepted"] == types["repair.closed"] == types["repair.callback"] == 300


def test_one_life_stands_alone():
    """A life needs nothing but dice; it opens with the acceptance."""
    facts = lives.life(random.Random(1), 0, 1.0)
    assert facts[0].type == "repair.accepted"
    assert min(fact.at for fact in facts) >= 0


def test_the_verb_writes_lines(tmp_path):
    """Plain and packed files hold the same lines, and a packed one is the same byte for byte each time."""
    arguments = [
        "--tickets",
        "50",
        "--seed",
        "3",
        "--span",
        "10 min",
        "--start",
        "2026-01-01T00:00:00Z",
        "--out",
    ]
    plain, packed, again = tmp_path / "a.jsonl", tmp_path / "b.jsonl.gz", tmp_path / "c.jsonl.gz"
    assert [run(*arguments, str(path)) for path in (plain, packed, again)] == [0, 0, 0]
    assert gzip.decompress(packed.read_bytes()) == plain.read_bytes()
    assert packed.read_bytes() == again.read_bytes()
    written = [json.loads(line) for line in plain.read_bytes().splitlines()]
    start = datetime(2026, 1, 1, tzinfo=UTC)
    assert written == list(generate.lives(50, 3, start, timedelta(minutes=10)))


def test_the_verb_writes_to_standard_output(capfdbinary):
    """A dash, the default, is standard output; nothing else is said there."""
    assert run("--tickets", "5", "--seed", "3") == 0
    out, err = capfdbinary.readouterr()
    assert len({json.loads(line)["subject"] for line in out.splitlines()}) == 5
    assert err == b""


@pytest.mark.parametrize(
    "wrong",
    [["--span", "1 fortnight"], ["--start", "2026-01-01T00:00"], ["--trouble", "2"], ["--tickets", "-1"]],
)
def test_wrong_use_is_exit_two(wrong, capsys):
    """What cannot be meant is refused with a word on why, before anything is written."""
    with pytest.raises(SystemExit) as refused:
        run("--tickets", "5", "--seed", "3", *wrong)
    assert refused.value.code == 2
    assert wrong[0] in capsys.readouterr().err


def test_a_file_that_cannot_be_written_is_exit_one(tmp_path, capsys):
    """The message names the file."""
    assert run("--tickets", "5", "--seed", "3", "--out", str(tmp_path / "missing" / "x")) == 1
    assert "missing" in capsys.readouterr().err
