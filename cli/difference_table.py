"""What a supervisor reads of a change of the rulebook: sums by rule, clause and unit, then the clocks that differ.

Only `cli.backtest` uses it.
"""

from __future__ import annotations

from zoneinfo import ZoneInfo

from rich.table import Table

from cli.difference import Account, Breach, Cell, Change, Comparison, Difference
from cli.rulebook_page import Page
from cli.standing import Standing
from sla.rulebook import Rulebook

NO_MATCH = "NO MATCH"
"""What is said of a rule that bound no ticket: `0` would read like a duty that was kept."""


def show(page: Page, comparison: Comparison, old: Rulebook, new: Rulebook, tickets: int) -> None:
    """Write the whole comparison."""
    total = comparison.total
    page.line(f"NEW (--rulebook) {_named(new)}")
    page.line(f"OLD (--against)  {_named(old)}")
    clocks = _pair(*(f"{count:,}" for count in total.clocks))
    page.line(f"{tickets:,} tickets, {clocks} clocks, {comparison.differing.total():,} of them differ")
    page.line("")
    rules = sorted({rule.id for rulebook in (old, new) for rule in rulebook.rules})
    differing = [rule for rule in rules if comparison.differing[rule]]
    accounts = comparison.accounts(lambda cell: cell.rule)
    if differing:
        concerned = {rule: accounts[rule] for rule in differing}
        page.write(_changes(concerned, old, new))
        page.line("")
        page.write(_sums("rule", concerned))
        page.line("")
        page.write(_by_clause(comparison, old, new))
        page.line("")
        _units(page, comparison)
        page.line("")
    _rest(page, accounts, old, new, [rule for rule in rules if not comparison.differing[rule]])
    for rule in differing:
        page.line("")
        _clocks(page, comparison, rule, new.zone)


def matched(count: int, rulebook: Rulebook, rule_id: str) -> str:
    """How many clocks a rule put on tickets; in words why there are none."""
    if count:
        return f"{count:,}"
    rule = next((rule for rule in rulebook.rules if rule.id == rule_id), None)
    if rule is None:
        return "no such rule"
    return "off" if rule.off else NO_MATCH


def _named(rulebook: Rulebook) -> str:
    calendar = "" if rulebook.calendar is None else f", calendar {rulebook.calendar.label}"
    return f"{rulebook.label}{calendar}"


def _changes(concerned: dict[str, Account], old: Rulebook, new: Rulebook) -> Table:
    """What becomes of the clocks and alerts of the rules that differ; what happens nowhere has no column."""
    names = (*Change, "raised", "no longer")
    counts = {
        rule: (*(account.changes[change] for change in Change), account.alerts[1], account.alerts[0])
        for rule, account in concerned.items()
    }
    shown = [n for n in range(len(names)) if any(row[n] for row in counts.values())]
    table = _table("rule", "clocks", *(names[n] for n in shown))
    for rule, account in concerned.items():
        was, now = account.clocks
        clocks = _pair(matched(was, old, rule), matched(now, new, rule))
        table.add_row(rule, clocks, *(_count(counts[rule][n]) for n in shown))
    return table


def _rest(page: Page, accounts: dict[str, Account], old: Rulebook, new: Rulebook, rules: list[str]) -> None:
    """The rules of which no clock differs, by why; and those that one rulebook has alone."""
    alike: dict[str, list[str]] = {}
    for rule in rules:
        why = "the same" if rule in accounts else _pair(matched(0, old, rule), matched(0, new, rule))
        alike.setdefault(why, []).append(rule)
    for why, named in alike.items():
        page.line(f"{why}: {', '.join(named)}")
    for name, rulebook, other in (("NEW", new, old), ("OLD", old, new)):
        only = sorted({rule.id for rule in rulebook.rules} - {rule.id for rule in other.rules})
        if only:
            page.line(f"only in {name}: {', '.join(only)}")


def _by_clause(comparison: Comparison, old: Rulebook, new: Rulebook) -> Table:
    """The clauses of which a clock differs, or that another number of clocks now cites, in the rules' order."""
    accounts = comparison.accounts(lambda cell: cell.clause)
    clauses = dict.fromkeys(rule.clause for rule in (*new.rules, *old.rules) if rule.clause in accounts)
    found = {clause: accounts[clause] for clause in clauses}
    return _sums("clause", {c: a for c, a in found.items() if a.changes or a.clocks[0] != a.clocks[1]})


