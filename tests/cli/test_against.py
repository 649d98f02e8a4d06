"""`slawatch backtest --against`: tickets written by hand, and how the command is used."""

import json
from collections import Counter

import pytest

from cli.main import main
from tests.cli.trying import HAND_WRITTEN, changed, differences, slower, write


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
    assert (
        "off: complaint/repeated-quality, complaint/repeated-service, complaint/report-up, complaint/track-province"
        in lines
    )
    assert next(line for line in lines if line.startswith("NO MATCH: ")).endswith(", repair/urgency")
    listed = [row[0].split("/")[0] for row in rows if row[0].count("/") == 4]
    assert listed == ["never", "open"]  # breaches that vanish come before all else
    assert lines[-1].startswith("clocks not shown: 4; ")


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
