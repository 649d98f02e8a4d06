"""A rule told to a person: every key of its file in words, nothing left out. Used by `cli.rulebook_show`.

It reads the file as it is written, not what became of it, so that what a supervisor reads is what the file says.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from cli.rulebook_words import CASE_HEADS, KINDS, LABELS, chosen, length, named, said

Table = dict[str, Any]
Line = tuple[str, str]
"""A label, empty where the line goes on with the one before, and what it says."""


def sheet(rule: Table, lang: str, sums: Mapping[str, str], *, off: bool) -> list[Line]:
    """The lines of a rule but for its worked cases.

    `sums` says in this language what each listed clause asks; `off` is as the rulebook's switches have it.
    """

    def clause(cited: str) -> str:
        return f"{cited}: {sums[cited]}" if cited in sums else cited

    told: list[tuple[str, list[str]]] = [
        ("clause", [clause(rule["clause"])]),
        ("also", [clause(cited) for cited in rule.get("also", [])]),
        ("says", [rule["says"]]),
        ("business", [named(rule["business"], lang)]),
        ("kind", [_kind(rule["kind"], lang)]),
        ("status", _status(rule, lang, off=off)),
        ("source", [rule["source"]] if rule.get("source") else []),
        ("binds", [_binds(rule, lang)]),
        ("except", [said("not_tickets", lang, where=_where(barred, lang)) for barred in rule.get("except", [])]),
        ("from", [_start(start, lang) for start in _tables(rule["from"])]),
        ("needs", [_trigger(trigger, lang) for trigger in rule.get("needs", [])]),
        ("lacks", [_trigger(trigger, lang) for trigger in rule.get("lacks", [])]),
        ("quota", [_sum(rule["quota"], lang)] if "quota" in rule else []),
        ("recurrence", _recurrence(rule["recurrence"], lang) if "recurrence" in rule else []),
        ("to", [_trigger(stop, lang) for stop in rule.get("to", [])]),
        ("undo", [_trigger(stop, lang) for stop in rule.get("undo", [])]),
        ("cancel", [*(_trigger(stop, lang) for stop in rule.get("cancel", [])), *_ends(rule, lang)]),
        ("superior", [_superior(rule["superior"], lang)] if "superior" in rule else []),
        ("owner", _owners(rule["owner"], lang)),
        ("in_force", [_in_force(entry, lang) for entry in _newest_last(rule["in_force"])]),
    ]
    return [
        (chosen(LABELS[key], lang) if number == 0 else "", line)
        for key, lines in told
        for number, line in enumerate(line for line in lines if line)
    ]


def cases(rule: Table, lang: str, *, events: bool) -> tuple[list[str], list[list[str]]]:
    """Heads and rows of its worked cases, one row a clock; with `events` what happens in a case stands under it."""
    rows: list[list[str]] = []
    for case in rule["case"]:
        name = case["name"]
        if events:
            until = [f"... {case['until']}"] if "until" in case else []
            name = "\n  ".join([f"{name} ({case['on']})", *case["events"], *until])
        clocks = case["expect"] or [{}]
        rows += [_clock(clock, name if number == 0 else "", lang) for number, clock in enumerate(clocks)]
    filled = [key for number, key in enumerate(CASE_HEADS) if any(row[number] for row in rows)]
    kept = [number for number, key in enumerate(CASE_HEADS) if key in filled]
    return [chosen(CASE_HEADS[key], lang) for key in filled], [[row[number] for number in kept] for row in rows]


def mark(rule: Table, lang: str, *, off: bool) -> str:
    """What a list of rules says beside one: off, assumed, or nothing."""
    marks = [key for key, holds in (("off_mark", off), ("assumed_mark", rule.get("assumed", False))) if holds]
    return ", ".join(said(key, lang) for key in marks)


def _clock(clock: Table, name: str, lang: str) -> list[str]:
    if not clock:
        return [name, "-", *[""] * (len(CASE_HEADS) - 2)]
    start = " ".join(filter(None, (clock["start"], clock.get("round"))))
    verdict = [named(clock[key], lang) for key in ("outcome", "reason") if key in clock]
    verdict += [f"{key} {clock[key]}" for key in ("excused", "keep_until") if key in clock]
    owner = " ".join(filter(None, (clock.get("owner"), clock.get("level"))))
    due, alerts = clock["due"].replace("T", " "), ", ".join(clock.get("alerts", []))
    return [name, start, due, ", ".join(verdict), owner, alerts]


def _tables(value: Table | list[Table]) -> list[Table]:
    return value if isinstance(value, list) else [value]


def _kind(kind: str, lang: str) -> str:
    return f"{kind}: {chosen(KINDS[kind], lang)}"


def _status(rule: Table, lang: str, *, off: bool) -> list[str]:
    told = [key for key in ("assumed", "verdict_only") if rule.get(key)]
    return [said(key, lang) for key in ("off" if off else "on", *told)]


def _value(value: Any, lang: str) -> str:
    if isinstance(value, bool):
        return said("yes" if value else "no", lang)
    return named(value, lang) if isinstance(value, str) else str(value)


def _where(where: Table | list[Table], lang: str) -> str:
    """A condition in words; of several tables one must hold."""

    def one(name: str, values: Any) -> str:
        all_ = [_value(value, lang) for value in (values if isinstance(values, list) else [values])]
        return said("is", lang, name=named(name, lang), values=said("or", lang).join(all_))

    tables = [said("and", lang).join(one(*pair) for pair in table.items()) for table in _tables(where) if table]
    return said("either", lang).join(tables)


def _binds(rule: Table, lang: str) -> str:
    business, where = named(rule["business"], lang), _where(rule.get("binds", {}), lang)
    if not where:
        return said("every_ticket", lang, business=business)
    return said("tickets", lang, business=business, where=where)


def _start(start: Table, lang: str) -> str:
    if start.get("bound"):
        return said("bound", lang)
    sort = "first_event" if start.get("first") else "last_event" if start.get("last") else "each_event"
    line = said(sort, lang, event=_trigger(start, lang))
    if start.get("ticket"):
        line += said("ticket", lang, where=_where(start["ticket"], lang))
    return line + (said("at", lang, at=named(start["at"], lang)) if "at" in start else "")


def _trigger(trigger: Table | str, lang: str) -> str:
    """An event with its conditions, what of the start it must match, and the reason where it cancels."""
    if isinstance(trigger, str):
        return named(trigger, lang)
    line = named(trigger["event"], lang)
    for key in ("where", "unless"):
        if trigger.get(key):
            line += said(key, lang, where=_where(trigger[key], lang))
    for mine, theirs in trigger.get("match", {}).items():
        line += said("match", lang, mine=named(mine, lang), theirs=named(theirs, lang))
    return line + (said("because", lang, reason=named(trigger["reason"], lang)) if "reason" in trigger else "")


def _ends(rule: Table, lang: str) -> list[str]:
    """What ends it unasked: closing, and its binding the ticket no more; neither ends a contradiction or a sum."""
    if rule["kind"] in ("check", "quota", "recurrence"):
        return []
    unbound = [said("unbound", lang)] if rule["kind"] in ("notice", "report") and rule.get("binds") else []
    return [*unbound, said("owed_at_close" if rule.get("owed_at_close") else "closing_cancels", lang)]


def _sum(quota: Table, lang: str) -> str:
    line = said("sum", lang, amount=named(quota["amount"], lang), add=named(quota["add"], lang))
    return line + (said("less", lang, remove=named(quota["remove"], lang)) if "remove" in quota else "")


def _recurrence(table: Table, lang: str) -> list[str]:
    same = said("and", lang).join(named(name, lang) for name in table["same"])
    first = "first_counts_yes" if table.get("first_counts") else "first_counts_no"
    window = f"window_{table.get('window', 'anchored')}"
    lines = [said("same", lang, same=same), said("times", lang, times=str(table["times"]))]
    lines += [said("warn_at", lang, warn_at=str(table["warn_at"]))] if table.get("warn_at") else []
    lines += [said(first, lang), said(window, lang)]
    for key in ("counts", "discounts"):
        lines += [said(key, lang, event=_trigger(trigger, lang)) for trigger in table.get(key, [])]
    return lines


def _superior(superior: Table, lang: str) -> str:
    return said("superior", lang, event=named(superior["event"], lang), at=named(superior["at"], lang))


def _owners(owners: list[Table], lang: str) -> list[str]:
    def one(owner: Table) -> str:
        parts = []
        if "unit" in owner and "of" in owner:
            of = _trigger(owner["of"], lang)
            parts.append(said("owner_of", lang, unit=named(owner["unit"], lang), event=of))
        elif "unit" in owner:
            parts.append(said("owner_attribute", lang, unit=named(owner["unit"], lang)))
        if "level_from" in owner:
            parts.append(said("level_attribute", lang, level=named(owner["level_from"], lang)))
        if "level" in owner:
            parts.append(said("level_fixed", lang, level=named(owner["level"], lang)))
        where = said("for", lang, where=_where(owner["where"], lang)) if owner.get("where") else ""
        return where + "; ".join(parts)

    return [one(owner) for owner in owners]


def _newest_last(entries: list[Table]) -> list[Table]:
    """By date; of one date in the order of the file, of which the first that holds counts."""
    return sorted(entries, key=lambda entry: entry["since"])


def _in_force(entry: Table, lang: str) -> str:
    line = said("since", lang, since=str(entry["since"]))
    if entry.get("where"):
        line += said("for", lang, where=_where(entry["where"], lang))
    line += next((told(entry, lang) for key, told in _TOLD.items() if key in entry), said("always", lang))
    for keep in entry.get("keep", []):
        line += said("keep", lang, years=str(keep["years"]))
        line += said("where", lang, where=_where(keep["where"], lang)) if keep.get("where") else ""
    if entry.get("warn"):
        line += said("warned", lang, warn=", ".join(_threshold(text, lang) for text in entry["warn"]))
    return line


def _threshold(text: str, lang: str) -> str:
    if text.strip().endswith("%"):
        return said("share", lang, share=text)
    return said("lead", lang, term=length(text, lang))


def _daily(entry: Table, lang: str) -> str:
    each = said(entry.get("each", "calendar_day"), lang)
    return said("daily", lang, daily=entry["daily"], each=each)


def _attempts(entry: Table, lang: str) -> str:
    gap = length(entry["gap"], lang)
    return said("attempts", lang, days=str(entry["days"]), a_day=str(entry["a_day"]), gap=gap)


def _every(entry: Table, lang: str) -> str:
    return said("every", lang, every=length(entry["every"], lang), after=length(entry["after"], lang))


def _tries(entry: Table, lang: str) -> str:
    return said("tries", lang, tries=str(entry["tries"]), gap=length(entry["gap"], lang))


_TOLD: dict[str, Callable[[Table, str], str]] = {
    "term": lambda entry, lang: said("within", lang, term=length(entry["term"], lang)),
    "daily": _daily,
    "every": _every,
    "days": _attempts,
    "tries": _tries,
    "cap": lambda entry, lang: said("cap", lang, cap=str(entry["cap"])),
}
"""How each kind's limit is said, by the key that holds it."""
