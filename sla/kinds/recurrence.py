"""Kind `recurrence`: one incident draws too many tickets, and the next unit up has to step in (annex 1, 十二).

    accepted   closed = anchor                          24:00 of the corresponding day
    first |---------|-----------------------------------------|
                       2nd      3rd     4th, once judged      due_at
                                        warning   escalation

The clock begins with the first closing of the ticket accepted first, whatever became of that ticket. Those accepted
later count by when they were accepted, as soon as they are judged to count. Only `sla.incident` imports this.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import msgspec

from sla.duty import Duty, Outcome, Reason, clock_id
from sla.event import Event
from sla.fact import Fact
from sla.rule import InForce, Recurrence, Rule

WATCH_LIST = "notice-filed"
"""Enough tickets were filed, and too few of them are judged yet."""
ESCALATION = "escalation"


class Window(msgspec.Struct, frozen=True):
    """One stretch in which tickets count: where it ends, and what was accepted in it, in order of acceptance.

    `counted` are those that count, `filed` those and the ones that may yet.
    """

    ends_at: datetime
    counted: tuple[Fact, ...]
    filed: tuple[Fact, ...]

    def reached_at(self, times: int, anchor: datetime) -> datetime | None:
        """When so many counted; None where they do not."""
        known = sorted(max(_at(fact.judged), _at(fact.accepted), anchor) for fact in self.counted)
        return known[times - 1] if 0 < times <= len(known) else None

    def filed_at(self, times: int, anchor: datetime) -> datetime | None:
        """When so many were filed; None where they are not."""
        return max(_at(self.filed[times - 1].accepted), anchor) if len(self.filed) >= times else None


def duty(
    rule: Rule, subject: str, facts: Sequence[Fact], horizon: datetime | None
) -> tuple[Duty | None, tuple[Fact, ...]]:
    """The clock of an incident and what counts in it, in order of acceptance.

    No clock while its first ticket was not closed, or where no term was in force then.
    """
    recurrence = rule.recurrence
    assert recurrence is not None
    ordered = sorted((fact for fact in facts if fact.accepted is not None), key=_order)
    anchor = ordered[0].closed if ordered else None
    entry = None if anchor is None else rule.term_at(anchor.time, {})
    if anchor is None or entry is None:
        return None, ()
    windows = _windows(recurrence, entry, ordered, anchor.time)
    decisive = _decisive(windows, recurrence.times, anchor.time)
    found = Duty(
        clock_id=clock_id(subject, rule.id, anchor),
        rule=rule.id,
        start=anchor,
        started_at=anchor.time,
        due_at=decisive.ends_at,
        limit_seconds=None,
        thresholds=_levels(recurrence, windows, decisive, anchor.time),
        stop=min((f.taken_over for f in ordered if f.taken_over is not None), key=_event_order, default=None),
        cancel=None,
        owner=None,
        owner_level=None,
        known_at=max((f.appended_at for f in ordered if f.appended_at is not None), default=None),
        wakes_at=max(window.ends_at for window in windows),
        rests_on=tuple(
            f"{f.ticket}/{e.id}" for f in decisive.counted for e in (f.accepted, f.judged) if e is not None
        ),
    )
    found.standing = _standing(found, recurrence, windows, decisive, horizon)
    if found.standing[1] is Reason.WINDOW_OVER:
        found.over_at = found.wakes_at
    return found, decisive.counted


def _standing(
    found: Duty, recurrence: Recurrence, windows: list[Window], decisive: Window, horizon: datetime | None
) -> tuple[Outcome, Reason]:
    """How an incident stands: counting, repeated too often, taken over, or past the time in which that could be."""
    if found.stop is not None:
        return Outcome.MET, Reason.TAKEN_OVER
    if len(decisive.counted) >= recurrence.times:
        return Outcome.RUNNING, Reason.REPEATED
    assert found.wakes_at is not None
    over = horizon is not None and horizon > found.wakes_at
    if over and all(len(window.filed) < recurrence.times for window in windows):
        return Outcome.MET, Reason.WINDOW_OVER
    return Outcome.RUNNING, Reason.AWAITED


def _levels(
    recurrence: Recurrence, windows: list[Window], decisive: Window, anchor: datetime
) -> list[tuple[str, datetime]]:
    """What is to be told, and since when it holds: the warning, the watch list, the escalation."""
    found = {ESCALATION: [decisive.reached_at(recurrence.times, anchor)]}
    if recurrence.warn_at:
        found[f"warning-{recurrence.warn_at}"] = [w.reached_at(recurrence.warn_at, anchor) for w in windows]
    if len(decisive.counted) < recurrence.times:
        found[WATCH_LIST] = [window.filed_at(recurrence.times, anchor) for window in windows]
    first = (
        (level, min((at for at in instants if at is not None), default=None)) for level, instants in found.items()
    )
    return sorted(((level, at) for level, at in first if at is not None), key=lambda level: level[1])


def _windows(recurrence: Recurrence, entry: InForce, ordered: list[Fact], anchor: datetime) -> list[Window]:
    """The stretch that begins with the first closing; or, rolling, one that begins with each ticket after it."""
    assert entry.term is not None
    later = [fact for fact in ordered[1:] if _at(fact.accepted) > anchor]
    if recurrence.first_counts:
        later.insert(0, ordered[0])
    if not recurrence.rolling or not later:
        return [_within(later, entry.term.due(anchor).not_before)]
    return [_within(later[n:], entry.term.due(_at(fact.accepted)).not_before) for n, fact in enumerate(later)]


def _decisive(windows: list[Window], times: int, anchor: datetime) -> Window:
    """The window in which there were so many first; where there is none, the one that has come furthest."""
    reached = [
        (at, window.ends_at, n) for n, window in enumerate(windows) if (at := window.reached_at(times, anchor))
    ]
    if reached:
        return windows[min(reached)[2]]
    return max(windows, key=lambda window: (len(window.counted), len(window.filed), window.ends_at))


def _within(later: list[Fact], ends_at: datetime) -> Window:
    filed = tuple(fact for fact in later if _at(fact.accepted) <= ends_at and fact.counts is not False)
    return Window(ends_at, tuple(fact for fact in filed if fact.counts), filed)


def _at(event: Event | None) -> datetime:
    assert event is not None
    return event.time


def _event_order(event: Event) -> tuple[datetime, str, str]:
    return event.time, event.id, event.source


def _order(fact: Fact) -> tuple[datetime, str]:
    """Those accepted first come first; what was accepted at the same instant, in the order of the tickets' ids."""
    return _at(fact.accepted), fact.ticket
