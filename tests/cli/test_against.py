"""`slawatch backtest --against`: the differences it tells equal those counted again by hand and in plain Python."""

import gzip
import json
import shutil
from collections import Counter
from datetime import date, datetime
from pathlib import Path
from urllib.parse import unquote

import pytest

from cli.main import main
from tests.cli import recount

ROOT = Path(__file__).resolve().parents[2]
DESK = Path(__file__).parent / "data" / "desk.xes"
EXAMPLE = ROOT / "examples" / "bpic2013.toml"
MAKE_UP_SATURDAY = "[[day]]\non = 2026-11-28\nworking = true\n"
MOVED_HOLIDAY = """
[[day]]
on = 2026-11-28
working = true
[[day]]
on = 2026-11-30
working = false
"""
LIMITS = {"Major": 1, "High": 4, "Medium": 24, "Low": 48}


@pytest.fixture(scope="module")
def lives(tmp_path_factory):
    """A Friday of repairs and complaints, a third of them with some trouble, and the days after it."""
    path = tmp_path_factory.mktemp("lives") / "events.jsonl.gz"
    options = ["--tickets", "600", "--seed", "5", "--business", "both", "--trouble", "0.3"]
    when = ["--start", "2026-11-27T08:00:00+08:00", "--span", "10 h"]
    assert main(["generate", *options, *when, "--out", str(path)]) == 0
    return path


def changed(tmp_path, base, *edits):
    """A copy of a shipped rulebook with texts replaced in its files."""
    folder = tmp_path / "changed"
    shutil.copytree(ROOT / "rulebooks" / base, folder)
    for name, old, new in edits:
        text = (folder / name).read_text()
        assert old in text
        (folder / name).write_text(text.replace(old, new))
    return folder


def slower(tmp_path):
    """The rulebook with 3 minutes to dispatch."""
    return changed(tmp_path, "sgcc-2014", ("repair/dispatch.toml", 'term  = "2 min"', 'term  = "3 min"'))


def differences(tmp_path, file, *options):
    """What is written of the clocks that differ."""
    out = tmp_path / "differences.jsonl"
    assert main(["backtest", str(file), *map(str, options), "--differences", str(out)]) == 0
    return [json.loads(line) for line in out.read_text().splitlines()]


def verdicts(found, rule):
    """The differing clocks of a rule, as `recount.moved` tells them."""

    def side(standing):
        due = standing and standing.get("due_at")
        return standing and (standing["outcome"], due and datetime.fromisoformat(due))

    return {
        tuple(unquote(part) for part in differs["clock_id"].replace(f"/{rule}/", "/").split("/")): (
            side(differs.get("old")),
            side(differs.get("new")),
        )
        for differs in found
        if differs["rule"] == rule and differs["change"] != "alerts"
    }


def read_again(lines, duty, old, new, until=None):
    """The same from the raw events: a duty under what holds now and under what would."""
    tickets = recount.tickets(lines)
    until = until or max(datetime.fromisoformat(json.loads(line)["time"]) for line in lines)
    return recount.moved(
        {subject: duty(events, old, until) for subject, events in tickets.items()},
        {subject: duty(events, new, until) for subject, events in tickets.items()},
    )


def unpacked(path):
    """The lines of a packed file."""
    return gzip.decompress(path.read_bytes()).splitlines()


def write(path, *events):
    """A file of repair events, each told as `time id type ticket [key=value ...]` of one Monday."""
    rows = []
    for text in events:
        time, id_, type_, ticket, *facts = text.split()
        data = dict(fact.split("=") for fact in facts)
        if "hung_up_at" in data:
            data["hung_up_at"] = f"2026-11-23T{data['hung_up_at']}+08:00"
        when = f"2026-11-23T{time}+08:00"
        envelope = {"specversion": "1.0", "id": id_, "source": "desk", "type": f"repair.{type_}", "subject": ticket}
        rows.append(json.dumps({**envelope, "time": when, "data": data}))
    path.write_text("\n".join(rows) + "\n")
    return path


HAND_WRITTEN = (
    "08:00:00 1 accepted quick unit=A hung_up_at=08:01:00",
    "08:02:00 2 dispatched quick unit=A to_unit=3201",
    "08:00:00 3 accepted spared unit=A hung_up_at=08:01:00",
    "08:04:00 4 dispatched spared unit=A to_unit=3201",
    "08:00:00 5 accepted slow unit=B hung_up_at=08:01:00",
    "08:04:00.001 6 dispatched slow unit=B to_unit=3201",
    "08:00:00 7 accepted never unit=B",
    "08:02:30 8 accepted open unit=C",
    "08:02:15 9 closed never unit=B reason=duplicate",
    "08:05:00 10 accepted last unit=C",
)


