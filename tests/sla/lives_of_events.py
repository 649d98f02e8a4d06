"""How these tests tell the life of a ticket: short lines become real records, and what was said last is read back.

Every event goes through the reader of CloudEvents, so it is what a worker would see. Only tests import this.
"""

from datetime import datetime, timedelta, timezone
from functools import cache
from pathlib import Path

import msgspec

from sla import cloudevent
from sla.event import Event
from sla.publication import Channel, Output
from sla.rulebook import Rulebook, parse
from sla.step import Refusal, Step, step
from sla.ticket import Ticket
from sla.watch import Watch

RULEBOOKS = Path(__file__).resolve().parents[2] / "rulebooks"
CHINA = timezone(timedelta(hours=8))
DAY = "2026-11-23"
SUBJECT = "2026112300017"

ACCEPTED = "08:00:00 e1 accepted unit=NCSC level=national mode=1 hung_up_at=08:01:00"
"""Opens the clock `repair/dispatch`: warnings at 08:02:00 and 08:02:36, due at 08:03:00."""

TO_CITY = "dispatched unit=NCSC level=national to_unit=3201 to_level=city"
TO_PROVINCE = "dispatched unit=NCSC level=national to_unit=32 to_level=province"


@cache
def texts_of(name: str) -> dict[str, str]:
    """Read the files of a shipped rulebook, by their path in its folder."""
    folder = RULEBOOKS / name
    return {path.relative_to(folder).as_posix(): path.read_text(encoding="utf-8") for path in folder.rglob("*.toml")}


@cache
def shipped(name: str = "sgcc-2014") -> Rulebook:
    """Compile a shipped rulebook."""
    return parse(texts_of(name))


def changed(path: str, old: str, new: str, name: str = "sgcc-2014") -> dict[str, str]:
    """Change the first occurrence of a text in one file of a shipped rulebook."""
    texts = texts_of(name)
    assert old in texts[path], f"{path} no longer says {old!r}"
    return {**texts, path: texts[path].replace(old, new, 1)}


def instant(text: str) -> datetime:
    """Read `08:01:00`, a time of the day of these tests in China, or `2026-11-24T08:01:00`."""
    return datetime.fromisoformat(text if "T" in text else f"{DAY}T{text}").replace(tzinfo=CHINA)


def record(line: str, source: str = "s") -> dict:
    """Tell `08:00:00 e1 accepted mode=1` as a CloudEvent; the business is repair."""
    time, id_, type_, *words = line.split()
    data: dict = dict(word.split("=", 1) for word in words)
    if "mode" in data:
        data["mode"] = int(data["mode"])
    if "hung_up_at" in data:
        data["hung_up_at"] = instant(data["hung_up_at"]).isoformat()
    return {
        "specversion": "1.0",
        "id": id_,
        "source": source,
        "type": f"repair.{type_}",
        "subject": SUBJECT,
        "time": instant(time).isoformat(),
        "data": data,
    }


def event(line: str, source: str = "s", appended_at: datetime | None = None) -> Event:
    """Read a line as a worker reads its record."""
    raw = msgspec.json.encode(record(line, source))
    subject, read = cloudevent.read(raw, shipped().vocabulary, appended_at=appended_at)
    assert subject == SUBJECT
    return read


def body(output: Output) -> dict:
    """Open an output and give its data."""
    return msgspec.json.decode(output.value)["data"]


class Life:
    """One ticket on its way: tell it lines and let time pass, then ask what was said last of each clock."""

    def __init__(self, watch: Watch | None = None) -> None:
        self.watch = watch or Watch(shipped())
        self.ticket: Ticket | None = None
        self.outputs: list[Output] = []
        self.refused: list[tuple[str, Refusal]] = []

    def tell(self, *lines: str, source: str = "s", appended_at: str | None = None) -> Step:
        """Let the ticket hear of events, in one batch."""
        at = instant(appended_at) if appended_at else None
        return self.step([event(line, source, at) for line in lines])

    def quiet_until(self, text: str, microseconds: int = 0) -> Step:
        """Prove silence through an instant, and so many microseconds more."""
        return self.step([], instant(text) + timedelta(microseconds=microseconds))

    def step(self, events: list[Event], horizon: datetime | None = None) -> Step:
        """Do one step and keep what came of it."""
        stepped = step(self.ticket, SUBJECT, events, self.watch, horizon)
        self.ticket = stepped.ticket
        self.outputs += stepped.outputs
        self.refused += [(refused.id, reason) for refused, reason in stepped.refused]
        return stepped

    def said(self, channel: Channel, rule: str, start: str) -> list[dict]:
        """List all that was said of one clock on one channel, oldest first."""
        told = [body(output) for output in self.outputs if output.channel is channel]
        return [data for data in told if data["rule"] == rule and data["clock_id"].endswith(f"/{start}")]

    def verdicts(self, start: str = "e1", rule: str = "repair/dispatch") -> list[tuple[str, str]]:
        """List the outcomes and reasons of one clock, oldest first."""
        return [(data["outcome"], data["reason"]) for data in self.said(Channel.VERDICTS, rule, start)]

    def verdict(self, start: str = "e1", rule: str = "repair/dispatch") -> dict:
        """Give the last verdict of one clock."""
        return self.said(Channel.VERDICTS, rule, start)[-1]

    def alerts(self, start: str = "e1", rule: str = "repair/dispatch") -> dict[str, dict]:
        """Give the last word of each alert of one clock, by its level."""
        return {data["alert_id"].rpartition("/")[2]: data for data in self.said(Channel.ALERTS, rule, start)}

    def statuses(self, start: str = "e1", rule: str = "repair/dispatch") -> dict[str, str]:
        """Give the last status of each alert of one clock, by its level."""
        return {level: data["status"] for level, data in self.alerts(start, rule).items()}
