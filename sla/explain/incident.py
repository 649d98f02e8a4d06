"""The explanation of an incident from what its tickets said, its law and the silence behind them.

Nothing here decides: windows and counts come from `sla.kinds.recurrence`, what is published from `sla.incident`.
Everybody may import this.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sla.duty import judge
from sla.event import Event
from sla.explain.explanation import Ref, Told, Warned, Withdrawn, ref
from sla.explain.grounds import wanted
from sla.explain.incident_explanation import (
    Called,
    Counting,
    IncidentClock,
    IncidentExplanation,
    IncidentTicket,
    NoEscalation,
    Pending,
    TicketReason,
    Unit,
    Unstarted,
    UnstartedReason,
)
from sla.explain.incident_history import IncidentHistory, Spoken, incident_history
from sla.fact import Fact, rule_name
from sla.kinds.recurrence import ESCALATION, WATCH_LIST, Course, counts_from, courses, stretches
from sla.rule import InForce, Recurrence, Rule, local_date
from sla.rulebook import Rulebook
from sla.term import Months
from sla.ticket import Published
from sla.units import above
from sla.watch import Watch


def rule_of(rulebook: Rulebook, key: str) -> Rule | None:
    """The rule an incident of this key would be counted by, also one that is off; None where it is no such key."""
    *parts, name = key.split("/")
    for rule in rulebook.rules:
        if rule.recurrence is not None and rule_name(rule) == name and len(parts) == len(rule.recurrence.same):
            return rule
    return None


def explain_incident(
    watch: Watch, key: str, said: Sequence[Spoken], horizon: datetime | None
) -> IncidentExplanation | None:
    """Explain every clock of an incident; None where nothing was said of it, or its rule is unknown or off.

    `said` is in the order of the log; `horizon` is the instant through which silence is proven (None: it decides
    nothing).
    """
    rulebook = watch.rulebook
    rule = rule_of(rulebook, key)
    lived = incident_history(watch, key, said, horizon)
    if rule is None or rule.off or lived.incident is None:
        return None
    sums = {clause.id: clause.says for clause in rulebook.clauses}
    found = IncidentExplanation(
        key,
        rulebook.label,
        rule.id,
        rule.clause,
        rule.title,
        rule.says,
        sums.get(rule.clause, {}),
        rule.assumed,
        horizon,
        refused=lived.refused,
    )
    facts = [lived.incident.facts[ticket] for ticket in sorted(lived.incident.facts)]
    found.elsewhere = [fact.ticket for fact in facts if fact.accepted is None]
    told: dict[str, list[Told]] = {}
    for revision in lived.told:
        told.setdefault(revision.clock_id, []).append(revision)
    started = courses(rule, key, facts, horizon)
    for course in started:
        clock_id = course.duty.clock_id
        published = lived.incident.published.get(clock_id)
        found.clocks.append(_clock(rule, rulebook, course, lived, published, told.pop(clock_id, [])))
    with_clock = [course.ordered for course in started]
    for ordered in stretches(facts):
        if ordered not in with_clock:
            open_ = ordered[0].closed is None
            reason = UnstartedReason.FIRST_NOT_CLOSED if open_ else UnstartedReason.BEFORE_IN_FORCE
            tickets = [_ticket(fact, _judgement(fact, lived), None) for fact in ordered]
            tickets[0].reason = TicketReason.FIRST
            found.unstarted.append(Unstarted(reason, tickets))
    for clock_id, revisions in told.items():
        found.withdrawn.append(Withdrawn(clock_id, rule.id, rule.clause, revisions))
    return found


def _clock(
    rule: Rule,
    rulebook: Rulebook,
    course: Course,
    lived: IncidentHistory,
    published: Published | None,
    told: list[Told],
) -> IncidentClock:
    duty, window, recurrence = course.duty, course.window, rule.recurrence
    assert recurrence is not None
    assert duty.wakes_at is not None
    entry = rule.term_at(duty.started_at, {})
    assert entry is not None
    outcome, reason = judge(duty, None)  # it has a standing of its own
    alerts = {} if published is None else published.alerts
    statuses = {level: raised.status for level, raised in alerts.items()}
    clock = IncidentClock(
        clock_id=duty.clock_id,
        outcome=outcome.value,
        reason=reason.value,
        first=course.ordered[0].ticket,
        start=ref(duty.start),
        started_at=duty.started_at,
        window_begins_at=window.begins_at,
        window_ends_at=window.ends_at,
        counting_ends_at=duty.wakes_at,
        counting=_counting(rule, recurrence, entry),
        count=len(course.counted),
        tickets=_tickets(recurrence, course, lived),
        called=_called(rulebook, course),
        historic=any(revision.historic for revision in told),
        stop=None if duty.stop is None else ref(duty.stop),
        stop_ticket=_ticket_of(duty.stop, course),
        warnings=[Warned(level, at, _standing(statuses.get(level))) for level, at in duty.thresholds],
        told=told,
    )
    clock.no_escalation = _no_escalation(recurrence, course, statuses.get(ESCALATION))
    if duty.ended_at is None and len(course.counted) >= recurrence.times:
        clock.awaits = [wanted(stop) for stop in rule.stops]
    elif duty.ended_at is None:
        open_ = [one.ticket for one in clock.tickets if one.reason is TicketReason.NOT_JUDGED]
        clock.pending = Pending(recurrence.times - len(course.counted), duty.wakes_at, open_)
    return clock


def _standing(status: str | None) -> str | None:
    return None if status == "retracted" else status


def _counting(rule: Rule, recurrence: Recurrence, entry: InForce) -> Counting:
    term = entry.term
    assert isinstance(term, Months)
    window = "rolling" if recurrence.rolling else "anchored"
    times, warn_at, first = recurrence.times, recurrence.warn_at, recurrence.first_counts
    since = local_date(entry.since, rule.zone)
    return Counting(times, warn_at, term.months, term.text, window, first, since)


def _tickets(recurrence: Recurrence, course: Course, lived: IncidentHistory) -> list[IncidentTicket]:
    """All tickets of a stretch, and what each is in the window that decides."""
    anchor = course.duty.started_at
    known = sorted((counts_from(fact, anchor), fact.ticket) for fact in course.counted)
    numbers = {ticket: number for number, (_, ticket) in enumerate(known, 1)}
    found = []
    for fact in course.ordered:
        reason = _reason(recurrence, course, fact, lived)
        ticket = _ticket(fact, reason, numbers.get(fact.ticket))
        if reason is TicketReason.COUNTS:
            ticket.counts_from = counts_from(fact, anchor)
        found.append(ticket)
    return found


def _reason(recurrence: Recurrence, course: Course, fact: Fact, lived: IncidentHistory) -> TicketReason:
    assert fact.accepted is not None
    anchor, window, at = course.duty.started_at, course.window, fact.accepted.time
    first = fact is course.ordered[0]
    if first and not recurrence.first_counts:
        return TicketReason.FIRST
    if not first and at <= anchor:
        return TicketReason.BEFORE_CLOSING
    if at < window.begins_at and not (first and window.begins_at == anchor):
        return TicketReason.BEFORE_WINDOW
    if at > window.ends_at:
        return TicketReason.OUTSIDE_WINDOW
    return _judgement(fact, lived)


def _judgement(fact: Fact, lived: IncidentHistory) -> TicketReason:
    if fact.counts is None:
        return TicketReason.NOT_JUDGED
    if fact.counts:
        return TicketReason.COUNTS
    return TicketReason.OVERTURNED if fact.ticket in lived.overturned else TicketReason.NOT_SUBSTANTIATED


def _ticket(fact: Fact, reason: TicketReason, number: int | None) -> IncidentTicket:
    assert fact.accepted is not None
    return IncidentTicket(
        ticket=fact.ticket,
        accepted=ref(fact.accepted),
        reason=reason,
        closed=_ref(fact.closed),
        judged=_ref(fact.judged),
        substantiated=fact.counts,
        number=number,
        unit=fact.unit,
        level=fact.level,
        taken_over=[ref(event) for event in fact.taken_over],
    )


def _called(rulebook: Rulebook, course: Course) -> Called:
    """The unit that has to step in, and how it follows from the one that had the last ticket that counts."""
    if not course.counted:
        return Called(Unit.NONE_COUNTS)
    last = course.counted[-1]
    unit, level = above(rulebook.units, last.unit, last.level)
    found = Called(Unit.LISTED, last.ticket, last.unit, last.level, unit, level)
    if unit is not None:
        found.to_name = rulebook.units[unit].name
    elif level is not None:
        found.found = Unit.LEVEL_ONLY
    else:
        found.found = Unit.NOT_TOLD if last.unit is None and last.level is None else Unit.NOTHING_ABOVE
    return found


def _no_escalation(recurrence: Recurrence, course: Course, status: str | None) -> NoEscalation | None:
    """Why the next unit up is not called in; None where it is, or was until it stepped in."""
    if status is not None and status != "retracted":
        return None
    if len(course.counted) >= recurrence.times:
        return NoEscalation.NOT_PROVEN if course.duty.ended_at is None else NoEscalation.TAKEN_OVER_BEFORE
    if status is not None:
        return NoEscalation.TAKEN_BACK
    enough_filed = any(level == WATCH_LIST for level, _ in course.duty.thresholds)
    return NoEscalation.NOT_JUDGED if enough_filed else NoEscalation.TOO_FEW


def _ticket_of(stop: Event | None, course: Course) -> str | None:
    return next((f.ticket for f in course.ordered if stop is not None and stop in f.taken_over), None)


def _ref(event: Event | None) -> Ref | None:
    return None if event is None else ref(event)
