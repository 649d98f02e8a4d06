"""One clock: when it started, when it is due, what ended it, and how it stands at a given instant.

The same facts give the verdict and the alerts, so they can never disagree. Everybody may import this.

    started_at         warn 50 %      warn 80 %   due_at
        |------------------|--------------|---------|----------->
        stop up to and including due_at: met        after it: late (stopped) or breached (not)
"""

from __future__ import annotations

import re
from datetime import date, datetime
from enum import StrEnum
from functools import lru_cache
from typing import TYPE_CHECKING
from urllib.parse import quote

import msgspec

from sla.event import Event

if TYPE_CHECKING:  # rules name reasons, so at run time they come after this module
    from sla.rule import InForce


class Outcome(StrEnum):
    """How a clock stands."""

    RUNNING = "running"
    """Not due, not done."""
    MET = "met"
    """Done in time; exactly at the due time is in time."""
    LATE = "late"
    """Done after it was due."""
    BREACHED = "breached"
    """Due, and not done."""
    CANCELLED = "cancelled"
    """Owed no more, or never owed."""
    UNKNOWN = "unknown"
    """The calendar does not reach that far."""


class Reason(StrEnum):
    """Why a clock stands as it does."""

    AWAITED = "awaited"
    IN_TIME = "in_time"
    BEFORE_START = "before_start"
    AFTER_DUE = "after_due"
    NOT_DONE = "not_done"
    CLOSED = "closed"
    CLOSED_AFTER_DUE = "closed_after_due"
    CLOSED_WITHOUT = "closed_without"
    REOPENED_AFTER_DUE = "reopened_after_due"
    START_WITHDRAWN = "start_withdrawn"
    REGRADED = "regraded"
    MERGED = "merged"
    SUPERSEDED = "superseded"
    REPLIED = "replied"
    RESTORED = "restored"
    REPLY_RETURNED = "reply_returned"
    ENOUGH_ATTEMPTS = "enough_attempts"
    OVER_QUOTA = "over_quota"
    CONTRADICTION = "contradiction"
    PUT_RIGHT = "put_right"
    CALENDAR_ENDS = "calendar_ends"
    REPEATED = "repeated"
    TAKEN_OVER = "taken_over"
    WINDOW_OVER = "window_over"


class Status(StrEnum):
    """How an alert stands."""

    FIRING = "firing"
    """It holds."""
    RESOLVED = "resolved"
    """It held, and is over."""
    RETRACTED = "retracted"
    """It should never have been said, and counts as never raised."""


BREACH = "breach"
WARNING = "warning"


class Duty(msgspec.Struct, gc=False):
    """One clock of one ticket; all instants aware.

    `thresholds` are (level, instant) in order of time; the last is the breach (or, where the limit is assumed, a
    warning at 100). `stop` is the event that did it; `cancel` what came before any stop and ended the duty, for the
    reason `cancelled_for`. Where the duty is `owed` at closing, a closing breaks it instead.

    `limit_seconds` is None for duties without a limit. `due_at` is None for duties without a due time, and where the
    calendar does not reach: then `certain_until` is the instant up to which it certainly was not due. A clock that
    was stopped and `reopened` had ended at `ended_before`. `standing` replaces the outcome for kinds that have no due
    time of their own. `known_at` is when the last event that silence must be proven after (a reopening, a closing)
    was in the log. `opens_at` hides a clock that lies ahead until that instant. `wakes_at` is when silence decides
    something beside the thresholds. `over_at` is when it ended by time alone. `rests_on` names the events
    of several tickets where a clock is an incident's. `entry` is what was in force of its rule.
    """

    clock_id: str
    rule: str
    start: Event
    started_at: datetime
    due_at: datetime | None
    limit_seconds: float | None
    thresholds: list[tuple[str, datetime]]
    stop: Event | None
    cancel: Event | None
    owner: str | None
    owner_level: str | None
    cancelled_for: Reason = Reason.CLOSED
    owed: bool = False
    certain_until: datetime | None = None
    reopened: Event | None = None
    ended_before: datetime | None = None
    standing: tuple[Outcome, Reason] | None = None
    known_at: datetime | None = None
    opens_at: datetime | None = None
    excused: bool = False
    estimated: bool = False
    keep_until: date | None = None
    wakes_at: datetime | None = None
    over_at: datetime | None = None
    rests_on: tuple[str, ...] = ()
    entry: InForce | None = None

    @property
    def ended_at(self) -> datetime | None:
        """When nothing more was owed: the stop, or what cancelled it, or its time."""
        if self.stop is not None:
            return self.stop.time
        return self.cancel.time if self.cancel is not None and self.ends_with_cancel else self.over_at

    @property
    def ends_with_cancel(self) -> bool:
        """Whether what came before any stop ended the duty; a closing does not end what is owed at closing."""
        return not (self.owed and self.cancelled_for is Reason.CLOSED)

    @property
    def closed_without(self) -> datetime | None:
        """When the ticket was closed although this was owed and not yet due; None where it was not."""
        if not self.owed or self.cancel is None or self.cancelled_for is not Reason.CLOSED:
            return None
        return self.cancel.time if self.due_at is None or self.cancel.time <= self.due_at else None

    def open_past(self, at: datetime) -> bool:
        """Whether it was still open after an instant, before what was undone since had ended it."""
        return self.ended_before is not None and self.ended_before > at

    def silence_counts_from(self, at: datetime) -> datetime:
        """The instant after which silence decides a threshold: never before its events were in the log."""
        if self.reopened is not None and self.reopened.time > at and not self.open_past(at):
            closed_first = self.cancel is not None and self.cancel.time == at == self.ended_before
            at = at if closed_first else self.reopened.time
        appended_at = self.start.appended_at
        if appended_at is not None and appended_at > at:
            at = appended_at
        return at if self.known_at is None or self.known_at <= at else self.known_at


