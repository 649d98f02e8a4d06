"""Kind `recurrence`: one incident draws too many tickets, and the next unit up has to step in (annex 1, 十二).

    accepted   closed = anchor                          24:00 of the corresponding day
    first |---------|-----------------------------------------|
                       2nd      3rd     4th, once judged      due_at
                                        warning   escalation

The clock begins with the first closing of the ticket accepted first, whatever became of that ticket. Those accepted
later count by when they were accepted, as soon as they are judged to count. What came before that closing (a ticket,
a unit that stepped in) has no part in it. Only `sla.incident` and `sla.explain` import this.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

import msgspec

from sla.duty import Duty, Outcome, Reason, clock_id
from sla.event import Event
from sla.fact import Fact
from sla.rule import InForce, Recurrence, Rule
from sla.vocabulary import EARLIEST

WATCH_LIST = "notice-filed"
"""Enough tickets were filed, and too few of them are judged yet."""
ESCALATION = "escalation"
FORGET_AFTER = timedelta(days=215)
"""Seven months after its last event an incident is forgotten: a month longer than the longest window."""


class Window(msgspec.Struct, frozen=True):
    """One stretch in which tickets count: from when to when, and what was accepted in it, in order of acceptance.

    `counted` are those that count, `filed` those and the ones that may yet.
    """

    begins_at: datetime
    ends_at: datetime
    counted: tuple[Fact, ...]
    filed: tuple[Fact, ...]

    def reached_at(self, times: int, anchor: datetime) -> datetime | None:
        """When so many counted; None where they do not."""
        known = sorted(counts_from(fact, anchor) for fact in self.counted)
        return known[times - 1] if 0 < times <= len(known) else None

    def filed_at(self, times: int, anchor: datetime) -> datetime | None:
        """When so many were filed; None where they are not."""
        return max(_at(self.filed[times - 1].accepted), anchor) if len(self.filed) >= times else None


class Course(NamedTuple):
    """One stretch of tickets about an incident: its clock, and what counts in it and what may yet, as accepted.

    `ordered` are all its tickets, `window` the one of its windows that decides.
    """

    duty: Duty
    counted: tuple[Fact, ...]
    filed: tuple[Fact, ...]
    ordered: list[Fact]
    window: Window


def courses(rule: Rule, subject: str, facts: Sequence[Fact], horizon: datetime | None) -> list[Course]:
    """The clocks of an incident, in order of time; where more than `FORGET_AFTER` lies between, it begins anew.

    No clock while the first ticket was not closed, or where no term was in force then.
    """
    found = []
    for ordered in stretches(facts):
        anchor = ordered[0].closed
        entry = None if anchor is None else rule.term_at(anchor.time, {})
        if anchor is not None and entry is not None:
            found.append(_course(rule, subject, ordered, anchor, entry, horizon))
    return found


def stretches(facts: Sequence[Fact]) -> list[list[Fact]]:
    """The tickets in order of acceptance, apart where nothing happened for so long that they are forgotten.

    While a ticket is not closed nothing is.
    """
    found: list[list[Fact]] = []
    last_at: datetime | None = None
    for fact in sorted((fact for fact in facts if fact.accepted is not None), key=_order):
        if last_at is not None and _at(fact.accepted) > last_at + FORGET_AFTER and not _open(found[-1]):
            last_at = None
        if last_at is None:
            found.append([])
        found[-1].append(fact)
        last_at = max(last_moment(fact), last_at or EARLIEST)
    return found


def counts_from(fact: Fact, anchor: datetime) -> datetime:
    """Since when a ticket that counts was known to."""
    return max(_at(fact.judged), _at(fact.accepted), anchor)


def last_moment(fact: Fact) -> datetime:
    """When the last of what a fact tells happened."""
    moments = (fact.accepted, fact.closed, *fact.taken_over, fact.judged)
    return max((event.time for event in moments if event is not None), default=fact.gone_at or EARLIEST)


def _open(stretch: list[Fact]) -> bool:
    return any(fact.closed is None for fact in stretch)


def _course(
    rule: Rule, subject: str, ordered: list[Fact], anchor: Event, entry: InForce, horizon: datetime | None
) -> Course:
    recurrence = rule.recurrence
    assert recurrence is not None
    windows = _windows(recurrence, entry, ordered, anchor.time)
    decisive = _decisive(windows, recurrence.times, anchor.time)
    taken = [(event, fact) for fact in ordered for event in fact.taken_over if event.time > anchor.time]
    stop, of = min(taken, key=lambda one: _event_order(one[0]), default=(None, None))
    found = Duty(
        clock_id=clock_id(subject, rule.id, anchor),
        rule=rule.id,
        start=anchor,
        started_at=anchor.time,
        due_at=decisive.ends_at,
        limit_seconds=None,
        thresholds=_levels(recurrence, windows, decisive, anchor.time),
        stop=stop,
        cancel=None,
        owner=None,
        owner_level=None,
        known_at=max((f.appended_at for f in ordered if f.appended_at is not None), default=None),
        wakes_at=max(window.ends_at for window in windows),
        rests_on=(
            f"{ordered[0].ticket}/{anchor.id}",
            *(f"{f.ticket}/{e.id}" for f in decisive.counted for e in (f.accepted, f.judged) if e is not None),
            *([] if stop is None or of is None else [f"{of.ticket}/{stop.id}"]),
        ),
    )
    found.standing = _standing(found, recurrence, windows, decisive, horizon)
    if found.standing[1] is Reason.WINDOW_OVER:
        found.over_at = found.wakes_at
    return Course(found, decisive.counted, decisive.filed or tuple(ordered), ordered, decisive)


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
    """The stretch that begins with the first closing; and, rolling, one that begins with each ticket after it."""
    assert entry.term is not None
    later = [fact for fact in ordered[1:] if _at(fact.accepted) > anchor]
    if recurrence.first_counts:
        later.insert(0, ordered[0])
    found = [_within(later, anchor, entry.term.due(anchor).not_before)]
    if recurrence.rolling:
        for number, fact in enumerate(later):
            begins_at = _at(fact.accepted)
            if begins_at > anchor:
                found.append(_within(later[number:], begins_at, entry.term.due(begins_at).not_before))
    return found


def _decisive(windows: list[Window], times: int, anchor: datetime) -> Window:
    """The window in which there were so many first; where there is none, the one that has come furthest."""
    reached = [
        (at, window.ends_at, n) for n, window in enumerate(windows) if (at := window.reached_at(times, anchor))
    ]
    if reached:
        return windows[min(reached)[2]]
    return max(windows, key=lambda window: (len(window.counted), len(window.filed), window.ends_at))


def _within(later: list[Fact], begins_at: datetime, ends_at: datetime) -> Window:
    filed = tuple(fact for fact in later if _at(fact.accepted) <= ends_at and fact.counts is not False)
    return Window(begins_at, ends_at, tuple(fact for fact in filed if fact.counts), filed)


def _at(event: Event | None) -> datetime:
    assert event is not None
    return event.time


def _event_order(event: Event) -> tuple[datetime, str, str]:
    return event.time, event.id, event.source


def _order(fact: Fact) -> tuple[datetime, str]:
    """Those accepted first come first; what was accepted at the same instant, in the order of the tickets' ids."""
    return _at(fact.accepted), fact.ticket
