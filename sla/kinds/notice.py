"""Kind `notice`: tell X at once, as soon as a ticket is of a certain sort.

The duty holds while the rule binds: it starts with the event from which it does (`bound`), or with each start event,
at the later of that event and of the moment from which it binds. What ends the binding cancels it. Where the text
gives no number the term is `assumed`. Only `sla.kinds` imports this.
"""

from __future__ import annotations

from sla.duty import Duty, Reason, clock_id
from sla.kinds.course import Settled, clock, known_at, started_at
from sla.rule import Rule
from sla.ticket import Reading


def duties(rule: Rule, subject: str, reading: Reading, settled: Settled) -> list[Duty]:
    """The clocks of every span in which the rule binds; a second span of the same start is round 2."""
    found: list[Duty] = []
    if not rule.told(reading.attributes):
        return found
    rounds: dict[int, int] = {}
    for since, until in reading.spans(rule.binding):
        bound = reading.events[since]
        ends = None if until is None else (until, Reason.REGRADED)
        for position in _positions(rule, reading, since, until):
            event = reading.events[position]
            start = next((s for s in rule.starts if s.fits(event)), None)
            at = event.time if start is None else started_at(start, reading, event)[0]
            began = max(at, bound.time) if position < since else at
            entry = rule.term_at(began, reading.over_time()[max(position, since)])
            if entry is None:
                continue
            rounds[position] = rounds.get(position, 0) + 1
            round_ = None if rounds[position] == 1 else str(rounds[position])
            name = clock_id(subject, rule.id, event, round_)
            settled(name)
            duty = clock(rule, reading, position, began, entry, ends=ends, name=name)
            if position < since:  # silence about a duty says nothing before what made it one was in the log
                duty.known_at = known_at(bound)
            found.append(duty)
    return found


def _positions(rule: Rule, reading: Reading, since: int, until: int | None) -> list[int]:
    """Where the duty starts in a span: at its beginning, or at every start event up to its end."""
    if rule.bound:
        return [since]
    upto = len(reading.events) if until is None else until
    return [p for p in range(upto) if any(start.fits(reading.events[p]) for start in rule.starts)]
