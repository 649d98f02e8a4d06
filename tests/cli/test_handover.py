"""What `slawatch handover` lists, from a file and from Kafka, for people and for machines."""

import json

import pytest
from confluent_kafka import Producer

from cli import delivery_folder
from cli.handover_page import SHOWN, WORDS
from cli.main import main
from streams.brokers.embedded import EmbeddedKafka
from tests.alerting.folders import EXAMPLE, example_kinds

AT = "2026-11-27T17:50:00+08:00"


@pytest.fixture(scope="module")
def verdicts(lives, tmp_path_factory):
    """The verdicts of a Friday of repairs and complaints, judged up to its evening."""
    path = tmp_path_factory.mktemp("handover") / "verdicts.jsonl"
    main(["backtest", str(lives), "--verdicts", str(path), "--until", AT])
    return path


@pytest.fixture
def roster(monkeypatch):
    """The example's roster and units."""
    monkeypatch.setattr(delivery_folder, "kinds", example_kinds)
    return ["--delivery", str(EXAMPLE)]


def listed(capsys, *words):
    """What the command writes for machines."""
    assert main(["handover", "--at", AT, "--json", *map(str, words)]) == 0
    return json.loads(capsys.readouterr().out)


def test_the_list_equals_one_made_by_hand(verdicts, capsys):
    """Of the last verdict of each clock: those with a limit that were not over by then, and what is not done."""
    capsys.readouterr()
    last = {}
    for line in verdicts.read_text().splitlines():
        told = json.loads(line)
        if told["data"]["revision"] >= last.get(told["data"]["clock_id"], told)["data"]["revision"]:
            last[told["data"]["clock_id"]] = told
    at, until = "2026-11-27T09:50:00", "2026-11-27T11:50:00"
    parts = {"overdue": set(), "due": set(), "later": set()}
    for name, told in last.items():
        data = told["data"]
        if "limit_seconds" not in data or data["started_at"][:19] > at or data["reason"] == "start_withdrawn":
            continue
        still = data["outcome"] == "running" or data["reason"] in ("not_done", "reopened_after_due")
        if still or data.get("stopped_at", told["time"])[:19] > at:
            due = data["due_at"][:19]
            parts["overdue" if due < at else "due" if due <= until else "later"].add(name)
    told = listed(capsys, "--verdicts", verdicts)
    assert {part: {clock["clock_id"] for clock in told[part]} for part in parts} == parts
    assert all(parts.values())


def test_only_what_a_unit_and_those_beneath_it_owe(verdicts, roster, capsys):
    """Unlisted units lie below the listed one whose code theirs begins with."""
    capsys.readouterr()
    everything = listed(capsys, "--verdicts", verdicts)
    mine = listed(capsys, "--verdicts", verdicts, "--unit", "32", *roster)
    for part in ("overdue", "due", "later"):
        owned = [clock["clock_id"] for clock in everything[part] if (clock["owner"] or "").startswith("32")]
        assert [clock["clock_id"] for clock in mine[part]] == owned
    assert mine["later"]


def test_who_goes_off_and_who_comes_on(verdicts, roster, capsys):
    """At the next change of shift of each team."""
    capsys.readouterr()
    told = listed(capsys, "--verdicts", verdicts, *roster)
    assert told["shifts"]["hotline"] == {"at": "2026-11-27T12:00:00Z", "off": ["zhao"], "on": ["wang", "li"]}


def test_people_read_names_in_their_language(verdicts, roster, capsys):
    """Of rules and units, and how long it is over or left."""
    capsys.readouterr()
    command = ["handover", "--at", AT, "--verdicts", str(verdicts), "--unit", "NCSC", *roster]
    assert main([*command, "--lang", "zh"]) == 0
    chinese = capsys.readouterr().out
    assert "国网客服中心 (NCSC)及下级单位" in chinese
    assert "hotline,11-27 20:00:下班 zhao,接班 wang、li" in chinese
    assert "已超" in chinese
    assert main(command) == 0
    assert "Overdue and not done: " in capsys.readouterr().out


def test_a_long_list_is_cut_for_people(verdicts, capsys):
    """And says how many more there are."""
    capsys.readouterr()
    told = listed(capsys, "--verdicts", verdicts)
    more = len(told["later"]) - SHOWN
    assert more > 0
    main(["handover", "--at", AT, "--verdicts", str(verdicts)])
    assert f"... and {more} more" in capsys.readouterr().out


@pytest.mark.embedded
def test_it_is_read_from_kafka(verdicts, capsys):
    """Every partition of the topic, tombstones left out: the same list as of the file."""
    capsys.readouterr()
    with EmbeddedKafka() as broker:
        broker.create_topic("sla.verdicts", 3)
        producer = Producer({"bootstrap.servers": broker.bootstrap})
        for line in verdicts.read_bytes().splitlines():
            producer.produce("sla.verdicts", line, key=json.loads(line)["data"]["clock_id"])
            producer.poll(0)
        producer.produce("sla.verdicts", None, key="gone")
        assert producer.flush(30) == 0
        live = listed(capsys, "--bootstrap", broker.bootstrap)
    assert live == listed(capsys, "--verdicts", verdicts)


def test_what_is_no_verdict_is_counted(tmp_path, capsys):
    """And left out."""
    file = tmp_path / "verdicts.jsonl"
    file.write_text("{}\n")
    assert main(["handover", "--at", AT, "--verdicts", str(file)]) == 0
    assert "1 records are no verdicts" in capsys.readouterr().err


@pytest.mark.parametrize(
    "words",
    [["--at", "yesterday"], ["--within", "soon"], ["--delivery", "nowhere"], ["--verdicts", "nowhere.jsonl"]],
)
def test_wrong_use(words, capsys):
    """Exit 2, and what is wrong."""
    assert main(["handover", *words]) == 2
    assert capsys.readouterr().err


def test_both_languages_say_the_same():
    """The same sentences with the same blanks."""
    blanks = {
        lang: {name: sorted(set(_blanks(text))) for name, text in words.items()} for lang, words in WORDS.items()
    }
    assert blanks["en"] == blanks["zh"]


def _blanks(text):
    return [part.partition("}")[0] for part in text.split("{")[1:]]
