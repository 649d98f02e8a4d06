"""Article 12 read a second time, in plain loops over raw events; it shares no code with the product.

From the events of many complaints, as dictionaries, to how the escalation, the warning at two and the watch list of each
incident stand. Days are counted in Beijing time, which has no summer time.
"""

from calendar import monthrange
from collections import defaultdict
from datetime import datetime, timedelta

BEIJING = timedelta(hours=8)
MONTHS = {"service": 2, "business": 2, "outage": 2, "power_quality": 6, "grid_construction": 6}
OTHER_SUBJECTS = ("classification", "return", "overtime", "satisfaction")


def stands(events, until, first_counts=False, rolling=False):
    """How each incident stands by `until`: (customer, incident, months) -> level -> firing or resolved."""
    by_ticket = defaultdict(list)
    for event in events:
        by_ticket[event["subject"]].append(event)
    incidents = defaultdict(list)
    for ticket, told in by_ticket.items():
        said = summed_up(ticket, told)
        if said is not None:
            incidents[said.pop("key")].append(said)
    return {key: levels(said, key[2], until, first_counts, rolling) for key, said in incidents.items()}


def summed_up(ticket, told):
    """What one complaint says about an incident; None where it is about none."""
    voided = {event["data"]["event_id"] for event in told if event["type"] == "complaint.voided"}
    events = [e for e in told if e["id"] not in voided and e["type"] != "complaint.voided"]
    events.sort(key=lambda event: (event["time"], int(event["id"][1:])))
    known, fixed = {}, {}
    for event in events:
        (fixed if event["type"] == "complaint.corrected" else known).update(event["data"])
    known.update(fixed)
    accepted = [event for event in events if event["type"] == "complaint.accepted"]
    named = [known.get(name) for name in ("customer", "incident", "category")]
    if not accepted or None in named or known.get("anonymous"):
        return None
    closed = [event["time"] for event in events if event["type"] == "complaint.closed"]
    taken = [event["time"] for event in events if event["type"] == "complaint.taken_over"]
    judged_at, counts = judgement(events, fixed)
    return {
        "key": (named[0], named[1], MONTHS[named[2]]),
        "ticket": ticket,
        "accepted": accepted[0]["time"],
        "closed": closed[0] if closed else None,
        "taken": taken,
        "judged": judged_at,
        "counts": counts,
    }


def judgement(events, fixed):
    """When a complaint was last judged, and whether it is substantiated; None, None before anybody said."""
    for event in reversed(events):
        data = {name: fixed.get(name, value) for name, value in event["data"].items()}
        if event["type"] in ("complaint.replied", "complaint.judged", "complaint.appealed"):
            if data.get("substantiated") is not None:
                return event["time"], data["substantiated"]
            upheld = event["type"] == "complaint.appealed" and data.get("granted") is True
            if upheld and data.get("about") not in OTHER_SUBJECTS:
                return event["time"], False
    return None, None


def window_end(at, months):
    """24:00 of the corresponding day so many months on, or of the last day of a month that has none."""
    local = at + BEIJING
    month = local.month - 1 + months
    year, month = local.year + month // 12, month % 12 + 1
    day = min(local.day, monthrange(year, month)[1])
    return datetime(year, month, day, tzinfo=at.tzinfo) + timedelta(days=1) - BEIJING


def levels(said, months, until, first_counts, rolling):
    """How an incident's alerts stand."""
    said.sort(key=lambda one: (one["accepted"], one["ticket"]))
    anchor = said[0]["closed"]
    if anchor is None:
        return {}
    later = [one for one in said[1:] if one["accepted"] > anchor]
    begins = [anchor] + ([one["accepted"] for one in later] if rolling else [])
    if first_counts:
        later = [said[0], *later]
    windows = []
    for start in begins:
        end = window_end(start, months)
        among = later if start == anchor else [one for one in later if one["accepted"] >= start]
        filed = [one for one in among if one["accepted"] <= end and one["counts"] is not False]
        windows.append((end, filed, [one for one in filed if one["counts"]]))
    raised = {}
    for _, filed, counted in windows:
        known = sorted(max(one["judged"], one["accepted"], anchor) for one in counted)
        if len(known) >= 2:
            raised["warning-2"] = min(known[1], raised.get("warning-2", known[1]))
        if len(known) >= 3:
            raised["escalation"] = min(known[2], raised.get("escalation", known[2]))
        if len(filed) >= 3:
            at = max(filed[2]["accepted"], anchor)
            raised["notice-filed"] = min(at, raised.get("notice-filed", at))
    if "escalation" in raised:
        raised.pop("notice-filed", None)
    ended = min((at for one in said for at in one["taken"] if at > anchor), default=None)
    last_end = max(end for end, _, _ in windows)
    if ended is None and "escalation" not in raised and until > last_end and all(len(f) < 3 for _, f, _ in windows):
        ended = last_end
    found = {}
    for level, at in raised.items():
        if ended is not None:
            if ended > at:
                found[level] = "resolved"
        elif until > at:
            found[level] = "firing"
    return found
