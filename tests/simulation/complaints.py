"""Complaints of a simulated world: weeks of history, and minutes in which something of it happens or falls due.

A world lives some minutes only, so the first complaint says when that is: shortly before an instant at which one of
its limits runs out, a day of reports begins or somebody acts. Whatever came before is told as history, what comes
long after is dropped or squeezed into the world. `tests.simulation.workload` delivers it.
"""

from datetime import datetime, time, timedelta
from random import Random

from cli.generate import lives
from tests.second_reading.complaint import read
from tests.second_reading.complaint_time import local_day, moment_of
from tests.second_reading.complaint_wild import DAYS, complaint
from tests.second_reading.repair import instant

INSTANTS = ("hung_up_at", "due_at", "agreed_for")
BEFORE = timedelta(seconds=240)
"""The instant by which a world was chosen comes this long after its beginning, or sooner."""
BEYOND = 0.03
"""So often a due time that the calendar does not tell is welcome: it says so in alerts that never end."""
WEEKS = timedelta(weeks=8)


def told(dice: Random, life: timedelta) -> tuple[datetime, list[dict]]:
    """When a world of complaints begins, and the events of one to three of them; it lives about so long."""
    start, events = None, []
    for number in range(dice.choice((1, 1, 2, 3))):
        drawn = _drawn(f"c{number}", dice)
        chosen = _moment(drawn, dice)
        within = timedelta(milliseconds=dice.randint(1, BEFORE // timedelta(milliseconds=1)))
        if start is None:
            start = chosen - within
        elif dice.random() < 0.5:
            drawn = [moved(event, start + within - chosen) for event in drawn]
        else:  # whole days keep the hours of the offices
            drawn = [moved(event, timedelta(days=(local_day(start) - local_day(chosen)).days)) for event in drawn]
        events += squeezed(drawn, start, start + life, dice)
    return start, events


def _drawn(ticket: str, dice: Random) -> list[dict]:
    """A complaint as desks live it, well or badly, or as none does; mostly within the calendar."""
    if dice.random() < 0.4:
        for _ in range(20):
            drawn = complaint(ticket, dice)
            if dice.random() < BEYOND or all(c["outcome"] != "unknown" for c in read(drawn, None).values()):
                return drawn
    begun = moment_of(datetime.fromisoformat(dice.choice(DAYS[:-2])).date(), time(dice.randrange(24)))
    seed, trouble = dice.randrange(1 << 30), dice.choice((0.0, 1.0, 1.0, 1.0))
    return [{**e, "subject": ticket} for e in lives(1, seed, begun, timedelta(hours=1), trouble, "complaint")]


def _moment(events: list[dict], dice: Random) -> datetime:
    """An instant at which a limit or a part of it runs out, a day of reports begins, or something happens."""
    latest = max(instant(event["time"]) for event in events)
    instants: dict[str, list[datetime]] = {}
    for (_, rule, *_), came in read(events, latest + WEEKS).items():
        of_rule = instants.setdefault(rule, [])
        of_rule += [silence["past"] for silence in came["since"].values()]
        if came["due_at"] is not None and (came["stopped_at"] is None or came["stopped_at"] > came["due_at"]):
            of_rule.append(came["due_at"])
            if rule == "complaint/progress":
                of_rule.append(moment_of(local_day(came["due_at"]), time(0)))
    rules = sorted(rule for rule, of_rule in instants.items() if of_rule)
    if not rules or dice.random() < 0.35:
        return instant(dice.choice(events)["time"])
    return dice.choice(instants[dice.choice(rules)])  # a rule first, so that one of many clocks is no likelier


def squeezed(events: list[dict], start: datetime, end: datetime, dice: Random) -> list[dict]:
    """What lies beyond the end is never told, or told within the world, in its order."""
    later = sorted((e for e in events if instant(e["time"]) > end), key=lambda event: instant(event["time"]))
    kept = [event for event in events if instant(event["time"]) <= end]
    if later and dice.random() < 0.5:
        since = start + (end - start) * dice.random()
        step = (end - since) / len(later)
        for number, event in enumerate(later):
            # Now and then two of them at one instant.
            at = since + step * (number + dice.choice((0, dice.random())))
            kept.append({**event, "time": at.isoformat(timespec="milliseconds")})
    return kept


def moved(event: dict, by: timedelta) -> dict:
    """The same event some time later, with the instants that it names."""
    data = {
        name: (instant(value) + by).isoformat() if name in INSTANTS else value
        for name, value in event["data"].items()
    }
    return {**event, "time": (instant(event["time"]) + by).isoformat(), "data": data}
