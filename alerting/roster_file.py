"""How `roster.toml` is read: people, teams, weekly shifts, dated ones, and every fault in them. Pure.

Only `alerting.delivery_files` imports this.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime, time
from itertools import pairwise
from typing import Any, Final, Literal
from zoneinfo import ZoneInfo

import msgspec

from alerting.receivers_file import Receivers
from alerting.roster import Dated, Shift, Team
from alerting.tables import Notes
from sla.toml_lines import Path
from sla.wall_clock import at_of, last_at
from sla.window_text import read_time

Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]

ROSTER: Final = "roster.toml"
SHIFTS_MAX: Final = 50
DATED_MAX: Final = 5_000
WEEKS_MAX: Final = 60
WEEKDAYS: Final[tuple[Weekday, ...]] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_DAY_MIN: Final = 24 * 60
_WEEK_MIN: Final = 7 * _DAY_MIN


class PersonFile(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """`[people.<name>]`."""

    receivers: list[str]


class ShiftFile(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """`[[teams.<name>.shifts]]`."""

    name: str
    begins: str = msgspec.field(name="from")
    ends: str = msgspec.field(name="to")
    days: list[Weekday] = msgspec.field(default_factory=lambda: list(WEEKDAYS))
    weeks: list[list[str]]


class DatedFile(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """`[[teams.<name>.dated]]`: times without an offset, on the wall clock of the team."""

    begins: datetime = msgspec.field(name="from")
    ends: datetime = msgspec.field(name="to")
    people: list[str]


class TeamFile(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """`[teams.<name>]`."""

    zone: str | None = None
    since: date | None = None
    gaps: Literal["refused", "allowed"] = "refused"
    shifts: list[ShiftFile] = []
    dated: list[DatedFile] = []


class RosterFile(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """`roster.toml`."""

    people: dict[str, Any] = {}
    teams: dict[str, Any] = {}


def read_roster(
    notes: Notes, receivers: Receivers, zone: ZoneInfo
) -> tuple[Mapping[str, tuple[str, ...]], Mapping[str, Team | None]]:
    """The receivers of each person, and the teams; nobody where there is no file. A team with faults is None."""
    file = notes.load(ROSTER, RosterFile) if ROSTER in notes.files else None
    if file is None:
        return {}, {}
    notes.named(ROSTER, "people", "person", file.people)
    notes.named(ROSTER, "teams", "team", file.teams)
    people: dict[str, tuple[str, ...]] = {}
    for name, raw in file.people.items():
        at: Path = ("people", name)
        person = notes.convert(ROSTER, at, raw, PersonFile)
        people[name] = tuple(person.receivers) if person is not None else ()
        for receiver in people[name]:
            if receiver not in receivers:
                notes.unknown(ROSTER, (*at, "receivers"), "receiver", receiver, receivers)
        if person is not None and not person.receivers:
            notes.fault(ROSTER, (*at, "receivers"), f"{name!r} cannot be reached", "name at least one receiver")
    return people, {name: _Team(notes, name, people, zone).read(raw) for name, raw in file.teams.items()}


class _Team:
    """One team as it is read; faults are noted as they are met."""

    def __init__(self, notes: Notes, name: str, people: Mapping[str, tuple[str, ...]], zone: ZoneInfo) -> None:
        self.notes, self.name, self.people, self.zone = notes, name, people, zone

    def read(self, raw: Any) -> Team | None:
        """The team, or None after noting its faults."""
        found = len(self.notes.faults)
        file = self.notes.convert(ROSTER, ("teams", self.name), raw, TeamFile)
        if file is None:
            return None
        if file.zone is not None:
            self.zone = self.notes.zone(ROSTER, ("teams", self.name, "zone"), file.zone) or self.zone
        for key, number, most in (("shifts", len(file.shifts), SHIFTS_MAX), ("dated", len(file.dated), DATED_MAX)):
            if number > most:
                self.fault((key,), f"more than {most} entries", "leave out what is over, or make two teams of it")
        if not file.shifts and not file.dated:
            self.fault((), f"team {self.name!r} is never on duty", "add [[shifts]] or [[dated]] to it")
        shifts = [shift for number, entry in enumerate(file.shifts) if (shift := self.shift(number, entry, file))]
        dated = [span for number, entry in enumerate(file.dated) if (span := self.dated(number, entry))]
        if len(self.notes.faults) > found:
            return None
        self.weekly(shifts, gaps_allowed=file.gaps == "allowed")
        spans = self.spans(dated, gaps_allowed=file.gaps == "allowed" or bool(shifts))
        if len(self.notes.faults) > found:
            return None
        return Team(self.name, self.zone, file.since, tuple(shifts), spans)

    def fault(self, at: Path, what: str, remedy: str) -> None:
        """Note a fault at a key of the team."""
        self.notes.fault(ROSTER, ("teams", self.name, *at), what, remedy)

    def shift(self, number: int, entry: ShiftFile, file: TeamFile) -> Shift | None:
        """A weekly shift."""
        at: Path = ("shifts", number)
        if entry.name in {earlier.name for earlier in file.shifts[:number]}:
            self.fault((*at, "name"), f"two shifts are called {entry.name!r}", "give each a name of its own")
        if not entry.days:
            self.fault((*at, "days"), f"shift {entry.name!r} is on no day", "name days, or leave days out: every day")
        if not 1 <= len(entry.weeks) <= WEEKS_MAX:
            self.fault((*at, "weeks"), f"{len(entry.weeks)} weeks are out of range", f"give 1 to {WEEKS_MAX}")
        if len(entry.weeks) > 1 and file.since is None:
            what = f"nobody can tell in which week the rotation of {entry.name!r} is"
            self.fault(at, what, "give the team a since: the first day of the first week")
        for week in entry.weeks:
            self.known((*at, "weeks"), week)
        begins, ends = self.time((*at, "from"), entry.begins, end=False), self.time((*at, "to"), entry.ends, end=True)
        if begins is None or ends is None:
            return None
        days = frozenset(WEEKDAYS.index(day) for day in entry.days)
        return Shift(entry.name, begins, ends, days, tuple(tuple(week) for week in entry.weeks))

    def dated(self, number: int, entry: DatedFile) -> Dated | None:
        """A shift on a date."""
        at: Path = ("dated", number)
        self.known((*at, "people"), entry.people)
        if entry.begins.tzinfo is not None or entry.ends.tzinfo is not None:
            self.fault(at, "a dated shift is told on the team's wall clock", "leave the offset out")
            return None
        from_us, to_us = (last_at(self.zone, edge.date(), edge.time()) for edge in (entry.begins, entry.ends))
        if to_us <= from_us:
            self.fault((*at, "to"), "the shift ends before it begins", "mend from or to")
            return None
        return Dated(from_us, to_us, tuple(entry.people))

    def known(self, at: Path, people: Iterable[str]) -> None:
        """People who are on the list, and at least one."""
        people = list(people)
        for name in people:
            if name not in self.people:
                self.notes.unknown(ROSTER, ("teams", self.name, *at), "person", name, self.people)
        if not people:
            self.fault(at, "a shift that nobody does", "name at least one person, or leave it out")

    def time(self, at: Path, text: str, *, end: bool) -> time | None:
        """A time of day; 00:00 as an end is taken for 24:00."""
        try:
            return read_time("24:00" if end and text == "00:00" else text, end=end)
        except ValueError as error:
            self.fault(at, str(error), "write it as in '20:00'")
        return None

    def weekly(self, shifts: list[Shift], *, gaps_allowed: bool) -> None:
        """The weekly shifts leave no gap and do not overlap, minute by minute on the wall."""
        covered = sorted(
            (day * _DAY_MIN + _minute(shift.begins), _length_min(shift), number)
            for number, shift in enumerate(shifts)
            for day in shift.days
        )
        if not covered:
            return
        again = [*covered, (covered[0][0] + _WEEK_MIN, *covered[0][1:])]
        for (starts, length, number), (next_starts, _, next_number) in pairwise(again):
            if next_starts < starts + length:
                names = f"{shifts[number].name!r} and {shifts[next_number].name!r}"
                what = f"shifts {names} overlap from {_said(next_starts)}"
                self.fault(("shifts", max(number, next_number)), what, "let one begin where the other ends")
            elif next_starts > starts + length and not gaps_allowed:
                what = f"nobody is on duty from {_said(starts + length)} to {_said(next_starts)}"
                remedy = 'add a shift, or write gaps = "allowed": then the fallback hears'
                self.fault((), what, remedy)

    def spans(self, dated: list[Dated], *, gaps_allowed: bool) -> tuple[Dated, ...]:
        """The dated shifts in order; they do not overlap, and where there are no weekly ones, leave no gap."""
        number = {id(span): place for place, span in enumerate(dated)}
        spans = sorted(dated, key=lambda span: span.from_us)
        for earlier, later in pairwise(spans):
            at: Path = ("dated", number[id(later)])
            if later.from_us < earlier.to_us:
                what = f"two dated shifts overlap from {self.said(later.from_us)}"
                self.fault(at, what, "let one begin where the other ends")
            elif later.from_us > earlier.to_us and not gaps_allowed:
                what = f"nobody is on duty from {self.said(earlier.to_us)} to {self.said(later.from_us)}"
                self.fault(at, what, 'add a shift, or write gaps = "allowed": then the fallback hears')
        return tuple(spans)

    def said(self, us: int) -> str:
        """An instant on the team's wall."""
        return f"{at_of(us).astimezone(self.zone):%Y-%m-%d %H:%M}"


def _minute(clock: time) -> int:
    return clock.hour * 60 + clock.minute


def _length_min(shift: Shift) -> int:
    return (_minute(shift.ends) - _minute(shift.begins)) % _DAY_MIN or _DAY_MIN


def _said(minute: int) -> str:
    minute %= _WEEK_MIN
    day, rest = divmod(minute, _DAY_MIN)
    return f"{WEEKDAYS[day]} {rest // 60:02d}:{rest % 60:02d}"
