"""One life of a complaint, drawn at random: how it is taken, graded, passed on, returned and looked into.

It exists so that `cli/generate.py` has complaints to tell beside repairs. What becomes of it once there is something
to reply is told in `cli.complaint_replies`. Only `cli/generate.py` imports it.
"""

from __future__ import annotations

from itertools import pairwise
from random import Random
from typing import Any

from cli.complaint_replies import answered, finished
from cli.complaint_tale import GRADES, Tale
from cli.complaint_troubles import spoil
from cli.facts import (
    EARLY,
    GOOD,
    HEADQUARTERS,
    MINUTE,
    NATIONAL,
    PROVINCES,
    SECOND,
    TROUBLED,
    Fact,
    between,
    level_of,
    local_unit,
)
from cli.office_days import HOUR, Office

ANSWER_DAYS = 6
CATEGORIES = ("service", "business", "outage", "power_quality", "grid_construction")
REASONS = ("not_our_area", "customer_info_wrong", "core_content_missing")
BY = ("phone", "mail", "sms")
FACTS: dict[str, tuple[dict[str, Any], ...]] = {
    "special": (
        {"forwarded_by": "state_organ", "collective": True},
        {"forwarded_by": "power_authority", "collective": True},
        {"supervised_by": "province_or_above"},
        {"media": "national"},
        {"quality_event": 5},
    ),
    "major": (
        {"forwarded_by": "state_organ"},
        {"forwarded_by": "provincial_government"},
        {"supervised_by": "city"},
        {"media": "provincial"},
        {"quality_event": 6},
    ),
    "important": (
        {"supervised_by": "county"},
        {"media": "city"},
        {"will_go_public": True},
        {"quality_event": 7},
        {"quality_event": 8},
    ),
    "general": ({}, {}, {}, {"collective": True}, {"will_go_public": False}),
}
"""What makes a complaint of that grade."""


def complaint_life(dice: Random, born: int, trouble: float, office: Office) -> list[Fact]:
    """Draw one life that begins at `born` or a little later and may last three weeks.

    With chance `trouble` something is wrong. The facts stand in the order of telling, not of time; one that stands
    there twice is told twice.
    """
    tale = Tale(dice, office, TROUBLED if dice.random() < trouble else GOOD)
    _accepted(tale, born + EARLY)
    if tale.told["via"] in ("phone", "web", "app"):
        _dispatched(tale)
    else:
        _at_the_counter(tale)
    _looked_into(tale)
    replied_at = answered(tale)
    finished(tale, replied_at)
    if not tale.good:
        spoil(tale)
    return tale.facts


def _accepted(tale: Tale, at: int) -> None:
    """What the customer told, the grade it is given, and who hears of that at once."""
    dice = tale.dice
    tale.grade = dice.choice(("general",) * 9 + ("important",) * 5 + ("major",) * 4 + ("special",) * 2)
    via = dice.choice(("phone",) * 12 + ("web", "app", "letter", "counter", "other"))
    tale.local = local_unit(dice, dice.choice(PROVINCES))
    unit = NATIONAL if via in ("phone", "web", "app") else tale.local[:4]
    told: dict[str, Any] = {"via": via, "category": dice.choice(CATEGORIES)}
    tale.way = [unit]
    tale.taken_at = at
    if via == "phone":
        tale.taken_at = told["hung_up_at"] = at + between(dice, 60 * SECOND, 600 * SECOND)
    if tale.chance(0.1):
        told[dice.choice(("anonymous", "confidential"))] = True
    if not told.get("anonymous"):
        told["customer"] = f"{between(dice, 0, 10**10):010d}"
    if tale.chance(0.3):
        told["callback_wanted"] = tale.chance(0.6)
    if tale.chance(0.3):
        told["incident"] = f"i-{between(dice, 0, 1000)}"
    grave = dict(dice.choice(FACTS[tale.grade]))
    if tale.amiss(0.15):
        grave |= dice.choice(FACTS[dice.choice(GRADES)])
    if tale.amiss(0.1):
        told["channel"] = dice.choice(("95598", "other"))
    tale.answer_due = tale.office.closing(tale.taken_at, ANSWER_DAYS)
    if tale.grade == "general" and tale.chance(0.5):
        tale.tell(at, "accepted", unit, **told, **grave)  # whatever is told no grade is a general complaint
    elif tale.chance(0.7):
        tale.tell(at, "accepted", unit, **told, **grave, grade=tale.grade)
        _reported(tale, at)
    else:
        tale.tell(at, "accepted", unit, **told)
        _graded(tale, at + between(dice, SECOND, MINUTE if tale.good else 30 * MINUTE), grave)


