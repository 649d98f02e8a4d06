"""What `slawatch explain` says of incidents, and that whoever counts it again from that alone comes to the same."""

import copy
import json
import re
from collections import Counter
from datetime import timedelta
from pathlib import Path
from random import Random

import msgspec
import pytest

from cli.explain_drawing import COLUMNS
from cli.explain_incident_drawing import drawn
from cli.explain_incident_source import of_events, of_facts
from cli.explain_incident_words import CALLED, NEWS, NO_ESCALATION, SENTENCES, STANDS, TICKETS, UNSTARTED
from cli.explain_source import Raw
from cli.main import main
from sla.duty import Reason
from sla.explain.explanation import News
from sla.explain.incident import explain_incident, rule_of
from sla.explain.incident_explanation import (
    IncidentExplanation,
    NoEscalation,
    TicketReason,
    Unit,
    UnstartedReason,
)
from streams.matter import APP_HEADER
from tests.cli.incident_checker import faults_of
from tests.recount.__main__ import readings_named
from tests.recount.core import READINGS, counted, facts_of, keys_of
from tests.second_reading.incidents import incident
from tests.second_reading.repeated import stands

ROOT = Path(__file__).resolve().parents[2]
EXAMPLE, LAW = ROOT / "examples" / "incident.jsonl", ROOT / "examples" / "article-12"
INCIDENT = "9b6618ac8169f1bcfe914d13/line-7/repeated-service"
CLOCK = "9b6618ac8169f1bcfe914d13%2Fline-7%2Frepeated-service/complaint/repeated-service/95598%2F32/e-3"
ASKED = ["--events", str(EXAMPLE), "--rulebook", str(LAW)]
INCIDENTS = 150
BLANK = re.compile(r"\{(\w+)\}")


def explain_events(events, watch, key, until):
    """Explain an incident from raw events in their order; read back from its JSON."""
    raws = [Raw(msgspec.json.encode(event)) for event in events]
    heard = of_events(raws, watch, rule_of(watch.rulebook, key), key)
    return json.loads(msgspec.json.encode(explain_incident(watch, key, heard.said, until)))


def drawn_incidents(name, number=INCIDENTS):
    """Explain incidents drawn at random under a reading: explanation, statuses by the core, and by the loops."""
    watch, reading = readings_named(name)[name]
    for seed in range(number):
        dice = Random(f"{name}/{seed}")
        events = incident(dice, seed)
        if dice.random() < 0.7:
            events.sort(key=lambda event: event["time"])
        until = max(event["time"] for event in events) + timedelta(days=dice.choice((0, 1, 30, 200)), seconds=1)
        by_core = counted(facts_of(events, watch), watch, until)
        known = stands(events, until, **reading)
        by_loops = {key: known[k] for k, key in keys_of(known, watch.rulebook).items()}
        for key, levels in by_core.items():
            yield explain_events(events, watch, key, until), levels, by_loops.get(key, {})


@pytest.mark.parametrize("name", READINGS)
def test_whoever_counts_again_comes_to_the_same(name):
    """Windows, counts, levels and standing follow from what is explained, and are those of the core and the loops."""
    seen = Counter()
    for explanation, by_core, by_loops in drawn_incidents(name):
        assert faults_of(explanation) == [], explanation["incident"]
        told = {
            one["level"]: one["status"]
            for clock in explanation.get("clocks", ())
            for one in clock.get("warnings", ())
            if "status" in one
        }
        assert told == by_core == by_loops, explanation["incident"]
        seen.update(one["reason"] for clock in explanation.get("clocks", ()) for one in clock["tickets"])
        seen.update(clock["no_escalation"] for clock in explanation.get("clocks", ()) if "no_escalation" in clock)
        seen.update(one["reason"] for one in explanation.get("unstarted", ()))
    expected = {"counts", "before_closing", "outside_window", "not_judged", "not_substantiated", "overturned"}
    expected |= {"first"} if "first" not in name else set()
    assert seen.keys() >= expected | {"too_few", "first_not_closed"}


@pytest.mark.parametrize(
    ("name", "spoil"),
    [
        ("a ticket less", lambda clock: clock["tickets"].pop(1)),
        ("another count", lambda clock: clock.update(count=2)),
        ("another window", lambda clock: clock.update(window_ends_at="2026-08-23T16:00:00Z")),
        ("six months", lambda clock: clock["counting"].update(months=6)),
        ("four are needed", lambda clock: clock["counting"].update(times=4)),
        ("another first", lambda clock: clock.update(first="2026070700014")),
        ("a judgement turned", lambda clock: clock["tickets"][1].update(substantiated=False)),
        ("a reason turned", lambda clock: clock["tickets"][2].update(reason="outside_window")),
        ("another number", lambda clock: clock["tickets"][3].update(number=3)),
        ("another unit's ticket", lambda clock: clock["called"].update(ticket="2026070700014")),
        ("another verdict", lambda clock: clock.update(reason="awaited")),
        ("a lost revision", lambda clock: clock["told"].pop(0)),
        ("another instant", lambda clock: clock["warnings"][0].update(at="2026-08-10T06:10:01Z")),
        ("no reason for none", lambda clock: clock["warnings"][1].pop("status")),
    ],
)
def test_the_checker_sees_what_is_spoiled(capsys, name, spoil):
    """An explanation that was tampered with does not add up any more."""
    whole = json.loads(explained_as(capsys, INCIDENT, *ASKED, "--json"))
    assert faults_of(whole) == []
    spoiled = copy.deepcopy(whole)
    spoil(spoiled["clocks"][0])
    assert faults_of(spoiled) != [], name


