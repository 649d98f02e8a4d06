"""Why a rule put no clock on a ticket where a person might expect one.

It asks what the kinds ask, in their order, and tells where the answer was no. Only `sla.explain` imports this.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sla.event import Event
from sla.explain.explanation import Absence, AbsenceReason, Misfit, ref
from sla.explain.grounds import last, misfits
from sla.fact import incident_key
from sla.rule import Lack, Rule, Start
from sla.ticket import Reading

BY_CUSTOMER = frozenset({"anonymous", "confidential"})
"""What a customer asks for, and which bars others from calling."""
OVER_TIME = frozenset({"check", "notice", "report"})
"""Kinds that bind a ticket as it is at a time, not as it was told last."""

Said = tuple[AbsenceReason, dict[str, Any]]
"""A reason, and what else the absence says."""


def absence(rule: Rule, reading: Reading, voided: list[Event], begins_at: datetime | None) -> Absence:
    """Why there is no clock of this rule; `begins_at` is when the first begins that lies ahead."""
    reason, more = _off(rule, reading, begins_at) or _unbound(rule, reading) or _unstarted(rule, reading, voided)
    return Absence(rule.id, rule.clause, rule.title, reason, **more)


def _off(rule: Rule, reading: Reading, begins_at: datetime | None) -> Said | None:
    if rule.off:
        return AbsenceReason.RULE_IS_OFF, {}
    if reading.accepted is None:
        return AbsenceReason.NOT_ACCEPTED, {"events": [reading.business.accepted]}
    return None if begins_at is None else (AbsenceReason.LIES_AHEAD, {"at": begins_at})


def _unbound(rule: Rule, reading: Reading) -> Said | None:
    """The rule never bound the ticket."""
    assert reading.accepted is not None
    states = [reading.attributes]
    if rule.kind in OVER_TIME:
        states = reading.over_time()[reading.events.index(reading.accepted) :]
    if any(rule.binding(state) for state in states):
        return None
    return _misbound(rule, states[-1])


def _misbound(rule: Rule, state: dict[str, Any]) -> Said:
    """What of a ticket in this state the rule does not bind."""
    found = sorted((misfits(bound, state) for bound in rule.binds), key=len)
    if found and found[0]:
        contradicts = rule.kind == "check" and rule.bound
        return AbsenceReason.NO_CONTRADICTION if contradicts else AbsenceReason.DOES_NOT_BIND, {"misfits": found}
    barred = next(barred for barred in rule.excepts if barred.holds(state))
    names = [name for name, _ in barred.wanted]
    reason = AbsenceReason.CUSTOMER_BARS if BY_CUSTOMER.issuperset(names) else AbsenceReason.EXCEPTED
    return reason, {"misfits": [[Misfit(name, state[name], []) for name in names]]}


def _unstarted(rule: Rule, reading: Reading, voided: list[Event]) -> Said:
    """The rule binds the ticket, and yet no clock started."""
    if rule.recurrence is not None:  # its clock is an incident's, of which a ticket is one of several
        missing = [name for name in rule.recurrence.same if reading.attributes.get(name) is None]
        if missing:
            return AbsenceReason.NO_INCIDENT, {"events": missing}
        return AbsenceReason.PER_INCIDENT, {"incident": incident_key(rule, rule.recurrence, reading)}
    if rule.bound:
        since = [at for at, _ in reading.spans(rule.binding)]
        return _without_term(rule, reading, since) or (AbsenceReason.NOT_KNOWN, {})
    fits = [at for at, event in enumerate(reading.events) if any(start.fits(event) for start in rule.starts)]
    if not fits:
        return _no_start(rule, reading, voided)
    if rule.kind == "check":
        return _no_contradiction(rule, reading, fits)
    return _done_before(rule, reading, fits[0]) or _without_term(rule, reading, fits) or _ended(rule, reading, fits)


def _no_start(rule: Rule, reading: Reading, voided: list[Event]) -> Said:
    for event in voided:
        if any(start.fits(event) for start in rule.starts):
            return AbsenceReason.START_VOIDED, {"because": ref(event)}
    for event in reversed(reading.events):
        start = next((start for start in rule.starts if start.event == event.type), None)
        if start is not None:
            return AbsenceReason.START_DOES_NOT_FIT, {"because": ref(event), "misfits": [_unfit(start, event)]}
    return AbsenceReason.NO_START, {"events": sorted({start.event for start in rule.starts})}


def _unfit(start: Start, event: Event) -> list[Misfit]:
    """What of an event keeps it from starting a clock; what it must not say has nothing that is wanted instead."""
    found = misfits(start.where, event.data)
    barred = next((barred for barred in start.unless if barred.holds(event.data)), None)
    if not found and barred is not None:
        found = [Misfit(name, event.data[name], []) for name, _ in barred.wanted]
    return found


def _no_contradiction(rule: Rule, reading: Reading, fits: list[int]) -> Said:
    """There are such events, but none of them contradicts; it is said of the last that comes nearest to it."""
    said: Said = (AbsenceReason.NOT_KNOWN, {})
    for at in fits:
        event, state = reading.events[at], reading.over_time()[at]
        because = {"because": ref(event)}
        start = next(start for start in rule.starts if start.fits(event))
        if not start.ticket.holds(state):
            said = AbsenceReason.DOES_NOT_BIND, {"misfits": [misfits(start.ticket, state)], **because}
        elif not rule.binding(state):
            reason, more = _misbound(rule, state)
            said = reason, {**more, **because}
        else:
            said = _before(rule, reading.events[:at]) or said
    return said


def _before(rule: Rule, before: list[Event]) -> Said | None:
    """What came before an event is not as the contradiction has it."""
    missing = [need.event for need in rule.needs if last(need, before) is None]
    if missing:
        return AbsenceReason.NEEDS, {"events": missing}
    since = max((before.index(event) for need in rule.needs if (event := last(need, before))), default=-1)
    for lack in rule.lacks:
        there = last(lack, before[_from(lack, since) :])
        if there is not None:
            return AbsenceReason.LACKS, {"because": ref(there)}
    return None


def _from(lack: Lack, since: int) -> int:
    return since + 1 if lack.later else 0


def _done_before(rule: Rule, reading: Reading, first: int) -> Said | None:
    """Of a start that the last before the stop supersedes, none counts after the stop."""
    if rule.kind != "deadline" or not rule.starts[0].last:
        return None
    stop = next((e for e in reading.events[:first] if any(s.fits(e) for s in rule.stops)), None)
    return None if stop is None else (AbsenceReason.DONE_BEFORE, {"because": ref(stop)})


def _without_term(rule: Rule, reading: Reading, positions: list[int]) -> Said | None:
    """No term was in force when a clock would have started, or none for such a ticket."""
    for at in positions:
        event = reading.events[at]
        state = reading.over_time()[at] if rule.kind in OVER_TIME else reading.attributes
        if rule.kind == "check" or rule.term_at(event.time, state) is not None:
            return None
    named = [entry.since for entry in rule.in_force if entry.where.holds(state)]
    if named:
        return AbsenceReason.BEFORE_IN_FORCE, {"at": min(named), "because": ref(event)}
    found = sorted((misfits(entry.where, state) for entry in rule.in_force), key=len)
    return AbsenceReason.NO_TERM, {"misfits": found, "because": ref(event)}


def _ended(rule: Rule, reading: Reading, fits: list[int]) -> Said:
    """What would have been owed again and again ended before the first time; or the rule bound before, not then."""
    ends = [*rule.cancels]
    ended = next(
        (e for e in reading.events if e.type in reading.business.closed or any(end.fits(e) for end in ends)), None
    )
    if rule.kind == "report" and ended is not None:
        return AbsenceReason.ENDED_BEFORE, {"because": ref(ended)}
    state, event = reading.over_time()[fits[-1]], reading.events[fits[-1]]
    if rule.kind in OVER_TIME and not rule.binding(state):
        reason, more = _misbound(rule, state)
        return reason, {**more, "because": ref(event)}
    return AbsenceReason.NOT_KNOWN, {}
