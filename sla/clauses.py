"""The clauses of a regulation: each watched by rules, or out of scope for a reason that is told.

`clauses.toml` sums the regulation up clause by clause, so that a supervisor sees what is watched and that nothing was
forgotten. `sla.rulebook` reads it; everybody may import this.

    [[clause]]
    id    = "附件2 五(三)2"
    says  = { zh = "...", en = "..." }
    rules = ["repair/receive-local"]
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from sla.toml_file import Fault, load
from sla.toml_lines import Path

CLAUSES = "clauses.toml"


class Clause(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One numbered clause: what it asks, the rules that watch it, and why none does.

    With both, `out_of_scope` says why the clause is not watched while its rules are off.
    """

    id: str
    says: dict[str, str]
    rules: tuple[str, ...] = ()
    out_of_scope: str = ""


class ClausesFile(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """`clauses.toml`, in the order of the regulation."""

    clause: list[Clause]


def read_clauses(
    files: Mapping[str, str], known: Mapping[str, tuple[str, ...]], faults: list[Fault]
) -> tuple[Clause, ...]:
    """The clauses of a rulebook in their order; notes each fault with file, line and remedy.

    `known` maps the id of every rule to the clauses it cites. Clauses and rules must name each other: a rule stands
    under the clause it cites, or under a numbered part of it. A rule may cite a text of which no clause is listed.
    """
    file = load(CLAUSES, files, ClausesFile, faults)
    if file is None:
        return ()
    clauses = tuple(file.clause)
    if not clauses:
        faults.append(Fault(CLAUSES, 1, "no clause is listed", "list every numbered clause, or remove the file"))
    seen: set[str] = set()
    for number, clause in enumerate(clauses):
        if clause.id in seen:
            _fault(files, faults, (number, "id"), f"the clause {clause.id!r} is listed twice", "remove one")
        seen.add(clause.id)
        _told(files, faults, number, clause)
        _named(files, faults, number, clause, known)
    for rule, cited in known.items():
        _cited(files, faults, rule, cited, clauses)
    return clauses


def unwatched(clause: Clause, on: frozenset[str]) -> bool:
    """Whether no rule that is on watches a clause and no reason is given; `on` are the ids of the rules that are."""
    return not clause.out_of_scope and on.isdisjoint(clause.rules)


def beyond(clauses: tuple[Clause, ...], cited: str) -> bool:
    """Whether a cited clause is of a text of which no clause is listed: a promise, a later edition."""
    return _text(cited) not in {_text(clause.id) for clause in clauses}


def _text(clause: str) -> str:
    """The text a clause belongs to: the first word, as in `附件1 五(二)`."""
    return clause.partition(" ")[0]


def _at_or_in(clause: str, cited: str) -> bool:
    """Whether a clause is the cited one or a numbered part of it: `三(一)2` is in `三(一)`, `十一` is not in `十`."""
    rest = clause.removeprefix(cited)
    return clause.startswith(cited) and (not rest or rest[0] == "(" or rest[0].isdigit())


def _fault(files: Mapping[str, str], faults: list[Fault], at: Path, what: str, remedy: str) -> None:
    faults.append(Fault.at(CLAUSES, files, ("clause", *at), what, remedy))


def _told(files: Mapping[str, str], faults: list[Fault], number: int, clause: Clause) -> None:
    """What every clause says: itself in both languages, and who watches it or why nobody does."""
    if not all(clause.says.get(lang, "").strip() for lang in ("zh", "en")):
        what = f"what {clause.id!r} says lacks a language"
        _fault(files, faults, (number, "says"), what, "sum it up in zh and en")
    if not clause.rules and not clause.out_of_scope.strip():
        what = f"nothing watches {clause.id!r} and no reason is given"
        _fault(files, faults, (number,), what, "name its rules, or say in out_of_scope why there are none")


def _named(
    files: Mapping[str, str], faults: list[Fault], number: int, clause: Clause, known: Mapping[str, tuple[str, ...]]
) -> None:
    """The rules a clause names: there are such, once each, and each cites the clause."""
    for place, rule in enumerate(clause.rules):
        if rule not in known:
            what, remedy = f"{clause.id!r} names the unknown rule {rule!r}", "name a rule by its id"
        elif rule in clause.rules[:place]:
            what, remedy = f"{clause.id!r} names {rule!r} twice", "remove one"
        elif not any(_at_or_in(clause.id, cited) for cited in known[rule]):
            what = f"{clause.id!r} names {rule!r}, which cites {', '.join(known[rule])}"
            remedy = "cite the clause in the rule's clause or also, or do not name the rule here"
        else:
            continue
        _fault(files, faults, (number, "rules"), what, remedy)


def _cited(
    files: Mapping[str, str], faults: list[Fault], rule: str, cited: tuple[str, ...], clauses: tuple[Clause, ...]
) -> None:
    """The clauses a rule cites: each is listed, and names the rule itself or in one of its parts."""
    for number, name in enumerate(cited):
        if beyond(clauses, name):
            continue
        places = [place for place, clause in enumerate(clauses) if _at_or_in(clause.id, name)]
        if not places:
            path = f"{rule}.toml"
            at: Path = ("clause",) if number == 0 else ("also",)
            what = f"the rule cites {name!r}, which {CLAUSES} does not list"
            faults.append(Fault.at(path, files, at, what, f"list the clause in {CLAUSES}, or mend the number"))
        elif not any(rule in clauses[place].rules for place in places):
            what = f"{rule!r} cites {name!r}, which does not name it"
            _fault(files, faults, (places[0],), what, "add it to the rules of the clause, or of a part of it")
