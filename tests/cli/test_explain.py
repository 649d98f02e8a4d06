"""What `slawatch explain` says of tickets, to machines and to persons, and that all of it adds up."""

import copy
import gzip
import io
import json
import re
from collections import Counter
from pathlib import Path

import msgspec
import pytest

from cli.explain_drawing import COLUMNS
from cli.explain_drawing import drawn as drawn_line
from cli.explain_words import ABSENT, LABELS, REASONS, SENTENCES, WHY, lasting
from cli.main import main
from cli.rulebook_files import load
from sla.duty import Reason
from sla.explain.explanation import AbsenceReason, Explanation
from sla.passage import Why
from tests.cli.explaining import explain_all
from tests.cli.explanation_checker import faults_of

ROOT = Path(__file__).resolve().parents[2]
EXAMPLE = ROOT / "examples" / "complaint.jsonl"
TICKET = "2026092900001"
ANSWER = f"{TICKET}/complaint/answer/95598%2Fncsc/e-1"
BLANK = re.compile(r"\{(\w+)\}")


@pytest.fixture(scope="module")
def drawn(tmp_path_factory):
    """Lives of both businesses over the National Day holidays, with much trouble."""
    folder = tmp_path_factory.mktemp("drawn")
    path = folder / "events.jsonl.gz"
    options = ["--tickets", "300", "--seed", "21", "--business", "both", "--trouble", "0.4"]
    when = ["--start", "2026-09-24T08:00:00+08:00", "--span", "9 d"]
    assert main(["generate", *options, *when, "--out", str(path)]) == 0
    with gzip.open(path) as file:
        tickets = list(dict.fromkeys(json.loads(line)["subject"] for line in file))
    names = [str(folder / name) for name in ("verdicts.jsonl", "alerts.jsonl")]
    main(["backtest", str(path), "--verdicts", names[0], "--alerts", names[1]])
    return (
        path,
        tickets,
        *[[json.loads(line)["data"] for line in Path(name).read_text().splitlines()] for name in names],
    )


@pytest.fixture(scope="module")
def explained(drawn):
    """Explain every drawn ticket, as machines read it."""
    path, tickets, *_ = drawn
    found = explain_all(path, load("sgcc-2014"))
    assert list(found) == tickets
    return found


def explained_as(capsys, *arguments):
    """Run the verb; its output."""
    capsys.readouterr()
    assert main(["explain", *map(str, arguments)]) == 0
    return capsys.readouterr().out


def test_every_explained_clock_adds_up(explained):
    """From its start, stretch by stretch, every clock comes out where it is due, and as it was published."""
    faults = [fault for explanation in explained.values() for fault in faults_of(explanation)]
    assert faults == []
    stretches = [
        (clock["kind"], stretch["why"])
        for explanation in explained.values()
        for clock in explanation.get("clocks", ())
        for stretch in clock.get("stretches", ())
    ]
    seen = {why for _, why in stretches}
    assert seen >= {"around_the_clock", "office_hours", "outside_office_hours", "working_day", "weekend", "holiday"}
    assert seen >= {"day_of_start", "make_up_day"}
    assert {kind for kind, _ in stretches} == {"deadline", "notice", "report"}


def test_every_kind_is_explained(explained):
    """Also clocks without a term say what they count or what contradicts."""
    clocks = [clock for explanation in explained.values() for clock in explanation.get("clocks", ())]
    of_kind = {kind: [clock for clock in clocks if clock["kind"] == kind] for kind in ("attempts", "quota", "check")}
    assert all(clock["granted"]["gap_seconds"] and clock["counted"] for clock in of_kind["attempts"])
    assert any("cap" in clock["granted"] and clock.get("counted") for clock in of_kind["quota"])
    assert all(clock.get("facts") or clock.get("evidence") for clock in of_kind["check"])
    assert all(of_kind.values())


def test_the_explanation_is_what_the_backtest_says(drawn, explained):
    """Every verdict and every alert of a backtest is explained, and stands as it does there."""
    _, _, verdicts, alerts = drawn
    clocks = {clock["clock_id"]: clock for one in explained.values() for clock in one.get("clocks", ())}
    withdrawn = {clock["clock_id"] for one in explained.values() for clock in one.get("withdrawn", ())}
    last = {data["clock_id"]: data for data in verdicts}
    assert clocks.keys() <= last.keys()
    for clock_id, data in last.items():
        if clock_id not in clocks:
            assert clock_id in withdrawn
            continue
        clock = clocks[clock_id]
        stands = (clock["outcome"], clock["reason"], clock.get("owner"), clock["excused"], clock.get("keep_until"))
        assert stands == tuple(data.get(key) for key in ("outcome", "reason", "owner", "excused", "keep_until"))
    raised = {data["alert_id"]: data for data in alerts}
    assert len(raised) > 100
    for alert_id, data in raised.items():
        if data["clock_id"] in clocks:
            levels = {one["level"]: one.get("status") for one in clocks[data["clock_id"]]["warnings"]}
            assert levels.get(alert_id.rpartition("/")[2], "retracted") == data["status"]


