"""A second reading of the limits on passing repair tickets on: annex 2 五(二)2, 五(三)1 and 五(三)2.

It exists to disagree with the product: written from the text alone, it shares no code with `sla/` and reads
ticket by ticket with plain dicts and loops, slowly. Only tests import it.
"""

import re
from datetime import datetime, timedelta

MINUTE = timedelta(minutes=1)
LOCAL = ("city", "county")


def read(events: list[dict], until: datetime | None) -> dict:
    """Say how every clock of every ticket came out, given all these events and silence up to `until`.

    The events are CloudEvents in any order, of any number of tickets, with repeats. The key of a clock is
    (ticket, rule, source of the starting event, id of the starting event).
    """
    tickets: dict[str, dict] = {}
    for event in events:
        known = tickets.setdefault(event["subject"], {})
        known.setdefault((event["source"], event["id"]), {"data": {}, **event})
    results = {}
    for ticket, known in tickets.items():
        story = what_holds(in_order(list(known.values())))
        for rule, start, duty in duties(story):
            results[ticket, rule, start["source"], start["id"]] = outcome(story, start, duty, until)
    return results


def in_order(events: list[dict]) -> list[dict]:
    """Sort the events of one ticket: by time, then by id as a person counts, then by who says so."""

    def rank(event):
        # Split at runs of digits, text and number take turns, so like is compared with like.
        pieces = re.split("([0-9]+)", event["id"])
        counted = [int(piece) if place % 2 else piece for place, piece in enumerate(pieces)]
        return (instant(event["time"]), counted, event["source"], event["id"])

    return sorted(events, key=rank)


def what_holds(story: list[dict]) -> list[dict]:
    """Leave out what was voided. The last word counts: a void that was voided later on takes nothing back."""
    gone = set()
    for place in reversed(range(len(story))):
        void = story[place]
        if void["type"] != "repair.voided" or place in gone:
            continue
        target = (void["data"].get("event_source", void["source"]), void["data"].get("event_id"))
        for other, event in enumerate(story):
            # A later void hit here has done its work by now: only a later one undoes a void.
            if (event["source"], event["id"]) == target:
                gone.add(other)
    kept = [event for place, event in enumerate(story) if place not in gone]
    return [event for event in kept if event["type"] != "repair.voided"]


def corrected(story: list[dict], attribute: str):
    """Give the value of the last correction that names the attribute; None without one."""
    value = None
    for event in story:
        if event["type"] == "repair.corrected" and attribute in event["data"]:
            value = event["data"][attribute]
    return value


def mode_of(story: list[dict]) -> int:
    """Tell the operating mode (annex 2 四): corrected, else stated, else seen from the first dispatch."""
    mode = corrected(story, "mode")
    if mode is not None:
        return mode
    stated = [event["data"]["mode"] for event in story if "mode" in event["data"]]
    if stated:
        return stated[-1]
    for event in story:
        if event["type"] == "repair.dispatched":
            giver, taker = event["data"].get("level"), event["data"].get("to_level")
            if giver == "national" and taker in LOCAL:
                return 1
            if giver == "national" and taker == "province":
                return 2
            if giver == "province":
                return 3
    return 1


def duties(story: list[dict]) -> list[tuple]:
    """List all duties as (rule, starting event, duty); there are none before somebody took the report."""
    accepted = [event for event in story if event["type"] == "repair.accepted"]
    if not accepted:
        return []
    mode = mode_of(story)
    found = [("repair/dispatch", accepted[0], first_dispatch(story, accepted[0], mode))]
    for event in story:
        told = event["data"]
        giver, taker = told.get("level"), told.get("to_level")
        if event["type"] == "repair.returned":
            duty = answer(event, 3, taker, ("repair.dispatched", "repair.returned"))
            found.append(("repair/redispatch", event, duty))
        if event["type"] == "repair.dispatched" and mode == 2 and giver == "national" and taker == "province":
            duty = answer(event, 2, "province", ("repair.received", "repair.returned", "repair.dispatched"))
            found.append(("repair/receive-province", event, duty))
        if event["type"] == "repair.dispatched" and giver in ("national", "province") and taker in LOCAL:
            duty = answer(event, 3, taker, ("repair.received", "repair.returned"))
            found.append(("repair/receive-local", event, duty))
    return found


