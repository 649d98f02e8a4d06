"""What a clock rests on: the term in force, what it counts, what contradicts, and which events it waits for.

Only `sla.explain` imports this.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sla.duty import Duty
from sla.event import Event
from sla.explain.explanation import Counted, Granted, Misfit, Ref, Wanted, ref
from sla.kinds.attempts import tries
from sla.kinds.quota import sums
from sla.rule import InForce, Rule, Stop, Trigger, local_date
from sla.term import Continuous, Months, WorkingDays, WorkingHours
from sla.ticket import Reading
from sla.vocabulary import Condition
from sla.wall_clock import MICROSECOND, SECOND_US


def granted(rule: Rule, entry: InForce, acting: tuple[str | None, str | None]) -> Granted:
    """What an entry of a rule grants; `acting` is the unit and level whose hours count."""
    said = Granted(local_date(entry.since, rule.zone))
    term = entry.term
    if term is not None:
        said.term = term.text
    if isinstance(term, Continuous):
        said.counted_in, said.amount = "elapsed", term.length // MICROSECOND
    elif isinstance(term, WorkingHours):
        said.counted_in, said.amount = "working_hours", round(term.hours * 3600 * SECOND_US)
        said.profile = term.profile(*acting).name
    elif isinstance(term, WorkingDays):
        said.counted_in, said.amount = "working_days", term.days
        said.profile = term.calendar.default_profile.name
    elif isinstance(term, Months):
        said.counted_in, said.amount = "months", term.months
    if rule.kind == "report":
        _rounds(said, entry)
    elif rule.kind == "attempts":
        said.gap_seconds = entry.gap.total_seconds()
        said.days, said.a_day, said.tries = entry.days or None, entry.a_day or None, entry.tries or None
    elif rule.kind == "quota":
        said.cap = entry.cap
    return said


def _rounds(said: Granted, entry: InForce) -> None:
    if entry.daily is not None:
        said.daily, said.each = entry.daily.isoformat("minutes"), entry.each
    else:
        said.every_seconds, said.after_seconds = entry.every.total_seconds(), entry.after.total_seconds()


def awaits(rule: Rule, duty: Duty) -> list[Wanted]:
    """The events of which the next would end an open clock."""
    found = [wanted(stop, duty.start.data) for stop in rule.stops]
    if rule.kind == "attempts":
        found += [wanted(start) for start in rule.starts]
    if rule.sum is not None and rule.sum.remove is not None and duty.wakes_at is not None:
        found.append(Wanted(rule.sum.remove))
    return found


def wanted(trigger: Trigger, start: dict[str, Any] | None = None) -> Wanted:
    """An event as a rule wants it, for a clock whose start told these attributes."""
    match: dict[str, Any] = {}
    if isinstance(trigger, Stop) and start is not None:
        match = {theirs: start[mine] for mine, theirs in trigger.match if mine in start}
    unless = [_condition(barred) for barred in trigger.unless]
    return Wanted(trigger.event, _condition(trigger.where), unless, match)


def counted(rule: Rule, reading: Reading, duty: Duty) -> list[Counted]:
    """The tries of a series, or what a sum consists of; nothing for clocks that count neither."""
    if rule.sum is not None:
        return [Counted(ref(event), total=total) for event, total in sums(rule, reading)]
    if rule.kind != "attempts" or duty.entry is None:
        return []
    events = reading.events
    ended = duty.stop or (duty.cancel if duty.ends_with_cancel else None)
    until = len(events) if ended is None else events.index(ended) + 1
    found = tries(rule, reading, events.index(duty.start), duty.entry, until)
    return [Counted(ref(events[at]), counts=counts) for at, _, counts in found]


def facts(rule: Rule, reading: Reading, duty: Duty) -> dict[str, Any]:
    """What a contradiction consists of: what was so of the ticket, and what the event said."""
    if rule.kind != "check":
        return {}
    known = reading.over_time()[reading.events.index(duty.start)]
    told = {name for bound in rule.binds if bound.holds(known) for name, _ in bound.wanted}
    found = {name: known[name] for name in sorted(told)}
    for start in rule.starts:
        if start.fits(duty.start):
            found.update({name: known[name] for name, _ in start.ticket.wanted if name in known})
            found.update({name: duty.start.data[name] for name, _ in start.where.wanted})
    return found


def evidence(rule: Rule, reading: Reading, duty: Duty) -> list[Ref]:
    """The events before a contradiction without which it would be none."""
    if not rule.needs:
        return []
    before = reading.events[: reading.events.index(duty.start)]
    found = (last(need, before) for need in rule.needs)
    return [ref(event) for event in found if event is not None]


def last(trigger: Trigger, events: list[Event]) -> Event | None:
    """The last of some events that is meant."""
    return next((event for event in reversed(events) if trigger.fits(event)), None)


def misfits(condition: Condition, attributes: dict[str, Any]) -> list[Misfit]:
    """What of a condition does not hold."""
    return [
        Misfit(name, attributes.get(name), _sorted(values))
        for name, values in condition.wanted
        if attributes.get(name) is None or attributes[name] not in values
    ]


def _condition(condition: Condition) -> dict[str, list[Any]]:
    return {name: _sorted(values) for name, values in condition.wanted}


def _sorted(values: Iterable[Any]) -> list[Any]:
    return sorted(values, key=str)
