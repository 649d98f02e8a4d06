"""How `routes.toml` is read: hours, contacts, routes with their steps, the fallback, and every fault in them. Pure.

Only `alerting.delivery_files` imports this.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final

import msgspec

from alerting.delivery import OWNER, PARENT, Route, Step, Target, TargetKind
from alerting.hours import Hours
from alerting.match_file import MatchReading
from alerting.receivers_file import Receivers
from alerting.roster import Team
from alerting.roster_file import WEEKDAYS
from alerting.routes_layout import ContactFile, HoursFile, RouteFile, RoutesFile, StepFile
from alerting.routing import FALLBACK
from alerting.tables import ROUTES, Notes
from sla.rulebook import Rulebook
from sla.toml_lines import Path
from sla.window_text import read_windows

ROUTES_MAX: Final = 500
STEPS_MAX: Final = 10
AFTER_MAX_S: Final = 7 * 86_400
CHASE_MIN_S: Final = 60
CHASE_MAX_S: Final = 86_400
CHASES_MAX: Final = 50
LEVELS: Final = ("hq", "province", "city", "county")


class Said(msgspec.Struct, frozen=True):
    """What `routes.toml` says."""

    routes: tuple[Route, ...] = ()
    fallback: tuple[str, ...] = ()
    contacts: Mapping[str, tuple[str, ...]] = {}


def read_routes(notes: Notes, receivers: Receivers, teams: Mapping[str, Team | None], rulebook: Rulebook) -> Said:
    """Read the routes; after a fault the result is not used."""
    file = notes.load(ROUTES, RoutesFile)
    if file is None:
        return Said()
    return _Reading(notes, receivers, teams, rulebook).read(file)


class _Reading:
    """One `routes.toml` as it is read; faults are noted as they are met."""

    def __init__(
        self, notes: Notes, receivers: Receivers, teams: Mapping[str, Team | None], rulebook: Rulebook
    ) -> None:
        self.notes, self.receivers, self.teams, self.rulebook = notes, receivers, teams, rulebook

    def read(self, file: RoutesFile) -> Said:
        """All of it."""
        if not file.fallback:
            self.fault(("fallback",), "there is no fallback", "name receivers that hear what would reach nobody")
        self.listed(("fallback",), file.fallback)
        self.notes.named(ROUTES, "hours", "stretch of hours", file.hours)
        hours = {name: self.hours(name, raw) for name, raw in file.hours.items()}
        contacts = {unit: self.contact(unit, raw) for unit, raw in file.contacts.items()}
        if len(file.route) > ROUTES_MAX:
            self.fault(("route",), f"more than {ROUTES_MAX} routes", "join some of them")
        matches = MatchReading(self.notes, self.rulebook, hours)
        routes: list[tuple[int, Route]] = []
        for number, raw in enumerate(file.route):
            route = self.route(number, raw, matches)
            if route is not None:
                routes.append((number, route))
        if not self.notes.faults:
            self.shadowed(routes)
        return Said(tuple(route for _, route in routes), tuple(file.fallback), contacts)

    def fault(self, at: Path, what: str, remedy: str) -> None:
        """Note a fault at a key."""
        self.notes.fault(ROUTES, at, what, remedy)

    def listed(self, at: Path, names: list[str]) -> None:
        """Receivers that there are."""
        for name in names:
            if name not in self.receivers:
                self.notes.unknown(ROUTES, at, "receiver", name, self.receivers)

    def hours(self, name: str, raw: Any) -> Hours | None:
        """A stretch of the week."""
        at: Path = ("hours", name)
        file = self.notes.convert(ROUTES, at, raw, HoursFile)
        if file is None:
            return None
        if not file.days and not file.windows:
            self.fault(at, f"hours {name!r} are all hours", "give days, windows or both")
        zone = self.rulebook.zone
        if file.zone is not None:
            zone = self.notes.zone(ROUTES, (*at, "zone"), file.zone) or zone
        calendar = self.rulebook.calendar
        if file.days == "working" and calendar is None:
            what = f"{self.rulebook.name} has no calendar that tells working days"
            self.fault((*at, "days"), what, 'write them out: ["mon", "tue", "wed", "thu", "fri"]')
        windows = read_windows(ROUTES, self.notes.files, (*at, "windows"), file.windows or [], self.notes.faults)
        days = file.days if file.days is not None else WEEKDAYS
        numbers = None if days == "working" else frozenset(WEEKDAYS.index(day) for day in days)
        return Hours(name, zone, numbers, windows or (), calendar)

    def contact(self, unit: str, raw: Any) -> tuple[str, ...]:
        """The receivers of a unit."""
        at: Path = ("contacts", unit)
        file = self.notes.convert(ROUTES, at, raw, ContactFile)
        if self.rulebook.units and unit not in self.rulebook.units:
            self.notes.unknown(ROUTES, at, "unit", unit, self.rulebook.units)
        if file is None:
            return ()
        if not file.receivers:
            self.fault((*at, "receivers"), f"unit {unit!r} has no contact", "name a receiver, or leave the unit out")
        self.listed((*at, "receivers"), file.receivers)
        return tuple(file.receivers)

    def route(self, number: int, raw: Any, matches: MatchReading) -> Route | None:
        """One route; None where it has not even the layout of one."""
        at: Path = ("route", number)
        file = self.notes.convert(ROUTES, at, raw, RouteFile)
        if file is None:
            return None
        if not file.name or file.name == FALLBACK or file.name != file.name.strip():
            self.fault(
                (*at, "name"), f"{file.name!r} is no name for a route", f"give it one that is not {FALLBACK!r}"
            )
        every, times = self.chase(at, file)
        return Route(
            name=file.name,
            match=matches.read((*at, "match"), file.match),
            steps=self.steps(at, file.steps),
            continues=file.continues,
            critical=file.critical,
            chase_every=every,
            chase_times=times,
        )

    def chase(self, at: Path, file: RouteFile) -> tuple[timedelta | None, int]:
        """How often it is chased, and how many times."""
        if file.chase_every is None and file.chase_times is None:
            return None, 0
        if file.chase_every is None or file.chase_times is None:
            self.fault(at, "chasing needs both chase_every and chase_times", "add the other, or leave both out")
            return None, 0
        if not 1 <= file.chase_times <= CHASES_MAX:
            what = f"{file.chase_times} times are out of range"
            self.fault((*at, "chase_times"), what, f"give 1 to {CHASES_MAX}")
        every = self.notes.seconds(ROUTES, (*at, "chase_every"), file.chase_every, CHASE_MIN_S, CHASE_MAX_S)
        return (None if every is None else timedelta(seconds=every)), file.chase_times

    def steps(self, at: Path, entries: list[StepFile]) -> tuple[Step, ...]:
        """The steps, the first at once and each later than the one before."""
        if not 1 <= len(entries) <= STEPS_MAX:
            self.fault((*at, "steps"), f"{len(entries)} steps are out of range", f"give 1 to {STEPS_MAX}")
        steps: list[Step] = []
        before: float | None = None
        for number, entry in enumerate(entries):
            place: Path = (*at, "steps", number)
            after = self.notes.seconds(ROUTES, (*place, "after"), entry.after, 0, AFTER_MAX_S)
            if not entry.to:
                self.fault((*place, "to"), "nobody would hear this step", "name at least one target")
            targets = tuple(found for text in entry.to if (found := self.target((*place, "to"), text)) is not None)
            if after is None:
                continue
            if number == 0 and after > 0:
                self.fault((*place, "after"), "nobody would hear at once", 'the first step is after = "0 s"')
            elif before is not None and after <= before:
                remedy = "order the steps by after, and join those that are due together"
                self.fault((*place, "after"), "this step is not later than the one before it", remedy)
            before = after
            steps.append(Step(timedelta(seconds=after), targets))
        return tuple(steps)

    def target(self, at: Path, text: str) -> Target | None:
        """Whom a step names; None after noting that there is no such target."""
        kind, _, name = text.partition(":")
        known: dict[str, Any] = {
            TargetKind.RECEIVER: self.receivers,
            TargetKind.UNIT: (OWNER, PARENT),
            TargetKind.LEVEL: LEVELS,
            TargetKind.DUTY: self.teams,
        }
        if kind not in known:
            remedy = "write receiver:NAME, unit:owner, unit:parent, level:province or duty:TEAM"
            self.fault(at, f"{text!r} names nobody", remedy)
            return None
        if name not in known[kind]:
            self.notes.unknown(ROUTES, at, "team" if kind == TargetKind.DUTY else kind, name, known[kind])
            return None
        above = kind == TargetKind.LEVEL or text == f"{TargetKind.UNIT}:{PARENT}"
        if above and not self.rulebook.units:
            what = f"{text!r} needs to know who stands above whom"
            self.fault(at, what, "add a units.toml to the folder, or name one with the setting units")
        return Target(TargetKind(kind), name)

    def shadowed(self, routes: list[tuple[int, Route]]) -> None:
        """No two routes of one name, and none that an earlier one leaves nothing to match."""
        units = self.rulebook.units
        for place, (number, route) in enumerate(routes):
            for _, earlier in routes[:place]:
                at: Path = ("route", number)
                if earlier.name == route.name:
                    self.fault((*at, "name"), f"two routes are called {route.name!r}", "give each a name of its own")
                elif not earlier.continues and earlier.match.covers(route.match, units):
                    what = f"the route can never match: {earlier.name!r} above it takes all that it asks for"
                    self.fault(at, what, "move it up, let the other continue, or leave it out")
                    break
