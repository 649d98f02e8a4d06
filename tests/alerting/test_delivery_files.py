"""A delivery folder that cannot be right refuses to start and says where."""

import pytest

from alerting.delivery_files import DeliveryError, build, parse
from alerting.receiver import Surroundings
from tests.alerting.folders import NOTED, RECEIVERS, ROSTER, ROUTES, faults, folder, law

ONE = '[[route.steps]]\nto = ["receiver:a"]\n'


def routes_with(old, new):
    """The small folder's routes with one text replaced."""
    assert old in ROUTES
    return ROUTES.replace(old, new, 1)


def more(text):
    """The small folder's routes with one more at the top, a step to `a` included."""
    return ROUTES.replace("[[route]]\n", f"[[route]]\n{text}\n{ONE}[[route]]\n", 1)


def test_a_folder_without_fault_is_read():
    """The small one of these tests is."""
    assert faults() == []


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ('fallback = ["c"]', "", "routes.toml:1: there is no fallback"),
        ('fallback = ["c"]', 'fallback = ["d"]', "routes.toml:1: unknown receiver 'd'"),
        ('"receiver:a"', '"receiver:aa"', "routes.toml:11: unknown receiver 'aa'"),
        ('"receiver:a"', '"somebody"', "routes.toml:11: 'somebody' names nobody"),
        ('"unit:owner"', '"unit:above"', "routes.toml:18: unknown unit 'above'"),
        ('"level:hq"', '"level:top"', "routes.toml:21: unknown level 'top'"),
        ('"duty:hotline"', '"duty:cold"', "routes.toml:21: unknown team 'cold'"),
        ("[contacts.32]", "[contacts.33]", "routes.toml:5: unknown unit '33'"),
        ('receivers = ["b"]', 'receivers = ["x"]', "routes.toml:6: unknown receiver 'x'"),
        ('receivers = ["b"]', "receivers = []", "routes.toml:6: unit '32' has no contact"),
        ('level = "breach"', 'level = "worse"', "routes.toml:14: Invalid enum value 'worse'"),
        ('urgency = "urgent"', 'urgency = "very"', "routes.toml:14: unknown urgency 'very'"),
        ('kind = "repair"', 'kind = "repairs"', "routes.toml:14: unknown kind of ticket 'repairs'"),
        ('kind = "repair"', 'rule = "repair/dispach"', "routes.toml:14: unknown rule 'repair/dispach'"),
        ('kind = "repair"', 'rule = "outage/*"', "routes.toml:14: unknown rules 'outage/*'"),
        ('kind = "repair"', 'rule = "*"', "routes.toml:14: '*' is no pattern"),
        ('kind = "repair"', 'owner = "9"', "routes.toml:14: unknown unit '9'"),
        ('kind = "repair"', "owner = []", "routes.toml:14: owner is a list without a value"),
        ('hours = "office"', 'hours = "lunch"', "routes.toml:24: unknown hours 'lunch'"),
        ('hours = "office"', 'status = "firing"', "routes.toml:24: Object contains unknown field `status`"),
        ('days    = "working"', 'dayz = "working"', "routes.toml:3: Object contains unknown field `dayz`"),
        ('"13:30-17:30"', '"11:30-17:30"', "routes.toml:4: a window opens at 11:30"),
        ('after = "5 min"', 'after = "0s"', "routes.toml:20: this step is not later than the one before it"),
        ('after = "5 min"', 'after = "9 d"', "routes.toml:20: 9 d is out of range"),
        ('after = "5 min"', 'after = "soon"', "routes.toml:20: "),
        ('to = ["receiver:a"]', 'after = "1 min"\nto = ["receiver:a"]', "routes.toml:11: nobody would hear at once"),
        ('to = ["receiver:a"]', "to = []", "routes.toml:11: nobody would hear this step"),
        ("chase_times = 3", "", "routes.toml:12: chasing needs both"),
        ("chase_times = 3", "chase_times = 900", "routes.toml:16: 900 times are out of range"),
        ('chase_every = "10 min"', 'chase_every = "1 s"', "routes.toml:15: 1 s is out of range"),
        ('name  = "office"', 'name  = "urgent"', "routes.toml:23: two routes are called 'urgent'"),
        ('name  = "office"', 'name  = "fallback"', "routes.toml:23: 'fallback' is no name for a route"),
        ("[[route]]", "[[rout]]", "routes.toml:"),
        ("fallback", "fall back", "routes.toml:1: not valid TOML"),
    ],
)
def test_a_fault_in_the_routes(old, new, expected):
    """It is told with file, line and what to do."""
    found = faults(routes=routes_with(old, new))
    assert any(fault.startswith(expected) for fault in found), found


@pytest.mark.parametrize(
    ("match", "says"),
    [
        ('rule = "repair/*", kind = "complaint"', "these rules are about repair"),
        ('rule = "operator/*", grade = "major"', "an alert about the monitor itself has no grade"),
        ('level = "breach", assumed = true', "an assumed limit raises warnings"),
        ('owner = "3201", owner_level = "province"', "no unit at or beneath owner"),
    ],
)
def test_a_match_that_rules_itself_out(match, says):
    """Two conditions that no alert fulfils together."""
    (fault,) = faults(routes=more(f'name = "never"\nmatch = {{ {match} }}'))
    assert "the route can never match" in fault
    assert says in fault


