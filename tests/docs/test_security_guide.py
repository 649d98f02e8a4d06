"""The table of rights in the guide is what the processes ask for."""

import re
from pathlib import Path

import pytest

from cli import asking, explain, explain_incident, explain_kafka, handover, notifications
from cli.main import main
from cli.notifier import READERS
from streams.rights import of_canary, of_notifier, of_worker
from streams.settings import Settings
from streams.topics import catalogue, delivery_catalogue

ROOT = Path(__file__).parents[2]
GUIDE = (ROOT / "docs" / "security.md").read_text()


def rows():
    """The cells of the table of rights."""
    head = "| | worker | notifier | canary | person on duty |\n|---|---|---|---|---|\n"
    table = GUIDE.partition(head)[2].partition("\n\n")[0]
    return [[cell.strip() for cell in row.strip("|").split("|")] for row in table.splitlines()]


def told(column):
    """Which operations the table names for each topic and group."""
    found = {}
    for row in rows():
        if row[0] == "groups":
            for operation, names in re.findall(r"(Read|Describe) ((?:`[\w-]+`(?:, )?)+)", row[column]):
                found |= {("group", name): {operation.upper()} for name in re.findall(r"`([^`]+)`", names)}
        elif row[column]:
            operations = {one.upper() for one in row[column].split(", ")}
            found |= {("topic", name): operations for name in re.findall(r"`([^`]+)`", row[0])}
    return found


def asked(rights):
    """What a process asks for."""
    return {(str(right.kind), right.name): set(right.operations) for right in rights}


def test_the_guide_names_every_right_of_a_worker():
    """And none more."""
    assert told(1) == asked(of_worker(Settings(), incidents=True))


def test_the_guide_names_every_right_of_a_notifier():
    """And none more."""
    assert told(2) == asked(of_notifier("sla.", "slawatch-notifier", READERS))


def test_the_guide_names_every_right_of_a_canary():
    """And none more."""
    assert told(3) == asked(of_canary("sla."))


ON_DUTY = (
    "handover", "notifications list", "notifications audit --delivery deploy/containers/delivery", "silence --list",
    "explain 2026112300017", "ack 2026112300017 --by duty",
    "explain 9b6618ac8169f1bcfe914d13/line-7/repeated-service --rulebook examples/article-12",
)  # fmt: skip


def test_the_guide_names_every_right_of_a_person_on_duty(monkeypatch, capsys):
    """And none more: the topics that the verbs read and write, and for `topics check` to see the others."""
    read, written, made = set(), set(), []

    def records_of(_settings, topic, *_):
        read.add(topic)
        return iter(())

    def consumer(settings):
        made.append(settings["group.id"])
        raise explain_kafka.UnreadableError("not here")

    original = explain_kafka.records_of
    for module in (asking, explain, explain_incident, handover, notifications):
        monkeypatch.setattr(module, "records_of", records_of)
    monkeypatch.setattr(asking, "give", lambda _settings, topic, *_: written.add(topic))
    monkeypatch.setattr(explain_kafka, "Consumer", consumer)
    monkeypatch.chdir(ROOT)
    for verb in ON_DUTY:
        main([*verb.split(), "--bootstrap", "127.0.0.1:9"])
    with pytest.raises(explain_kafka.UnreadableError):
        next(original({}, "sla.verdicts", None, None))

    operations = {topic: {"READ"} for topic in read}
    for topic in written:
        operations.setdefault(topic, set()).add("WRITE")
    for spec in catalogue("sla.", "slawatch", 8) + delivery_catalogue("sla.", 8):
        operations.setdefault(spec.name, {"DESCRIBE"})
    [group] = made
    expected = {("topic", name): asked for name, asked in operations.items()} | {("group", group): {"DESCRIBE"}}
    assert told(4) == expected, capsys.readouterr()
