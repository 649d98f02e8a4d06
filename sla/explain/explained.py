"""The explanation of a ticket from its events, its law and the silence behind them.

It takes the events of one ticket from wherever they come: a file today. Everybody may import this.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sla.clock_facts import excused
from sla.duty import Duty, Outcome, Reason, alert_status, judge
from sla.event import Event
from sla.explain.absence import absence
from sla.explain.explanation import Anew, Clock, Explanation, Ref, Told, Warned, Withdrawn, ref
from sla.explain.grounds import awaits, counted, evidence, facts, granted
from sla.explain.history import history, unsettled
from sla.kinds import KINDS
from sla.kinds.course import owner, set_anew
from sla.passage import passage
from sla.rule import Rule
from sla.rulebook import Rulebook
from sla.step import business_of
from sla.term import Continuous, Months
from sla.ticket import Reading
from sla.watch import Watch


def explain(
    watch: Watch, subject: str, events: Sequence[Event], horizon: datetime | None, rule_id: str | None = None
) -> Explanation:
    """Explain every clock of a ticket, and every rule of its business without one; or one rule alone.

    `events` are in the order of the log, repeats and all; `horizon` is the instant through which silence is proven
    (None: it decides nothing).
    """
    rulebook = watch.rulebook
    if rule_id is not None:
        alone = tuple(r for rules in rulebook.by_business.values() for r in rules if r.id == rule_id)
        watch = Watch(rulebook.limited(alone), watch.quiet_before)
    lived = history(watch, subject, events, horizon)
    said = Explanation(subject, rulebook.label, len(lived.events), horizon, refused=lived.refused)
    business = business_of(lived.events, rulebook)
    if business is None:
        return said
    reading = Reading(lived.events, rulebook.vocabulary, business, horizon)
    counts = {event.identity for event in reading.events}
    voided = [e for e in lived.events if e.identity not in counts and e.type != business.voided]
    said.business, said.accepted = business.name, _ref(reading.accepted)
    said.voided = [ref(event) for event in voided]
    said.corrected = [ref(event) for event in reading.events if event.type == business.corrected]
    told: dict[str, list[Told]] = {}
    for revision in lived.told:
        told.setdefault(revision.clock_id, []).append(revision)
    sums = {clause.id: clause.says for clause in rulebook.clauses}
    pardoned = rulebook.excused(business.name, reading)
    for rule in rulebook.rules:
        if rule.business != business.name or rule_id not in (None, rule.id):
            continue
        found, begins_at = _duties(rule, subject, reading, rulebook)
        for duty in found:
            duty.excused = pardoned
            said.clocks.append(_clock(rule, reading, duty, told.pop(duty.clock_id, []), sums.get(rule.clause, {})))
        if not found:
            said.absences.append(absence(rule, reading, voided, begins_at))
    for clock_id, revisions in told.items():
        about = rulebook.about_clock(clock_id)
        said.withdrawn.append(Withdrawn(clock_id, about.rule, about.clause, revisions))
    return said


def _duties(rule: Rule, subject: str, reading: Reading, rulebook: Rulebook) -> tuple[list[Duty], datetime | None]:
    """The clocks of a rule that have begun, and when the first begins that has not; none of a rule that is not on."""
    if reading.accepted is None or rule not in rulebook.rules_of(rule.business):
        return [], None
    found: list[Duty] = []
    begins_at: datetime | None = None
    for duty in KINDS[rule.kind](rule, subject, reading, unsettled):
        at = duty.opens_at
        if at is None or (reading.horizon is not None and reading.horizon > at):
            found.append(duty)
        elif begins_at is None or at < begins_at:
            begins_at = at
    return found, begins_at


def _clock(rule: Rule, reading: Reading, duty: Duty, told: list[Told], says: dict[str, str]) -> Clock:
    outcome, reason = judge(duty, reading.horizon)
    # What was done in spite of a closing is not ended by that.
    cancel = duty.cancel if duty.stop is None or duty.cancelled_for is not Reason.CLOSED else None
    clock = Clock(
        clock_id=duty.clock_id,
        rule=rule.id,
        clause=rule.clause,
        kind=rule.kind,
        title=rule.title,
        says=rule.says,
        clause_says=says,
        outcome=outcome.value,
        reason=reason.value,
        start=ref(duty.start),
        started_at=duty.started_at,
        assumed=rule.assumed,
        excused=excused(duty, outcome),
        historic=any(revision.historic for revision in told),
        calendar="not_needed",
        due_at=duty.due_at if rule.kind != "check" else None,
        stop=_ref(duty.stop),
        cancel=_ref(cancel),
        cancelled_for=duty.cancelled_for.value if cancel is not None else None,
        closed_without_at=duty.closed_without if cancel is not None else None,
        reopened=_ref(duty.reopened),
        ended_before=duty.ended_before,
        owner=duty.owner,
        owner_level=duty.owner_level,
        counted=counted(rule, reading, duty),
        facts=facts(rule, reading, duty),
        evidence=evidence(rule, reading, duty),
        keep_until=duty.keep_until,
        warnings=[_warned(duty, level, at, reading.horizon) for level, at in duty.thresholds],
        told=told,
    )
    if duty.ended_at is None and outcome is not Outcome.CANCELLED:
        clock.awaits = awaits(rule, duty)
    _say_when(clock, rule, reading, duty)
    return clock


def _warned(duty: Duty, level: str, at: datetime, horizon: datetime | None) -> Warned:
    status = alert_status(duty, at, horizon)
    return Warned(level, at, None if status is None else status.value)


def _say_when(clock: Clock, rule: Rule, reading: Reading, duty: Duty) -> None:
    """How the due time follows: the term in force, the stretches of its passing, other dates set since."""
    for start in rule.starts:
        if start.at is not None and start.fits(duty.start):
            told = reading.corrections.get(start.at, duty.start.data.get(start.at))
            clock.started_from = start.at if told == duty.started_at else None
    if rule.kind == "notice" and duty.started_at > duty.start.time and clock.started_from is None:
        since = (reading.events[at] for at, _ in reading.spans(rule.binding))
        clock.bound_by = _ref(next((event for event in since if event.time == duty.started_at), None))
    entry = duty.entry or rule.term_at(duty.start.time, reading.attributes)
    if entry is None:
        return
    acting = owner(rule, reading, duty.start, None)
    clock.granted = granted(rule, entry, acting)
    if entry.term is None:
        if duty.due_at is not None and duty.limit_seconds is not None:
            clock.term_due_at = duty.due_at
            clock.stretches = passage(None, duty.started_at, duty.due_at, *acting)
        return
    due = entry.term.due(duty.started_at, *acting)
    clock.term_due_at = due.at
    clock.certain_until = due.not_before if due.at is None else None
    clock.stretches = passage(entry.term, duty.started_at, due.at or due.not_before, *acting)
    if rule.superior is not None:
        clock.anew = [Anew(ref(event), at) for event, at in set_anew(rule.superior, reading, due.at)]
    if not isinstance(entry.term, Continuous | Months):
        clock.calendar = "unknown" if due.at is None else due.certainty.value


def _ref(event: Event | None) -> Ref | None:
    return None if event is None else ref(event)
