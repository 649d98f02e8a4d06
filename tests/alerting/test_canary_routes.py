"""Nobody on call hears a canary: only a route that names it takes it, and there is no way round to the fallback."""

from datetime import timedelta

import pytest

from alerting.plans import plan_of
from alerting.routing import route, tried
from tests.alerting.folders import AT, alert, faults, folder

EVERYTHING = """\
fallback = ["c"]
[[route]]
name = "everything"
[[route.steps]]
to = ["receiver:a"]
[[route.steps]]
after = "5 min"
to = ["duty:hotline", "level:hq", "unit:owner"]
"""
NAMED = """\
[[route]]
name  = "canary"
match = {{ {asked} }}
[[route.steps]]
to = ["{to}"]
"""


def canary(**told):
    """A breach of a canary ticket."""
    known = {"alert_id": "k/canary/heard/s/e/breach", "rule": "canary/heard", "ticket": "k", "owner": "canary"}
    return alert(**{**known, "kind": "canary", "urgency": None, "owner_level": None, **told})


def hearers(found, delivery):
    """Everybody who would ever hear an alert."""
    later = AT + timedelta(days=1)
    return {name for rung in plan_of(found, delivery).rungs for name in rung.receivers(later)}


def named(asked='rule = "canary/*"', to="receiver:b"):
    """A folder whose first route takes everything, and a second one canaries."""
    return folder(routes=EVERYTHING + NAMED.format(asked=asked, to=to))


@pytest.mark.parametrize("level", ["notice", "warning", "breach", "escalation"])
def test_a_route_for_everything_does_not_take_a_canary(level):
    """Nor does the fallback: what no route names goes to nobody, whatever its level."""
    delivery = folder(routes=EVERYTHING)
    assert route(canary(level=level), delivery) == ()
    assert hearers(canary(level=level), delivery) == set()
    assert "c" in hearers(alert(), delivery)


def test_a_route_says_why_it_does_not_take_a_canary():
    """So that `routes test` has an answer."""
    [looked_at] = tried(canary(), folder(routes=EVERYTHING))
    assert str(looked_at.misfit) == "rule is canary/heard, not for a route that does not name it"


@pytest.mark.parametrize(
    "asked",
    ['rule = "canary/*"', 'rule = "canary/heard"', 'kind = "canary"', 'rule = ["repair/*", "canary/heard"]'],
)
def test_a_route_that_names_it_takes_a_canary(asked):
    """By rule, by folder or by kind, below a route for everything too; and nobody else hears of it."""
    assert hearers(canary(), named(asked)) == {"b"}


def test_a_canary_with_nobody_to_go_to_does_not_go_to_the_fallback():
    """Its unit has no contact and nobody stands above it."""
    assert hearers(canary(), named(to="unit:owner")) == set()
    assert hearers(canary(), named(to="unit:parent")) == set()


def test_a_route_that_continues_leaves_nothing_to_the_fallback():
    """Whoever listens in is all there is."""
    routes = EVERYTHING + NAMED.format(asked='rule = "canary/*"', to="receiver:b").replace(
        "match", "continue = true\nmatch"
    )
    assert hearers(canary(), folder(routes=routes)) == {"b"}


def test_a_route_for_canaries_takes_nothing_else():
    """Unless it asks for more."""
    assert "b" not in plan_of(alert(), named()).rungs[0].receivers(AT)


def test_a_second_route_for_canaries_is_still_found_to_be_shadowed():
    """Only a route for everything leaves them to those below it."""
    twice = NAMED.format(asked='kind = "canary"', to="receiver:b")
    [fault] = faults(routes=EVERYTHING + twice + twice.replace('"canary"\nmatch', '"canary again"\nmatch'))
    assert "'canary' above it takes all that it asks for" in fault


def test_a_rule_of_somebody_who_has_a_folder_of_that_name_is_no_canary():
    """A breach of it is a breach like any other."""
    found = alert(rule="canary/reply")
    assert not found.canary
    assert {"a", "c"} <= hearers(found, folder(routes=EVERYTHING))
