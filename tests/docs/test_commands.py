"""Every command, file and make target that the documents name exists and is used as the program wants it."""

import re
import shlex
from pathlib import Path

import pytest

from cli.main import parser

ROOT = Path(__file__).parent.parent.parent
DOCUMENTS = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])
BLOCK = re.compile(r"^```sh\n(.*?)^```", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\((?!https?://)([^)#]+)\)")
TARGET = re.compile(r"^([a-z-]+):", re.MULTILINE)


def commands() -> list[tuple[str, str]]:
    """Each line of each shell block, with its document."""
    return [
        (document.name, line.strip())
        for document in DOCUMENTS
        for block in BLOCK.findall(document.read_text())
        for line in block.splitlines()
        if line.strip() and not line.startswith("#")
    ]


@pytest.mark.parametrize(("document", "line"), commands())
def test_every_command_parses(document: str, line: str) -> None:
    """A line of a shell block is a make target, or a slawatch command the real command line accepts."""
    words = shlex.split(line)
    if words[0] == "make":
        assert words[1] in TARGET.findall((ROOT / "Makefile").read_text()), document
    else:
        assert words[0] == ".venv/bin/slawatch", document
        parser().parse_args(words[1:])


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_every_link_and_target_exists(document: Path) -> None:
    """Links to files lead somewhere; make targets named in the text are there."""
    text = document.read_text()
    for target in LINK.findall(text):
        assert (document.parent / target).exists(), target
    targets = TARGET.findall((ROOT / "Makefile").read_text())
    for name in re.findall(r"`make ([a-z-]+)", text):
        assert name in targets, name


def test_the_table_of_places_is_true() -> None:
    """Each path in ARCHITECTURE.md's first table exists."""
    table = (ROOT / "ARCHITECTURE.md").read_text().partition("## The picture")[0]
    for name in re.findall(r"`((?:sla|streams|cli|agents|alerting|tests|rulebooks)/[^`<]*)`", table):
        assert (ROOT / name).exists(), name