def test_a_handful_of_tickets_by_hand(tmp_path):
    """Each clock by hand: kept twice, spared, still late, no longer broken because closed in time, and still open."""
    file = write(tmp_path / "events.jsonl", *HAND_WRITTEN)
    found = differences(tmp_path, file, "--rulebook", slower(tmp_path), "--against", "sgcc-2014")
    short = {
        d["clock_id"].split("/")[0]: (
            d["change"],
            d.get("breach"),
            *(f"{d[side]['outcome']} {d[side]['due_at'][11:19]}" for side in ("old", "new")),
            " ".join((*d.get("raised", ()), *(f"-{level}" for level in d.get("no_longer_raised", ())))),
        )
        for d in found
        if d["rule"] == "repair/dispatch"
    }
    assert short == {
        "quick": ("moved", None, "met 00:03:00", "met 00:04:00", ""),
        "spared": ("moved", "vanishes", "late 00:03:00", "met 00:04:00", "-breach"),
        "slow": ("moved", "stays", "late 00:03:00", "late 00:04:00", ""),
        "never": ("moved", "vanishes", "breached 00:02:00", "cancelled 00:03:00", "-breach -warning-80"),
        "open": ("moved", "vanishes", "breached 00:04:30", "running 00:05:30", "-breach"),
        "last": ("moved", None, "running 00:07:00", "running 00:08:00", ""),
    }
    assert len(found) == len(short)


def test_the_sums_by_hand(tmp_path, capsys):
    """The rows of the rule, of its clause and of the units say how many breaches vanish and stay, and the share kept."""
    file = write(tmp_path / "events.jsonl", *HAND_WRITTEN)
    options = ["--rulebook", str(slower(tmp_path)), "--against", "sgcc-2014", "--rows", "2"]
    assert main(["backtest", str(file), *options]) == 0
    lines = capsys.readouterr().out.splitlines()
    rows = [line.split() for line in lines if line]
    assert rows[3:5] == [["rule", "clocks", "moved", "no", "longer"], ["repair/dispatch", "6", "6", "4"]]
    assert ["repair/dispatch", "6", "4", "->", "1", "3", "1", "20.0%", "->", "66.7%"] in rows
    assert ["附件2", "五(二)2", "6", "4", "->", "1", "3", "1", "20.0%", "->", "66.7%"] in rows
    assert ["B", "2", "2", "->", "1", "1", "1", "0.0%"] in rows
    assert ["A", "2", "1", "->", "0", "1", "50.0%", "->", "100.0%"] in rows
    assert "off: complaint/report-up, complaint/track-province" in lines
    assert next(line for line in lines if line.startswith("NO MATCH: ")).endswith(", repair/urgency")
    listed = [row[0].split("/")[0] for row in rows if row[0].count("/") == 4]
    assert listed == ["never", "open"]  # breaches that vanish come before all else
    assert lines[-1].startswith("clocks not shown: 4; ")


@pytest.mark.parametrize("minutes", [1, 3])
def test_a_changed_limit_on_generated_tickets(tmp_path, lives, minutes, capsys):
    """A minute more or less to dispatch moves exactly the clocks that the raw events say, and of that rule alone."""
    edit = ("repair/dispatch.toml", 'term  = "2 min"', f'term  = "{minutes} min"')
    new = changed(tmp_path, "sgcc-2014", edit)
    found = differences(tmp_path, lives, "--rulebook", new, "--against", "sgcc-2014")
    expected = read_again(unpacked(lives), recount.dispatch, 2, minutes)
    assert verdicts(found, "repair/dispatch") == expected
    assert {differs["rule"] for differs in found} == {"repair/dispatch"}
    clauses = [line.split()[:2] for line in capsys.readouterr().out.splitlines() if line.startswith("附件")]
    assert clauses == [["附件2", "五(二)2"]]
    turned = Counter(old[0] + " " + now[0] for old, now in expected.values())
    assert turned["late met" if minutes == 3 else "met late"] > 10
    breaches = Counter(differs.get("breach") for differs in found)
    assert breaches["vanishes" if minutes == 3 else "comes"] > 10
    assert not breaches["comes" if minutes == 3 else "vanishes"]


def test_a_limit_changed_from_a_date_on(tmp_path, lives):
    """A change of the law is a date more: clocks from before it keep their term and do not differ."""
    dated = 'term  = "2 min"\nwarn  = ["50 %", "80 %"]\n[[in_force]]\nsince = 2026-11-28\nterm  = "3 min"'
    new = changed(tmp_path, "sgcc-2014", ("repair/dispatch.toml", 'term  = "2 min"', dated))
    assert differences(tmp_path, lives, "--rulebook", new, "--against", "sgcc-2014") == []


