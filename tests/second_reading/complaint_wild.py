"""Complaints as no desk would live them: any event at any time with any attributes, from a seed.

It exists because lives that make sense leave corners of the law untouched. Only the tests of the second reading
import it.
"""

from datetime import datetime, time, timedelta
from random import Random

from tests.second_reading.complaint_time import moment_of
from tests.second_reading.repair import instant

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
DAYS = (
    "2026-02-13",
    "2026-04-03",
    "2026-09-29",
    "2026-10-09",
    "2026-11-20",
    "2026-11-23",
    "2026-12-22",
    "2026-12-30",
)
LEVELS = ("national", "national", "province", "province", "city", "county", "hq", None)
UNITS = {"national": "NCSC", "province": "32", "city": "3201", "county": "320105", "hq": "HQ"}
GRADES = ("special", "major", "major", "important", "important", "general", None)
YES_NO = (True, True, False, None)
SELDOM = (None, None, None, None, None, None, True, False)
GROUNDS = ("not_our_area", "core_content_missing", "other")
OFTEN = {
    "dispatched": 5,
    "returned": 3,
    "received": 3,
    "graded": 3,
    "notified": 3,
    "progress_reported": 4,
    "replied": 5,
    "reply_passed": 2,
    "reply_returned": 3,
    "callback": 6,
    "closed": 1,
}
KINDS = (
    "dispatched",
    "returned",
    "received",
    "graded",
    "notified",
    "progress_reported",
    "replied",
    "reply_passed",
    "reply_returned",
    "callback",
    "closed",
    "accepted",
    "reprocessed",
    "customer_contacted",
    "deadline_set",
    "evidence_added",
    "evidence_removed",
    "callback_waived",
    "judged",
    "appeal_filed",
    "appealed",
    "withdrawn",
    "urged",
    "corrected",
    "voided",
)
CHAINS = (
    ("dispatched", "returned", "received", "reprocessed", "replied", "closed"),
    ("dispatched", "graded", "notified", "corrected"),
    ("dispatched", "progress_reported", "replied", "reply_returned", "graded", "closed"),
    ("dispatched", "replied", "corrected", "appealed"),
    ("callback", "callback", "callback", "callback_waived", "reply_returned", "closed"),
    ("replied", "reply_passed", "reply_returned", "callback", "closed"),
    ("replied", "reply_returned", "deadline_set", "customer_contacted", "closed"),
    ("evidence_added", "evidence_removed", "closed", "graded"),
)
"""What has to do with one another: long chains of the same acts, which a mixture of all never has."""
TOLD = {
    "accepted": {
        "via": ("phone", "phone", "web", "letter", None),
        "grade": GRADES,
        "channel": (None, None, None, "95598", "other"),
        "anonymous": SELDOM,
        "confidential": SELDOM,
        "callback_wanted": SELDOM,
        "forwarded_by": (None, None, "state_organ", "power_authority", "provincial_government"),
        "collective": SELDOM,
        "supervised_by": (None, None, "county", "city", "province_or_above"),
        "media": (None, None, "city", "provincial", "national"),
        "quality_event": (None, None, None, 5, 6, 7, 8),
        "will_go_public": SELDOM,
    },
    "received": {"handling": ("forward", "direct", None)},
    "returned": {"ground": GROUNDS},
    "graded": {"grade": GRADES, "media": (None, None, "city", "provincial"), "collective": SELDOM},
    "notified": {"to": ("hq_marketing", "province_csc")},
    "customer_contacted": {"reached": YES_NO},
    "callback": {"reached": (False, False, False, True, None), "cause": ("customer", "customer", "centre", None)},
    "evidence_added": {"bytes": (1, 2_000_000, 5_242_880, 3_242_880, None)},
    "evidence_removed": {"bytes": (1, 2_000_000)},
    "replied": {
        "customer_answered": (None, True, False),
        "unsubstantiated_reason": (None, "withdrawn", "satisfied", "facts_differ"),
    },
    "reply_passed": {"customer_answered": (None, True, False)},
    "judged": {"unsubstantiated_reason": ("withdrawn", "no_such_rule")},
    "appeal_filed": {"stage": ("initial", "final"), "about": ("overtime", "return")},
    "appealed": {"stage": ("initial", "final"), "about": ("overtime", "overtime", "return"), "granted": YES_NO},
    "corrected": {
        "grade": GRADES,
        "channel": (None, None, None, "95598", "other"),
        "via": (None, None, None, "letter", "web"),
        "anonymous": SELDOM,
        "callback_wanted": SELDOM,
        "force_majeure": SELDOM,
        "will_go_public": SELDOM,
    },
}
SENT = ("dispatched", "returned", "replied", "reply_passed", "notified")


