"""`slawatch rulebook check|trace|show DIR`: read a rulebook whole, then play its cases, trace its clauses or show it.

Used by `cli.main`.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping
from typing import Any

from cli import rulebook_show, rulebook_trace
from cli.rulebook_files import folder, texts
from sla.cases import check
from sla.rulebook import Rulebook, parse
from sla.toml_file import Fault, RulebookError


def add(verbs: Any) -> None:
    """Add the verb."""
    verb = verbs.add_parser("rulebook", help="check a rulebook and play its worked cases, trace or show it")
    verb.set_defaults(run=run)
    actions = verb.add_subparsers(dest="action", required=True, metavar="ACTION")
    checking = actions.add_parser("check", help="exit 0 when the rulebook can be used and every case comes out")
    checking.add_argument("directory", help="a folder, or the name of a shipped rulebook")
    checking.set_defaults(act=_check)
    rulebook_trace.add(actions)
    rulebook_show.add(actions)


def run(options: argparse.Namespace) -> int:
    """Read the rulebook and do what was asked with it; 1 when it has a fault, 2 when there is none."""
    try:
        path = folder(options.directory)
    except FileNotFoundError as error:
        print(error, file=sys.stderr)
        return 2
    try:
        files = texts(path)
        rulebook = parse(files)
    except RulebookError as error:
        return _tell(error.faults, options)
    code: int = options.act(files, rulebook, options)
    return code


def _check(files: Mapping[str, str], rulebook: Rulebook, options: argparse.Namespace) -> int:
    faults = check(files, rulebook)
    if faults:
        return _tell(faults, options)
    cases = sum(text.count("[[case]]") for text in files.values())
    print(f"{rulebook.label}: {len(rulebook.rules)} rules, {cases} worked cases, all as expected")
    return 0


def _tell(faults: list[Fault], options: argparse.Namespace) -> int:
    path = folder(options.directory)
    for fault in faults:
        print(f"{path}/{fault}", file=sys.stderr)
    return 1
