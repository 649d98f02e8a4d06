"""The worked cases of a rule: events in, due time and verdict out, as a supervisor writes them.

`run` plays one case through the same `step` as everything else and says where it differs. Everybody may import
this; `slawatch rulebook check` and the tests do.

    [[case]]
    name   = "dispatched exactly on the boundary"
    on     = 2026-11-23
    events = ["08:00:00 e1 repair.accepted mode=1 hung_up_at=08:01:00", "08:03:00 e2 repair.dispatched"]
    until  = "08:10:00"
    expect = [{ start = "e1", due = "08:03:00", outcome = "met", alerts = ["warning-50 resolved"] }]
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, time
from typing import Any
from urllib.parse import unquote

import msgspec

from sla.event import Event, fingerprint
from sla.fact import Fact
from sla.fact import read as read_fact
from sla.incident import step as incident_step
from sla.publication import Channel, Output
from sla.rule_layout import RuleFile
from sla.rulebook import Rulebook
from sla.step import step
from sla.toml_file import Fault, load
from sla.vocabulary import Attribute, Kind, read
from sla.watch import Watch

SOURCE = "case"


class Expected(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """One clock a case expects: by the id of its starting event, and the round where the duty repeats.

    `due` is a time, or `none` where the duty has no due time or the calendar does not reach.
    """

    start: str
    due: str
    outcome: str
    reason: str | None = None
    owner: str | None = None
    level: str | None = None
    alerts: list[str] | None = None
    round: str | None = None
    excused: bool | None = None
    keep_until: date | None = None


class Case(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """`[[case]]`: all times are local to the rulebook's zone, on day `on` unless they name another."""

    name: str
    on: date
    events: list[str]
    until: str | None = None
    expect: list[Expected]


class Clock(msgspec.Struct, frozen=True):
    """How a clock came out: the last verdict and the last status of each alert."""

    start: str
    round: str | None
    due_at: datetime | None
    outcome: str
    reason: str
    owner: str | None
    owner_level: str | None
    excused: bool
    keep_until: date | None
    alerts: tuple[str, ...]


def check(files: Mapping[str, str], rulebook: Rulebook) -> list[Fault]:
    """Play every worked case of a rulebook; the faults say which case came out differently."""
    faults: list[Fault] = []
    for rule in rulebook.rules:
        path = f"{rule.id}.toml"
        file = load(path, files, RuleFile, faults)
        for number, raw in enumerate(file.case if file is not None else []):
            at = ("case", number)
            try:
                case = msgspec.convert(raw, Case)
                differences = run(case, rule.id, rulebook)
            except (msgspec.ValidationError, ValueError) as error:
                faults.append(Fault.at(path, files, at, str(error), "mend the case"))
                continue
            for difference in differences:
                what = f"case {case.name!r}: {difference}"
                faults.append(Fault.at(path, files, at, what, "mend the rule or the case"))
    return faults


def run(case: Case, rule_id: str, rulebook: Rulebook) -> list[str]:
    """Play one case against one rule; each difference in words, none when all is as expected."""
    events = [_event(line, case, rulebook) for line in case.events]
    until = _instant(case.until, case, rulebook) if case.until else None
    recurs = any(rule.id == rule_id and rule.recurrence is not None for rule in rulebook.rules)
    play = played_together if recurs else played
    clocks = {(clock.start, clock.round): clock for clock in play(events, rulebook, until, rule_id)}
    differences = []
    for expected in case.expect:
        name = expected.start if expected.round is None else f"{expected.start}, round {expected.round}"
        clock = clocks.pop((expected.start, expected.round), None)
        if clock is None:
            differences.append(f"no clock of {rule_id} starts at {name}")
            continue
        for what, want, got in _compared(expected, clock, case, rulebook):
            if want != got:
                differences.append(f"{what} of the clock from {name}: expected {want}, got {got}")
    for start, round_ in clocks:
        differences.append(f"unexpected clock of {rule_id} from {start}" + (f", round {round_}" if round_ else ""))
    return differences


def _compared(expected: Expected, clock: Clock, case: Case, rulebook: Rulebook) -> list[tuple[str, Any, Any]]:
    """What was expected beside what came out; what a case does not tell is taken as it came out."""
    due_at = None if expected.due == "none" else _instant(expected.due, case, rulebook)
    alerts = clock.alerts if expected.alerts is None else tuple(sorted(expected.alerts))
    return [
        ("due", due_at, clock.due_at),
        ("outcome", expected.outcome, clock.outcome),
        ("reason", expected.reason or clock.reason, clock.reason),
        ("owner", expected.owner or clock.owner, clock.owner),
        ("level", expected.level or clock.owner_level, clock.owner_level),
        ("alerts", alerts, clock.alerts),
        ("excused", clock.excused if expected.excused is None else expected.excused, clock.excused),
        ("keep_until", expected.keep_until or clock.keep_until, clock.keep_until),
    ]


