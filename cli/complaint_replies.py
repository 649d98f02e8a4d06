"""What becomes of a drawn complaint once it is looked into: replies, audits, call-backs, judging, closing, appeals.

It exists because half of a complaint's life comes after the first reply. Only `cli.complaint_lives` imports it.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

from cli.complaint_tale import Tale
from cli.facts import HEADQUARTERS, MINUTE, NATIONAL, SECOND, between, level_of
from cli.office_days import DAY, HOUR

REPORT_BY = 17 * HOUR + 30 * MINUTE
SERIES = {"special": 5, "major": 5}
"""On so many days the customer is called three times before the centre gives up; on one for the other grades."""
UNFOUNDED = ("rules_followed", "no_such_rule", "facts_differ", "untraceable", "not_the_utility")
NO_GROUND = ("withdrawn", "satisfied")
ABOUT = ("classification", "return", "overtime", "overtime", "satisfaction", "substantiation")


def answered(tale: Tale) -> int:
    """From the inquiry to a reply that stands, called back where that is asked; when that is through."""
    since, due = tale.ready_at, tale.answer_due
    if tale.good:
        due = min(due, tale.office.closing(tale.taken_at, 6))
    returns = int(tale.chance(0.1)) if tale.good else tale.dice.choice((0, 0, 0, 1, 1, 2))
    first = min((fact.at for fact in tale.facts if fact.what == "dispatched"), default=tale.received_at)
    while True:
        reach = tale.done(since, due, latest=0.4 if returns else 0.9)
        stopped = returns > 0 and tale.chance(0.3) and len(tale.way) > 2
        _replied(tale, since, reach, stopped)
        if stopped:  # on its way up, so that the centre still waits for it
            since = _not_good(tale, reach + tale.a_while(2), tale.way[-2], "audit")
        else:
            _progress(tale, first, reach)
            if returns and tale.chance(0.5):
                at, stage = reach + tale.a_while(60 if tale.amiss(0.3) else 2), "audit"
            else:
                at, stage = _called_back(tale, reach, bool(returns)), "callback"
            if not returns:
                return at
            since = first = _not_good(tale, at, tale.way[0], stage)
        returns -= 1
        if tale.amiss(0.15):
            tale.abandoned = tale.chance(0.6)
            return since


def _progress(tale: Tale, since: int, until: int) -> None:
    """The daily report on important and major complaints, from the day after `since` to the reply."""
    if tale.grade not in ("important", "major"):
        return
    unit, number = tale.handler, 1
    superior = unit[:-2] if level_of(unit) in ("city", "county") else HEADQUARTERS
    while (midnight := tale.office.midnight(since, number)) < until:
        at = tale.done_any_hour(midnight + 8 * HOUR, midnight + REPORT_BY)
        if at < until and not tale.amiss(0.15):
            tale.pass_on(at, "progress_reported", unit, superior)
        number += 1


def _replied(tale: Tale, since: int, reach: int, stopped: bool) -> None:
    """The reply goes up the way the complaint came down, to the centre or, `stopped`, no further than one step."""
    tale.verdict = _verdict(tale)
    told = dict(tale.verdict)
    told |= {} if tale.silent else {"customer_answered": not tale.amiss(0.2)}
    upward = tale.way[::-1][: 2 if stopped else len(tale.way)]
    hops = max(len(upward) - 1, 1)
    shares = sorted(0.8 + 0.2 * tale.dice.random() for _ in range(hops - 1))
    times = [*(tale.office.share(since, reach, share) for share in shares), reach]
    for number, at in enumerate(times):
        what, unit = ("reply_passed", upward[number]) if number else ("replied", upward[0])
        if number == hops - 1 and not stopped and tale.chance(0.4):
            tale.tell(at, what, unit, **told)  # whoever says nothing more means the centre
        elif len(upward) > 1:
            tale.pass_on(at, what, unit, upward[number + 1], **told)
        else:
            tale.tell(at, what, unit, **told)


def _verdict(tale: Tale) -> dict[str, Any]:
    """Whether the utility was to blame, and if not, on which ground."""
    if tale.chance(0.6):
        return {"substantiated": True}
    reasons = NO_GROUND if tale.amiss(0.2) else UNFOUNDED
    return {"substantiated": False, "unsubstantiated_reason": tale.dice.choice(reasons)}


def _not_good(tale: Tale, at: int, unit: str, stage: str) -> int:
    """The reply goes back to whoever gave it; when."""
    tale.pass_on(at, "reply_returned", unit, tale.handler, stage=stage, reason="incomplete")
    return at


def _called_back(tale: Tale, reach: int, returns: bool) -> int:
    """The national centre asks the customer whether that is right; when it has done so, or given up."""
    wanted = not tale.silent and tale.told.get("callback_wanted") is not False
    if not (wanted and level_of(tale.way[0]) == "national") and not tale.amiss(0.2):
        return reach
    if tale.amiss(0.15):
        return reach + tale.a_while(2)
    due = tale.office.closing(reach, 1)
    at = tale.done(reach, due, latest=0.5 if returns else 0.9)
    fate = 1.0 if returns else tale.dice.random()
    if fate < 0.05:
        return _waived(tale, at)
    if fate < 0.3:
        return _tried(tale, at)
    return _reached(tale, at, returns)


def _reached(tale: Tale, at: int, returns: bool) -> int:
    told = {"satisfied": not returns and tale.chance(0.9)}
    tale.tell(at, "callback", NATIONAL, reached=True, **told)
    return at


def _failed(tale: Tale, at: int) -> bool:
    """A call that nobody answered; whether it counts as a try."""
    told: dict[str, Any] = {"cause": "centre" if tale.chance(0.08) else "customer"}
    if tale.chance(0.1):
        told["agreed_for"] = at + tale.a_while(20)
    if told["cause"] == "customer" and tale.chance(0.3):
        del told["cause"]
    tale.tell(at, "callback", NATIONAL, reached=False, **told)
    return told.get("cause") != "centre"


def _tried(tale: Tale, at: int) -> int:
    """A series of calls: on enough days, three a day, two hours apart; among troubles too few, or too close."""
    dice, days = tale.dice, Counter[int]()
    enough = SERIES.get(tale.grade, 1)
    for _ in range(12):
        day, counted_at = tale.office.midnight(at), None
        while at < day + 20 * HOUR:
            if _failed(tale, at) and (counted_at is None or at - counted_at >= 2 * HOUR):
                days[day], counted_at = days[day] + 1, at
            at += 2 * HOUR + (between(dice, -MINUTE, HOUR) if not tale.amiss(0.2) else dice.choice((0, -1, -HOUR)))
            if tale.chance(0.05):
                return _reached(tale, at, False)
            if days[day] >= 3 or (tale.chance(0.05) if tale.good else tale.chance(0.12)):
                break  # a thin day, which does not count, or a full one
        if sum(tries >= 3 for tries in days.values()) >= enough or tale.amiss(0.1):
            break
        at = tale.office.midnight(day, 1) + between(dice, 8 * HOUR, 10 * HOUR)
    return at if tale.amiss(0.3) else _waived(tale, at)


def _waived(tale: Tale, at: int) -> int:
    at += between(tale.dice, SECOND, HOUR)
    tale.tell(at, "callback_waived", NATIONAL, approved_by="Zhang Wei", reason="customer not reached")
    tale.approved = True
    return at


def finished(tale: Tale, at: int) -> None:
    """Judged, closed, and argued about before or after."""
    centre = tale.way[0]
    if tale.chance(0.5):
        at += tale.a_while(4)
        tale.tell(at, "judged", centre, **(_verdict(tale) if tale.chance(0.1) else tale.verdict))
    told: dict[str, Any] = {"approved_by": "Li Na"} if tale.approved else {}
    if tale.amiss(0.05):
        tale.tell(at, "taken_over", tale.local[:2])
    closed_at = at + tale.a_while(8)
    if not (tale.abandoned or tale.amiss(0.08)):
        tale.tell(closed_at, "closed", centre, **told)
    if tale.chance(0.12 if tale.good else 0.35):
        _argued(tale, at + between(tale.dice, 0, 2 * (closed_at - at) + DAY))


def _argued(tale: Tale, at: int) -> None:
    """An appeal through the province, and a final one to the head office when that does not settle it."""
    about = tale.dice.choice(ABOUT)
    told: dict[str, Any] = {} if about == "substantiation" and tale.chance(0.5) else {"about": about}
    province = tale.local[:2]
    granted = tale.chance(0.5)
    if not tale.amiss(0.15):
        tale.pass_on(at, "appeal_filed", province, NATIONAL, stage="initial", **told)
        at += tale.a_while(48)
        if not tale.amiss(0.15):
            tale.tell(at, "appealed", NATIONAL, stage="initial", granted=granted, **told)
        if tale.chance(0.6):
            return
    at += tale.a_while(48)
    tale.pass_on(at, "appeal_filed", province, HEADQUARTERS, stage="final", **told)
    at += tale.a_while(48)
    granted = tale.chance(0.5)
    tale.tell(at, "appealed", HEADQUARTERS, stage="final", granted=granted, **told)
    if about == "substantiation" and granted:
        tale.tell(at + MINUTE, "judged", NATIONAL, **_verdict(tale))
