"""Kind `deadline`: do B within T of A.

Every event that matches a start of the rule opens a clock of its own; the first event after it that matches a
stop ends it. Only `sla.kinds` imports this.
"""

from __future__ import annotations

from sla.duty import Duty, Reason, clock_id
from sla.kinds.course import Settled, clock, started_at
from sla.rule import Rule, Start
from sla.ticket import Reading


def duties(rule: Rule, subject: str, reading: Reading, settled: Settled) -> list[Duty]:
    """The clocks this rule puts on a ticket, in event order of their starts, without those that are settled."""
    found: list[Duty] = []
    if rule.opening.isdisjoint(reading.types) or not rule.binding(reading.attributes):
        return found
    starts = _starts(rule, reading)
    for number, (position, start) in enumerate(starts):
        event = reading.events[position]
        since, from_attribute = started_at(start, reading, event)
        entry = rule.term_at(since, reading.attributes)
        if entry is None:
            continue
        ends = None
        if start.last and number + 1 < len(starts):
            ends = (starts[number + 1][0], Reason.SUPERSEDED)
        name = clock_id(subject, rule.id, event)
        if not settled(name):
            found.append(clock(rule, reading, position, since, entry, anywhere=from_attribute, ends=ends, name=name))
    return found


def _starts(rule: Rule, reading: Reading) -> list[tuple[int, Start]]:
    """Where clocks start; of a start that counts once, or that the last before the stop supersedes, only those."""
    found: list[tuple[int, Start]] = []
    opening = rule.opening
    for position, event in enumerate(reading.events):
        if event.type not in opening:
            continue
        for start in rule.starts:
            if start.event != event.type or not start.fits(event):
                continue
            if start.first and found and any(known is start for _, known in found):
                continue
            found.append((position, start))
            break
        else:
            if rule.starts[0].last and any(stop.fits(event) for stop in rule.stops):
                break
    return found
