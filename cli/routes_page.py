"""How `slawatch routes test` shows who would hear an alert. Only `cli.routes` imports this."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from alerting.alert import Alert
from alerting.delivery import Delivery
from alerting.routing import Routed, critical, resolve, route, tried
from cli.explain_words import lasting


def tell(alert: Alert, delivery: Delivery, at: datetime) -> None:
    """Print it for people, times on the wall clock of the rulebook."""
    data = alert.data
    print(data.alert_id)
    print(f"  {data.level}, {data.status}, raised {_wall(at, delivery.zone)}, owed by {data.owner or 'nobody'}")
    routed = {one.route: one for one in route(alert, delivery)}
    looked_at = tried(alert, delivery)
    for one in looked_at:
        if one.misfit is not None:
            print(f"  - {one.route.name}: no, {one.misfit}")
        else:
            _tell_route(routed[one.route.name], alert, delivery, at)
    for name in routed.keys() - {one.route.name for one in looked_at}:
        _tell_route(routed[name], alert, delivery, at)
    passed = len(delivery.routes) - len(looked_at)
    if passed:
        print(f"  {passed} routes below are not looked at")


def _tell_route(one: Routed, alert: Alert, delivery: Delivery, at: datetime) -> None:
    print(f"  + {one.route}: {one.why}{_critical(one, alert)}")
    for step in one.steps:
        due_at = at + step.after
        when = f"+{_length(step.after)}, if nobody is on it" if step.after else "at once"
        print(f"      {_wall(due_at, delivery.zone)} {when}")
        for receiver, why in resolve(step, alert, delivery, due_at):
            print(f"        {receiver} ({delivery.receivers[receiver].kind.name}): {why}")
    if one.chase_every is not None:
        print(f"      then chased every {_length(one.chase_every)}, {one.chase_times} times, until somebody is on it")


def _critical(one: Routed, alert: Alert) -> str:
    if not one.critical:
        return ""
    return f"; critical: {critical(alert) or 'the route says so'}"


def as_json(alert: Alert, delivery: Delivery, at: datetime) -> str:
    """The same for machines, in one line."""
    told = {
        "alert_id": alert.alert_id,
        "revision": alert.revision,
        "at": at,
        "tried": [{"route": one.route.name, "misfit": one.misfit} for one in tried(alert, delivery)],
        "routed": [_json_route(one, alert, delivery, at) for one in route(alert, delivery)],
    }
    return msgspec.json.encode(told).decode()


def _json_route(one: Routed, alert: Alert, delivery: Delivery, at: datetime) -> dict[str, Any]:
    steps = [
        {
            "after_seconds": step.after.total_seconds(),
            "due_at": at + step.after,
            "to": [str(target) for target in step.to],
            "hears": [
                {"receiver": receiver, "kind": delivery.receivers[receiver].kind.name, "why": why}
                for receiver, why in resolve(step, alert, delivery, at + step.after)
            ],
        }
        for step in one.steps
    ]
    return {
        "route": one.route,
        "why": one.why,
        "critical": one.critical,
        "steps": steps,
        "chase_every_seconds": one.chase_every.total_seconds() if one.chase_every is not None else None,
        "chase_times": one.chase_times,
    }


def _wall(at: datetime, zone: ZoneInfo) -> str:
    return at.astimezone(zone).isoformat(sep=" ", timespec="seconds")


def _length(length: timedelta) -> str:
    return lasting(length // timedelta(microseconds=1), "en")
