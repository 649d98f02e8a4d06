"""`slawatch rulebook check DIR`: read a rulebook whole, play its worked cases, say every fault.

Used by `cli.main`.
"""

from __future__ import annotations

import argparse
import sys
from typing import Any

from cli.rulebook_files import folder, texts
from sla.cases import check
from sla.rulebook import parse
from sla.toml_file import RulebookError


def add(verbs: Any) -> None:
    """Add the verb."""
    verb = verbs.add_parser("rulebook", help="check a rulebook and play its worked cases")
    actions = verb.add_subparsers(dest="action", required=True, metavar="ACTION")
    checking = actions.add_parser("check", help="exit 0 when the rulebook can be used and every case comes out")
    checking.add_argument("directory", help="a folder, or the name of a shipped rulebook")
    checking.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Check; 1 when there is a fault."""
    try:
        path = folder(options.directory)
    except FileNotFoundError as error:
        print(error, file=sys.stderr)
        return 2
    files = texts(path)
    try:
        rulebook = parse(files)
    except RulebookError as error:
        faults = error.faults
    else:
        faults = check(files, rulebook)
    for fault in faults:
        print(f"{path}/{fault}", file=sys.stderr)
    if faults:
        return 1
    cases = sum(text.count("[[case]]") for text in files.values())
    print(f"{rulebook.label}: {len(rulebook.rules)} rules, {cases} worked cases, all as expected")
    return 0
