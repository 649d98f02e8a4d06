"""`slawatch rulebook trace DIR`: every clause of the regulation with the rules that watch it, or why none does.

On a terminal a table; in a pipe one line a clause, its fields apart by tabs: clause, state, rules, what it says, the
reason. Used by `cli.rulebook`.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import Any

import msgspec
from rich.table import Table

from cli.rulebook_page import Page
from cli.rulebook_words import LANGS
from sla.clauses import CLAUSES, Clause, beyond, unwatched
from sla.rulebook import Rulebook


class State(StrEnum):
    """How a clause stands; `beyond` is one that a rule cites from a text of which none is listed."""

    WATCHED = "watched"
    OUT_OF_SCOPE = "out_of_scope"
    UNWATCHED = "unwatched"
    BEYOND = "beyond"


class Row(msgspec.Struct, frozen=True):
    """One clause, the rules that name it, and why none watches it."""

    clause: str
    state: State
    rules: list[str]
    says: dict[str, str] = {}
    reason: str = ""


def add(actions: Any) -> None:
    """Add the action."""
    tracing = actions.add_parser("trace", help="exit 0 when every clause is watched, or out of scope for a reason")
    tracing.add_argument("directory", help="a folder, or the name of a shipped rulebook")
    tracing.add_argument("--lang", choices=LANGS, default="en", help="language of what clauses say (default en)")
    tracing.add_argument("--json", action="store_true", help="one JSON document")
    tracing.set_defaults(act=act)


def act(files: Mapping[str, str], rulebook: Rulebook, options: argparse.Namespace) -> int:
    """Trace; 1 when a clause is unwatched without a reason, or no clause is listed."""
    if CLAUSES not in files:
        print(f"{rulebook.name} lists no clauses; add a {CLAUSES}", file=sys.stderr)
        return 1
    traced = rows(rulebook)
    marks = {
        rule.id: [mark for mark, holds in (("off", rule.off), ("assumed", rule.assumed)) if holds]
        for rule in rulebook.rules
    }
    if options.json:
        _print_json(rulebook, traced, marks)
    else:
        _print(rulebook, traced, marks, options.lang)
    return 1 if any(row.state is State.UNWATCHED for row in traced) else 0


def rows(rulebook: Rulebook) -> list[Row]:
    """Every clause in its order, then what rules cite from elsewhere, in order of the rules."""
    on = frozenset(rule.id for rule in rulebook.rules if not rule.off)
    found = [_row(clause, on) for clause in rulebook.clauses]
    elsewhere: dict[str, list[str]] = {}
    for rule in rulebook.rules:
        for cited in (rule.clause, *rule.also):
            if beyond(rulebook.clauses, cited):
                elsewhere.setdefault(cited, []).append(rule.id)
    return found + [Row(cited, State.BEYOND, rules) for cited, rules in elsewhere.items()]


def _row(clause: Clause, on: frozenset[str]) -> Row:
    """A reason stands only where no rule that is on watches the clause."""
    rules = list(clause.rules)
    if not on.isdisjoint(rules):
        return Row(clause.id, State.WATCHED, rules, clause.says)
    state = State.UNWATCHED if unwatched(clause, on) else State.OUT_OF_SCOPE
    return Row(clause.id, state, rules, clause.says, clause.out_of_scope)


def _print_json(rulebook: Rulebook, traced: list[Row], marks: dict[str, list[str]]) -> None:
    document = {
        "rulebook": rulebook.label,
        "counts": _counts(traced),
        "clauses": [msgspec.to_builtins(row) for row in traced],
        "rules": {
            rule.id: {"title": rule.title, "kind": rule.kind, "marks": marks[rule.id]} for rule in rulebook.rules
        },
    }
    print(json.dumps(document, ensure_ascii=False, indent=2))


def _counts(traced: list[Row]) -> dict[State, int]:
    counted = Counter(row.state for row in traced)
    return {state: counted[state] for state in State}


def _print(rulebook: Rulebook, traced: list[Row], marks: dict[str, list[str]], lang: str) -> None:
    def named(rule: str) -> str:
        return f"{rule} ({', '.join(marks[rule])})" if marks[rule] else rule

    page = Page()
    if page.folded:
        page.line(f"{rulebook.name} ({rulebook.edition})")
        page.write(_table(traced, named, lang))
        page.line(_summary(traced))
        return
    for row in traced:
        rules = ", ".join(named(rule) for rule in row.rules)
        print(row.clause, row.state, rules, row.says.get(lang, ""), row.reason, sep="\t")
    print(_summary(traced), file=sys.stderr)


def _table(traced: list[Row], named: Callable[[str], str], lang: str) -> Table:
    table = Table(box=None, pad_edge=False)
    table.add_column("clause", no_wrap=True)
    table.add_column("says", ratio=1)
    table.add_column("watched by", ratio=1)
    styles = {State.OUT_OF_SCOPE: "dim", State.UNWATCHED: "bold red"}
    for row in traced:
        why = "UNWATCHED: no rule is on, and no reason is given" if row.state is State.UNWATCHED else row.reason
        watched = "\n".join([*map(named, row.rules), *filter(None, [why])])
        table.add_row(row.clause, row.says.get(lang, ""), watched, style=styles.get(row.state, ""))
    return table


def _summary(traced: list[Row]) -> str:
    counted = _counts(traced)
    more = counted.pop(State.BEYOND)
    told = ", ".join(f"{number} {state.replace('_', ' ')}" for state, number in counted.items())
    return f"{sum(counted.values())} clauses: {told}" + (f"; {more} more from other texts" if more else "")