def _graded(tale: Tale, at: int, grave: dict[str, Any]) -> None:
    """Given a grade, and the facts it rests on with it."""
    tale.tell(at, "graded", tale.way[0], **grave, grade=tale.grade)
    _reported(tale, at)


def _reported(tale: Tale, at: int) -> None:
    """The head office's marketing department hears of special and major complaints at once."""
    if tale.grade in ("special", "major") and not tale.amiss(0.15):
        at = tale.done_any_hour(at, at + 5 * MINUTE)
        tale.tell(at, "notified", NATIONAL, to="hq_marketing", by=tale.dice.choice(BY))


def _told_province(tale: Tale, at: int, province: str) -> None:
    if tale.grade == "important" and not tale.amiss(0.15):
        at = tale.done_any_hour(at, at + 30 * MINUTE)
        told = {"to": "province_csc", "by": tale.dice.choice(BY)}
        tale.pass_on(at, "notified", NATIONAL, province, **told)


def _planned(tale: Tale) -> list[str]:
    """The way from the national centre to a unit that may handle a complaint of this grade."""
    local = tale.local
    grade = tale.dice.choice(GRADES) if tale.amiss(0.15) else tale.grade
    if grade == "special":
        return [NATIONAL, HEADQUARTERS]
    ways = {"major": [local[:2]], "important": [local[:2], local[:4]]}
    if grade in ways:
        return [NATIONAL, *ways[grade]]
    city_forwards = len(local) == 6 and tale.chance(0.5)
    return [NATIONAL, local[:2], local[:4], local] if city_forwards else [NATIONAL, local[:2], local]


def _dispatched(tale: Tale) -> None:
    """From the national centre down to the unit that handles it, with returns on the way."""
    at = tale.done_any_hour(tale.taken_at, tale.taken_at + 20 * MINUTE)
    if tale.amiss(0.1):
        at = tale.facts[0].at + between(tale.dice, -EARLY, 20 * SECOND)
    # A good life has time for it before the customer must be heard, which is owed all the while.
    unhurried = tale.office.after(tale.taken_at, 13) <= tale.office.closing(tale.taken_at, 1)
    returns = int(tale.chance(0.08) and unhurried) if tale.good else tale.dice.choice((0, 0, 0, 1, 1, 2))
    while True:
        at = _down(tale, at)
        last = tale.way[-1]
        if not returns or level_of(last) == "hq":
            _received(tale, at)
            return
        returns -= 1
        tale.way.pop()
        at = _returned(tale, at, last)
        # Half the time the same unit gets it again.
        tale.local = tale.local if tale.chance(0.5) else local_unit(tale.dice, tale.local[:2])


def _down(tale: Tale, at: int) -> int:
    """From whoever has it to the one before the last of its way; when that one passes it on."""
    holder, plan = tale.way[-1], _planned(tale)
    tale.way = plan if holder in plan else [NATIONAL, holder, plan[-1]]
    onward = tale.way[tale.way.index(holder) :]
    for giver, unit in pairwise(onward[:-1]):
        at = _forwarded(tale, at, giver, unit)
    return at


def _arrived(tale: Tale, at: int, giver: str, unit: str) -> int:
    """Sent to a unit; when that unit does what it has two working hours for."""
    tale.pass_on(at, "dispatched", giver, unit)
    if level_of(unit) == "province":
        _told_province(tale, at, unit)
    return _in_two_hours(tale, at, unit)


def _in_two_hours(tale: Tale, at: int, unit: str) -> int:
    """When a unit does what it has two working hours for; provincial centres never close."""
    if level_of(unit) == "province":
        return tale.done_any_hour(at, at + 2 * HOUR)
    return tale.done(at, tale.office.after(at, 2))


def _forwarded(tale: Tale, at: int, giver: str, unit: str) -> int:
    """Through a unit that passes it on; when it does."""
    then = _arrived(tale, at, giver, unit)
    if tale.chance(0.4):
        # To have taken it is not to have passed it on.
        tale.tell(between(tale.dice, at, then), "received", unit, handling="forward")
    return then


