"""What is handed over at a change of shift: what is overdue, what falls due soon, what else is open. Pure.

It is read off verdicts, of which the highest revision of each clock counts, in whatever order they come. Only clocks
on which somebody still has something to do are listed: not those of a closed ticket, no facts that break a clause.
May be imported by `alerting` and `cli`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta

import msgspec

from alerting.alert import CANARY
from alerting.unreadable import UNREADABLE, fault_of
from sla.alert_layout import VerdictData
from sla.duty import FINAL, Outcome, Reason

OWED = frozenset({Reason.NOT_DONE, Reason.REOPENED_AFTER_DUE, Reason.REPEATED})
"""Why a broken clock is still somebody's turn; broken for another reason nothing can be done about it any more."""


class VerdictUnreadable(Exception):
    """A record that is no verdict; the text holds nothing of its content."""


class Clock(msgspec.Struct, frozen=True, gc=False):
    """A clock that is open. `due_at` is None where the calendar does not reach, or nothing is due."""

    clock_id: str
    ticket: str
    rule: str
    clause: str
    owner: str | None
    owner_level: str | None
    started_at: datetime
    due_at: datetime | None


class Handover(msgspec.Struct, frozen=True):
    """The list at an instant, each part by due time: overdue, due up to `until`, and open beyond it."""

    at: datetime
    until: datetime
    overdue: tuple[Clock, ...]
    due: tuple[Clock, ...]
    later: tuple[Clock, ...]


class _Envelope(msgspec.Struct, frozen=True, gc=False):
    type: str
    data: VerdictData
    time: datetime | None = None


_decoder = msgspec.json.Decoder(_Envelope)


class OpenClocks:
    """The clocks that were open at an aware instant, as far as the verdicts taken in tell."""

    def __init__(self, at: datetime) -> None:
        self._at = at
        self._open: dict[str, tuple[int, Clock]] = {}
        # Clocks that are not open are remembered by a number only: there are a hundred times as many.
        self._ended: dict[int, int] = {}

    def take(self, value: bytes | None) -> None:
        """Take a verdict in; a record without a value says nothing. Raises VerdictUnreadable."""
        if not value:
            return
        try:
            told = _decoder.decode(value)
        except UNREADABLE as error:
            raise VerdictUnreadable(f"not a verdict: {fault_of(error)}") from None
        if told.type != "sla.verdict.v1":
            raise VerdictUnreadable("the type is not sla.verdict.v1")
        data = told.data
        if data.rule == CANARY:
            return  # the monitor's own test is nobody's turn
        name = hash(data.clock_id)
        known = self._open[data.clock_id][0] if data.clock_id in self._open else self._ended.get(name, 0)
        if data.revision <= known:
            return
        clock = _open_at(data, told.time, self._at)
        if clock is not None:
            self._ended.pop(name, None)
            self._open[data.clock_id] = (data.revision, clock)
            return
        self._open.pop(data.clock_id, None)
        if data.revision > 1:  # nothing older than the first can come
            self._ended[name] = data.revision

    def clocks(self) -> Iterable[Clock]:
        """Those that were open."""
        return (clock for _, clock in self._open.values())


def handover(
    clocks: Iterable[Clock], at: datetime, within: timedelta, mine: Callable[[str | None], bool] | None = None
) -> Handover:
    """Sort open clocks into the list of an instant; `mine` says whose are wanted by their owner.

    Due exactly at the instant is not overdue yet.
    """
    until = at + within
    chosen = sorted(
        (clock for clock in clocks if mine is None or mine(clock.owner)),
        key=lambda clock: (clock.due_at is None, clock.due_at or clock.started_at, clock.clock_id),
    )
    parts: tuple[list[Clock], list[Clock], list[Clock]] = ([], [], [])
    for clock in chosen:
        due_at = clock.due_at
        parts[2 if due_at is None or due_at > until else (1 if due_at >= at else 0)].append(clock)
    return Handover(at, until, *map(tuple, parts))


def _open_at(data: VerdictData, about_at: datetime | None, at: datetime) -> Clock | None:
    """The clock of a verdict if somebody had something to do on it at an instant.

    So the list of a shift gone by can be written again: what has ended since then was open.
    """
    started_at = data.started_at
    if started_at is None or started_at > at or data.reason == Reason.START_WITHDRAWN:
        return None
    if data.limit_seconds is None and data.outcome != Outcome.UNKNOWN and data.reason != Reason.REPEATED:
        return None  # a fact that is watched, and nobody's turn
    over = data.outcome in FINAL or (data.outcome == Outcome.BREACHED and data.reason not in OWED)
    ended_at = data.stopped_at or (about_at if over else None)
    if (over and ended_at is None) or (ended_at is not None and ended_at <= at):
        return None
    return Clock(
        data.clock_id,
        data.ticket,
        data.rule,
        data.clause,
        data.owner,
        data.owner_level,
        started_at,
        data.due_at,
    )
