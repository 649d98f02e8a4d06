"""`slawatch rulebook show DIR [RULE]`: the rules of a rulebook, or one of them in full, for a person to read.

Used by `cli.rulebook`.
"""

from __future__ import annotations

import argparse
import sys
import tomllib
from collections.abc import Mapping
from typing import Any

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from cli.rulebook_page import Page
from cli.rulebook_sheet import cases, mark, sheet
from cli.rulebook_words import LABELS, LANGS, chosen, named
from sla.rulebook import Rulebook


def add(actions: Any) -> None:
    """Add the action."""
    showing = actions.add_parser("show", help="list the rules, or show one with its terms and worked cases")
    showing.add_argument("directory", help="a folder, or the name of a shipped rulebook")
    showing.add_argument("rule", nargs="?", help="the id of a rule, as in repair/dispatch")
    showing.add_argument("--lang", choices=LANGS, default="en", help="language of the words (default en)")
    showing.add_argument("--events", action="store_true", help="show what happens in each worked case, too")
    showing.set_defaults(act=act)


def act(files: Mapping[str, str], rulebook: Rulebook, options: argparse.Namespace) -> int:
    """Show; 2 when there is no such rule."""
    texts = {rule.id: tomllib.loads(files[f"{rule.id}.toml"]) for rule in rulebook.rules}
    off = {rule.id: rule.off for rule in rulebook.rules}
    page = Page()
    if options.rule is None:
        page.line(f"{rulebook.name} ({rulebook.edition})")
        page.write(_list(texts, off, options.lang))
        return 0
    rule = texts.get(options.rule)
    if rule is None:
        print(f"no rule {options.rule!r}; the rules are {', '.join(texts)}", file=sys.stderr)
        return 2
    sums = {clause.id: clause.says[options.lang] for clause in rulebook.clauses}
    for block in _blocks(rule, options, sums, off=off[options.rule]):
        page.write(block)
    return 0


def _list(texts: Mapping[str, dict[str, Any]], off: Mapping[str, bool], lang: str) -> Table:
    table = Table(box=None, pad_edge=False)
    for key in ("id", "clause", "title", "kind", "status"):
        table.add_column(chosen(LABELS[key], lang), overflow="fold", no_wrap=key in ("id", "kind"))
    for id_, rule in texts.items():
        switches = mark(rule, lang, off=off[id_])
        table.add_row(id_, rule["clause"], rule["title"][lang], named(rule["kind"], lang), switches)
    return table


def _blocks(
    rule: dict[str, Any], options: argparse.Namespace, sums: Mapping[str, str], *, off: bool
) -> list[RenderableType]:
    """Title in both languages, the sheet, the worked cases."""
    lang = options.lang
    other = next(name for name in LANGS if name != lang)
    facts = Table(box=None, pad_edge=False, show_header=False)
    facts.add_column(style="dim", no_wrap=True)
    facts.add_column(overflow="fold")
    for label, line in sheet(rule, lang, sums, off=off):
        facts.add_row(label, line)
    heads, rows = cases(rule, lang, events=options.events)
    played = Table(box=None, pad_edge=False)
    for head in heads:
        played.add_column(head, overflow="fold")
    for row in rows:
        played.add_row(*row)
    title = Text(f"{rule['id']}  {rule['title'][lang]}\n", style="bold").append(
        rule["title"][other], style="not bold"
    )
    return [title, Text(), facts, Text(), Text(chosen(LABELS["case"], lang), style="bold"), played]
