"""From routes to a ladder: the steps of all routes that apply to an alert, in the order in which they are due. Pure.

The first steps of all routes are one rung, so nobody hears twice that an alert was raised. Later ones are named by
their time: a route may be renamed, and two routes may call the same person, without anybody being called again. The
last rung is the fallback's, for when nobody is reached at all. May be imported by `alerting` and `cli`.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

from alerting.alert import Alert
from alerting.delivery import Delivery, Step
from alerting.ladder import Plan, Rung
from alerting.message import Occasion
from alerting.record import FIRST
from alerting.routing import Routed, resolve, route

FALLBACK: Final = "fallback"
Who = Callable[[datetime], tuple[str, ...]]


def plan_of(alert: Alert, delivery: Delivery) -> Plan:
    """The plan of an alert, by the revision that raised it. A canary that no route names is nobody's."""
    routes = route(alert, delivery)
    first = Rung(FIRST, timedelta(), Occasion.RAISED, _who(alert, delivery, *(told.steps[0] for told in routes)))
    later: dict[tuple[timedelta, Occasion], list[Step]] = {}
    for told in routes:
        for after, occasion, step in _later(told):
            later.setdefault((after, occasion), []).append(step)
    rungs = [
        Rung(f"{occasion} {after.total_seconds():g} s", after, occasion, _who(alert, delivery, *steps))
        for (after, occasion), steps in sorted(later.items())
    ]
    last = () if alert.canary else (Rung(FALLBACK, None, Occasion.ESCALATED, lambda _: delivery.fallback),)
    return Plan((first, *rungs, *last), any(told.critical for told in routes))


def _later(told: Routed) -> list[tuple[timedelta, Occasion, Step]]:
    steps = [(step.after, Occasion.ESCALATED, step) for step in told.steps[1:]]
    if told.chase_every is not None:
        owing, last = told.steps[0], told.steps[-1].after  # whoever owes it is chased; the steps are for those above
        steps += [
            (last + number * told.chase_every, Occasion.CHASED, owing) for number in range(1, told.chase_times + 1)
        ]
    return steps


def _who(alert: Alert, delivery: Delivery, *steps: Step) -> Who:
    def receivers(at: datetime) -> tuple[str, ...]:
        return tuple(dict.fromkeys(name for step in steps for name, _ in resolve(step, alert, delivery, at)))

    return receivers
