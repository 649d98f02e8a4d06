"""The delivery folder: read whole and checked whole, so that nobody finds a hole in it by not being called.

`parse` takes the texts (reading files is the shell's job) and gives a `Delivery`, or raises DeliveryError with every
fault: file, line, what is wrong, what to do. May be imported by `alerting` and `cli`.
"""

from __future__ import annotations

from collections.abc import Mapping

from alerting.delivery import Delivery, TargetKind
from alerting.receiver import Kind, Receiver, Surroundings
from alerting.receivers_file import read_receivers
from alerting.roster_file import ROSTER, read_roster
from alerting.routes_file import read_routes
from alerting.tables import RECEIVERS, ROUTES, Notes
from sla.rulebook import Rulebook
from sla.toml_file import Fault
from sla.units import UNITS

FILES = (RECEIVERS, ROUTES, ROSTER, UNITS)


class DeliveryError(Exception):
    """A delivery folder that cannot be used, with all its faults."""

    def __init__(self, faults: list[Fault]) -> None:
        self.faults = faults
        super().__init__("\n".join(str(fault) for fault in faults))


def parse(files: Mapping[str, str], rulebook: Rulebook, kinds: Mapping[str, Kind]) -> Delivery:
    """Read the folder: its files by name, the rulebook whose alerts it delivers, the kinds of receivers there are.

    The rulebook brings the units and the calendar. Raises DeliveryError.
    """
    notes = Notes(files, [])
    for name in sorted(files.keys() - set(FILES)):
        notes.faults.append(Fault(name, 1, "this is no file of a delivery folder", f"it holds {', '.join(FILES)}"))
    receivers = read_receivers(notes, kinds)
    people, teams = read_roster(notes, receivers, rulebook.zone)
    said = read_routes(notes, receivers, teams, rulebook)
    if notes.faults:
        raise DeliveryError(notes.faults)
    return Delivery(
        zone=rulebook.zone,
        receivers={receiver.name: receiver for receiver in receivers.values() if receiver is not None},
        routes=said.routes,
        fallback=said.fallback,
        contacts=said.contacts,
        units=rulebook.units,
        teams={team.name: team for team in teams.values() if team is not None},
        people=people,
    )


def build(delivery: Delivery, surroundings: Surroundings) -> dict[str, Receiver]:
    """Build every receiver; name and language in `surroundings` are replaced by each one's own.

    Raises DeliveryError for what only building finds out (an address that is no https one, a secret that is none).
    """
    built: dict[str, Receiver] = {}
    faults: list[Fault] = []
    for one in delivery.receivers.values():
        own = Surroundings(one.name, one.language, surroundings.http, surroundings.unit_names, surroundings.zone)
        try:
            built[one.name] = one.kind.make(one.config, own)
        except ValueError as error:
            what = f"receiver {one.name!r}: {error}"
            faults.append(Fault(RECEIVERS, one.line, what, f"mend its keys; it is a {one.kind.name!r}"))
    if faults:
        raise DeliveryError(faults)
    return built


def teams_named(delivery: Delivery) -> frozenset[str]:
    """The teams that some route calls."""
    return frozenset(
        target.name
        for route in delivery.routes
        for step in route.steps
        for target in step.to
        if target.kind is TargetKind.DUTY
    )
