"""Incidents drawn at random for article 12: month ends, leap days, late judgements, appeals, corrections, disorder."""

from datetime import UTC, datetime, timedelta

from tests.second_reading.repeated import window_end

CATEGORIES = ("service", "business", "outage", "power_quality", "grid_construction")
ANCHORS = tuple(
    datetime(*day, tzinfo=UTC)
    for day in (
        (2023, 12, 31),
        (2024, 2, 29),
        (2023, 12, 29),
        (2025, 8, 31),
        (2025, 12, 30),
        (2026, 1, 15),
        (2024, 4, 30),
    )
)
SECOND = timedelta(seconds=1)
DAY = timedelta(days=1)


def incident(dice, number):
    """All complaints of one customer about one event, as raw events in any order; some lie exactly on a boundary."""
    category = dice.choice(CATEGORIES)
    months = 2 if category in CATEGORIES[:3] else 6
    closed = dice.choice(ANCHORS) + timedelta(seconds=dice.randrange(-86400, 86400))
    told = []
    for order in range(dice.randint(1, 7)):
        ticket = f"{number}-{order}"
        if order == 0:
            accepted = closed - timedelta(days=dice.randint(1, 20))
        else:
            accepted = closed + timedelta(seconds=dice.randrange(-5 * 86400, months * 33 * 86400))
            if dice.random() < 0.15:
                accepted = window_end(closed, months) + dice.choice((-SECOND, timedelta(0), SECOND))
        told += _complaint(
            dice, ticket, f"c{number}", f"i{number}", _category(dice, category), accepted, closed, order
        )
    dice.shuffle(told)
    return told


def _category(dice, category):
    group = CATEGORIES[:3] if category in CATEGORIES[:3] else CATEGORIES[3:]
    return dice.choice(group) if dice.random() < 0.95 else dice.choice(CATEGORIES)


def _complaint(dice, ticket, customer, about, category, accepted, closed, order):
    events = []

    def tell(at, type_, **data):
        events.append(
            {
                "specversion": "1.0",
                "id": f"e{len(events) + 1}",
                "source": "95598/test",
                "type": f"complaint.{type_}",
                "subject": ticket,
                "time": at,
                "data": data,
            }
        )

    named = {"customer": customer, "incident": about, "category": category}
    if dice.random() < 0.03:
        named["anonymous"] = True
    if dice.random() < 0.05:
        named["incident"] = f"{about}-other"
    tell(accepted, "accepted", **named)
    at = accepted + timedelta(days=dice.randint(1, 40), seconds=dice.randrange(86400))
    if dice.random() < 0.85:
        tell(at, "replied", substantiated=dice.random() < 0.75)
    if dice.random() < 0.2:
        tell(at + DAY, "judged", substantiated=dice.random() < 0.5)
    if dice.random() < 0.25:
        appeal = {"granted": dice.random() < 0.6}
        if dice.random() < 0.5:
            appeal["about"] = dice.choice(("classification", "return", "overtime", "satisfaction", "substantiation"))
        if dice.random() < 0.2:
            appeal["substantiated"] = dice.random() < 0.5
        tell(at + timedelta(days=dice.randint(1, 30)), "appealed", **appeal)
    if dice.random() < 0.1:
        tell(
            at + 2 * DAY,
            "corrected",
            **dice.choice(({"substantiated": False}, {"incident": about}, {"category": category})),
        )
    if order == 0 and dice.random() < 0.95:
        tell(closed, "closed")
    elif order and dice.random() < 0.8:
        tell(at + timedelta(days=dice.randint(1, 10)), "closed")
    if dice.random() < 0.06:
        tell(at + timedelta(days=dice.randint(1, 30)), "taken_over")
    if dice.random() < 0.06 and len(events) > 1:
        voided = dice.choice(events)["id"]
        tell(at + 3 * DAY, "voided", event_id=voided)
    return events
