"""What the ticket systems of a simulated world send: lives of a few tickets, delivered badly, and rubbish between.

Every record is planned before the world starts, with the instant at which the broker takes it. What must become
of a record (an event that counts, or a dead letter) follows from the logs alone and is worked out in
`tests.simulation.judgement`.
"""

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from zlib import crc32

from cli.generate import lives
from tests.simulation.complaints import told as complaints
from tests.simulation.incidents import told as incidents
from tests.simulation.plan import INCIDENTS, Plan

START = datetime.fromisoformat("2026-11-23T08:00:00+08:00")
"""Virtual time zero of a world without complaints; complaints choose theirs."""
LIFE = timedelta(minutes=5)
PASSED_ON = ("accepted", "dispatched", "received", "returned", "corrected", "voided", "closed")


@dataclass(slots=True)
class Sent:
    """A record on its way: when the broker takes it (microseconds), for which partition."""

    us: int
    partition: int
    key: bytes
    value: bytes
    subject: str = ""


def draw(dice: Random, plan: Plan) -> tuple[int, list[Sent]]:
    """Virtual time zero of a world in microseconds, and all its records in order of their taking."""
    if plan.business == INCIDENTS:
        start, told = incidents(dice, LIFE)
    else:
        start, told = (START, []) if plan.business == "repair" else complaints(dice, LIFE)
    if plan.business in ("repair", "both"):
        told = told + _repairs(
            dice, start, dice.choice((1, 1, 2, 2, 3, 4) if plan.business == "repair" else (1, 1, 2))
        )
    start_us = us_of(start.isoformat())
    way = dice.choice(("live", "live", "live", "backlog", "mixed"))
    sent: list[Sent] = []
    for event in told:
        happened_us = us_of(event["time"])
        old = way == "backlog" or (way == "mixed" and crc32(event["subject"].encode()) % 2)
        us = start_us + dice.randint(0, 20_000_000) if old else happened_us + _delay(dice, plan.late)
        if us < start_us and dice.random() < plan.late / 4:  # history that comes long after
            us = start_us + dice.randint(0, 300_000_000)
        record = _record(event, us, plan.partitions)
        sent.append(record)
        if dice.random() < 0.1:
            again_us = us + dice.choice((0, 1000, dice.randint(0, 100_000_000)))
            sent.append(_record(event, again_us, plan.partitions))
        if dice.random() < 0.05:
            sent.append(_rubbish(dice, event, us + dice.randint(-5_000_000, 60_000_000), plan.partitions))
    sent.sort(key=lambda record: record.us)
    for record in sent:
        record.us = max(record.us, start_us)
    return start_us, sent


def us_of(text: str) -> int:
    """An RFC 3339 time in microseconds since 1970."""
    return round(datetime.fromisoformat(text).timestamp() * 1e6)


def _repairs(dice: Random, start: datetime, tickets: int) -> list[dict]:
    """The events of a few repairs, without the long tail of the repair itself; the rest is drawn together."""
    events = []
    span = timedelta(minutes=dice.choice((0, 1, 3)))
    for event in lives(tickets, dice.randrange(1 << 30), start, span, trouble=0.7):
        if event["type"].removeprefix("repair.") not in PASSED_ON and dice.random() < 0.9:
            continue
        over = datetime.fromisoformat(event["time"]) - start - LIFE
        if over > timedelta(0):
            time = start + LIFE + over / 120
            events.append({**event, "time": time.isoformat(timespec="milliseconds")})
        else:
            events.append(event)
    return events


def _delay(dice: Random, late: float) -> int:
    """From happening to being taken: usually well within the grace, sometimes long; a clock may be ahead."""
    if dice.random() >= late:
        return dice.randint(2_000, 90_000)
    return dice.choice(
        (
            dice.randint(150_000, 250_000),
            dice.randint(0, 2_000_000),
            dice.randint(0, 60_000_000),
            dice.randint(0, 120_000_000),
            -dice.randint(0, 3_000_000),
        )
    )


def _record(event: dict, us: int, partitions: int) -> Sent:
    subject = event["subject"]
    value = json.dumps(event).encode()
    return Sent(us, crc32(subject.encode()) % partitions, subject.encode(), value, subject)


def _rubbish(dice: Random, event: dict, us: int, partitions: int) -> Sent:
    """A record that must become a dead letter: no event, a wrong key, or an event that contradicts another."""
    record = _record(event, us, partitions)
    kind = dice.choice(("json", "no zone", "key", "conflict", "conflict", "null"))
    if kind == "json":
        record.value = b"{not json"
    elif kind == "no zone":
        record.value = json.dumps({**event, "time": event["time"][:19]}).encode()
    elif kind == "key":
        record.key = b"another"
    elif kind == "conflict":
        changed = {**event, "data": {**event["data"], "reason": f"another {dice.randrange(1000)}"}}
        record.value = json.dumps(changed).encode()
    else:
        record.value = None
    return record