def complaint(ticket: str, dice: Random) -> list[dict]:
    """Draw the events of one complaint, in no order."""
    began = instant(f"{dice.choice(DAYS)}T{dice.choice(('08:10', '11:40', '16:20', '23:30'))}:00+08:00")
    events = [happening(ticket, "accepted", began, dice)] if dice.random() < 0.97 else []
    kinds = KINDS if dice.random() < 0.3 else dice.choice(CHAINS)
    spread = dice.choice((30 * MINUTE, 3 * HOUR, 2 * DAY, 12 * DAY))
    for _ in range(dice.randint(1, 24)):
        kind = dice.choices(kinds, [OFTEN.get(kind, 1) for kind in kinds])[0]
        at = a_time(events, began, spread, dice)
        event = happening(ticket, kind, at, dice)
        if kind == "voided":
            victim = dice.choice(events or [event])
            event["data"] = {"event_id": victim["id"], "event_source": victim["source"]}
        events.append(event)
    if dice.random() < 0.1:
        events += tries(ticket, began, dice)
    return list({(event["source"], event["id"]): event for event in events}.values())


def tries(ticket: str, began: datetime, dice: Random) -> list[dict]:
    """Draw days of calls that fail, as many and as far apart as they should be, or nearly."""
    events = []
    for day in range(dice.randint(1, 7)):
        at = began.replace(hour=9) + (day + 1) * DAY
        for _ in range(dice.choice((2, 3, 3, 3, 4))):
            event = happening(ticket, "callback", at, dice)
            event |= {"id": f"e-{50 + len(events)}", "data": {"reached": False}}
            events.append(event)
            at += 2 * HOUR + timedelta(milliseconds=dice.choice((0, 0, 0, 0, 0, 0, 0, 1, -1)))
    return events


def a_time(events: list[dict], began: datetime, spread: timedelta, dice: Random) -> datetime:
    """Draw a time: anywhere, or where another event has just become due, or together with another."""
    if not events or dice.random() < 0.4:
        return began + dice.uniform(-0.05, 1) * spread // MINUTE * MINUTE if dice.random() < 0.5 else began + MINUTE
    other = instant(dice.choice(events)["time"])
    evening = moment_of((other + dice.choice((0, 1, 1, 8, 12)) * DAY).date(), time(17, 30))
    midnight = moment_of((other + dice.choice((1, 2)) * DAY).date(), time(0))
    terms = (5 * MINUTE, 20 * MINUTE, 30 * MINUTE, 60 * MINUTE, 2 * HOUR, 2 * HOUR, DAY, 0 * DAY)
    edge = dice.choice((evening, midnight, *(other + term for term in terms)))
    return edge + timedelta(milliseconds=dice.choice((-1, 0, 0, 0, 1)))


def happening(ticket: str, kind: str, at: datetime, dice: Random) -> dict:
    """Draw what is told of one event of a kind; only now and then by a source of its own."""
    data = {}
    level = dice.choice(LEVELS)
    if level is not None:
        data |= {"level": level, "unit": UNITS[level]}
    if kind in SENT and (to := dice.choice(LEVELS)) is not None:
        data |= {"to_level": to, "to_unit": UNITS[to]}
    for name, values in TOLD.get(kind, {}).items():
        if (value := dice.choice(values)) is not None:
            data[name] = value
    if kind in ("accepted", "corrected") and dice.random() < 0.3:
        data["hung_up_at"] = (at + dice.choice((0, 4, 60)) * MINUTE).isoformat()
    if kind == "deadline_set":
        data["due_at"] = (at + dice.choice((-1, 1, 24, 100)) * HOUR).isoformat()
    return {
        "specversion": "1.0",
        "id": f"e-{dice.randint(1, 40)}",
        "source": dice.choice(("a", "a", "b")),
        "type": f"complaint.{kind}",
        "subject": ticket,
        "time": at.isoformat(),
        "data": data,
    }