@pytest.mark.parametrize(
    ("above", "below", "shadowed"),
    [
        ("", 'level = "breach"', True),
        ('level = ["breach", "warning"]', 'level = "breach", kind = "repair"', True),
        ('level = "breach"', 'level = ["breach", "warning"]', False),
        ('rule = "repair/*"', 'rule = "repair/dispatch"', True),
        ('rule = "repair/dispatch"', 'rule = "repair/*"', False),
        ('owner = "32"', 'owner = "3201"', True),
        ('owner = "3201"', 'owner = "32"', False),
        ('hours = "office"', 'hours = "office", level = "breach"', True),
        ('hours = "office"', 'level = "breach"', False),
    ],
)
def test_a_route_that_another_leaves_nothing(above, below, shadowed):
    """Unless the other continues, a route below it that asks for no more can never match."""
    start = 'fallback = ["c"]\n[hours.office]\ndays = ["mon"]\n'
    routes = f'[[route]]\nname = "above"\nmatch = {{ {above} }}\n{ONE}[[route]]\nname = "below"\nmatch = {{ {below} }}\n{ONE}'
    assert [fault.split(":")[1] for fault in faults(routes=start + routes)] == (["9"] if shadowed else [])
    continuing = routes.replace('name = "above"', 'name = "above"\ncontinue = true')
    assert faults(routes=start + continuing) == []


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (
            'kind = "noted"\nbook = "a"',
            'kind = "note"\nbook = "a"',
            "receivers.toml:2: unknown kind of receiver 'note'",
        ),
        ('book = "a"', 'buch = "a"', "receivers.toml:3: Object contains unknown field `buch`"),
        ('book = "a"', "book = 7", "receivers.toml:3: Expected `str`, got `int`"),
        ('kind = "noted"\nbook = "a"', 'book = "a"', "receivers.toml:1: Object missing required field `kind`"),
        ('language = "en"', 'language = "fr"', "receivers.toml:6: Invalid enum value 'fr'"),
        ("[receivers.a]", '[receivers."a b"]', "receivers.toml:1: 'a b' is no name for a receiver"),
    ],
)
def test_a_fault_in_the_receivers(old, new, expected):
    """What every receiver has, and what its kind asks for."""
    assert old in RECEIVERS
    found = faults(receivers=RECEIVERS.replace(old, new, 1))
    assert any(fault.startswith(expected) for fault in found), found


@pytest.mark.parametrize("file", ["receivers", "routes"])
def test_a_file_that_is_missing(file):
    """Receivers and routes are needed; a roster is not, unless a route calls a team."""
    assert f"{file}.toml:1: the file is missing" in faults(**{file: None})


def test_a_fault_of_a_receiver_is_told_once():
    """Routes that name it say nothing more about it."""
    assert len(faults(receivers=RECEIVERS.replace('book = "a"', "book = 7"))) == 1


def test_who_stands_above_must_be_known():
    """Targets that look upwards want a list of units."""
    found = faults(units=None)
    assert any("'level:hq' needs to know who stands above whom" in fault for fault in found)
    assert any("'unit:parent' needs" in fault for fault in found)


def test_an_unknown_name_is_answered_with_the_nearest():
    """The remedy of a slip of the pen is what was meant."""
    with pytest.raises(DeliveryError) as caught:
        folder(routes=routes_with('"repair"', '"repairs"'))
    assert caught.value.faults[0].remedy == "did you mean 'repair'?"


def test_a_field_that_the_rulebook_lacks():
    """Another desk's tickets have no grade."""
    match = 'name = "x"\nmatch = { grade = "major" }'
    assert any(
        "unknown grade 'major'" in fault for fault in faults(routes=more(match), rulebook="itsm-example", units=None)
    )


def test_every_receiver_is_built_in_its_language():
    """With its name; the configuration was checked before."""
    built = build(folder(), Surroundings("", "zh", None, {}))
    assert built == {"a": "a in zh", "b": "b in en", "c": "c in zh"}


def test_what_only_building_finds_out_is_a_fault_too():
    """With the line of the receiver."""
    delivery = folder(receivers=RECEIVERS.replace('book = "c"', 'book = "sealed"'))
    with pytest.raises(DeliveryError, match=r"receivers.toml:8: receiver 'c': the book is sealed"):
        build(delivery, Surroundings("", "zh", None, {}))


def test_another_file_in_the_folder_is_named():
    """A misspelt name must not switch a roster off."""
    files = {"routes.toml": ROUTES, "receivers.toml": RECEIVERS, "roster.toml": ROSTER, "rota.toml": ""}
    with pytest.raises(DeliveryError, match=r"rota.toml:1: this is no file of a delivery folder"):
        parse(files, law(), NOTED)