FINAL = frozenset({Outcome.MET.value, Outcome.LATE.value, Outcome.CANCELLED.value})
"""Outcomes that no later event of the plain kind (no void, no correction, no new attribute) can change."""

_PLAIN = re.compile(r"[A-Za-z0-9_.~-]+").fullmatch


def quoted(part: str) -> str:
    """A part of an id, percent-encoded."""
    return part if _PLAIN(part) else _quote(part)


@lru_cache(maxsize=4096)
def _quote(part: str) -> str:
    """Sources are few and often an address; quoting is slow."""
    return quote(part, safe="")


def clock_id(subject: str, rule: str, start: Event, round_: str | None = None) -> str:
    """The clock's name, made of nothing but the ticket, the rule, the starting event and the round."""
    name = f"{quoted(subject)}/{rule}/{quoted(start.source)}/{quoted(start.id)}"
    return name if round_ is None else f"{name}/{round_}"


def judge(duty: Duty, horizon: datetime | None) -> tuple[Outcome, Reason]:
    """How a clock stands, given that silence is proven through `horizon` (None: not at all)."""
    return duty.standing or _ended(duty) or _open(duty, horizon)


def _ended(duty: Duty) -> tuple[Outcome, Reason] | None:
    """How a clock came out that something stopped or cancelled; None where it is open or was left undone."""
    cancel, stop, due_at = duty.cancel, duty.stop, duty.due_at
    safe_until = due_at if due_at is not None else duty.certain_until
    if cancel is not None and duty.ends_with_cancel and (safe_until is None or cancel.time <= safe_until):
        return Outcome.CANCELLED, duty.cancelled_for
    if stop is not None:
        if safe_until is None or stop.time <= safe_until:
            return Outcome.MET, Reason.BEFORE_START if stop.time < duty.started_at else Reason.IN_TIME
        return (Outcome.UNKNOWN, Reason.CALENDAR_ENDS) if due_at is None else (Outcome.LATE, Reason.AFTER_DUE)
    return None


def _open(duty: Duty, horizon: datetime | None) -> tuple[Outcome, Reason]:
    """How a clock stands that nothing stopped: awaited, not done, closed without it, or beyond the calendar."""
    cancel, due_at = duty.cancel, duty.due_at
    without = duty.closed_without if duty.owed else None
    if without is not None and horizon is not None and horizon > duty.silence_counts_from(without):
        return Outcome.BREACHED, Reason.CLOSED_WITHOUT
    if due_at is None:
        unknown = duty.certain_until is not None
        return (Outcome.UNKNOWN, Reason.CALENDAR_ENDS) if unknown else (Outcome.RUNNING, Reason.AWAITED)
    if cancel is not None and without is None:
        closed = duty.cancelled_for is Reason.CLOSED
        return Outcome.BREACHED, Reason.CLOSED_AFTER_DUE if closed else Reason.NOT_DONE
    if without is None and horizon is not None and horizon > duty.silence_counts_from(due_at):
        return Outcome.BREACHED, _why_open(duty, due_at)
    return Outcome.RUNNING, Reason.AWAITED


def _why_open(duty: Duty, due_at: datetime) -> Reason:
    """Never done; or done in time, and undone when it was due already."""
    again = duty.reopened is not None and duty.reopened.time > due_at
    if again and duty.ended_before is not None and duty.ended_before <= due_at:
        return Reason.REOPENED_AFTER_DUE
    return Reason.NOT_DONE


def alert_status(duty: Duty, at: datetime, horizon: datetime | None) -> Status | None:
    """How the alert of one threshold stands; None when it was never due to be raised.

    It is raised when the duty was still open after `at`: over by now, or open as silence through `horizon` proves. A
    closing of what is owed proves nothing: what was done before it may be in the log further on.
    """
    ended_at = duty.ended_at
    if ended_at is not None:
        return Status.RESOLVED if duty.open_past(at) or ended_at > at else None
    if horizon is not None and horizon > duty.silence_counts_from(at):
        return Status.FIRING
    return None


def next_instant(duty: Duty, horizon: datetime | None) -> datetime | None:
    """The next instant at which silence would change this clock; None when nothing is waited for."""
    wakes_at = duty.wakes_at
    if wakes_at is not None and horizon is not None and horizon > wakes_at:
        wakes_at = None
    if duty.ended_at is not None:
        return wakes_at
    for _, at in duty.thresholds:
        counts_from = duty.silence_counts_from(at)
        if horizon is None or horizon <= counts_from:
            return counts_from if wakes_at is None or counts_from < wakes_at else wakes_at
    if wakes_at is not None:
        return wakes_at
    if not duty.thresholds and duty.due_at is not None:  # nobody is alerted, the verdict changes all the same
        counts_from = duty.silence_counts_from(duty.due_at)
        return counts_from if horizon is None or horizon <= counts_from else None
    return None
