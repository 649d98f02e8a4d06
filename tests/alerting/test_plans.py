"""From routes to a ladder: one first step over all routes, later ones in their time, and the chase."""

from __future__ import annotations

from datetime import timedelta

from alerting.delivery import Delivery
from alerting.message import Occasion
from alerting.plans import plan_of
from alerting.receiver import kinds
from alerting.record import FIRST
from tests.alerting.making import NOW, alert
from tests.sla.lives_of_events import texts_of

from alerting.delivery_files import parse as parse_folder  # isort: skip
from sla.rulebook import parse as parse_rulebook  # isort: skip

RECEIVERS = "".join(
    f'[receivers.{name}]\nkind = "webhook"\nurl = "https://{name}.example/x"\nsecret_env = "X"\n' for name in "abc"
)
ROUTES = """
fallback = ["a"]
[[route]]
name = "listening in"
continue = true
[[route.steps]]
to = ["receiver:a"]
[[route]]
name = "all"
critical = true
chase_every = "1 h"
chase_times = 2
[[route.steps]]
to = ["receiver:a", "receiver:b"]
[[route.steps]]
after = "10 min"
to = ["receiver:c"]
"""


def folder() -> Delivery:
    """Two routes that both fit."""
    rulebook = parse_rulebook(texts_of("sgcc-2014"))
    return parse_folder({"receivers.toml": RECEIVERS, "routes.toml": ROUTES}, rulebook, kinds())


def test_all_first_steps_are_one_and_the_others_are_named_by_their_time():
    """Nobody is told twice that it was raised; whoever owes it is chased; the fallback hears what reaches nobody."""
    found = plan_of(alert(), folder())
    assert found.critical
    assert [(rung.name, rung.after, rung.occasion, rung.receivers(NOW)) for rung in found.rungs] == [
        (FIRST, timedelta(), Occasion.RAISED, ("a", "b")),
        ("escalated 600 s", timedelta(minutes=10), Occasion.ESCALATED, ("c",)),
        ("chased 4200 s", timedelta(minutes=70), Occasion.CHASED, ("a", "b")),
        ("chased 7800 s", timedelta(minutes=130), Occasion.CHASED, ("a", "b")),
        ("fallback", None, Occasion.ESCALATED, ("a",)),
    ]


def test_a_route_that_is_renamed_calls_nobody_again():
    """What was told is known by its time."""
    renamed = parse_folder(
        {"receivers.toml": RECEIVERS, "routes.toml": ROUTES.replace('"all"', '"all of it"')},
        parse_rulebook(texts_of("sgcc-2014")),
        kinds(),
    )
    names = [rung.name for rung in plan_of(alert(), folder()).rungs]
    assert [rung.name for rung in plan_of(alert(), renamed).rungs] == names
