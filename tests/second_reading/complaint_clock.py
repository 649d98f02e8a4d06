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


@dataclass
class Course:
    """What happened to a limit, as far as it was not done for good."""

    story: list[dict]
    limit: Limit
    stops: list[datetime] = field(default_factory=list)
    """When it was done, each time that it was undone again."""
    reopening: dict | None = None
    closing: dict | None = None
    """What closed the ticket, not too late, although this was owed."""
    over: str | None = None
    """Why it was no longer waited for, when it was too late."""
    over_at: datetime | None = None

    def open_since(self, past: datetime) -> datetime:
        """Tell from when on it was open past an instant: from then on, or since it was undone after that."""
        undone = self.reopening is not None and at(self.reopening) > past
        return at(self.reopening) if undone and not any(stop > past for stop in self.stops) else past

    def silence(self, past: datetime, by: dict | None = None) -> dict:
        """Say what an alert rests on: silence past an instant, after everything was known that it speaks of."""
        began = None if self.limit.began is None else self.story[self.limit.began]
        return silence(past, self.story[self.limit.place], began, self.reopening, by)


def outcome(story: list[dict], limit: Limit, until: datetime | None) -> dict:
    """Say how it came out, given silence up to `until`."""
    if limit.superseded:
        return result(limit, "cancelled", "superseded")
    course, stopped = Course(story, limit), None
    # Where the calendar ends only what happened before it could possibly be due is certain.
    horizon = limit.due_at if limit.due_at is not None else limit.certain_until
    for place in range(0 if limit.stop_may_come_first else limit.place + 1, len(story)):
        event, when = story[place], at(story[place])
        if stopped is None and limit.stops(event):
            stopped = when
        elif stopped is not None and limit.reopens(event):
            course.stops.append(stopped)
            stopped, course.reopening = None, event
        elif stopped is None and place > limit.place and course.closing is None and course.over is None:
            why = why_ended(limit, place, event)
            if why == "closed" and limit.owed_when_closed and (when <= horizon or limit.due_at is None):
                course.closing = event
            elif why is not None and when > horizon:
                course.over, course.over_at = why, when
            elif why is not None:
                return result(limit, "cancelled", why, warned=warned(course, when, until))
    if stopped is None:
        return never_done(course, until)
    # It stood broken from the closing until it was done after all.
    alerts = raised(limit, "resolved") if course.closing is not None and stopped > at(course.closing) else {}
    told = warned(course, stopped, until)
    if stopped <= horizon:
        reason = "before_start" if stopped < limit.started_at else "in_time"
        return result(limit, "met", reason, stopped, alerts, told)
    if limit.due_at is None:
        return result(limit, "unknown", "calendar_ends", None if course.over else stopped, alerts)
    return result(limit, "late", "after_due", stopped, raised(limit, "resolved"), told)


def never_done(course: Course, until: datetime | None) -> dict:
    """Say how a duty came out that was never done: broken once nothing can come any more that would do it."""
    limit, closing, over = course.limit, course.closing, course.over
    owed = limit.owed_when_closed and over == "closed"
    told = warned(course, None if owed else course.over_at, until)

    def broken(reason: str, past: datetime, by: dict | None = None) -> dict:
        if until is None or until <= past:
            return result(limit, "breached", reason, warned=told)
        since = {limit.level: course.silence(past, by)}
        return result(limit, "breached", reason, None, raised(limit, "firing"), told, since)

    if closing is not None and until is not None and until > at(closing):
        return broken("closed_without", at(closing), closing)
    if owed:
        # The closing says how it came out; that nothing was done before is still to be proven.
        return broken("closed_after_due", course.open_since(limit.due_at))
    if limit.due_at is None:
        return result(limit, "unknown", "calendar_ends")
    if over is not None:
        reason = "closed_after_due" if over == "closed" else "not_done"
        return result(limit, "breached", reason, None, raised(limit, "resolved"), told)
    proven = course.open_since(limit.due_at)
    if until is not None and until > proven:
        return broken("not_done" if proven == limit.due_at else "reopened_after_due", proven)
    return result(limit, "running", "awaited", warned=told)


def warned(course: Course, ended: datetime | None, until: datetime | None) -> dict:
    """Tell each warning's last status, and what makes a standing one true; after a closing nobody is warned."""
    told = {}
    for name, when in course.limit.warns.items():
        past = course.open_since(when)
        if course.closing is not None and when >= at(course.closing):
            continue
        if ended is not None:
            if ended > when:
                told[name] = ("resolved", None)
        elif until is not None and until > past:
            told[name] = ("firing", course.silence(past))
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