def explained_as(capsys, *arguments):
    """Run the verb; its output."""
    capsys.readouterr()
    assert main(["explain", *map(str, arguments)]) == 0
    return capsys.readouterr().out


def test_the_page_of_the_document_is_what_the_command_prints(capsys, monkeypatch):
    """`docs/explain.md` shows the very output of the command above it."""
    page = (ROOT / "docs" / "explain.md").read_text(encoding="utf-8")
    command, shown = re.search(
        r"```sh\n\.venv/bin/slawatch (explain \S+/line-7/\S+ .+?)\n```\n\n```text\n(.*?)```", page, re.S
    ).groups()
    monkeypatch.chdir(ROOT)
    printed = explained_as(capsys, *command.split()[1:])
    assert re.sub(r"@[0-9a-f]{12}", "@...", printed) == shown


def test_an_incident_a_clock_and_an_alert_may_be_asked_for(capsys):
    """All of them give the clock; one the incident has not is exit 1, and what it has is named."""
    for asked in (INCIDENT, CLOCK, f"{CLOCK}/escalation"):
        whole = json.loads(explained_as(capsys, asked, *ASKED, "--json"))
        assert [clock["clock_id"] for clock in whole["clocks"]] == [CLOCK]
    assert main(["explain", CLOCK.replace("e-3", "e-9"), *ASKED]) == 1
    assert CLOCK in capsys.readouterr().err


def test_an_overturned_complaint_and_the_unit_above_are_told(capsys):
    """Who counted once and does not, who is called in and why, and what took the first warning back."""
    (clock,) = json.loads(explained_as(capsys, INCIDENT, *ASKED, "--json"))["clocks"]
    assert [one["reason"] for one in clock["tickets"]] == ["first", "counts", "overturned", "counts", "counts"]
    called = clock["called"]
    assert (called["found"], called["unit"], called["to_unit"]) == ("listed", "3201", "32")
    taken_back = [one for one in clock["told"] if one.get("level") == "warning-2" and one["state"] == "retracted"]
    assert [(one["said"]["ticket"], one["said"]["news"]) for one in taken_back] == [
        ("2026071500021", ["judged_not_to_count"])
    ]
    page = explained_as(capsys, INCIDENT, *ASKED)
    assert "32 Jiangsu province: the unit above 3201 city" in page
    assert "no escalation" not in page


OVERTURNED = (
    '{"specversion":"1.0","id":"e-4","source":"95598/32","type":"complaint.appealed","subject":"2026081200017",'
    '"time":"2026-08-25T10:00:00+08:00","data":{"granted":true}}\n'
)
STEPPED_IN = OVERTURNED.replace("appealed", "taken_over").replace("08-25", "08-15").replace('"granted":true', "")


@pytest.mark.parametrize(
    ("lines", "reason", "why"),
    [
        (lambda lines: lines[:-2], "not_judged", "enough are filed, but not enough of them are judged"),
        (lambda lines: lines[:6], "too_few", "only 1 of 3 count"),
        (lambda lines: [*lines, OVERTURNED], "taken_back", "it was raised and taken back: now only 2 of 3 count"),
        (lambda lines: [*lines, STEPPED_IN], "taken_over_before", "had stepped in before that was known"),
        (lambda lines: lines[:-1], "not_proven", "silence is not proven so far"),
    ],
    ids=["not judged", "too few", "taken back", "taken over before", "not proven"],
)
def test_why_nobody_is_called_in_is_told(capsys, tmp_path, lines, reason, why):
    """What a person would expect to see, and what stands in its way."""
    file = tmp_path / "events.jsonl"
    file.write_text("".join(lines(EXAMPLE.read_text().splitlines(keepends=True))))
    (clock,) = json.loads(explained_as(capsys, INCIDENT, "--events", file, *ASKED[2:], "--json"))["clocks"]
    assert clock["no_escalation"] == reason
    page = explained_as(capsys, INCIDENT, "--events", file, *ASKED[2:])
    assert re.search(rf"^no escalation  .*{re.escape(why)}", page, re.M)


