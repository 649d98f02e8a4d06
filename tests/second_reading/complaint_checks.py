"""What contradicts a clause of annex 1: the grade, the ground of a return, a closing without approval.

It exists beside the limits because nothing here runs out: it stands from its own instant until it is put right.
Only the second reading imports it.
"""

from datetime import datetime

from tests.second_reading.complaint_story import GRADES, at, at_the_centre, failed_call, grade, is_a, known, secret
from tests.second_reading.complaint_warnings import silence

LEVELS = ("hq", "national", "province", "city", "county", "team")
HANDLES = {"special": ("hq",), "major": ("province",), "important": ("city",), "general": ("city", "county")}
"""四: who handles which grade."""
MISFITS = {name: tuple(level for level in LEVELS if level not in fit) for name, fit in HANDLES.items()}


def checks(story: list[dict], taken: int, until: datetime | None) -> list[tuple]:
    """List (rule, the event that contradicts the clause, None, how it came out)."""
    found = []
    for place, event in enumerate(story):
        for rule, undone_by in contradictions(story, place, event):
            right = next((later for later in story[place + 1 :] if undone_by(later)), None)
            found.append((rule, event, None, stands(event, right, until)))
    for rule, place, right in grades_too_low(story, taken):
        found.append((rule, story[place], None, stands(story[place], right, until)))
    return found


def stands(event: dict, right: dict | None, until: datetime | None) -> dict:
    """Say how a contradiction came out: put right by a later event, or standing once silence past it is proven."""
    came = {"due_at": at(event), "stopped_at": None, "warned": {}, "since": {}}
    if right is not None:
        came["stopped_at"] = at(right)
        alerts = {"warning": "resolved"} if at(right) > at(event) else {}
        return {**came, "outcome": "late", "reason": "put_right", "alerts": alerts}
    if until is not None and until > at(event):
        came |= {"alerts": {"warning": "firing"}, "since": {"warning": silence(at(event), event)}}
        return {**came, "outcome": "breached", "reason": "contradiction"}
    return {**came, "outcome": "running", "reason": "awaited", "alerts": {}}


def contradictions(story: list[dict], place: int, event: dict) -> list[tuple]:
    """List the clauses that one event contradicts, each with what would put it right."""

    def sent_back(later: dict) -> bool:
        return is_a(later, "reply_returned")

    def passed_on(later: dict) -> bool:
        by = (event["data"].get("unit"), later["data"].get("unit"))
        return (is_a(later, "dispatched") or is_a(later, "returned")) and (None in by or by[0] == by[1])

    found = []
    if is_a(event, "returned", ground="other"):
        found.append(("return-ground", lambda _: False))
    if (is_a(event, "replied") or is_a(event, "judged")) and no_ground(event):
        found.append(("no-ground", sent_back))
    if at_the_centre(event) and event["data"].get("customer_answered") is False and not secret(story):
        found.append(("reply-unanswered", sent_back))
    decided = any(is_a(before, "appealed", stage="initial") for before in story[:place])
    if is_a(event, "appeal_filed", stage="final") and not decided:
        found.append(("appeal-order", lambda _: False))
    if is_a(event, "received", level=MISFITS[grade(story, place)]) and event["data"].get("handling") != "forward":
        found.append(("handler-level", passed_on))
    if is_a(event, "closed") and gave_up_unapproved(story[:place]):
        found.append(("close-approval", lambda later: is_a(later, "callback_waived")))
    return found


def no_ground(event: dict) -> bool:
    """十(二), last sentence: a customer who withdraws or is content says nothing about what happened."""
    return event["data"].get("unsubstantiated_reason") in ("withdrawn", "satisfied")


def gave_up_unapproved(before: list[dict]) -> bool:
    """九(三): the last word of the call-backs is a failed one, and nobody approved of leaving it there."""
    failed = False
    for event in before:
        if failed_call(event):
            failed = True
        if is_a(event, "callback", reached=True):
            failed = False
    return failed and not any(is_a(event, "callback_waived") for event in before)


def grades_too_low(story: list[dict], taken: int) -> list[tuple]:
    """三: (rule, where the grade began to be lower than the facts ask, the event that put it right or None)."""
    found = []
    for wanted, demands in (("special", special), ("major", major), ("important", important)):
        since = None
        for place in range(taken, len(story)):
            low = GRADES.index(grade(story, place)) < GRADES.index(wanted) and demands(story, place)
            if low and since is None:
                since = place
            elif since is not None and not low:
                found.append((f"grade-{wanted}", since, story[place]))
                since = None
        if since is not None:
            found.append((f"grade-{wanted}", since, None))
    return found


def special(story: list[dict], upto: int) -> bool:
    """三(一): collective and forwarded by state or power authorities, by a province, national media, grade 5."""
    forwarded = known(story, "forwarded_by", upto) in ("state_organ", "power_authority")
    return (
        (forwarded and known(story, "collective", upto) is True)
        or known(story, "supervised_by", upto) == "province_or_above"
        or known(story, "media", upto) == "national"
        or known(story, "quality_event", upto) == 5
    )


def major(story: list[dict], upto: int) -> bool:
    """三(二): forwarded by whomever, by a city, provincial media, grade 6."""
    return (
        known(story, "forwarded_by", upto) is not None
        or known(story, "supervised_by", upto) == "city"
        or known(story, "media", upto) == "provincial"
        or known(story, "quality_event", upto) == 6
    )


def important(story: list[dict], upto: int) -> bool:
    """三(三): by a county, a city's media, the customer will go public, grades 7 and 8."""
    return (
        known(story, "supervised_by", upto) == "county"
        or known(story, "media", upto) == "city"
        or known(story, "will_go_public", upto) is True
        or known(story, "quality_event", upto) in (7, 8)
    )