def played(events: list[Event], rulebook: Rulebook, until: datetime | None, rule_id: str) -> list[Clock]:
    """The clocks of one rule after all events of one ticket and, where `until` is given, silence up to it."""
    watch = Watch(rulebook.only(rule_id))
    first = step(None, "case", events, watch)
    if first.refused:
        raise ValueError(f"the case repeats the id of an event: {first.refused[0][0].id}")
    outputs = list(first.outputs)
    if until is not None and first.ticket is not None:
        outputs += step(first.ticket, "case", [], watch, until).outputs
    return _clocks(outputs, rule_id)


def played_together(events: list[Event], rulebook: Rulebook, until: datetime | None, rule_id: str) -> list[Clock]:
    """The same of a rule about incidents: events of several tickets, whose ids begin with the ticket's (`t1/e1`)."""
    watch = Watch(rulebook.only(rule_id))
    tickets: dict[str, list[Event]] = {}
    for event in events:
        tickets.setdefault(event.id.partition("/")[0], []).append(event)
    facts: dict[str, list[Fact]] = {}
    for subject, its in tickets.items():
        first = step(None, subject, its, watch)
        if first.refused:
            raise ValueError(f"the case repeats the id of an event: {first.refused[0][0].id}")
        for output in first.outputs:
            facts.setdefault(output.key, []).append(read_fact(output.value))
    outputs: list[Output] = []
    for key, told in facts.items():
        counted = incident_step(None, key, told, watch)
        outputs += counted.outputs
        if until is not None:
            outputs += incident_step(counted.incident, key, [], watch, until).outputs
    return _clocks(outputs, rule_id)


def _clocks(outputs: list[Output], rule_id: str) -> list[Clock]:
    """How the clocks of a rule came out."""
    verdicts: dict[str, dict[str, Any]] = {}
    alerts: dict[str, dict[str, str]] = {}
    for output in outputs:
        data = msgspec.json.decode(output.value)["data"]
        if data["rule"] != rule_id:
            continue
        if output.channel is Channel.VERDICTS:
            verdicts[data["clock_id"]] = data
        else:
            level = data["alert_id"].rpartition("/")[2]
            alerts.setdefault(data["clock_id"], {})[level] = data["status"]
    return [_clock(clock_id, rule_id, data, alerts.get(clock_id, {})) for clock_id, data in verdicts.items()]


def _clock(clock_id: str, rule_id: str, data: dict[str, Any], alerts: dict[str, str]) -> Clock:
    due_at, keep_until = data.get("due_at"), data.get("keep_until")
    _, start, *rounds = clock_id.partition(f"/{rule_id}/")[2].split("/")
    return Clock(
        start=unquote(start),
        round=rounds[0] if rounds else None,
        due_at=datetime.fromisoformat(due_at) if due_at else None,
        outcome=data["outcome"],
        reason=data["reason"],
        owner=data.get("owner"),
        owner_level=data.get("owner_level"),
        excused=data["excused"],
        keep_until=date.fromisoformat(keep_until) if keep_until else None,
        alerts=tuple(sorted(f"{level} {status}" for level, status in alerts.items())),
    )


def _event(line: str, case: Case, rulebook: Rulebook) -> Event:
    words = line.split()
    if len(words) < 3:
        raise ValueError(f"event {line!r} must read: time id type attribute=value ...")
    at = _instant(words[0], case, rulebook)
    if words[2] not in rulebook.vocabulary.types:
        raise ValueError(f"unknown event {words[2]!r} in {line!r}")
    data = {}
    for word in words[3:]:
        name, _, text = word.partition("=")
        attribute = rulebook.vocabulary.attributes.get(name)
        if attribute is None:
            raise ValueError(f"unknown attribute {name!r} in {line!r}")
        if attribute.kept:
            data[name] = _value(attribute, text, case, rulebook)
    return Event(at, words[1], SOURCE, words[2], data, fingerprint(words[2], at, data))


def _value(attribute: Attribute, text: str, case: Case, rulebook: Rulebook) -> Any:
    if attribute.kind is Kind.INSTANT:
        return _instant(text, case, rulebook)
    if attribute.kind is Kind.BOOLEAN:
        return read(attribute, {"true": True, "false": False}.get(text, text))
    if text.lstrip("-").isdigit() and attribute.kind in (Kind.ENUM, Kind.INTEGER, Kind.NUMBER):
        return read(attribute, int(text))
    return read(attribute, text)


def _instant(text: str, case: Case, rulebook: Rulebook) -> datetime:
    """`08:01:00`, or with a date `2026-11-24T08:01:00`, in the rulebook's zone."""
    day, _, clock = text.rpartition("T")
    try:
        on = date.fromisoformat(day) if day else case.on
        return datetime.combine(on, time.fromisoformat(clock), rulebook.zone).astimezone(UTC)
    except ValueError:
        raise ValueError(f"{text!r} is no time; write 08:01:00 or 2026-11-24T08:01:00") from None
