"""Some duties read again from the raw events in plain Python, to hold `backtest --against` against.

It shares no code with the product: events are the dictionaries of the file, a verdict is (outcome, due time).
"""

import json
import re
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

SHANGHAI = ZoneInfo("Asia/Shanghai")
ACCEPTING = {f"incident.{word}" for word in ("assigned", "received", "waiting", "replied", "returned")}


def tickets(lines):
    """Tickets of a file of events: by subject, in event order, each event once, without what was taken back."""
    found = {}
    for line in lines:
        event = json.loads(line)
        event["at"] = datetime.fromisoformat(event["time"])
        found.setdefault(event["subject"], {})[event["source"], event["id"]] = event
    return {subject: standing(sorted(events.values(), key=place)) for subject, events in found.items()}


def place(event):
    """Where an event stands: by time, then by id with its numbers read as numbers, then by source."""
    words = [
        (1, 0, word) if not word.isdigit() else (0, int(word), "") for word in re.findall(r"\d+|\D+", event["id"])
    ]
    return event["at"], words, event["source"]


def standing(events):
    """Events without voids and what these take back; a void is taken back by a later one only."""
    gone = set()
    for event in reversed(events):
        if event["type"].endswith(".voided") and (event["source"], event["id"]) not in gone:
            gone.add((event["data"].get("event_source", event["source"]), event["data"]["event_id"]))
    return [e for e in events if (e["source"], e["id"]) not in gone and not e["type"].endswith(".voided")]


def told(events, name):
    """What a ticket is: as corrected last, else as told last."""
    values = [e["data"][name] for e in events if name in e["data"] and not e["type"].endswith(".corrected")]
    corrections = [e["data"][name] for e in events if name in e["data"] and e["type"].endswith(".corrected")]
    return (corrections or values or [None])[-1]


def verdict(due_at, stop, closing, until):
    """How a clock stands that one event stops and a closing cancels, silence known up to `until`."""
    if closing is not None and closing["at"] <= due_at:
        return "cancelled", due_at
    if stop is not None:
        return "met" if stop["at"] <= due_at else "late", due_at
    return "breached" if closing is not None or until > due_at else "running", due_at


def from_the_call(events, business, stops, due, until):
    """The clock of a duty that runs from the end of the call: {(source, id) of its start: verdict}."""
    places = [n for n, event in enumerate(events) if event["type"] == f"{business}.accepted"]
    if not places:
        return {}
    first = events[places[0]]
    corrections = [e for e in events if e["type"] == f"{business}.corrected" and "hung_up_at" in e["data"]]
    hung_up_at = (corrections or [first])[-1]["data"].get("hung_up_at")
    started_at = datetime.fromisoformat(hung_up_at) if hung_up_at else first["at"]
    stop = closing = None
    for n, event in enumerate(events):
        if stop is None and stops(event) and (hung_up_at or n > places[0]):
            stop = event
        elif stop is None and closing is None and event["type"] == f"{business}.closed" and n > places[0]:
            closing = event
    return {(first["source"], first["id"]): verdict(due(started_at), stop, closing, until)}


def dispatch(events, minutes, until):
    """附件2 五(二)2: dispatched within so many minutes of the caller hanging up."""

    def dispatched(event):
        return event["type"] == "repair.dispatched"

    return from_the_call(events, "repair", dispatched, lambda at: at + timedelta(minutes=minutes), until)


def contact(events, working, until):
    """附件1 七(一): the customer is reached by 17:30 of the next working day; `working` tells which days are.

    Not where the customer is anonymous or asked for confidence, nor where the complaint came in elsewhere.
    """
    first = next((event["data"] for event in events if event["type"] == "complaint.accepted"), {})
    elsewhere = "other" if first.get("via") in ("letter", "counter", "other") else "95598"
    if told(events, "anonymous") or told(events, "confidential") or (told(events, "channel") or elsewhere) != "95598":
        return {}

    def reached(event):
        return event["type"] == "complaint.customer_contacted" and event["data"].get("reached") is True

    def due(started_at):
        day = started_at.astimezone(SHANGHAI).date() + timedelta(days=1)
        while not working(day):
            day += timedelta(days=1)
        return datetime(day.year, day.month, day.day, 17, 30, tzinfo=SHANGHAI)

    return from_the_call(events, "complaint", reached, due, until)


def accept(events, hours, until):
    """The example rulebook's clause 1: whatever queues with a team is taken up within hours that the impact gives."""
    found = {}
    limit = hours.get(told(events, "impact"))
    for n, event in enumerate(events):
        if event["type"] == "incident.queued" and limit is not None:
            later = events[n + 1 :]
            stop = next((number for number, other in enumerate(later) if other["type"] in ACCEPTING), None)
            closing = next((other for other in later[:stop] if other["type"] == "incident.closed"), None)
            due_at = event["at"] + timedelta(hours=limit)
            ended = None if stop is None else later[stop]
            found[event["source"], event["id"]] = verdict(due_at, ended, closing, until)
    return found


def weekdays(day):
    """Monday to Friday; no public holiday lies in the weeks of these tests."""
    return day.weekday() < 5


def make_up(*saturdays):
    """The same, and some Saturdays on top."""
    return lambda day: weekdays(day) or day in [date.fromisoformat(text) for text in saturdays]


def moved(old, new):
    """Clocks that differ: {(ticket, source, id): (old verdict, new verdict)}, None where there is none."""
    pairs = {
        (subject, *start): (old[subject].get(start), new[subject].get(start))
        for subject in old
        for start in old[subject].keys() | new[subject].keys()
    }
    return {clock: pair for clock, pair in pairs.items() if pair[0] != pair[1]}
