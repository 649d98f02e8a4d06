"""The table of rights in the guide is what the processes ask for."""

import re
from pathlib import Path

from cli.notifier import READERS
from streams.rights import of_canary, of_notifier, of_worker
from streams.settings import Settings

GUIDE = (Path(__file__).parents[2] / "docs" / "security.md").read_text()


def rows():
    """The cells of the table of rights."""
    table = GUIDE.partition("| | worker | notifier | canary |\n|---|---|---|---|\n")[2].partition("\n\n")[0]
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
