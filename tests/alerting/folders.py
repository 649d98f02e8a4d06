"""Delivery folders and alerts for tests: small ones written here, the shipped example, and a receiver of its own.

Only tests import this.
"""

from datetime import UTC, datetime
from functools import cache
from pathlib import Path

import msgspec

from alerting.alert import Alert
from alerting.delivery_files import DeliveryError, parse
from alerting.receiver import Kind, kinds
from sla.alert_layout import AlertData
from sla.rulebook import parse as parse_rulebook
from tests.sla.lives_of_events import texts_of

ROOT = Path(__file__).resolve().parents[2]
EXAMPLE = ROOT / "examples" / "delivery"
AT = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
"""A Monday, 10:00 in China."""


class Noted(msgspec.Struct, forbid_unknown_fields=True):
    """The configuration of a receiver that writes down what it hears."""

    book: str
    pages: int = 1


def make_noted(config, surroundings):
    """Refuse a book that cannot be written in, as a receiver does that finds its configuration wrong."""
    if config.book == "sealed":
        raise ValueError("the book is sealed")
    return f"{surroundings.name} in {surroundings.language}"


NOTED = {"noted": Kind("noted", Noted, make_noted)}


def example_kinds():
    """The kinds of the shipped example."""
    return dict(kinds())


UNITS = (EXAMPLE / "units.toml").read_text()

RECEIVERS = """\
[receivers.a]
kind = "noted"
book = "a"
[receivers.b]
kind     = "noted"
language = "en"
book     = "b"
[receivers.c]
kind = "noted"
book = "c"
"""

ROSTER = """\
[people.li]
receivers = ["a"]
[people.wang]
receivers = ["b", "c"]
[teams.hotline]
since = 2026-11-02
[[teams.hotline.shifts]]
name  = "day"
from  = "08:00"
to    = "20:00"
weeks = [["li"], ["wang"]]
[[teams.hotline.shifts]]
name  = "night"
from  = "20:00"
to    = "08:00"
weeks = [["wang"], ["li"]]
"""

ROUTES = """\
fallback = ["c"]
[hours.office]
days    = "working"
windows = ["08:30-12:00", "13:30-17:30"]
[contacts.32]
receivers = ["b"]
[[route]]
name     = "all"
continue = true
[[route.steps]]
to = ["receiver:a"]
[[route]]
name        = "urgent"
match       = { level = "breach", kind = "repair", urgency = "urgent" }
chase_every = "10 min"
chase_times = 3
[[route.steps]]
to = ["unit:owner"]
[[route.steps]]
after = "5 min"
to    = ["duty:hotline", "level:hq"]
[[route]]
name  = "office"
match = { hours = "office" }
[[route.steps]]
to = ["unit:parent"]
"""


@cache
def law(units=UNITS, rulebook="sgcc-2014"):
    """The shipped rulebook with a list of units; None: without one."""
    return parse_rulebook({**texts_of(rulebook), **({"units.toml": units} if units is not None else {})})


def folder(routes=ROUTES, receivers=RECEIVERS, roster=ROSTER, units=UNITS, rulebook="sgcc-2014"):
    """A small delivery folder, checked. None leaves a file out."""
    files = {"routes.toml": routes, "receivers.toml": receivers, "roster.toml": roster}
    return parse({name: text for name, text in files.items() if text is not None}, law(units, rulebook), NOTED)


def faults(**files):
    """What is wrong with a folder, each as `file:line: what`."""
    try:
        folder(**files)
    except DeliveryError as error:
        found = error.faults
    else:
        found = []
    assert all(fault.remedy for fault in found)
    return [f"{fault.file}:{fault.line}: {fault.what}" for fault in found]


@cache
def example():
    """The shipped example, checked."""
    texts = {path.name: path.read_text() for path in EXAMPLE.glob("*.toml")}
    return parse(texts, law(), example_kinds())


def alert(**told):
    """An alert that fires at AT: an urgent repair of Nanjing, overdue, unless it is told otherwise."""
    at = told.pop("at", AT)
    known = {
        "alert_id": "2026112300017/repair/dispatch/s/e1/breach",
        "revision": 1,
        "status": "firing",
        "level": "breach",
        "rule": "repair/dispatch",
        "clause": "附件2 五(二)2",
        "title": {"zh": "派单超时", "en": "Not dispatched in time"},
        "historic": False,
        "unverified": False,
        "assumed": False,
        "excused": False,
        "reason": "not_done",
        "ticket": "2026112300017",
        "kind": "repair",
        "urgency": "urgent",
        "owner": "3201",
        "owner_level": "city",
        "due_at": AT,
    }
    data = AlertData(**{**known, **told})
    return Alert(f"{data.alert_id}:{data.revision}", data.ticket or "x", at, data, at)