def _returned(tale: Tale, at: int, unit: str) -> int:
    """Back where it came from, now and then up to the national centre; when it is on its way again."""
    at = _arrived(tale, at, tale.way[-1], unit)
    _sent_back(tale, at, unit)
    while tale.way[-1] != NATIONAL:
        giver = tale.way[-1]
        at = _in_two_hours(tale, at, giver)
        if len(tale.way) == 2 and tale.chance(0.5):
            return at
        tale.way.pop()
        _sent_back(tale, at, giver)
    at = tale.done_any_hour(at, at + HOUR)
    if tale.chance(0.2):
        tale.tell(at, "reprocessed", NATIONAL)
        at += between(tale.dice, SECOND, 10 * MINUTE)
    return at


def _sent_back(tale: Tale, at: int, unit: str) -> None:
    ground = "other" if tale.amiss(0.25) else tale.dice.choice(REASONS)
    tale.pass_on(at, "returned", unit, tale.way[-1], ground=ground)


def _received(tale: Tale, at: int) -> None:
    """Taken by the unit that handles it."""
    unit = tale.way[-1]
    tale.received_at = _arrived(tale, at, tale.way[-2], unit)
    told = {"handling": "direct"} if tale.chance(0.6) else {}
    tale.tell(tale.received_at, "received", unit, **told)


def _at_the_counter(tale: Tale) -> None:
    """Taken by letter or over the counter: reported upward, and handled on the level that fits the grade."""
    city, at = tale.way[0], tale.facts[0].at
    handler = {"special": HEADQUARTERS, "major": city[:2], "important": city}.get(tale.grade, tale.local)
    tale.way = [city] if handler == city else [city, handler]
    if not tale.amiss(0.3):
        at = tale.done(at, tale.office.closing(at, 1))
        tale.pass_on(at, "reported_up", city, city[:2])
    if handler != city:
        _received(tale, at)
        return
    tale.received_at = tale.done(at, tale.office.after(at, 2))
    tale.tell(tale.received_at, "received", city)


def _looked_into(tale: Tale) -> None:
    """The customer is heard, evidence collected, and whoever waits urges."""
    dice, since, unit = tale.dice, tale.received_at, tale.handler
    tale.ready_at = since
    if not tale.silent or tale.amiss(0.2):
        at = tale.done(since, tale.office.closing(tale.taken_at, 1))
        if tale.chance(0.15):
            tale.tell(between(dice, since, at), "customer_contacted", unit, reached=False)
        if not tale.amiss(0.15):
            tale.tell(at, "customer_contacted", unit, reached=True)
            tale.ready_at = at
    size, added = (2_000_000, dice.choice((0, 1, 1, 2))) if tale.good else (3_000_000, dice.choice((0, 1, 2, 3)))
    for _ in range(added):
        at = since + tale.a_while(4)
        held = tale.tell(at, "evidence_added", unit, bytes=between(dice, 50_000, size), kind="photo")
        if tale.chance(0.2):
            tale.tell(at + tale.a_while(4), "evidence_removed", unit, bytes=held.data["bytes"], kind="photo")
    if tale.chance(0.1) and len(tale.way) > 1:
        tale.pass_on(since + tale.a_while(4), "urged", tale.way[0], unit)
    if tale.chance(0.06):
        tale.tell(since + tale.a_while(4), "withdrawn", tale.way[0])
    for _ in range(int(tale.chance(0.08)) + int(tale.amiss(0.15))):
        _granted_longer(tale)
    if tale.amiss(0.2):
        _graded_anew(tale)


def _granted_longer(tale: Tale) -> None:
    """A superior sets another date; among troubles an earlier one, or a later one when it is too late."""
    due = tale.answer_due
    at = tale.received_at + tale.a_while(4)
    if tale.amiss(0.3):
        at = due + tale.dice.choice((0, 1, tale.a_while(20)))
    set_to = tale.office.closing(due, between(tale.dice, 1, 4)) if not tale.amiss(0.3) else due - tale.a_while(40)
    tale.tell(at, "deadline_set", HEADQUARTERS, due_at=set_to, reason="further inquiries")
    if at <= due:
        tale.answer_due = set_to


def _graded_anew(tale: Tale) -> None:
    """It proves graver than it was taken to be, or less grave; those who are to know are told."""
    at = tale.taken_at + (tale.a_while(60) if tale.chance(0.6) else between(tale.dice, 0, 25 * MINUTE))
    tale.grade = tale.dice.choice([grade for grade in GRADES if grade != tale.grade])
    _graded(tale, at, tale.dice.choice((*FACTS[tale.grade], {})))
    if level_of(tale.way[0]) == "national" and len(tale.way) > 2:
        _told_province(tale, at, tale.way[1])