def _sums(name: str, accounts: dict[str, Account]) -> Table:
    """Breaches and the share kept in time, by rule, clause or unit."""
    table = _table(name, "clocks", "broken", "vanish", "stay", "come", "in time")
    for key, account in accounts.items():
        clocks = _pair(*(f"{count:,}" for count in account.clocks))
        table.add_row(key, clocks, *_breaches(account), _pair(*(_percent(share) for share in account.shares)))
    return table


def _units(page: Page, comparison: Comparison) -> None:
    """The units whose breaches come or vanish, those with the most first."""

    def concerned(account: Account) -> int:
        return account.breaches[Breach.COMES] + account.breaches[Breach.VANISHES]

    accounts = comparison.accounts(_who)
    found = sorted(
        (unit for unit in accounts if concerned(accounts[unit])), key=lambda u: (-concerned(accounts[u]), u)
    )
    if not found:
        page.line("no unit's breaches come or vanish")
        return
    page.write(_sums("unit", {unit: accounts[unit] for unit in found[: comparison.rows]}))
    if len(found) > comparison.rows:
        page.line(f"units not shown: {len(found) - comparison.rows:,}; --rows N shows more")


def _who(cell: Cell) -> str:
    return cell.who


def _clocks(page: Page, comparison: Comparison, rule: str, zone: ZoneInfo) -> None:
    """The differing clocks of one rule, as many as are wanted."""
    page.line(f"{rule}: {comparison.differing[rule]:,} clocks differ")
    listed = comparison.listed(rule)
    if listed:
        table = Table(box=None, pad_edge=False)
        for name in ("clock", "unit", "change", "breach", "old", "new", "alerts"):
            table.add_column(name, overflow="fold")
        for differs in listed:
            table.add_row(*_row(differs, zone))
        page.write(table)
    left_out = comparison.differing[rule] - len(listed)
    if left_out:
        page.line(f"clocks not shown: {left_out:,}; --rows N shows more, --differences FILE writes every one")


def _row(differs: Difference, zone: ZoneInfo) -> tuple[str, ...]:
    sides = (differs.old, differs.new)
    unit = _pair(*(side.who for side in sides if side is not None))
    alerts = [f"+{level}" for level in differs.raised] + [f"-{level}" for level in differs.no_longer_raised]
    stands = (_stands(side, zone) for side in sides)
    return differs.clock_id, unit, differs.change, differs.breach or "", *stands, " ".join(alerts)


def _stands(standing: Standing | None, zone: ZoneInfo) -> str:
    if standing is None:
        return "-"
    outcome = f"{standing.outcome} (excused)" if standing.excused else str(standing.outcome)
    if standing.due_at is None:
        return outcome
    due_at = standing.due_at.astimezone(zone)
    timespec = "milliseconds" if due_at.microsecond else "seconds"
    return f"{outcome}, due {due_at.replace(tzinfo=None).isoformat(sep=' ', timespec=timespec)}"


def _breaches(account: Account) -> tuple[str, ...]:
    flows = (account.breaches[breach] for breach in (Breach.VANISHES, Breach.STAYS, Breach.COMES))
    return (_pair(*(f"{count:,}" for count in account.broken)), *(_count(flow) for flow in flows))


def _table(first: str, *others: str) -> Table:
    table = Table(box=None, pad_edge=False)
    table.add_column(first, overflow="fold")
    for name in others:
        table.add_column(name, justify="right")
    return table


def _pair(*sides: str) -> str:
    """`old -> new`, or once what both say."""
    return sides[0] if len(set(sides)) == 1 else " -> ".join(sides)


def _count(count: int) -> str:
    """A change that there is; nothing where there is none, so that the eye finds it."""
    return f"{count:,}" if count else ""


def _percent(share: float | None) -> str:
    """A share that rounds to no wrong end: not all in time is never 100 %."""
    if share is None:
        return "-"
    text = f"{share:.1%}"
    return "99.9%" if text == "100.0%" and share < 1 else "0.1%" if text == "0.0%" and share > 0 else text
