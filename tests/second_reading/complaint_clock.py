"""How one limit of the complaint rules comes out, told from its story event by event.

It exists once for all limits with a due time; each rule only says what starts, stops, ends and reopens it.
Only the second reading imports it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from tests.second_reading.complaint_story import at, corrected, is_a
from tests.second_reading.repair import instant

Fits = Callable[[dict], bool]


def never(event: dict) -> bool:
    """Fit nothing."""
    del event
    return False


@dataclass
class Limit:
    """One duty with a due time, or with one that the calendar does not tell (None)."""

    place: int
    started_at: datetime
    due_at: datetime | None
    stops: Fits
    ends: dict[str, Fits]
    """What ends it before it is due, by the reason given; closing always does."""
    reopens: Fits = never
    ended_at_place: tuple[int, str] | None = None
    """An end that is no event's nature but its place in the story (a regrading, the next arrival)."""
    certain_until: datetime | None = None
    """Up to when it is certainly not due, where the calendar does not tell when it is."""
    owed_when_closed: bool = False
    stop_may_come_first: bool = False
    round: str | None = None
    """Which time it is, where the same start asks more than once."""
    superseded: bool = False
    """Another duty took its place, due or not: it never counted."""
    level: str | None = "breach"
    """The alert that its breaking raises; None: nobody is told."""


def outcome(story: list[dict], limit: Limit, until: datetime | None) -> dict:
    """Say how it came out, given silence up to `until`."""
    if limit.superseded:
        return result(limit, "cancelled", "superseded", None, {})
    stopped = closed_at = over = reopened_at = None
    late_before = False
    # Where the calendar ends only what happened before it could possibly be due is certain.
    horizon = limit.due_at if limit.due_at is not None else limit.certain_until
    for place in range(0 if limit.stop_may_come_first else limit.place + 1, len(story)):
        event, when = story[place], at(story[place])
        if stopped is None and limit.stops(event):
            stopped = when
        elif stopped is not None and limit.reopens(event):
            late_before = late_before or stopped > horizon
            stopped, reopened_at = None, when
        elif stopped is None and place > limit.place and closed_at is None and over is None:
            why = why_ended(limit, place, event)
            if why == "closed" and limit.owed_when_closed and (when <= horizon or limit.due_at is None):
                closed_at = when
            elif why is not None and when > horizon:
                over = why
            elif why is not None:
                return result(limit, "cancelled", why, None, {})
    if stopped is None:
        return never_done(limit, until, over, closed_at, (reopened_at, late_before))
    # It stood broken from the closing until it was done after all.
    alerts = raised(limit, "resolved") if closed_at is not None and stopped > closed_at else {}
    if stopped <= horizon:
        return result(limit, "met", "before_start" if stopped < limit.started_at else "in_time", stopped, alerts)
    if limit.due_at is None:
        return result(limit, "unknown", "calendar_ends", None if over else stopped, alerts)
    return result(limit, "late", "after_due", stopped, raised(limit, "resolved"))


def never_done(limit: Limit, until, over, closed_at, again) -> dict:
    """Say how a duty came out that was never done: broken once nothing can come any more that would do it."""
    reopened_at, late_before = again
    if closed_at is not None and until is not None and until > closed_at:
        return result(limit, "breached", "closed_without", None, raised(limit, "firing"))
    if over == "closed" and limit.owed_when_closed:
        return result(limit, "breached", "closed_after_due", None, raised(limit, "firing"))
    if limit.due_at is None:
        return result(limit, "unknown", "calendar_ends", None, {})
    if over is not None:
        reason = "closed_after_due" if over == "closed" else "not_done"
        return result(limit, "breached", reason, None, raised(limit, "resolved"))
    proven, reason = limit.due_at, "not_done"
    if reopened_at is not None and reopened_at > limit.due_at and not late_before:
        proven, reason = reopened_at, "reopened_after_due"
    if until is not None and until > proven:
        return result(limit, "breached", reason, None, raised(limit, "firing"))
    return result(limit, "running", "awaited", None, {})


def why_ended(limit: Limit, place: int, event: dict) -> str | None:
    """Say why the duty ends with this event, if it does."""
    if limit.ended_at_place is not None and place == limit.ended_at_place[0]:
        return limit.ended_at_place[1]
    for why, ends in limit.ends.items():
        if ends(event):
            return why
    return "closed" if is_a(event, "closed") else None


def raised(limit: Limit, status: str) -> dict:
    """Give the last status of the alert that the breaking of this limit raises."""
    return {} if limit.level is None else {limit.level: status}


def result(limit: Limit, outcome: str, reason: str, stopped, alerts: dict) -> dict:
    """Write down how a limit came out."""
    return {
        "outcome": outcome,
        "reason": reason,
        "due_at": limit.due_at,
        "stopped_at": stopped,
        "alerts": alerts,
    }


def hung_up(story: list[dict], accepted: dict) -> datetime | None:
    """Tell when the caller hung up, as corrected, else as the acceptance tells; None where nobody called."""
    text = corrected(story, "hung_up_at") or accepted["data"].get("hung_up_at")
    return None if text is None else instant(text)
