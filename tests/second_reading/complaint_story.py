"""A complaint as the second reading knows it: what was told of it in the end, and what was known of it when.

It exists so that the rules can be read as sentences about one story. Only the second reading imports it.
"""

from datetime import datetime

from tests.second_reading.repair import in_order, instant

GRADES = ("general", "important", "major", "special")
CENTRE = (None, "national")


def at(event: dict) -> datetime:
    """Tell when it happened."""
    return instant(event["time"])


def is_a(event: dict, what: str, **told) -> bool:
    """Say whether something of that kind happened, with all this told; a tuple names what may be told."""
    if event["type"] != f"complaint.{what}":
        return False
    for name, wanted in told.items():
        value = event["data"].get(name)
        if value is None or (value not in wanted if isinstance(wanted, tuple) else value != wanted):
            return False
    return True


def at_the_centre(event: dict) -> bool:
    """Say whether a reply has come back to the national centre by it; a reply sent nowhere in particular has."""
    sent = is_a(event, "replied") or is_a(event, "reply_passed")
    return sent and event["data"].get("to_level") in CENTRE


def failed_call(event: dict) -> bool:
    """Say whether the customer was called and not reached, for reasons that do not lie with the centre."""
    return is_a(event, "callback", reached=False) and event["data"].get("cause") != "centre"


def same_unit(asked: dict, acted: dict) -> bool:
    """Say whether the unit that was sent the ticket is the one that acted; one that nobody names may be any."""
    sent_to, unit = asked["data"].get("to_unit"), acted["data"].get("unit")
    return sent_to is None or unit is None or sent_to == unit


def told(known: list[dict]) -> list[dict]:
    """Put a ticket's events in order and leave out what was taken back, the last word first."""
    story = in_order(known)
    gone: set[int] = set()
    for place in range(len(story) - 1, -1, -1):
        void = story[place]
        if place in gone or not is_a(void, "voided"):
            continue
        named = (void["data"].get("event_source", void["source"]), void["data"].get("event_id"))
        gone |= {other for other, event in enumerate(story) if (event["source"], event["id"]) == named}
    return [e for place, e in enumerate(story) if place not in gone and not is_a(e, "voided")]


def corrected(story: list[dict], name: str):
    """Give the last correction of an attribute; None without one."""
    value = None
    for event in story:
        if is_a(event, "corrected"):
            value = event["data"].get(name, value)
    return value


def known(story: list[dict], name: str, upto: int | None = None):
    """Give what holds of the ticket after the event at place `upto`, or in the end: corrected, else last told."""
    value = None
    for event in story if upto is None else story[: upto + 1]:
        if not is_a(event, "corrected"):
            value = event["data"].get(name, value)
    right = corrected(story, name)
    return value if right is None else right


def grade(story: list[dict], upto: int | None = None) -> str:
    """Tell how grave the complaint is held to be; nobody said: general (三(四))."""
    return known(story, "grade", upto) or "general"


def by_95598(story: list[dict]) -> bool:
    """Say whether it came in by the hotline's own doors (二(二)): letters and counters are not among them."""
    channel = known(story, "channel")
    if channel is None:
        doors = [event["data"].get("via") for event in story if is_a(event, "accepted")]
        right = corrected(story, "via")
        by_hand = ("letter", "counter", "other")
        channel = "other" if (right in by_hand if right else any(door in by_hand for door in doors)) else "95598"
    return channel == "95598"


def secret(story: list[dict]) -> bool:
    """Say whether the customer is anonymous or asked for confidence."""
    return known(story, "anonymous") is True or known(story, "confidential") is True


def excused(story: list[dict]) -> bool:
    """Say whether what was broken is excused: a disaster, or the last decision on an appeal about overtime (十一)."""
    upheld = False
    for event in story:
        if is_a(event, "appealed", about="overtime"):
            upheld = event["data"].get("granted") is True
    return upheld or known(story, "force_majeure") is True
