"""The complaints of the demo: a few between the repairs, each made for one limit that runs in minutes.

Complaints take days, so the drawn ones would show nothing within an hour. These break or nearly break what is over
sooner: 20 minutes to dispatch, 60 to send out again, 30 to tell the province, 5 to report. Some came in before the
storm. Pure, like the script they are part of. Used by `cli.demo_script` only.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, NamedTuple

CENTRE = {"unit": "NCSC", "level": "national"}


class Told(NamedTuple):
    """Something that happens so many minutes after the storm begins."""

    minute: float
    what: str
    who: dict[str, str]
    data: dict[str, Any]


class Scene(NamedTuple):
    """One complaint, and by which minute all has been seen that it is there for."""

    over: float
    told: tuple[Told, ...]


def _unit(code: str) -> dict[str, str]:
    return {"unit": code, "level": "hq" if code == "SGCC" else {2: "province", 4: "city"}[len(code)]}


def _to(code: str) -> dict[str, str]:
    return {f"to_{name}": value for name, value in _unit(code).items()}


def _accepted(minute: float, hung_up: float, **data: Any) -> Told:
    return Told(minute, "accepted", CENTRE, {"via": "phone", "hung_up_at": hung_up, "category": "service", **data})


def _dispatched(minute: float, code: str, by: dict[str, str] = CENTRE) -> Told:
    return Told(minute, "dispatched", by, _to(code))


def _returned(minute: float, code: str, ground: str) -> Told:
    to_centre = {"to_unit": "NCSC", "to_level": "national", "ground": ground}
    return Told(minute, "returned", _unit(code), to_centre)


SCENES = (
    # Major, and the head office hears of it nine minutes late; then it is dispatched late, too.
    Scene(
        28,
        (
            _accepted(1, 3, grade="major", forwarded_by="state_organ"),
            Told(15, "notified", CENTRE, {"to": "hq_marketing", "by": "phone"}),
            _dispatched(27, "42"),
            Told(28, "received", _unit("42"), {"handling": "direct"}),
        ),
    ),
    # Important, and nobody tells the province.
    Scene(
        23,
        (
            _accepted(-16, -14, grade="important", supervised_by="county"),
            _dispatched(-8, "33"),
            _dispatched(6, "3305", _unit("33")),
            Told(17, "received", _unit("3305"), {"handling": "direct"}),
        ),
    ),
    # Returned before the storm, and sent out again nine minutes late.
    Scene(
        25,
        (
            _accepted(-70, -68),
            _dispatched(-55, "44"),
            _returned(-45, "44", "core_content_missing"),
            _dispatched(24, "44"),
        ),
    ),
    # In all the news, and taken for a general one; put right soon enough for everything else.
    Scene(
        20,
        (
            _accepted(8, 9, grade="general", media="national"),
            Told(16, "graded", CENTRE, {"grade": "special"}),
            Told(18, "notified", CENTRE, {"to": "hq_marketing", "by": "mail"}),
            _dispatched(20, "SGCC"),
        ),
    ),
    # Returned, and sent out again when it had been warned of three times.
    Scene(
        53,
        (
            _accepted(-30, -27),
            _dispatched(-15, "51"),
            _returned(-6, "51", "not_our_area"),
            _dispatched(52, "50"),
        ),
    ),
    # Left lying.
    Scene(54, (_accepted(32, 33),)),
)


def complaints(start: datetime, length: timedelta, first: int) -> list[dict[str, Any]]:
    """The events of the complaints of a storm, in order of time, those from before it too.

    A complaint that the storm is too short for does not come. `first` is the number of the first one's ticket.
    """
    scenes = [scene for scene in SCENES if timedelta(minutes=scene.over) <= length]
    events = [
        _event(told, f"{start:%Y%m%d}{first + place:05d}", f"e-c{place}-{number}", start)
        for place, scene in enumerate(scenes)
        for number, told in enumerate(scene.told)
    ]
    return sorted(events, key=lambda event: datetime.fromisoformat(event["time"]))


def _event(told: Told, subject: str, id_: str, start: datetime) -> dict[str, Any]:
    data = {**told.who, **told.data}
    if "hung_up_at" in data:
        data["hung_up_at"] = _at(start, data["hung_up_at"])
    return {
        "specversion": "1.0",
        "id": id_,
        "source": "95598/ncsc",
        "type": f"complaint.{told.what}",
        "subject": subject,
        "time": _at(start, told.minute),
        "data": data,
    }


def _at(start: datetime, minute: float) -> str:
    return (start + timedelta(minutes=minute)).isoformat(timespec="milliseconds")
