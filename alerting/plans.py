"""From routes to a ladder: the steps of all routes that apply to an alert, in the order in which they are due. Pure.

The first steps of all routes are one rung, so nobody hears twice that an alert was raised. Later steps keep the name
of their route. May be imported by `alerting` and `cli`.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from alerting.alert import Alert
from alerting.delivery import Delivery, Step
from alerting.ladder import FIRST, Plan, Rung
from alerting.message import Occasion
from alerting.routing import Routed, resolve, route


def plan_of(alert: Alert, delivery: Delivery) -> Plan:
    """The plan of an alert, by the revision that raised it."""
    routes = route(alert, delivery)
    first = Rung(FIRST, timedelta(), Occasion.RAISED, _who(alert, delivery, *(told.steps[0] for told in routes)))
    later = [rung for told in routes for rung in _later(told, alert, delivery)]
    later.sort(key=lambda rung: (rung.after, rung.name))
    return Plan((first, *later), any(told.critical for told in routes))


def _later(told: Routed, alert: Alert, delivery: Delivery) -> list[Rung]:
    rungs = [
        Rung(f"{told.route}/{number}", step.after, Occasion.ESCALATED, _who(alert, delivery, step))
        for number, step in enumerate(told.steps[1:], 2)
    ]
    if told.chase_every is not None:
        owing = _who(alert, delivery, told.steps[0])  # whoever owes it is chased; the steps are for those above
        last = told.steps[-1].after
        rungs += [
            Rung(f"{told.route}/chase-{number}", last + number * told.chase_every, Occasion.CHASED, owing)
            for number in range(1, told.chase_times + 1)
        ]
    return rungs


def _who(alert: Alert, delivery: Delivery, *steps: Step) -> Callable[[datetime], tuple[str, ...]]:
    def receivers(at: datetime) -> tuple[str, ...]:
        return tuple(dict.fromkeys(name for step in steps for name, _ in resolve(step, alert, delivery, at)))

    return receivers