def first_dispatch(story: list[dict], accepted: dict, mode: int) -> dict:
    """五(二)2, first limit: dispatched two minutes after hanging up or, where nobody called, submission."""
    hung_up = corrected(story, "hung_up_at") or accepted["data"].get("hung_up_at")
    return {
        "from": instant(hung_up or accepted["time"]),
        "minutes": 2,
        "owner": accepted["data"].get("unit"),
        "owner_level": "province" if mode == 3 else "national",
        "stopped by": ("repair.dispatched",),
        "by whom": None,
        # A caller may hang up after the ticket has gone out; then it was out in time.
        "stop may come first": hung_up is not None,
    }


def answer(event: dict, minutes: int, owner_level, stopped_by: tuple) -> dict:
    """五(二)2 second limit, 五(三)1 and 五(三)2: the unit that a ticket was sent to must act on it."""
    owner = event["data"].get("to_unit")
    return {
        "from": instant(event["time"]),
        "minutes": minutes,
        "owner": owner,
        "owner_level": owner_level,
        "stopped by": stopped_by,
        "by whom": owner,
        "stop may come first": False,
    }


def outcome(story: list[dict], start: dict, duty: dict, until: datetime | None) -> dict:
    """Judge one duty: what it came to, and which alerts it raised."""
    due = duty["from"] + duty["minutes"] * MINUTE
    after = story.index(start) + 1
    stop_place = find_stop(story, 0 if duty["stop may come first"] else after, duty)
    close_place = find_close(story, after)
    stopped = None if stop_place is None else instant(story[stop_place]["time"])
    closed = None
    if close_place is not None and (stop_place is None or close_place < stop_place):
        closed = instant(story[close_place]["time"])

    if closed is not None and closed <= due:
        verdict, stopped, ended = "cancelled", None, closed
    elif stopped is not None:
        verdict, ended = ("met" if stopped <= due else "late"), stopped
    elif closed is not None:
        verdict, ended = "breached", closed
    else:
        verdict, ended = ("breached" if until is not None and until > due else "running"), None
    return {
        "outcome": verdict,
        "started_at": duty["from"],
        "due_at": due,
        "stopped_at": stopped,
        "owner": duty["owner"],
        "owner_level": duty["owner_level"],
        "alerts": alerts(duty["from"], due, ended, until),
    }


def find_stop(story: list[dict], place: int, duty: dict) -> int | None:
    """Find where the duty is fulfilled, from `place` on; a unit that nobody named may be any."""
    while place < len(story):
        event = story[place]
        if event["type"] in duty["stopped by"]:
            who = event["data"].get("unit")
            if duty["by whom"] is None or who is None or who == duty["by whom"]:
                return place
        place += 1
    return None


def find_close(story: list[dict], place: int) -> int | None:
    """Find the first closing from `place` on."""
    while place < len(story):
        if story[place]["type"] == "repair.closed":
            return place
        place += 1
    return None


def alerts(started: datetime, due: datetime, ended: datetime | None, until: datetime | None) -> dict:
    """Tell the last status of each alert: raised only where the duty was still open after the instant."""
    term = due - started
    raised = {}
    for level, at in (
        ("warning-50", started + term / 2),
        ("warning-80", started + term * 4 / 5),
        ("breach", due),
    ):
        if ended is not None:
            if ended > at:
                raised[level] = "resolved"
        elif until is not None and until > at:
            raised[level] = "firing"
    return raised


def instant(text: str) -> datetime:
    """Read an RFC 3339 time; it must name its offset."""
    at = datetime.fromisoformat(text)
    if at.tzinfo is None:
        raise ValueError(f"{text} names no offset")
    return at
