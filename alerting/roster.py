"""Who is on duty when, and when one hands over to the other. Pure.

Shifts are told on the wall clock and kept as instants: where the clock is put back, a boundary that is shown twice
is the second one; where it jumps, it is the jump. So every instant has one shift, and nobody is relieved twice. May
be imported by `alerting` and `cli`.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

import msgspec

from sla.wall_clock import at_of, last_at, us_of

JUST_NOW: Final = timedelta(minutes=30)
"""A change of shift so long ago is still the one that is being handed over."""
AHEAD: Final = timedelta(days=15)
"""How far ahead the next change is looked for."""
_DAY: Final = timedelta(days=1)


class Shift(msgspec.Struct, frozen=True):
    """A shift of some weekdays (Monday is 0), from a time to the next one on the wall that shows `ends`.

    `weeks` say who does it, week by week since the team's first day, and again from the start.
    """

    name: str
    begins: time
    ends: time
    days: frozenset[int]
    weeks: tuple[tuple[str, ...], ...]


class Dated(msgspec.Struct, frozen=True):
    """A stretch of time, in microseconds since 1970, that certain people do; it goes before any weekly shift."""

    from_us: int
    to_us: int
    people: tuple[str, ...]


class Team(msgspec.Struct, frozen=True):
    """A team and its duty roster; `dated` in order. Before `since` there is no weekly shift."""

    name: str
    zone: ZoneInfo
    since: date | None
    shifts: tuple[Shift, ...]
    dated: tuple[Dated, ...] = ()

    @property
    def ends_at(self) -> datetime | None:
        """When the roster is over: only one that has no weekly shifts ends."""
        return None if self.shifts or not self.dated else at_of(self.dated[-1].to_us)


class OnDuty(msgspec.Struct, frozen=True):
    """Who is on duty, and on which shift (empty: by a date of their own)."""

    people: tuple[str, ...]
    shift: str


class Turn(msgspec.Struct, frozen=True):
    """A change of shift: who goes off and who comes on."""

    at: datetime
    off: tuple[str, ...]
    on: tuple[str, ...]


def on_duty(team: Team, at: datetime) -> OnDuty | None:
    """Who is on duty at an aware instant; None in a gap. At the very change the one who comes is."""
    at_us = us_of(at)
    place = bisect_right(team.dated, at_us, key=lambda dated: dated.from_us) - 1
    if place >= 0 and at_us < team.dated[place].to_us:
        return OnDuty(team.dated[place].people, "")
    on = at.astimezone(team.zone).date()
    for day in (on, on - _DAY):
        for shift, from_us, to_us in _shifts(team, day):
            if from_us <= at_us < to_us:
                return OnDuty(_people(team, shift, day), shift.name)
    return None


def turn(team: Team, at: datetime) -> Turn | None:
    """The change of shift that is handed over at an instant: one just gone by, else the next; None without any.

    Just gone by is JUST_NOW, the next is looked for in AHEAD. Where the same people go on, nothing changes.
    """
    earliest_us, latest_us = us_of(at - JUST_NOW), us_of(at + AHEAD)
    first_on = (at - JUST_NOW).astimezone(team.zone).date() - 2 * _DAY
    edges = {edge for dated in team.dated for edge in (dated.from_us, dated.to_us)}
    for number in range(AHEAD.days + 4):
        for _, from_us, to_us in _shifts(team, first_on + number * _DAY):
            edges |= {from_us, to_us}
    for edge in sorted(edges):
        if earliest_us < edge <= latest_us:
            off, on = _names(team, at_of(edge - 1)), _names(team, at_of(edge))
            if off != on:
                return Turn(at_of(edge), off, on)
    return None


def _shifts(team: Team, day: date) -> Iterator[tuple[Shift, int, int]]:
    """The weekly shifts that begin on a day, with their instants."""
    if team.since is not None and day < team.since:
        return
    for shift in team.shifts:
        if day.weekday() in shift.days:
            last_on = day if shift.ends > shift.begins else day + _DAY
            yield shift, last_at(team.zone, day, shift.begins), last_at(team.zone, last_on, shift.ends)


def _people(team: Team, shift: Shift, day: date) -> tuple[str, ...]:
    week = (day - team.since).days // 7 if team.since is not None else 0
    return shift.weeks[week % len(shift.weeks)]


def _names(team: Team, at: datetime) -> tuple[str, ...]:
    duty = on_duty(team, at)
    return duty.people if duty is not None else ()
