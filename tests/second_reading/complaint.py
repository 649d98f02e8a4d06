"""A second reading of the complaint rules: annex 1, as far as it puts a limit on somebody.

It exists to disagree with the product: written from the text and the agreed defaults where the text is silent, it
shares no code with `sla/` and reads ticket by ticket with plain dicts and loops, slowly. Only tests import it.
"""

from datetime import datetime, timedelta

from tests.second_reading.complaint_checks import checks
from tests.second_reading.complaint_clock import Limit, hung_up, outcome
from tests.second_reading.complaint_repeated import attempts, evidence, reports
from tests.second_reading.complaint_story import (
    at,
    at_the_centre,
    by_95598,
    excused,
    grade,
    is_a,
    known,
    same_unit,
    secret,
    told,
)
from tests.second_reading.complaint_time import (
    after_office_hours,
    after_working_days,
    certainly_before,
    unknown_from,
)
from tests.second_reading.complaint_warnings import in_office_time, round_the_clock
from tests.second_reading.repair import instant

MINUTE = timedelta(minutes=1)
WORKING_HOURS = timedelta(hours=2)
LOCAL = ("city", "county")


def read(events: list[dict], until: datetime | None) -> dict:
    """Say how every clock of every complaint came out, given all these events and silence up to `until`.

    The events are CloudEvents in any order, of any number of tickets, with repeats. The key of a clock is
    (ticket, rule, source of the starting event, id of the starting event, round or None).
    """
    tickets: dict[str, dict] = {}
    for event in events:
        of_ticket = tickets.setdefault(event["subject"], {})
        of_ticket.setdefault((event["source"], event["id"]), {"data": {}, **event})
    results = {}
    for ticket, of_ticket in tickets.items():
        story = told(list(of_ticket.values()))
        pardon = excused(story)
        for rule, start, day, came in clocks(story, until):
            came["excused"] = pardon and came["outcome"] in ("late", "breached")
            results[ticket, f"complaint/{rule}", start["source"], start["id"], day] = came
    return results


def clocks(story: list[dict], until: datetime | None) -> list[tuple]:
    """List (rule, starting event, round or None, how it came out); nothing binds before somebody took the complaint."""
    taken = [place for place, event in enumerate(story) if is_a(event, "accepted")]
    if not taken:
        return []
    found = checks(story, taken[0], until) + evidence(story, taken[0], until)
    if by_95598(story):
        for rule, limit in limits(story, taken[0]):
            found.append((rule, story[limit.place], limit.round, outcome(story, limit, until)))
        found += attempts(story, until) + reports(story, taken[0], until)
    return found


def limits(story: list[dict], taken: int) -> list[tuple[str, Limit]]:
    """List the duties with a due time, of a complaint that came in by the hotline."""
    found = from_hanging_up(story, taken)
    found += notices(story, taken)
    for place, event in enumerate(story):
        if is_a(event, "returned", to_level="national"):
            found.append(("redispatch", redispatch(event, place)))
        if (is_a(event, "dispatched") or is_a(event, "returned")) and event["data"].get("to_level"):
            level = event["data"]["to_level"]
            if level == "province":
                # The provincial centres never close: two working hours there are two hours.
                limit = receive(event, place, at(event) + WORKING_HOURS)
                limit.warns = round_the_clock(limit.started_at, limit.due_at)
                found.append(("receive-province", limit))
            if level in LOCAL:
                limit = receive(event, place, after_office_hours(at(event), WORKING_HOURS))
                limit.certain_until = max(at(event), unknown_from(at(event)))
                limit.warns = in_office_time(limit.started_at, limit.due_at)
                found.append(("receive-local", limit))
        if at_the_centre(event) and not secret(story) and known(story, "callback_wanted") is not False:
            found.append(("callback", callback(event, place)))
    return found + kpi(story)


def from_hanging_up(story: list[dict], taken: int) -> list[tuple[str, Limit]]:
    """五(二) first limit, and both of 七(一): what counts from the end of the call, or from submission."""
    call_ended = hung_up(story, story[taken])
    started_at = call_ended or at(story[taken])

    def limit(due_at, stops, **more) -> Limit:
        return Limit(taken, started_at, due_at, stops, {}, stop_may_come_first=call_ended is not None, **more)

    six_days = limit(after_working_days(started_at, 6), at_the_centre, owed_when_closed=True)
    six_days.certain_until = certainly_before(started_at, 6)
    sent = limit(started_at + 20 * MINUTE, lambda event: is_a(event, "dispatched"))
    sent.warns = round_the_clock(started_at, sent.due_at)
    found = [
        ("dispatch", sent),
        ("answer", answer(story, six_days)),
    ]
    if not secret(story):
        one_day = limit(
            after_working_days(started_at, 1),
            lambda event: is_a(event, "customer_contacted", reached=True),
            certain_until=certainly_before(started_at, 1),
        )
        one_day.warns = in_office_time(started_at, one_day.due_at)
        found.append(("contact", one_day))
    return found


