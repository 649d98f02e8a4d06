"""Incidents of a simulated world: complaints of one customer about one event, with article 12 on and nothing else.

As in `tests.simulation.complaints` a world lives some minutes only and begins shortly before something that matters.
No ticket is so old that it would be forgotten. Facts on their way are meddled with: told again, told by another
installation, and rubbish put between them.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from random import Random

import msgspec

from cli.rulebook_files import folder, texts
from sla.rulebook import parse
from streams.publisher import Outgoing
from tests.second_reading.incidents import incident
from tests.second_reading.repair import instant
from tests.second_reading.repeated import MONTHS, stands, window_end
from tests.simulation.complaints import moved, squeezed
from tests.sla.test_units import UNITS

RULES = ("complaint/repeated-service", "complaint/repeated-quality")
YOUNG = timedelta(days=85)
"""A complaint is forgotten 90 days after its last event; worlds end before."""
BEFORE_MS = 240_000
APP_HEADER = "app"


def _law():
    files = texts(folder("sgcc-2014"))
    kept = {
        path: text.replace("off      = true\n", "")
        for path, text in files.items()
        if not path.startswith(("complaint/", "repair/", "clauses")) or path.removesuffix(".toml") in RULES
    }
    return parse({**kept, "units.toml": UNITS}).keyed(b"for the simulation only")


LAW = _law()
"""Article 12 alone: what the other rules make of complaints is seen in the other worlds."""


def told(dice: Random, life: timedelta) -> tuple[datetime, list[dict]]:
    """When a world of incidents begins, and the events of one or two of them; it lives about so long."""
    start, events = None, []
    for number in range(dice.choice((1, 1, 2))):
        drawn = _drawn(number, dice)
        chosen = _moment(drawn, dice)
        within = timedelta(milliseconds=dice.randint(1, BEFORE_MS))
        if start is None:
            start = chosen - within
        else:
            drawn = [moved(event, start + within - chosen) for event in drawn]
        events += squeezed(drawn, start, start + life, dice)
    return start, events


def _drawn(number: int, dice: Random) -> list[dict]:
    """The complaints about one incident, mostly so many that somebody is told of it."""
    for _ in range(20):
        drawn = incident(dice, number)
        young = min(event["time"] for event in drawn) + YOUNG
        early = [event for event in drawn if event["time"] < young]
        if any(stands(early, young).values()) or dice.random() < 0.1:
            break
    if dice.random() < 0.2:  # the unit above steps in
        some = dice.choice(drawn)
        name = f"e{1 + sum(event['subject'] == some['subject'] for event in drawn)}"
        at = some["time"] + timedelta(days=dice.randint(0, 30), seconds=1)
        drawn.append({**some, "id": name, "type": "complaint.taken_over", "time": at, "data": {}})
    return [{**event, "time": event["time"].isoformat()} for event in drawn]


def _moment(events: list[dict], dice: Random) -> datetime:
    """An instant at which something of an incident happens or its time is over, while all of it is remembered."""
    first = min(instant(event["time"]) for event in events)
    instants = [instant(event["time"]) for event in events if event["type"] != "complaint.accepted"]
    for closed in [instant(event["time"]) for event in events if event["type"] == "complaint.closed"]:
        instants += [window_end(closed, months) for months in set(MONTHS.values())]
    fit = [at for at in instants if at < first + YOUNG]
    return dice.choice(fit or [first])


def meddled(dice: Random, fact: Outgoing) -> Iterator[tuple[int, Outgoing]]:
    """What becomes of a fact beside itself: records, each so many microseconds after it."""
    if dice.random() < 0.15:
        yield dice.choice((1000, dice.randint(0, 30_000_000))), fact
    if dice.random() < 0.1:
        said = msgspec.json.decode(fact.value)
        otherwise = {"counts": not said["counts"]} if "counts" in said else {}
        other = msgspec.json.encode({**said, **otherwise, "revision": said["revision"] + 100})
        headers = tuple((name, b"another" if name == APP_HEADER else value) for name, value in fact.headers)
        yield dice.randint(0, 5_000_000), msgspec.structs.replace(fact, value=other, headers=headers)
    if dice.random() < 0.05:
        rubbish = dice.choice((None, b"{not json", b'{"ticket":7}'))
        yield dice.randint(0, 5_000_000), msgspec.structs.replace(fact, value=rubbish)
