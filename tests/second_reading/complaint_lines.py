"""Stories of complaints written one line an event, for the tests of the second reading.

It exists so that an example fits on few lines. Only the tests of the second reading import it.
"""

from datetime import datetime

from tests.second_reading.complaint import read

TODAY = "2026-11-23"
NUMBERS = ("bytes", "quality_event")
INSTANTS = ("hung_up_at", "due_at")


def at(clock: str) -> datetime:
    """Read a time of the examples: of a Monday without holidays, unless the day is named."""
    return datetime.fromisoformat(f"{clock if 'T' in clock else f'{TODAY}T{clock}'}+08:00")


def event(line: str, ticket: str = "t1") -> dict:
    """Write an event out of one line: time, id, what happened, and what is told of it."""
    clock, id_, what, *words = line.split()
    data: dict = dict(word.split("=") for word in words)
    source = data.pop("source", "s")
    for name, value in data.items():
        if name in NUMBERS:
            data[name] = int(value)
        elif name in INSTANTS:
            data[name] = at(value).isoformat()
        elif value in ("true", "false"):
            data[name] = value == "true"
    return {
        "specversion": "1.0",
        "id": id_,
        "source": source,
        "type": f"complaint.{what}",
        "subject": ticket,
        "time": at(clock).isoformat(),
        "data": data,
    }


def clocks(*lines: str, until: str | None = None) -> dict:
    """Read the lines; the results by rule, starting event and, where there is one, day."""
    results = read([event(line) for line in lines], at(until) if until else None)
    return {
        (rule.removeprefix("complaint/"), id_, *([day] if day else [])): came
        for (_, rule, _, id_, day), came in results.items()
    }


def rule(name: str, *lines: str, until: str | None = None) -> dict:
    """Read the lines; of one rule, (outcome, reason) by starting event and, where there is one, day."""
    found = clocks(*lines, until=until)
    return {" ".join(key[1:]): (c["outcome"], c["reason"]) for key, c in found.items() if key[0] == name}
