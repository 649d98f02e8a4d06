"""Who hears an alert: the first route that fits, what critical means, and whom each target of a step leads to."""

from datetime import UTC, datetime, timedelta

import pytest

from alerting.routing import resolve, route, tried
from tests.alerting.folders import AT, alert, example, folder

GRADES = [("special", "headquarters"), ("major", "jiangsu"), ("important", "nanjing"), ("general", "nanjing")]


def heard_at_once(found, delivery, at=AT):
    """The receivers of the first steps of all routes that apply."""
    return [name for one in route(found, delivery) for name, _ in resolve(one.steps[0], found, delivery, at)]


def with_steps(*to, contacts="", roster=None):
    """A folder of one route with one step, to these targets."""
    names = ", ".join(f'"{target}"' for target in to)
    routes = f'fallback = ["c"]\n{contacts}\n[[route]]\nname = "one"\n[[route.steps]]\nto = [{names}]\n'
    return folder(routes=routes, **({} if roster is None else {"roster": roster}))


def one_step(delivery, found=None, at=AT):
    """Who hears the only step of the only route."""
    found = found or alert()
    (only,) = route(found, delivery)
    return resolve(only.steps[0], found, delivery, at)


NANJING = '[contacts.3201]\nreceivers = ["a"]\n'
JIANGSU = '[contacts.32]\nreceivers = ["b"]\n'


def test_the_first_route_that_fits_is_taken():
    """A route that continues is taken along; what comes after one that does not is not looked at."""
    assert [one.route for one in route(alert(), folder())] == ["all", "urgent"]
    assert [one.route.name for one in tried(alert(), folder())] == ["all", "urgent"]


def test_a_route_says_on_which_field_an_alert_does_not_fit():
    """The first field that differs is told, with what was asked."""
    misfits = {one.route.name: one.misfit for one in tried(alert(urgency="general"), folder())}
    assert misfits["all"] is None
    assert str(misfits["urgent"]) == "urgency is general, not urgent"


def test_what_no_route_takes_is_the_fallbacks():
    """At once, and under a name no route has."""
    routes = 'fallback = ["b", "c"]\n[[route]]\nname = "x"\nmatch = { level = "notice" }\n[[route.steps]]\nto = ["receiver:a"]\n'
    (only,) = route(alert(), folder(routes=routes))
    assert (only.route, only.steps[0].after) == ("fallback", timedelta(0))
    assert heard_at_once(alert(), folder(routes=routes)) == ["b", "c"]


def test_routes_that_only_listen_in_do_not_keep_the_fallback_from_hearing():
    """An alert that every route passes on was settled by none."""
    night = alert(urgency="general", due_at=datetime(2026, 11, 22, 18, tzinfo=UTC))
    assert [one.route for one in route(night, folder())] == ["all", "fallback"]


@pytest.mark.parametrize("status", ["firing", "resolved", "retracted"])
@pytest.mark.parametrize("due_at", [AT, AT - timedelta(hours=9)])
def test_a_route_does_not_change_with_how_an_alert_stands(status, due_at):
    """Resolved hours later, in the night, an alert goes the way it went when it fired."""
    fired = alert(urgency="general", due_at=due_at)
    later = alert(
        urgency="general", due_at=due_at, status=status, revision=2, reason="after_due", at=AT + timedelta(hours=12)
    )
    assert route(later, folder()) == route(fired, folder())


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        ({}, True),
        ({"level": "warning"}, False),
        ({"urgency": "general"}, False),
        ({"kind": "complaint", "urgency": None, "grade": "special"}, True),
        ({"kind": "complaint", "urgency": None, "grade": "major"}, True),
        ({"kind": "complaint", "urgency": None, "grade": "important"}, False),
        ({"kind": "complaint", "urgency": None, "grade": "special", "level": "warning"}, False),
        ({"level": "escalation", "kind": "complaint", "urgency": None}, True),
    ],
)
def test_what_is_critical(told, expected):
    """Breaches of urgent repairs and of special or major complaints, and every escalation."""
    assert {one.critical for one in route(alert(**told), folder())} == {expected}


