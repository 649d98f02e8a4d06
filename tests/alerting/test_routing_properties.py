"""What holds of every alert and every folder: somebody hears it at once, and it can be worked out again who did."""

from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from alerting.routing import resolve, route
from tests.alerting.folders import AT, alert, example, faults, folder

LEVELS = ("notice", "warning", "breach", "escalation")
RULES = ("repair/dispatch", "repair/receive-local", "complaint/answer", "operator/blind")
OWNERS = ("SGCC", "32", "3201", "320105", "320199", "3202", "4401")

alerts = st.builds(
    alert,
    level=st.sampled_from(LEVELS),
    rule=st.sampled_from(RULES),
    kind=st.sampled_from(["repair", "complaint", None]),
    urgency=st.sampled_from(["urgent", "general", None]),
    grade=st.sampled_from(["special", "major", "important", "general", None]),
    category=st.sampled_from(["service", "outage", None]),
    mode=st.sampled_from([1, 2, 3, None]),
    owner=st.sampled_from([*OWNERS, None]),
    owner_level=st.sampled_from(["hq", "province", "city", None]),
    assumed=st.booleans(),
    unverified=st.booleans(),
    due_at=st.none() | st.integers(0, 60 * 24 * 28).map(lambda minutes: AT + timedelta(minutes=minutes)),
)
instants = st.datetimes(datetime(2026, 1, 1), datetime(2029, 1, 1)).map(lambda at: at.replace(tzinfo=UTC))  # noqa: DTZ001  # the zone comes next

some = {
    "level": st.lists(st.sampled_from(LEVELS), min_size=1, max_size=3, unique=True),
    "rule": st.lists(st.sampled_from([*RULES, "repair/*", "complaint/*", "operator/*"]), min_size=1, max_size=2, unique=True),
    "kind": st.lists(st.sampled_from(["repair", "complaint"]), min_size=1, max_size=1),
    "urgency": st.lists(st.sampled_from(["urgent", "general"]), min_size=1, max_size=2, unique=True),
    "owner": st.lists(st.sampled_from(OWNERS[:4]), min_size=1, max_size=2, unique=True),
    "mode": st.lists(st.sampled_from([1, 2, 3]), min_size=1, max_size=2, unique=True),
}  # fmt: skip
matches = st.fixed_dictionaries({}, optional=some)


def as_toml(number, match, *, continues):
    """One route as it is written."""
    asked = ", ".join(f"{key} = {values!r}" for key, values in match.items())
    return f'[[route]]\nname = "r{number}"\ncontinue = {str(continues).lower()}\nmatch = {{ {asked} }}\n[[route.steps]]\nto = ["unit:owner"]\n'


def fits(match, found):
    """The match read once more, by somebody who knows only the guide."""
    data = found.data
    for key, values in match.items():
        if key == "rule":
            good = any(
                data.rule == value or (value[-2:] == "/*" and data.rule.split("/")[0] == value[:-2])
                for value in values
            )
        elif key == "owner":
            parents = {"320105": "3201", "3201": "32", "3202": "32", "32": "SGCC", "320199": "3201"}
            line, unit = [], data.owner
            while unit is not None:
                line.append(unit)
                unit = parents.get(unit)
            good = any(value in line for value in values)
        else:
            good = getattr(data, key) in values
        if not good:
            return False
    return True


@given(alerts, instants)
def test_somebody_hears_every_alert_at_once(found, at):
    """Of the shipped example, at any time of any day."""
    for one in route(found, example()):
        assert one.steps[0].after == timedelta(0)
        assert resolve(one.steps[0], found, example(), at)


@given(alerts, instants)
def test_every_step_reaches_a_receiver_that_there_is(found, at):
    """And each only once."""
    for one in route(found, example()):
        for step in one.steps:
            names = [name for name, _ in resolve(step, found, example(), at + step.after)]
            assert names
            assert len(names) == len(set(names))
            assert set(names) <= example().receivers.keys()


@given(alerts, instants)
def test_who_had_to_hear_can_be_worked_out_again(found, at):
    """The same alert, step and instant lead to the same receivers for the same reasons."""
    assert route(found, example()) == route(found, example())
    for one in route(found, example()):
        assert [resolve(step, found, example(), at) for step in one.steps] == [
            resolve(step, found, example(), at) for step in one.steps
        ]


@settings(max_examples=300, deadline=None)
@given(st.lists(st.tuples(matches, st.booleans()), max_size=6), alerts)
def test_the_first_that_fits_equals_a_plain_loop(routes, found):
    """Routes that continue are taken along, the first that does not is the last; without one the fallback hears too."""
    text = 'fallback = ["c"]\n' + "".join(
        as_toml(number, match, continues=continues) for number, (match, continues) in enumerate(routes)
    )
    wrong = faults(routes=text)
    if wrong:
        assert all("can never match" in fault for fault in wrong)
        return
    delivery, expected = folder(routes=text), []
    for number, (match, continues) in enumerate(routes):
        if fits(match, found):
            expected.append(f"r{number}")
            if not continues:
                break
    else:
        expected.append("fallback")
    assert [one.route for one in route(found, delivery)] == expected


@settings(max_examples=200, deadline=None)
@given(matches, matches, st.lists(alerts, min_size=1, max_size=20))
def test_a_route_that_is_refused_as_unreachable_would_never_have_been_taken(above, below, tried):
    """Whatever fits the lower one fits the upper one as well."""
    text = 'fallback = ["c"]\n' + as_toml(0, above, continues=False) + as_toml(1, below, continues=False)
    if any("'r0' above it takes all" in fault for fault in faults(routes=text)):
        assert not any(fits(below, found) and not fits(above, found) for found in tried)
