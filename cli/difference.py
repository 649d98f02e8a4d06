"""What changes when one rulebook takes the place of another: clock by clock, and in sum. Pure.

A clock is the same under both rulebooks when its id is: ticket, rule, starting event and round. Nothing here reads
files or judges; it is handed how the clocks of a ticket stand under each. `cli.backtest` uses it, and what it shows.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import NamedTuple

import msgspec

from cli.standing import BROKEN, Standing
from sla.duty import Outcome


class Change(StrEnum):
    """What becomes of a clock. `ALERTS`: its verdict is the same, what is raised of it is not."""

    NEW = "new"
    GONE = "gone"
    MOVED = "moved"
    ALERTS = "alerts"


class Breach(StrEnum):
    """What becomes of a breach (late or breached), seen from the old rulebook."""

    COMES = "comes"
    STAYS = "stays"
    VANISHES = "vanishes"


class Difference(msgspec.Struct, frozen=True, omit_defaults=True):
    """One clock that the two rulebooks see differently; `old` and `new` are None where there is no such clock.

    `raised` are the levels that only the new rulebook raises, `no_longer_raised` those that only the old one does.
    """

    clock_id: str
    rule: str
    change: Change
    breach: Breach | None = None
    old: Standing | None = None
    new: Standing | None = None
    raised: tuple[str, ...] = ()
    no_longer_raised: tuple[str, ...] = ()

    @property
    def rank(self) -> int:
        """What to read first: breaches that come or vanish, then other outcomes, then the rest."""
        if self.breach in (Breach.COMES, Breach.VANISHES):
            return 0
        return 1 if self.old is None or self.new is None or self.old.outcome != self.new.outcome else 2


def difference(clock_id: str, old: Standing | None, new: Standing | None) -> Difference | None:
    """How a clock differs; None where both rulebooks say the same of it.

    What counts is the outcome, the due time, who owes it, whether a breach is excused, and the alerts raised.
    """
    if old is None:
        assert new is not None
        change = Change.NEW
    elif new is None:
        change = Change.GONE
    elif _said(old) != _said(new):
        change = Change.MOVED
    elif old.raised != new.raised:
        change = Change.ALERTS
    else:
        return None
    before, after = _raised(old), _raised(new)
    return Difference(
        clock_id,
        (new or old).rule,  # type: ignore[union-attr]  # one of the two is there
        change,
        breach(old, new),
        old,
        new,
        tuple(level for level in after if level not in before),
        tuple(level for level in before if level not in after),
    )


def breach(old: Standing | None, new: Standing | None) -> Breach | None:
    """What becomes of the breach of a clock; None where there is none under either rulebook."""
    before = old is not None and old.broken
    after = new is not None and new.broken
    if before:
        return Breach.STAYS if after else Breach.VANISHES
    return Breach.COMES if after else None


def _said(standing: Standing) -> tuple[object, ...]:
    return standing.outcome, standing.due_at, standing.owner, standing.owner_level, standing.excused


def _raised(standing: Standing | None) -> tuple[str, ...]:
    return () if standing is None else standing.raised


class Cell(NamedTuple):
    """By what clocks are counted."""

    rule: str
    clause: str
    who: str
    outcome: Outcome


class Account(msgspec.Struct):
    """The sums of one rule, clause or unit; a tuple is (old, new)."""

    clocks: tuple[int, int] = (0, 0)
    met: tuple[int, int] = (0, 0)
    broken: tuple[int, int] = (0, 0)
    changes: Counter[Change] = msgspec.field(default_factory=Counter)
    breaches: Counter[Breach] = msgspec.field(default_factory=Counter)
    alerts: tuple[int, int] = (0, 0)
    """Alerts no longer raised, and newly raised."""

    @property
    def shares(self) -> tuple[float | None, float | None]:
        """How many of the clocks that came to an end did so in time, 0 to 1; None where none came to an end."""
        (met_before, met_after), (broken_before, broken_after) = self.met, self.broken
        return _share(met_before, broken_before), _share(met_after, broken_after)


def _share(met: int, broken: int) -> float | None:
    return met / (met + broken) if met + broken else None


class Comparison:
    """All tickets of a trial under two rulebooks: every clock is counted, of the differing ones some are kept.

    At most `rows` a rule are kept: what matters most, then in order of their ids, whatever the order of the tickets.
    """

    def __init__(self, rows: int) -> None:
        self.rows = rows
        self.differing: Counter[str] = Counter()
        self._clocks: Counter[tuple[Cell | None, Cell | None, Change | None]] = Counter()
        self._alerts: Counter[tuple[Cell, bool]] = Counter()
        self._listed: dict[str, list[Difference]] = {}

    def take(self, old: Mapping[str, Standing], new: Mapping[str, Standing]) -> list[Difference]:
        """Compare the clocks of one ticket; answers those that differ, the old rulebook's first."""
        found = []
        for clock_id in {**old, **new}:
            before, after = old.get(clock_id), new.get(clock_id)
            differs = difference(clock_id, before, after)
            cells = _cell(before), _cell(after)
            self._clocks[*cells, None if differs is None else differs.change] += 1
            if differs is not None:
                found.append(differs)
                self._keep(differs)
                if differs.no_longer_raised and cells[0] is not None:
                    self._alerts[cells[0], False] += len(differs.no_longer_raised)
                if differs.raised and cells[1] is not None:
                    self._alerts[cells[1], True] += len(differs.raised)
        return found

    def listed(self, rule: str) -> list[Difference]:
        """The differing clocks of a rule that were kept, what matters most first."""
        return sorted(self._listed.get(rule, ()), key=_by_rank)[: self.rows]

    @property
    def total(self) -> Account:
        """The sums over everything."""
        return self.accounts(lambda _: "").get("", Account())

    def accounts(self, key: Callable[[Cell], str]) -> dict[str, Account]:
        """The sums by rule, clause or unit: whatever `key` takes from a cell.

        What is gone or vanishes counts where it was, all else where it is now.
        """
        found: dict[str, Account] = {}
        for (old, new, change), count in self._clocks.items():
            if old is not None:
                _add(found.setdefault(key(old), Account()), old, count, new=False)
            if new is not None:
                _add(found.setdefault(key(new), Account()), new, count, new=True)
            before, after = (cell is not None and cell.outcome in BROKEN for cell in (old, new))
            here, there = new or old, old or new
            assert here is not None
            assert there is not None
            if change is not None:
                found[key(here)].changes[change] += count
            if after:
                found[key(here)].breaches[Breach.STAYS if before else Breach.COMES] += count
            elif before:
                found[key(there)].breaches[Breach.VANISHES] += count
        for (cell, raised), count in self._alerts.items():
            account = found[key(cell)]
            account.alerts = _plus(account.alerts, count, new=raised)
        return found

    def _keep(self, differs: Difference) -> None:
        self.differing[differs.rule] += 1
        kept = self._listed.setdefault(differs.rule, [])
        kept.append(differs)
        if len(kept) > 2 * self.rows + 100:  # sorted now and then, not for every clock
            kept.sort(key=_by_rank)
            del kept[self.rows :]


def _by_rank(differs: Difference) -> tuple[int, str]:
    return differs.rank, differs.clock_id


def _cell(standing: Standing | None) -> Cell | None:
    if standing is None:
        return None
    return Cell(standing.rule, standing.clause, standing.who, standing.outcome)


def _add(account: Account, cell: Cell, count: int, *, new: bool) -> None:
    account.clocks = _plus(account.clocks, count, new=new)
    if cell.outcome is Outcome.MET:
        account.met = _plus(account.met, count, new=new)
    elif cell.outcome in BROKEN:
        account.broken = _plus(account.broken, count, new=new)


def _plus(pair: tuple[int, int], count: int, *, new: bool) -> tuple[int, int]:
    old, now = pair
    return (old, now + count) if new else (old + count, now)