def test_every_rule_has_a_clock_or_a_reason(explained):
    """No rule of the ticket's business is passed over, and no reason is missing."""
    seen = set()
    rules = Counter(rule.business for rule in load("sgcc-2014").rules)
    for explanation in explained.values():
        ruled = {clock["rule"] for clock in explanation.get("clocks", ())}
        absent = {absence["rule"]: absence["reason"] for absence in explanation["absences"]}
        assert ruled.isdisjoint(absent)
        assert len(ruled) + len(absent) == rules[explanation["business"]]
        seen |= set(absent.values())
    assert "not_known" not in seen
    assert seen >= {"does_not_bind", "no_start", "rule_is_off", "customer_bars", "needs", "lacks"}


@pytest.mark.parametrize(
    ("name", "spoil"),
    [
        ("a gap", lambda clock: clock["stretches"].pop(1)),
        ("a day too many", lambda clock: clock["granted"].update(amount=5)),
        ("another due time", lambda clock: clock.update(due_at="2026-10-14T09:30:01Z")),
        ("a wrong sort", lambda clock: clock["stretches"][1].update(why="weekend")),
        ("another verdict", lambda clock: clock.update(outcome="met")),
        ("a lost revision", lambda clock: clock["told"].pop(0)),
        ("another alert", lambda clock: clock["warnings"][0].update(status="retracted")),
    ],
)
def test_the_checker_sees_what_is_spoiled(capsys, name, spoil):
    """An explanation that was tampered with does not add up any more."""
    whole = json.loads(explained_as(capsys, ANSWER, "--events", EXAMPLE, "--json"))
    assert faults_of(whole) == []
    spoiled = copy.deepcopy(whole)
    spoil(spoiled["clocks"][0])
    assert faults_of(spoiled) != [], name


def test_the_page_of_the_document_is_what_the_command_prints(capsys, monkeypatch):
    """`docs/explain.md` shows the very output of the command above it."""
    page = (ROOT / "docs" / "explain.md").read_text(encoding="utf-8")
    command, shown = re.search(
        r"```sh\n\.venv/bin/slawatch (explain .+?)\n```\n\n```text\n(.*?)```", page, re.S
    ).groups()
    monkeypatch.chdir(ROOT)
    printed = explained_as(capsys, *command.split()[1:])
    # The hash changes with every line of the rulebook, and with every release of the calendar's data.
    assert re.sub(r"@[0-9a-f]{12}", "@...", printed) == shown


def test_a_ticket_a_clock_and_an_alert_may_be_asked_for(capsys):
    """A ticket gives all its clocks and the rules without; a clock, or an alert of it, that clock alone."""
    ticket = json.loads(explained_as(capsys, TICKET, "--events", EXAMPLE, "--json"))
    assert len(ticket["clocks"]) > 3
    assert ticket["absences"]
    for asked in (ANSWER, f"{ANSWER}/breach"):
        clock = json.loads(explained_as(capsys, asked, "--events", EXAMPLE, "--json"))
        assert [one["clock_id"] for one in clock["clocks"]] == [ANSWER]
        assert "absences" not in clock


def test_who_must_act_next_is_said_while_a_clock_is_open(capsys, tmp_path):
    """At the very instant it is due it still runs; past it the breach is told, and what is awaited from whom."""
    unanswered = tmp_path / "events.jsonl"
    unanswered.write_text("".join(EXAMPLE.read_text().splitlines(keepends=True)[:-1]))
    for until, outcome in (
        ("2026-10-13T17:30:00+08:00", "running"),
        ("2026-10-13T17:30:00.000001+08:00", "breached"),
    ):
        asked = [ANSWER, "--events", unanswered, "--until", until]
        (clock,) = json.loads(explained_as(capsys, *asked, "--json"))["clocks"]
        assert clock["outcome"] == outcome
        assert (clock["owner"], clock["owner_level"]) == ("3201", "city")
        assert [wanted["event"] for wanted in clock["awaits"]] == ["complaint.replied", "complaint.reply_passed"]
        page = explained_as(capsys, *asked)
        assert re.search(r"^awaited +complaint.replied unless to_level is", page, re.M)
        assert ("breach revision 1: firing" in page) == (outcome == "breached")


