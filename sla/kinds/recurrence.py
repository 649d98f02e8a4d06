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
    """One stretch in which tickets count: where it ends, and what was accepted in it, in order of acceptance."""

    ends_at: datetime
    counted: tuple[Fact, ...]
    filed: tuple[Fact, ...]
    """Those that count, and those that may yet."""

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
    window = _window(recurrence, entry, ordered, anchor)
    return _clock(rule, recurrence, subject, anchor, ordered, window, horizon), window.counted


def _clock(
    rule: Rule,
    recurrence: Recurrence,
    subject: str,
    anchor: Event,
    ordered: list[Fact],
    window: Window,
    horizon: datetime | None,
) -> Duty:
    taken_over = min((f.taken_over for f in ordered if f.taken_over is not None), key=_event_order, default=None)
    levels = _levels(recurrence, window, anchor.time)
    found = Duty(
        clock_id=clock_id(subject, rule.id, anchor),
        rule=rule.id,
        start=anchor,
        started_at=anchor.time,
        due_at=window.ends_at,
        limit_seconds=None,
        thresholds=levels,
        stop=taken_over,
        cancel=None,
        owner=None,
        owner_level=None,
        known_at=max((f.appended_at for f in ordered if f.appended_at is not None), default=None),
        wakes_at=window.ends_at,
        rests_on=tuple(f"{f.ticket}/{e.id}" for f in window.counted for e in (f.accepted, f.judged) if e is not None),
    )
    found.standing = Outcome.RUNNING, Reason.AWAITED
    over = horizon is not None and horizon > found.silence_counts_from(window.ends_at)
    if len(window.counted) >= recurrence.times:
        found.standing = (
            (Outcome.RUNNING, Reason.REPEATED) if taken_over is None else (Outcome.MET, Reason.TAKEN_OVER)
        )
    elif taken_over is not None:
        found.standing = Outcome.MET, Reason.TAKEN_OVER
    elif over and len(window.filed) < recurrence.times:
        found.standing = Outcome.MET, Reason.WINDOW_OVER
        found.over_at = window.ends_at
    return found


def _levels(recurrence: Recurrence, window: Window, anchor: datetime) -> list[tuple[str, datetime]]:
    """What is to be told, and since when it holds: the warning, the watch list, the escalation."""
    levels = []
    if recurrence.warn_at:
        levels.append((f"warning-{recurrence.warn_at}", window.reached_at(recurrence.warn_at, anchor)))
    if len(window.counted) < recurrence.times:
        levels.append((WATCH_LIST, window.filed_at(recurrence.times, anchor)))
    levels.append((ESCALATION, window.reached_at(recurrence.times, anchor)))
    return sorted(((level, at) for level, at in levels if at is not None), key=lambda level: level[1])


def _window(recurrence: Recurrence, entry: InForce, ordered: list[Fact], anchor: Event) -> Window:
    """The stretch that decides: the one after the first closing, or of all of them the one that comes furthest."""
    assert entry.term is not None
    later = [fact for fact in ordered[1:] if _at(fact.accepted) > anchor.time]
    if recurrence.first_counts:
        later.insert(0, ordered[0])
    ends_at = entry.term.due(anchor.time).not_before
    whole = _within(later, ends_at)
    if not recurrence.rolling or not later:
        return whole
    found = [_within(later[n:], entry.term.due(_at(fact.accepted)).not_before) for n, fact in enumerate(later)]
    reached = [window for window in found if len(window.counted) >= recurrence.times]
    if reached:
        return min(reached, key=lambda window: _at_least(window, recurrence.times, anchor.time))
    return max(found, key=lambda window: (len(window.filed), len(window.counted), window.ends_at))


def _at_least(window: Window, times: int, anchor: datetime) -> tuple[datetime, datetime]:
    reached_at = window.reached_at(times, anchor)
    assert reached_at is not None
    return reached_at, window.ends_at


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
