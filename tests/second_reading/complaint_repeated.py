"""What the complaint rules ask again and again, or in sum: daily reports, call-back attempts, the evidence's size.

It exists beside the limits because none of these is one deed by one instant. Only the second reading imports it.
"""

from datetime import datetime, time, timedelta

from tests.second_reading.complaint_clock import Limit, outcome
from tests.second_reading.complaint_story import at, at_the_centre, failed_call, grade, is_a
from tests.second_reading.complaint_time import DAY, local_day, moment_of, years_later
from tests.second_reading.complaint_warnings import silence

REPORT_BY = time(17, 30)
GAP = timedelta(hours=2)
CAP = 5 * 1024 * 1024


def reports(story: list[dict], taken: int, until: datetime | None) -> list[tuple]:
    """七(三): for each local day that a grave complaint is being handled, whether progress was reported."""
    found = []
    for since, ended in handled(story, taken):
        latest = max([at(story[-1])] + ([until] if until is not None else []))
        last = local_day(at(story[ended[0]])) if ended is not None else local_day(latest)
        day = local_day(at(story[since])) + DAY
        while day <= last:
            if ended is not None or moment_of(day, time(0)) < latest:
                found.append(("progress", story[since], day.isoformat(), report(story, since, ended, day, until)))
            day += DAY
    return found


def handled(story: list[dict], taken: int) -> list[tuple]:
    """List from which place to which daily reports are owed: sent out, grave enough, and no reply at the centre."""
    found: list[tuple] = []
    sent = answered = False
    for place, event in enumerate(story):
        if is_a(event, "dispatched"):
            sent = True
        if at_the_centre(event) or is_a(event, "closed"):
            answered = True
        if is_a(event, "reply_returned"):
            answered = False
        grave = place >= taken and grade(story, place) in ("major", "important")
        owed, owing = sent and grave and not answered, bool(found) and found[-1][1] is None
        if owed and not owing:
            found.append((place, None))
        elif owing and not owed:
            why = "regraded" if not grave else "closed" if is_a(event, "closed") else "replied"
            found[-1] = (found[-1][0], (place, why))
    return found


def report(story: list[dict], since: int, ended, day, until: datetime | None) -> dict:
    """Judge one day: a report from its first instant on, by half past five."""
    midnight = moment_of(day, time(0))
    limit = Limit(
        since,
        midnight,
        moment_of(day, REPORT_BY),
        lambda event: is_a(event, "progress_reported") and at(event) >= midnight,
        {},
        ended_at_place=ended,
    )
    return outcome(story, limit, until)


def attempts(story: list[dict], until: datetime | None) -> list[tuple]:
    """九(三): for each series of failed calls after a reply, whether it was given up too early."""
    grave = grade(story) in ("special", "major")
    rule, days = ("callback-attempts", 5) if grave else ("callback-attempts-general", 1)
    level = "breach" if grave else "warning-100"
    found, trying = [], True
    for place, event in enumerate(story):
        if is_a(event, "reply_returned"):
            trying = True
        elif trying and failed_call(event):
            trying = False
            found.append((rule, event, None, series(story, place, days, level, until)))
    return found


def series(story: list[dict], start: int, days: int, level: str, until: datetime | None) -> dict:
    """Judge one series of tries, from the first on."""
    came = {"due_at": None, "stopped_at": None, "alerts": {}, "warned": {}, "since": {}}
    counted: dict = {}
    closed, closing, sent_back = None, None, False

    def broken_off(when: datetime) -> dict:
        """What was given up at the closing and done after all had its alert in between."""
        return {level: "resolved"} if closed is not None and when > closed else {}

    for place in range(start, len(story)):
        event, when = story[place], at(story[place])
        if is_a(event, "callback", reached=True):
            return {**came, "outcome": "met", "reason": "in_time", "stopped_at": when, "alerts": broken_off(when)}
        # After a reply sent back only reaching the customer helps: further tries are for the new reply.
        if failed_call(event) and not sent_back:
            # Where one full day is enough the clause names no day at all: any three will do.
            tries = counted.setdefault(local_day(when) if days > 1 else None, [])
            if not tries or when - tries[-1] >= GAP:
                tries.append(when)
            if sum(len(tries) >= 3 for tries in counted.values()) >= days:
                came |= {"outcome": "met", "reason": "enough_attempts", "stopped_at": when}
                return came | {"alerts": broken_off(when)}
        if is_a(event, "reply_returned"):
            if closed is None:
                return {**came, "outcome": "cancelled", "reason": "reply_returned"}
            sent_back = True
        if closed is None and is_a(event, "closed"):
            closed, closing = when, event
    if closed is not None and until is not None and until > closed:
        came |= {"alerts": {level: "firing"}, "since": {level: silence(closed, story[start], closing)}}
        return {**came, "outcome": "breached", "reason": "closed_without"}
    return {**came, "outcome": "running", "reason": "awaited"}


def evidence(story: list[dict], taken: int, until: datetime | None) -> list[tuple]:
    """十三(一), 十三(四)4: at most 5 MB together, in principle; kept for years from the last closing."""
    total, over, excess, closed, alerts = 0, None, None, None, {}
    for event in story:
        if is_a(event, "evidence_added"):
            total += event["data"].get("bytes", 0)
        if is_a(event, "evidence_removed"):
            # What was never told to have come in cannot leave room for more.
            total = max(0, total - event["data"].get("bytes", 0))
        # An excess that stood for no time raises nothing.
        if total > CAP:
            excess = excess if over else event
            over = at(excess)
        elif over is not None:
            alerts = {"warning": "resolved"} if at(event) > over else alerts
            over = None
        if is_a(event, "closed"):
            closed = at(event)
    came = {"due_at": None, "stopped_at": None, "alerts": alerts, "warned": {}, "since": {}}
    if closed is not None:
        years = 5 if grade(story) in ("special", "major") else 3
        came["keep_until"] = years_later(local_day(closed), years)
    if over is not None:
        came |= {"outcome": "breached", "reason": "over_quota"}
        if until is not None and until > over:
            came |= {"alerts": {"warning": "firing"}, "since": {"warning": silence(over, excess)}}
    elif closed is not None:
        came |= {"outcome": "met", "reason": "in_time", "stopped_at": closed}
    else:
        came |= {"outcome": "running", "reason": "awaited"}
    return [("evidence", story[taken], None, came)]
