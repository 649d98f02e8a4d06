"""Recounts an incident from its explanation alone and says where it does not add up; shares no code with `sla`.

Only tests import this. Days are those of Beijing, months those of the civil calendar, as the second reading counts them.
"""

from datetime import datetime

from tests.cli.explanation_checker import published_of
from tests.second_reading.repeated import window_end


def faults_of(explanation):
    """Say everything in an explanation of an incident that contradicts itself or the calendar."""
    faults = []
    for clock in explanation.get("clocks", ()):
        found = (*clock_of(clock, at(explanation["horizon"])), *published_of(clock))
        faults += [f"{clock['clock_id']}: {fault}" for fault in found]
    for unstarted in explanation.get("unstarted", ()):
        if ("closed" in in_order(unstarted["tickets"])[0]) == (unstarted["reason"] == "first_not_closed"):
            faults.append(f"{unstarted['reason']}, and the first is otherwise")
    return faults


def at(text):
    """An instant."""
    return datetime.fromisoformat(text)


def in_order(tickets):
    """Tickets by when they were accepted."""
    return sorted(tickets, key=lambda one: (at(one["accepted"]["time"]), one["ticket"]))


def clock_of(clock, horizon):
    """Count again, from the first closing on: windows, who counts since when, the levels, how it stands."""
    tickets, counting = in_order(clock["tickets"]), clock["counting"]
    first = tickets[0]
    if first["ticket"] != clock["first"] or first.get("closed") != clock["start"]:
        return ["the first closing is another one"]
    anchor = at(clock["started_at"])
    windows = windows_of(tickets, anchor, counting)
    faults = []
    shown = (at(clock["window_begins_at"]), at(clock["window_ends_at"]))
    deciding = [among for begins, ends, among in windows if (begins, ends) == shown]
    if not deciding:
        return [f"no window reaches from {shown[0]} to {shown[1]}"]
    counted = [one for one in deciding[0] if one.get("substantiated")]
    most = max(sum(bool(one.get("substantiated")) for one in among) for _, _, among in windows)
    if clock["count"] != len(counted) or (len(counted) < counting["times"] and most > len(counted)):
        faults.append(f"says {clock['count']}, {len(counted)} count here and {most} at most")
    if max(ends for _, ends, _ in windows) != at(clock["counting_ends_at"]):
        faults.append("counting ends at another time")
    faults += tickets_of(clock, tickets, deciding[0], anchor, shown)
    if levels_of(windows, anchor, counting) != {one["level"]: at(one["at"]) for one in clock.get("warnings", ())}:
        faults.append("the levels were reached at other times")
    faults += standing_of(clock, tickets, windows, anchor, horizon)
    called = clock["called"].get("ticket")
    if called != (in_order(counted)[-1]["ticket"] if counted else None):
        faults.append(f"called in for {called}, which is not the last that counts")
    return faults


def windows_of(tickets, anchor, counting):
    """Each stretch in which may be counted: its beginning, its end, the tickets accepted in it that may count."""
    later = [one for one in tickets[1:] if at(one["accepted"]["time"]) > anchor]
    begins = [anchor, *((at(one["accepted"]["time"]) for one in later) if counting["window"] == "rolling" else ())]
    found = []
    for start in begins:
        ends = window_end(start, counting["months"])
        among = [one for one in later if start <= at(one["accepted"]["time"]) <= ends]
        if counting["first_counts"] and start == anchor:
            among.insert(0, tickets[0])
        found.append((start, ends, [one for one in among if one.get("substantiated") is not False]))
    return found


def known(one, anchor):
    """Since when it was known that a ticket counts."""
    return max(at(one["judged"]["time"]), at(one["accepted"]["time"]), anchor)


def tickets_of(clock, tickets, among, anchor, shown):
    """Is each ticket said to be what it is, and are those that count numbered as they came to be known?"""
    faults = []
    for one in tickets:
        accepted = at(one["accepted"]["time"])
        judgement = {None: {"not_judged"}, True: {"counts"}, False: {"not_substantiated", "overturned"}}
        expected = judgement[one.get("substantiated")]
        if one is tickets[0] and not clock["counting"]["first_counts"]:
            expected = {"first"}
        elif one is not tickets[0] and accepted <= anchor:
            expected = {"before_closing"}
        elif accepted < shown[0] and not (one is tickets[0] and shown[0] == anchor):
            expected = {"before_window"}
        elif accepted > shown[1]:
            expected = {"outside_window"}
        if one["reason"] not in expected:
            faults.append(f"{one['ticket']} is {expected}, and said to be {one['reason']}")
        if ("number" in one) != (one["reason"] == "counts"):
            faults.append(f"{one['ticket']} is numbered, or is not, against its reason")
    counted = sorted(
        (one for one in among if one.get("substantiated")), key=lambda o: (known(o, anchor), o["ticket"])
    )
    if [(o.get("number"), o.get("counts_from") and at(o["counts_from"])) for o in counted] != [
        (number, known(one, anchor)) for number, one in enumerate(counted, 1)
    ]:
        faults.append("those that count are numbered otherwise")
    return faults


def levels_of(windows, anchor, counting):
    """When each level was reached first, in whichever window."""
    found = {}
    for _, _, among in windows:
        instants = sorted(known(one, anchor) for one in among if one.get("substantiated"))
        for level, wanted in (
            (f"warning-{counting['warn_at']}", counting["warn_at"]),
            ("escalation", counting["times"]),
        ):
            if 0 < wanted <= len(instants):
                found.setdefault(level, []).append(instants[wanted - 1])
        if len(among) >= counting["times"]:
            last = at(in_order(among)[counting["times"] - 1]["accepted"]["time"])
            found.setdefault("notice-filed", []).append(max(last, anchor))
    if "escalation" in found:
        found.pop("notice-filed", None)
    return {level: min(instants) for level, instants in found.items()}


def standing_of(clock, tickets, windows, anchor, horizon):
    """How it stands, what ended it, what is missing, and whether nobody was called in for a reason."""
    faults, times = [], clock["counting"]["times"]
    stops = [event for one in tickets for event in one.get("taken_over", ()) if at(event["time"]) > anchor]
    stop = min((at(event["time"]) for event in stops), default=None)
    if (stop and stop.isoformat()) != (("stop" in clock and at(clock["stop"]["time"]).isoformat()) or None):
        faults.append(f"the unit above stepped in at {stop}")
    over = horizon > max(ends for _, ends, _ in windows) and all(len(among) < times for _, _, among in windows)
    expected = ("running", "awaited")
    if stop is not None:
        expected = ("met", "taken_over")
    elif clock["count"] >= times:
        expected = ("running", "repeated")
    elif over:
        expected = ("met", "window_over")
    if (clock["outcome"], clock["reason"]) != expected:
        faults.append(f"stands as {clock['outcome']}, {clock['reason']}, and should as {expected}")
    if "pending" in clock and clock["pending"]["missing"] != times - clock["count"]:
        faults.append("another number is missing")
    if ("pending" in clock) != (expected == ("running", "awaited")):
        faults.append("something is awaited, or is not, against how it stands")
    status = {one["level"]: one.get("status") for one in clock.get("warnings", ())}.get("escalation")
    if (status is None) != ("no_escalation" in clock):
        faults.append(f"the escalation is {status}, and the reason for none is {clock.get('no_escalation')}")
    return faults
