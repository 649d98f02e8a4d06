"""Who hears an alert, when, and why: pure, so that it can be tried out and audited.

    alert -> route() -> the routes that apply -> each step -> resolve() at the instant it is due -> receivers

A route is chosen by what an alert says of its clock, not by how it stands, so all revisions of an alert choose alike
as long as the ticket is not corrected. A retraction may say less than what it retracts (its clock is gone): whoever
delivers routes an alert once, by the first revision it delivers, and tells the later ones to whoever heard that one.
May be imported by `alerting` and `cli`.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final, NamedTuple

import msgspec

from alerting.alert import Alert, Level
from alerting.delivery import OWNER, Delivery, Route, Step, Target, TargetKind
from alerting.match import Misfit
from alerting.roster import on_duty
from alerting.unit_tree import at_level, called, chain

FALLBACK: Final = "fallback"
"""The name under which an alert is routed that no route wants; no route may have it."""
GRAVE: Final = frozenset({"special", "major"})


class Routed(msgspec.Struct, frozen=True):
    """One route that applies to an alert. A step without targets is the fallback's."""

    route: str
    why: str
    critical: bool
    steps: tuple[Step, ...]
    chase_every: timedelta | None = None
    chase_times: int = 0


class Hearer(NamedTuple):
    """A receiver that hears a step, and why."""

    receiver: str
    why: str


class Tried(msgspec.Struct, frozen=True):
    """One route that was looked at; `misfit` is None where it applies."""

    route: Route
    misfit: Misfit | None


def tried(alert: Alert, delivery: Delivery) -> tuple[Tried, ...]:
    """The routes that are looked at for an alert, in order: up to the first that applies and does not continue."""
    found: list[Tried] = []
    for route in delivery.routes:
        misfit = route.match.misfit(alert, delivery.units)
        found.append(Tried(route, misfit))
        if misfit is None and not route.continues:
            break
    return tuple(found)


def route(alert: Alert, delivery: Delivery) -> tuple[Routed, ...]:
    """The routes that apply to an alert: the first that fits, and those after it as long as they continue.

    Never empty, and never left to routes that only listen in: what no route takes without continuing is the
    fallback's, at once. Only of a canary there may be none: it has no fallback.
    """
    why_critical, looked_at = critical(alert), tried(alert, delivery)
    applies = tuple(
        Routed(
            one.route.name,
            one.route.match.fit(alert),
            bool(why_critical) if one.route.critical is None else one.route.critical,
            one.route.steps,
            one.route.chase_every,
            one.route.chase_times,
        )
        for one in looked_at
        if one.misfit is None
    )
    if alert.canary or (looked_at and looked_at[-1].misfit is None and not looked_at[-1].route.continues):
        return applies
    why = "every route that fits continues" if applies else "no route fits"
    return (*applies, Routed(FALLBACK, why, bool(why_critical), (Step(timedelta(0), ()),)))


def critical(alert: Alert) -> str | None:
    """Why an alert is critical unless its route says otherwise; None where it is not.

    Breaches of urgent repairs and of special or major complaints are, and so is every escalation.
    """
    data = alert.data
    if alert.level is Level.ESCALATION:
        return "it is an escalation"
    if alert.level is Level.BREACH and data.kind == "repair" and data.urgency == "urgent":
        return "an urgent repair is overdue"
    if alert.level is Level.BREACH and data.kind == "complaint" and data.grade in GRAVE:
        return f"a {data.grade} complaint is overdue"
    return None


def resolve(step: Step, alert: Alert, delivery: Delivery, at: datetime) -> tuple[Hearer, ...]:
    """The receivers of a step that is due at an instant, each once and with the first reason why.

    `at` is when the step is due, not when it is carried out: so it can be worked out again who had to hear. A target
    that leads to nobody leads to the fallback, so it is never nobody; but for a canary, which has no fallback.
    """
    found: dict[str, str] = {}
    known = msgspec.structs.replace(delivery, fallback=()) if alert.canary else delivery
    for target in step.to:
        heard = _heard(target, alert, known, at)
        for receiver, why in heard:
            found.setdefault(receiver, why)
    if not step.to:
        found = dict.fromkeys(known.fallback, "fallback")
    return tuple(Hearer(receiver, why) for receiver, why in found.items())


def _heard(target: Target, alert: Alert, delivery: Delivery, at: datetime) -> Iterable[Hearer]:
    match target.kind:
        case TargetKind.RECEIVER:
            return (Hearer(target.name, str(target)),)
        case TargetKind.DUTY:
            return _on_duty(target, delivery, at)
        case _:
            return _of_unit(target, alert, delivery)


def _on_duty(target: Target, delivery: Delivery, at: datetime) -> Iterable[Hearer]:
    team = delivery.teams[target.name]
    duty = on_duty(team, at)
    wall = at.astimezone(team.zone).isoformat(sep=" ", timespec="minutes")
    if duty is None:
        return _fallback(delivery, f"{target}: nobody is on duty at {wall}")
    shift = f"shift {duty.shift}" if duty.shift else "by date"
    return tuple(
        Hearer(receiver, f"{target}: {person} is on duty at {wall}, {shift}")
        for person in duty.people
        for receiver in delivery.people[person]
    )


def _of_unit(target: Target, alert: Alert, delivery: Delivery) -> Iterable[Hearer]:
    """The contacts of a unit, or of the nearest above it that has any."""
    owner, units = alert.data.owner, delivery.units
    if owner is None:
        return _fallback(delivery, f"{target}: the alert names no unit that owes it")
    line = chain(units, owner)
    if target.kind is TargetKind.LEVEL:
        meant = at_level(units, owner, target.name)
    else:
        meant = owner if target.name == OWNER else next(iter(line[1:]), None)
    if meant is None:
        return _fallback(delivery, f"{target}: no such unit is known above {called(units, owner)}")
    for unit in line[line.index(meant) :]:
        receivers = delivery.contacts.get(unit)
        if receivers:
            instead = "" if unit == meant else f", the nearest above {called(units, meant)} with a contact"
            return tuple(Hearer(name, f"{target}: contact of {called(units, unit)}{instead}") for name in receivers)
    return _fallback(delivery, f"{target}: {called(units, meant)} and the units above it have no contact")


def _fallback(delivery: Delivery, why: str) -> Iterable[Hearer]:
    return tuple(Hearer(receiver, f"{why}; so the fallback") for receiver in delivery.fallback)