@pytest.mark.parametrize(
    ("override", "working"),
    [
        (MAKE_UP_SATURDAY, recount.make_up("2026-11-28")),
        (MOVED_HOLIDAY, lambda day: day != date(2026, 11, 30) and recount.make_up("2026-11-28")(day)),
    ],
    ids=["a make-up Saturday", "a Monday off made up on the Saturday before"],
)
def test_a_changed_calendar_on_generated_tickets(tmp_path, lives, override, working):
    """Days that the operator changes move the customers' contacts as the raw events say, and no repair."""
    days = tmp_path / "days.toml"
    days.write_text(override)
    until = datetime.fromisoformat("2026-12-09T00:00:00+08:00")
    new = ("--calendar-override", days, "--against", "sgcc-2014")
    found = differences(tmp_path, lives, *new, "--until", until.isoformat())
    expected = read_again(unpacked(lives), recount.contact, recount.weekdays, working, until)
    assert len(expected) > 50
    assert verdicts(found, "complaint/contact") == expected
    assert {differs["rule"].partition("/")[0] for differs in found} == {"complaint"}
    # The other way round: what one rulebook has more, the other lacks.
    old = ("--against", "sgcc-2014", "--against-calendar-override", days)
    back = differences(tmp_path, lives, *old, "--until", until.isoformat())
    assert verdicts(back, "complaint/contact") == {clock: pair[::-1] for clock, pair in expected.items()}


def other_trade(tmp_path, log):
    """The events of a log of incidents, and what a doubled limit for those of high impact changes in them."""
    events = tmp_path / "events.jsonl"
    assert main(["convert", "--mapping", str(EXAMPLE), str(log), "--out", str(events)]) == 0
    new = changed(tmp_path, "itsm-example", ("incident/accept.toml", 'term  = "4 h"', 'term  = "8 h"'))
    found = differences(tmp_path, events, "--rulebook", new, "--against", "itsm-example")
    lines = events.read_bytes().splitlines()
    return found, read_again(lines, recount.accept, LIMITS, {**LIMITS, "High": 8})


def test_a_changed_limit_in_another_trade(tmp_path):
    """The sample of incidents under the example rulebook: what differs is what the raw events say."""
    found, expected = other_trade(tmp_path, DESK)
    assert expected
    assert verdicts(found, "incident/accept") == expected
    assert len(found) == len(expected)


def test_a_rulebook_differs_in_nothing_from_itself(tmp_path, lives, capsys):
    """The same law twice: no clock differs, and the totals say so."""
    assert differences(tmp_path, lives, "--against", "sgcc-2014") == []
    said = capsys.readouterr().out.splitlines()
    assert said[2].endswith(" clocks, 0 of them differ")
    assert {line.partition(":")[0] for line in said[4:]} == {"the same", "NO MATCH", "off"}


def test_rules_of_one_rulebook_only_are_named(tmp_path, capsys):
    """A layer's rules are new, those it lacks are gone, whichever side it stands on."""
    file = write(tmp_path / "events.jsonl", *HAND_WRITTEN)
    small = changed(tmp_path, "sgcc-2014")
    (small / "repair" / "dispatch.toml").unlink()
    (small / "clauses.toml").unlink()
    for sides, line, change in (
        (("--rulebook", small, "--against", "sgcc-2014"), "only in OLD: repair/dispatch", "gone"),
        (("--rulebook", "sgcc-2014", "--against", small), "only in NEW: repair/dispatch", "new"),
    ):
        found = differences(tmp_path, file, *sides)
        assert {(differs["change"], differs["rule"]) for differs in found} == {(change, "repair/dispatch")}
        assert Counter(differs.get("breach") for differs in found)["vanishes" if change == "gone" else "comes"] == 4
        assert line in capsys.readouterr().out.splitlines()


def test_two_vocabularies_read_the_same_file(tmp_path, capsys):
    """An event type that only one rulebook knows counts there and is told as unknown of the other."""
    file = write(tmp_path / "events.jsonl", *HAND_WRITTEN, "08:00:00 e0 waved last unit=C")
    new = changed(
        tmp_path, "sgcc-2014", ("vocabulary.toml", '  "repair.arrived",', '  "repair.arrived",\n  "repair.waved",')
    )
    assert differences(tmp_path, file, "--rulebook", new, "--against", "sgcc-2014") == []
    assert capsys.readouterr().err == "OLD: 1 events of the unknown type repair.waved\n"


