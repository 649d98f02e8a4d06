"""One clock: when it started, when it is due, what ended it, and how it stands at a given instant.

The same facts give the verdict and the alerts, so they can never disagree. Everybody may import this.

    started_at         warn 50 %      warn 80 %   due_at
        |------------------|--------------|---------|----------->
        stop up to and including due_at: met        after it: late (stopped) or breached (not)
"""

from __future__ import annotations

import re
from datetime import datetime
from enum import StrEnum
from functools import lru_cache
from urllib.parse import quote

import msgspec

from sla.event import Event


class Outcome(StrEnum):
    """How a clock stands."""

    RUNNING = "running"
    MET = "met"
    LATE = "late"
    BREACHED = "breached"
    CANCELLED = "cancelled"


class Reason(StrEnum):
    """Why a clock stands as it does."""

    AWAITED = "awaited"
    IN_TIME = "in_time"
    BEFORE_START = "before_start"
    AFTER_DUE = "after_due"
    NOT_DONE = "not_done"
    CLOSED = "closed"
    CLOSED_AFTER_DUE = "closed_after_due"
    START_WITHDRAWN = "start_withdrawn"


class Status(StrEnum):
    """How an alert stands."""

    FIRING = "firing"
    RESOLVED = "resolved"
    RETRACTED = "retracted"


BREACH = "breach"


class Duty(msgspec.Struct, gc=False):
    """One clock of one ticket; all instants aware.

    `thresholds` are (level, instant) in order of time; the last is the breach (or, where the limit is assumed, a
    warning at 100). `stop` is the event that did it, `cancel` the closing that came before any stop; a closing up to
    the due time leaves no stop.
    """

    clock_id: str
    rule: str
    start: Event
    started_at: datetime
    due_at: datetime
    limit_seconds: float
    thresholds: list[tuple[str, datetime]]
    stop: Event | None
    cancel: Event | None
    owner: str | None
    owner_level: str | None

    @property
    def ended_at(self) -> datetime | None:
        """When nothing more was owed: the stop, or the closing of the ticket."""
        if self.stop is not None:
            return self.stop.time
        return self.cancel.time if self.cancel is not None else None

    def silence_counts_from(self, at: datetime) -> datetime:
        """The instant after which silence decides a threshold: never before the start itself was in the log."""
        appended_at = self.start.appended_at
        return at if appended_at is None or appended_at <= at else appended_at


FINAL = frozenset({Outcome.MET.value, Outcome.LATE.value, Outcome.CANCELLED.value})
"""Outcomes that no later event of the plain kind (no void, no correction, no new attribute) can change."""

_PLAIN = re.compile(r"[A-Za-z0-9_.~-]+").fullmatch


def quoted(part: str) -> str:
    """A part of an id, percent-encoded; the common case needs no encoding."""
    return part if _PLAIN(part) else _encoded(part)


@lru_cache(maxsize=4096)
def _encoded(part: str) -> str:
    return quote(part, safe="")


def clock_id(subject: str, rule: str, start: Event) -> str:
    """The clock's name, made of nothing but the ticket, the rule and the starting event."""
    return f"{quoted(subject)}/{rule}/{quoted(start.source)}/{quoted(start.id)}"


def judge(duty: Duty, horizon: datetime | None) -> tuple[Outcome, Reason]:
    """How a clock stands, given that silence is proven through `horizon` (None: not at all)."""
    cancel, stop = duty.cancel, duty.stop
    if cancel is not None and cancel.time <= duty.due_at:
        return Outcome.CANCELLED, Reason.CLOSED
    if stop is not None:
        if stop.time > duty.due_at:
            return Outcome.LATE, Reason.AFTER_DUE
        return Outcome.MET, Reason.BEFORE_START if stop.time < duty.started_at else Reason.IN_TIME
    if cancel is not None:
        return Outcome.BREACHED, Reason.CLOSED_AFTER_DUE
    if horizon is not None and horizon > duty.silence_counts_from(duty.due_at):
        return Outcome.BREACHED, Reason.NOT_DONE
    return Outcome.RUNNING, Reason.AWAITED


def alert_status(duty: Duty, at: datetime, horizon: datetime | None) -> Status | None:
    """How the alert of one threshold stands; None when it was never due to be raised.

    It is raised when the duty was still open after `at`: known from the events, or from silence through `horizon`.
    """
    ended_at = duty.ended_at
    if ended_at is not None:
        return Status.RESOLVED if ended_at > at else None
    if horizon is not None and horizon > duty.silence_counts_from(at):
        return Status.FIRING
    return None


def next_instant(duty: Duty, horizon: datetime | None) -> datetime | None:
    """The next instant at which silence would change this clock; None when nothing is waited for."""
    if duty.ended_at is not None:
        return None
    for _, at in duty.thresholds:
        counts_from = duty.silence_counts_from(at)
        if horizon is None or horizon <= counts_from:
            return counts_from
    return None