def test_packed_files_and_standard_input(capsys, tmp_path, monkeypatch):
    """Both are read like a plain file."""
    plain = explained_as(capsys, ANSWER, "--events", EXAMPLE)
    packed = tmp_path / "events.jsonl.gz"
    packed.write_bytes(gzip.compress(EXAMPLE.read_bytes()))
    assert explained_as(capsys, ANSWER, "--events", packed) == plain
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(EXAMPLE.read_bytes())))
    assert explained_as(capsys, ANSWER, "--events", "-") == plain


def test_in_chinese(capsys):
    """Every word of ours is Chinese; names of the vocabulary keep theirs beside it."""
    page = explained_as(capsys, TICKET, "--events", EXAMPLE, "--lang", "zh")
    for word in ("结论", "到期", "国庆节", "起算当日不计", "未起算的规则", "责任方", "已发布"):
        assert word in page


@pytest.mark.parametrize("lang", [0, 1])
def test_every_reason_has_words(lang):
    """No value of an enum is without its words, and both languages have the same blanks."""
    for words, enum in ((REASONS, Reason), (WHY, Why), (ABSENT, AbsenceReason)):
        assert words.keys() == {value.value for value in enum}
    for words in (REASONS, WHY, LABELS, SENTENCES):
        for key, entry in words.items():
            assert entry[lang], key
            assert set(BLANK.findall(entry[0])) == set(BLANK.findall(entry[1])), key


@pytest.mark.parametrize(
    ("microseconds", "said"),
    [(0, "0 s"), (1, "0.000001 s"), (7_200_000_000, "2 h"), (90_061_500_000, "1 d 1 h 1 min 1.5 s")],
)
def test_lengths_are_said_exactly(microseconds, said):
    """Nothing is rounded away."""
    assert lasting(microseconds, "en") == said


def test_what_is_not_known_is_said(capsys):
    """An unknown ticket or clock is exit 1 and names those like it."""
    for asked, says in (
        ("2026092900002", f"no event of '2026092900002' in {EXAMPLE}; did you mean {TICKET}?"),
        (f"{TICKET}/complaint/answer/95598%2Fncsc/e-9", f"did you mean {ANSWER}"),
        ("x", f"no event of 'x' in {EXAMPLE}"),
    ):
        assert main(["explain", asked, "--events", str(EXAMPLE)]) == 1
        printed = capsys.readouterr()
        assert says in printed.err
        assert printed.out == ""


@pytest.mark.parametrize(
    "wrong",
    [
        ["--events", "nowhere.jsonl"],
        ["--events", str(EXAMPLE), "--rulebook", "nowhere"],
        ["--events", str(EXAMPLE), "--until", "2026-10-01T08:00:00"],
        ["--events", str(EXAMPLE), "--calendar-override", "nowhere.toml"],
    ],
)
def test_wrong_use_is_said(capsys, wrong):
    """A file, a rulebook or a time that is none is exit 2, with what is wrong."""
    assert main(["explain", TICKET, *wrong]) == 2
    assert "nowhere" in (said := capsys.readouterr().err) or "no offset" in said


@pytest.mark.parametrize("terminal", [False, True])
def test_the_line_of_a_clock_fits_and_is_marked(explained, terminal):
    """As many columns for every clock, however late; the due time is marked, and characters are plain in a pipe."""
    lines = 0
    for explanation in explained.values():
        whole = msgspec.convert(explanation, Explanation)
        for clock in whole.clocks:
            if clock.stretches:
                line, marks, legend = (
                    text.plain for text in drawn_line(clock, whole.horizon, "en", terminal=terminal)
                )
                assert len(line) == len(marks) == COLUMNS
                assert "^" in marks
                assert set(line) <= (set("█░▓") if terminal else set("=.!"))
                assert (line + marks + legend).isascii() is not terminal
                lines += 1
            else:
                assert drawn_line(clock, whole.horizon, "en", terminal=terminal) == []
    assert lines > 300


def test_the_line_of_the_example_is_to_scale(capsys):
    """Holidays take their share of it, and what is past due stands behind the mark."""
    page = explained_as(capsys, ANSWER, "--events", EXAMPLE)
    line, marks = re.search(r"^time line  (.+)\n +(.+)$", page, re.M).groups()
    assert re.fullmatch(r"\.=+\.{27,31}=+\.+=+!+", line)
    assert marks == "| ^"


def test_alerts_from_before_the_roll_out_are_historic(capsys):
    """With `--quiet-before` a clock whose alerts nobody was told says so."""
    asked = [ANSWER, "--events", EXAMPLE, "--quiet-before", "2026-11-01T00:00:00+08:00"]
    assert json.loads(explained_as(capsys, *asked, "--json"))["clocks"][0]["historic"] is True
    assert "historic: nobody was told" in explained_as(capsys, *asked)