def answer(story: list[dict], limit: Limit) -> Limit:
    """七(一), 八, 九(五): a reply sent back was none; a superior may set another date while there is one to keep."""
    limit.reopens = lambda event: is_a(event, "reply_returned")
    limit.warns = in_office_time(limit.started_at, limit.due_at)
    for event in story:
        in_time = limit.due_at is None or at(event) <= limit.due_at
        if is_a(event, "deadline_set") and event["data"].get("due_at") and in_time:
            limit.due_at = instant(event["data"]["due_at"])
            limit.warns = in_office_time(limit.started_at, limit.due_at)
    return limit


def redispatch(event: dict, place: int) -> Limit:
    """五(二), second limit: what came back to the national centre goes out again within the hour."""

    def again(later: dict) -> bool:
        return (is_a(later, "dispatched") or is_a(later, "reprocessed")) and same_unit(event, later)

    due_at = at(event) + 60 * MINUTE
    return Limit(place, at(event), due_at, again, {}, warns=round_the_clock(at(event), due_at))


def receive(event: dict, place: int, due_at: datetime | None) -> Limit:
    """六: pass it on, return it or take it; to note that it will be passed on is none of these."""

    def acted(later: dict) -> bool:
        took = is_a(later, "received") and later["data"].get("handling") != "forward"
        moved = is_a(later, "dispatched") or is_a(later, "returned") or is_a(later, "replied")
        return (took or moved) and same_unit(event, later)

    return Limit(place, at(event), due_at, acted, {})


def callback(event: dict, place: int) -> Limit:
    """九(二): the customer is called within a working day of the reply, unless that reply goes back."""
    due_at = after_working_days(at(event), 1)
    return Limit(
        place,
        at(event),
        due_at,
        lambda later: is_a(later, "callback") or is_a(later, "callback_waived"),
        {"reply_returned": lambda later: is_a(later, "reply_returned")},
        certain_until=certainly_before(at(event), 1),
        owed_when_closed=True,
        warns=in_office_time(at(event), due_at),
    )


def kpi(story: list[dict]) -> list[tuple[str, Limit]]:
    """七(一) as the KPI has it: from the last arrival for handling to the first reply, and nobody is told."""
    found: list[tuple[str, Limit]] = []
    for place, event in enumerate(story):
        if is_a(event, "replied"):
            break
        if is_a(event, "dispatched", to_level=LOCAL):
            if found:
                found[-1][1].superseded = True
            due_at = after_working_days(at(event), 6)
            limit = Limit(place, at(event), due_at, lambda later: is_a(later, "replied"), {}, level=None)
            limit.certain_until = certainly_before(at(event), 6)
            found.append(("kpi-answer", limit))
    return found


def notices(story: list[dict], taken: int) -> list[tuple[str, Limit]]:
    """五(三) and 五(四): who must hear of a grave complaint, from the moment that it is one."""
    found = []
    for since, left in stretches(story, taken, ("special", "major")):
        limit = Limit(
            since,
            at(story[since]),
            at(story[since]) + 5 * MINUTE,
            lambda event: is_a(event, "notified", to="hq_marketing"),
            {},
            ended_at_place=left,
            level="warning-100",
        )
        found.append(("report-marketing", limit))
    for place, event in enumerate(story):
        if is_a(event, "dispatched", to_level="province"):
            found += [("notify-province", limit) for limit in notify(story, taken, place)]
    return found


def notify(story: list[dict], taken: int, place: int) -> list[Limit]:
    """五(四) for one dispatch to a province: a round each time that it is both sent there and important.

    A province that heard before the complaint became important has heard.
    """
    sent = story[place]

    def heard(event: dict) -> bool:
        there = event["data"].get("to_unit")
        wanted = sent["data"].get("to_unit")
        return is_a(event, "notified", to="province_csc") and (wanted is None or there is None or there == wanted)

    found = []
    for since, left in stretches(story, taken, ("important",)):
        if left is None or left[0] > place:
            begins = max(since, place)
            due_at = at(story[begins]) + 30 * MINUTE
            limit = Limit(place, at(story[begins]), due_at, heard, {}, ended_at_place=left)
            limit.round = str(len(found) + 1) if found else None
            limit.began, limit.warns = begins, round_the_clock(limit.started_at, due_at)
            found.append(limit)
    return found


def stretches(story: list[dict], taken: int, grades: tuple) -> list[tuple[int, tuple[int, str] | None]]:
    """List from which place to which the complaint has one of these grades; it is none before it is taken."""
    found: list[tuple[int, tuple[int, str] | None]] = []
    for place in range(taken, len(story)):
        among, open_ = grade(story, place) in grades, bool(found) and found[-1][1] is None
        if among and not open_:
            found.append((place, None))
        elif open_ and not among:
            found[-1] = (found[-1][0], (place, "regraded"))
    return found
