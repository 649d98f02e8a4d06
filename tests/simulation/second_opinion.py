"""What the second readings of both businesses say about the tickets of a world, in one form.

Each clock has how it came out, to be held against its published verdict and alerts, and by alert that fires what
must have been silent: through which instant, after which events were known. `tests.simulation.judgement` asks.
"""

from dataclasses import dataclass, field
from datetime import date, datetime
from urllib.parse import unquote

from tests.second_reading import complaint, repair
from tests.second_reading.repair import instant

Clock = tuple[str | None, ...]
"""Ticket, rule, source and id of the starting event, and the round where there is one."""
SHARES = {"warning-50": 0.5, "warning-80": 0.8, "breach": 1.0}
ENDLESS = ("complaint/callback-attempts", "complaint/callback-attempts-general", "complaint/evidence")
"""Duties without a due time: its absence says nothing of the calendar."""


@dataclass(slots=True)
class Silence:
    """What a firing alert rests on: nothing came through `past`, and the events `known` were in the log."""

    past: datetime
    known: list[tuple[str, str]]


@dataclass(slots=True)
class Opinion:
    """How one clock came out."""

    came: dict
    firing: dict[str, Silence] = field(default_factory=dict)
    beyond_calendar: bool = False


def opinions(events: list[dict], until: datetime) -> dict[Clock, Opinion]:
    """What becomes of every clock of these events of any tickets, given silence up to `until`."""
    complaints = [event for event in events if event["type"].startswith("complaint.")]
    found: dict[Clock, Opinion] = {}
    for clock, came in complaint.read(complaints, until).items():
        since = {level: Silence(**told) for level, told in came.pop("since").items()}
        beyond = came["due_at"] is None and clock[1] not in ENDLESS
        found[clock] = Opinion(came | {"alerts": came["alerts"] | came.pop("warned")}, since, beyond)
    for clock, came in repair.read([e for e in events if not e["type"].startswith("complaint.")], until).items():
        term, start = came["due_at"] - came["started_at"], clock[2:4]
        past = {level: came["started_at"] + term * share for level, share in SHARES.items()}
        firing = [level for level, status in came["alerts"].items() if status == "firing"]
        found[clock] = Opinion(came, {level: Silence(past[level], [start]) for level in firing})
    return found


def clock_of(clock_id: str) -> Clock:
    """The clock that an id names."""
    ticket, business, rule, source, start, *day = (unquote(part) for part in clock_id.split("/"))
    round_ = () if business == "repair" else (day[0] if day else None,)
    return (ticket, f"{business}/{rule}", source, start, *round_)


def as_read(data: dict, alerts: dict) -> dict:
    """A published verdict and the last status of its alerts, in the words of the second reading of its business."""
    times = {name: None if data.get(name) is None else instant(data[name]) for name in ("due_at", "stopped_at")}
    if data["rule"].startswith("repair/"):
        times["started_at"] = instant(data["started_at"])
        return {"outcome": data["outcome"], **times, **{name: data.get(name) for name in OWED_BY}, "alerts": alerts}
    kept = {"keep_until": date.fromisoformat(data["keep_until"])} if data.get("keep_until") else {}
    told = {name: data[name] for name in ("outcome", "reason", "excused")}
    return {**told, **times, "alerts": alerts, **kept}


OWED_BY = ("owner", "owner_level")