def test_a_route_may_say_what_is_critical():
    """Its word goes before what is computed."""
    routes = 'fallback = ["c"]\n[[route]]\nname = "x"\ncritical = false\n[[route.steps]]\nto = ["receiver:a"]\n'
    assert [one.critical for one in route(alert(), folder(routes=routes))] == [False]


@pytest.mark.parametrize(
    ("target", "owner", "expected"),
    [
        ("unit:owner", "3201", ["a"]),
        ("unit:owner", "320105", ["a"]),
        ("unit:owner", "320199", ["a"]),
        ("unit:owner", "3202", ["b"]),
        ("unit:owner", "SGCC", ["c"]),
        ("unit:owner", "4401", ["c"]),
        ("unit:owner", None, ["c"]),
        ("unit:parent", "320105", ["a"]),
        ("unit:parent", "3201", ["b"]),
        ("unit:parent", "SGCC", ["c"]),
        ("level:city", "320105", ["a"]),
        ("level:province", "320105", ["b"]),
        ("level:county", "3201", ["a"]),
        ("level:city", "32", ["b"]),
        ("level:hq", "3201", ["c"]),
        ("level:province", "NCSC", ["c"]),
    ],
)
def test_whom_a_unit_leads_to(target, owner, expected):
    """Its contacts, else those of the nearest unit above with any, else the fallback."""
    heard = one_step(with_steps(target, contacts=NANJING + JIANGSU), alert(owner=owner))
    assert [name for name, _ in heard] == expected


def test_it_is_said_which_unit_stood_in():
    """Whoever tries a route out reads why a receiver hears it."""
    ((_, why),) = one_step(with_steps("unit:owner", contacts=JIANGSU))
    assert why == "unit:owner: contact of Jiangsu (32), the nearest above Nanjing (3201) with a contact"


def test_a_receiver_hears_a_step_once():
    """Two targets that lead to it name it once, with the first reason."""
    heard = one_step(with_steps("receiver:a", "unit:owner", contacts=NANJING))
    assert heard == (("a", "receiver:a"),)


def test_who_is_on_duty_when_the_step_is_due_hears_it():
    """Not who is on duty when it is carried out, or was when the alert was raised."""
    delivery = with_steps("duty:hotline")
    before, after = datetime(2026, 11, 23, 11, 59, tzinfo=UTC), datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
    assert [name for name, _ in one_step(delivery, at=before)] == ["b", "c"]
    assert [name for name, _ in one_step(delivery, at=after)] == ["a"]


def test_in_a_gap_of_the_roster_the_fallback_hears():
    """Where gaps are allowed."""
    roster = '[people.li]\nreceivers = ["a"]\n[teams.hotline]\ngaps = "allowed"\n[[teams.hotline.shifts]]\nname = "day"\nfrom = "08:00"\nto = "20:00"\nweeks = [["li"]]\n'
    delivery = with_steps("duty:hotline", roster=roster)
    assert one_step(delivery, at=AT)[0].receiver == "a"
    ((receiver, why),) = one_step(delivery, at=AT + timedelta(hours=12))
    assert receiver == "c"
    assert "nobody is on duty at 2026-11-23 22:00" in why


@pytest.mark.parametrize(("grade", "receiver"), GRADES)
def test_the_grade_of_a_complaint_decides_the_level_that_hears(grade, receiver):
    """Special: head office; major: province; important: city; general: county or, without a contact, its city."""
    found = alert(kind="complaint", urgency=None, grade=grade, rule="complaint/answer", owner="320105")
    assert receiver in heard_at_once(found, example())


def test_the_example_settles_every_sort_of_alert():
    """No alert of any level is left to the fallback for want of a route."""
    for level in ("notice", "warning", "breach", "escalation"):
        for told in (
            {},
            {"kind": "complaint", "urgency": None},
            {"rule": "operator/blind", "kind": None, "owner": None},
        ):
            assert route(alert(level=level, **told), example())[-1].route != "fallback"