def test_silence_goes_as_far_under_both(tmp_path):
    """With a time given, what is open is late under either limit; nobody's breach comes or vanishes by the clock."""
    file, new = write(tmp_path / "events.jsonl", *HAND_WRITTEN), slower(tmp_path)
    until = ("--until", "2026-11-23T09:00:00+08:00")
    found = differences(tmp_path, file, "--rulebook", new, "--against", "sgcc-2014", *until)
    stand = {d["clock_id"].split("/")[0]: (d["old"]["outcome"], d["new"]["outcome"]) for d in found}
    assert stand["open"] == stand["last"] == ("breached", "breached")


def test_what_one_rulebook_knows_nothing_of_is_gone(tmp_path, capsys):
    """Against the rulebook of another trade every clock is gone, judged up to the last event that either knows."""
    file = write(tmp_path / "events.jsonl", *HAND_WRITTEN)
    found = differences(tmp_path, file, "--rulebook", "itsm-example", "--against", "sgcc-2014")
    assert Counter((d["change"], d["old"]["outcome"]) for d in found) == {
        ("gone", "met"): 1,
        ("gone", "late"): 2,
        ("gone", "breached"): 2,
        ("gone", "running"): 1,
    }
    assert "NEW: 6 events of the unknown type repair.accepted" in capsys.readouterr().err.splitlines()


def test_refused_events_are_exit_1(tmp_path, capsys):
    """What is no event is refused by both, told once, and the rest is compared."""
    file = write(tmp_path / "events.jsonl", *HAND_WRITTEN)
    file.write_text(file.read_text() + "nothing\n")
    assert main(["backtest", str(file), "--rulebook", str(slower(tmp_path)), "--against", "sgcc-2014"]) == 1
    shown = capsys.readouterr()
    assert "6 of them differ" in shown.out
    (line,) = shown.err.splitlines()
    assert line.startswith("1 events refused: ")


@pytest.mark.parametrize(
    "options",
    [["--rows", "3"], ["--differences", "out.jsonl"], ["--against-calendar-override", "days.toml"]],
    ids=lambda options: options[0],
)
def test_options_of_a_comparison_want_one(options, lives, capsys):
    """Asking for differences without a second rulebook is wrong use, and the option is named."""
    assert main(["backtest", str(lives), *options]) == 2
    assert capsys.readouterr().err == f"{options[0]} goes with --against\n"


def test_a_faulty_rulebook_is_named(tmp_path, lives, capsys):
    """Of two rulebooks the message says which has the fault, and names both that have one."""
    broken = changed(tmp_path, "sgcc-2014", ("repair/dispatch.toml", 'term  = "2 min"', 'term  = "2 fortnights"'))
    assert main(["backtest", str(lives), "--rulebook", str(broken), "--against", "nowhere"]) == 2
    first, fault, second, missing = capsys.readouterr().err.splitlines()
    assert (first, second) == (f"--rulebook {broken}:", "--against nowhere:")
    assert fault.startswith("repair/dispatch.toml:")
    assert missing.startswith("no rulebook 'nowhere'")


def test_sums_in_place_of_a_list(tmp_path, capsys):
    """Without rows the summary says how much is left out; times stand as the clock on the wall shows them."""
    file = write(tmp_path / "events.jsonl", *HAND_WRITTEN)
    options = ["backtest", str(file), "--rulebook", str(slower(tmp_path)), "--against", "sgcc-2014", "--rows"]
    assert main([*options, "0"]) == 0
    said = capsys.readouterr().out
    assert "units not shown: 3;" in said
    assert "clocks not shown: 6;" in said
    assert main([*options, "1"]) == 0
    assert "breached, due 2026-11-23 08:02:00  cancelled, due 2026-11-23 08:03:00" in capsys.readouterr().out


def test_differences_on_standard_output_stand_alone(tmp_path, capfdbinary):
    """A script gets lines of JSON and no table."""
    file = write(tmp_path / "events.jsonl", *HAND_WRITTEN)
    new = str(slower(tmp_path))
    assert main(["backtest", str(file), "--rulebook", new, "--against", "sgcc-2014", "--differences", "-"]) == 0
    lines = capfdbinary.readouterr().out.splitlines()
    assert len(lines) == len([json.loads(line)["clock_id"] for line in lines]) == 6


def test_alerts_and_verdicts_are_those_of_the_new_rulebook(tmp_path):
    """What is written beside the comparison is what a backtest by the new rulebook alone writes."""
    file, new = write(tmp_path / "events.jsonl", *HAND_WRITTEN), str(slower(tmp_path))
    written = []
    for number, against in enumerate(([], ["--against", "sgcc-2014"])):
        files = [tmp_path / f"{name}{number}" for name in ("alerts", "verdicts")]
        wanted = ["--alerts", str(files[0]), "--verdicts", str(files[1])]
        assert main(["backtest", str(file), "--rulebook", new, *against, *wanted]) == 0
        written.append([path.read_bytes() for path in files])
    assert written[0] == written[1]
    assert all(written[0])
