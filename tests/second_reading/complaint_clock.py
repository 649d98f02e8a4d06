"""How one limit of the complaint rules comes out, told from its story event by event.

It exists once for all limits with a due time; each rule only says what starts, stops, ends and reopens it.
Only the second reading imports it.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from tests.second_reading.complaint_story import at, corrected, is_a
from tests.second_reading.complaint_warnings import silence
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
    warns: dict[str, datetime] = field(default_factory=dict)
    """When it warns while it is open."""
    began: int | None = None
    """The place of what made it owed, where that is not the start itself."""


def outcome(story: list[dict], limit: Limit, until: datetime | None) -> dict:
    """Say how it came out, given silence up to `until`."""
    if limit.superseded:
        return result(limit, "cancelled", "superseded")
    stopped = closing = over = over_at = None
    stops: list[datetime] = []
    reopening = None
    # Where the calendar ends only what happened before it could possibly be due is certain.
    horizon = limit.due_at if limit.due_at is not None else limit.certain_until
    for place in range(0 if limit.stop_may_come_first else limit.place + 1, len(story)):
        event, when = story[place], at(story[place])
        if stopped is None and limit.stops(event):
            stopped = when
        elif stopped is not None and limit.reopens(event):
            stops.append(stopped)
            stopped, reopening = None, event
        elif stopped is None and place > limit.place and closing is None and over is None:
            why = why_ended(limit, place, event)
            if why == "closed" and limit.owed_when_closed and (when <= horizon or limit.due_at is None):
                closing = event
            elif why is not None and when > horizon:
                over, over_at = why, when
            elif why is not None:
                return result(
                    limit, "cancelled", why, warned=warned(story, limit, until, closing, reopening, stops, when)
                )
    if stopped is None:
        return never_done(story, limit, until, over, over_at, closing, reopening, stops)
    # It stood broken from the closing until it was done after all.
    alerts = raised(limit, "resolved") if closing is not None and stopped > at(closing) else {}
    told = warned(story, limit, until, closing, reopening, stops, stopped)
    if stopped <= horizon:
        reason = "before_start" if stopped < limit.started_at else "in_time"
        return result(limit, "met", reason, stopped, alerts, told)
    if limit.due_at is None:
        return result(limit, "unknown", "calendar_ends", None if over else stopped, alerts)
    return result(limit, "late", "after_due", stopped, raised(limit, "resolved"), told)


def never_done(story, limit: Limit, until, over, over_at, closing, reopening, stops) -> dict:
    """Say how a duty came out that was never done: broken once nothing can come any more that would do it."""

    def broken(reason: str, past: datetime, by: dict | None = None) -> dict:
        since = {limit.level: silence(past, *grounds(story, limit, reopening), by)}
        proven = until is not None and until > past
        return result(
            limit, "breached", reason, None, raised(limit, "firing") if proven else {}, told, since if proven else {}
        )

    owed = limit.owed_when_closed and over == "closed"
    told = warned(story, limit, until, closing, reopening, stops, None if owed else over_at)
    if closing is not None and until is not None and until > at(closing):
        return broken("closed_without", at(closing), closing)
    if owed:
        # The closing says how it came out; that nothing was done before is still to be proven.
        return broken("closed_after_due", open_since(limit.due_at, reopening, stops))
    if limit.due_at is None:
        return result(limit, "unknown", "calendar_ends")
    if over is not None:
        reason = "closed_after_due" if over == "closed" else "not_done"
        return result(limit, "breached", reason, None, raised(limit, "resolved"), told)
    proven, reason = open_since(limit.due_at, reopening, stops), "not_done"
    if proven != limit.due_at:
        reason = "reopened_after_due"
    if until is not None and until > proven:
        return broken(reason, proven)
    return result(limit, "running", "awaited", warned=told)


def open_since(instant_: datetime, reopening: dict | None, stops: list[datetime]) -> datetime:
    """Tell from when on it was open past an instant: from then on, or since it was undone after that."""
    undone = reopening is not None and at(reopening) > instant_ and not any(stop > instant_ for stop in stops)
    return at(reopening) if undone else instant_


def grounds(story: list[dict], limit: Limit, reopening: dict | None) -> list[dict | None]:
    """List what must have been known before silence said anything."""
    return [story[limit.place], None if limit.began is None else story[limit.began], reopening]


def warned(story, limit: Limit, until, closing, reopening, stops, ended: datetime | None) -> dict:
    """Tell each warning's last status, and what makes a standing one true; after a closing nobody is warned."""
    told = {}
    for name, when in limit.warns.items():
        past = open_since(when, reopening, stops)
        if closing is not None and when >= at(closing):
            continue
        if ended is not None:
            if ended > when:
                told[name] = ("resolved", None)
        elif until is not None and until > past:
            told[name] = ("firing", silence(past, *grounds(story, limit, reopening)))
    return told


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


def result(limit: Limit, outcome: str, reason: str, stopped=None, alerts=None, warned=None, since=None) -> dict:
    """Write down how a limit came out."""
    warned = warned or {}
    return {
        "outcome": outcome,
        "reason": reason,
        "due_at": limit.due_at,
        "stopped_at": stopped,
        "alerts": alerts or {},
        "warned": {name: status for name, (status, _) in warned.items()},
        "since": {name: told for name, (_, told) in warned.items() if told} | (since or {}),
    }


def hung_up(story: list[dict], accepted: dict) -> datetime | None:
    """Tell when the caller hung up, as corrected, else as the acceptance tells; None where nobody called."""
    text = corrected(story, "hung_up_at") or accepted["data"].get("hung_up_at")
    return None if text is None else instant(text)