def test_while_the_first_is_not_closed_nothing_is_counted(capsys, tmp_path):
    """There is no clock, and the complaint that holds it up is named."""
    file = tmp_path / "events.jsonl"
    lines = EXAMPLE.read_text().splitlines(keepends=True)
    file.write_text("".join(line for line in lines if "complaint.closed" not in line))
    page = explained_as(capsys, INCIDENT, "--events", file, *ASKED[2:])
    assert "2026061200003, the first, is not closed, and counting begins with that" in page


def test_in_chinese(capsys):
    """Every word of ours is Chinese."""
    page = explained_as(capsys, INCIDENT, *ASKED, "--lang", "zh")
    for word in (
        "同一事件",
        "首次投诉",
        "计数期限",
        "已被推翻",
        "上一级单位",
        "南京" if "南京" in page else "江苏",
        "已发布",
    ):
        assert word in page


def test_a_ticket_names_its_incident(capsys):
    """So whoever begins with a ticket finds the count."""
    page = explained_as(capsys, "2026081200017", *ASKED)
    assert f"slawatch explain {INCIDENT}" in page


def test_what_is_not_known_is_said(capsys):
    """An incident nobody spoke of is exit 1 and names those like it; so is one whose rule is off."""
    assert main(["explain", INCIDENT.replace("9b", "9c"), *ASKED]) == 1
    assert INCIDENT in capsys.readouterr().err
    assert main(["explain", INCIDENT, "--events", str(EXAMPLE)]) == 1
    assert "complaint/repeated-service is off" in capsys.readouterr().err
    assert main(["explain", INCIDENT, *ASKED[2:], "--events", "nowhere.jsonl"]) == 2
    assert "nowhere.jsonl" in capsys.readouterr().err


def test_facts_of_kafka_explain_as_the_events_do():
    """Told by the facts of one installation, each with when the broker had it, an incident stands as by its events."""
    watch, _ = readings_named("anchored")["anchored"]
    compared = 0
    for seed in range(40):
        events = sorted(incident(Random(seed), seed), key=lambda event: event["time"])
        until = max(event["time"] for event in events) + timedelta(days=1)
        by_key = {}
        for key, fact in facts_of(events, watch):
            by_key.setdefault(key, []).append(fact)
        for key, facts in by_key.items():
            raws = [
                Raw(msgspec.json.encode(fact), ((APP_HEADER, b"ours"),), until - timedelta(hours=1)) for fact in facts
            ]
            raws.insert(0, Raw(raws[0].value.replace(b'"revision":1', b'"revision":9'), ((APP_HEADER, b"theirs"),)))
            raws.append(Raw(b"no fact", ((APP_HEADER, b"ours"),)))
            heard = of_facts(raws, "ours")
            assert (len(heard.said), heard.refused) == (len(facts), 1)
            live = json.loads(msgspec.json.encode(explain_incident(watch, key, heard.said, until)))
            assert faults_of(live) == []
            offline = explain_events(events, watch, key, until)
            assert [_stand(c) for c in live.get("clocks", ())] == [_stand(c) for c in offline.get("clocks", ())]
            compared += len(live.get("clocks", ()))
    assert compared > 20


def _stand(clock):
    return clock["clock_id"], clock["outcome"], clock["reason"], clock["count"], clock.get("warnings")


@pytest.mark.parametrize("lang", [0, 1])
def test_every_reason_has_words(lang):
    """No value of an enum is without its words, and both languages have the same blanks."""
    for words, enum in (
        (TICKETS, TicketReason),
        (UNSTARTED, UnstartedReason),
        (NO_ESCALATION, NoEscalation),
        (CALLED, Unit),
        (NEWS, News),
    ):
        assert words.keys() == {value.value for value in enum}
    assert STANDS.keys() <= {value.value for value in Reason}
    for words in (TICKETS, UNSTARTED, NO_ESCALATION, CALLED, NEWS, SENTENCES, STANDS):
        for key, entry in words.items():
            assert entry[lang], key
            assert set(BLANK.findall(entry[0])) == set(BLANK.findall(entry[1])), key


@pytest.mark.parametrize("terminal", [False, True])
def test_the_line_of_an_incident_fits_and_is_marked(terminal):
    """As many columns for every clock, whatever lies after the window; those that count are there by number."""
    lines = 0
    for explanation, _, _ in drawn_incidents("rolling", 40):
        whole = msgspec.convert(explanation, IncidentExplanation)
        for clock in whole.clocks:
            line, complaints, marks, legend = (
                text.plain for text in drawn(clock, whole.horizon, "en", terminal=terminal)
            )
            assert len(line) == len(complaints) == len(marks) == COLUMNS
            assert set(line) <= (set("█░") if terminal else set("=."))
            assert (line + legend).isascii() is not terminal
            later = [one for one in clock.tickets if one.accepted.time > clock.started_at]
            assert (complaints.strip() != "") == bool(later)
            lines += 1
    assert lines > 20
