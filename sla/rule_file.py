"""How the file of a rule is read: its layout, and what becomes of it when it has no fault.

What its names and values must satisfy is in `sla.rule_check`. Only `sla.rulebook` and `sla.cases` import this.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import msgspec

from sla.calendar import Calendar
from sla.duty import Reason
from sla.rule import InForce, Lack, Owner, Recurrence, Rule, Start, Stop, Sum, Superior, Trigger
from sla.rule_check import Check
from sla.rule_layout import (
    InForceFile,
    OwnerFile,
    RecurrenceFile,
    RuleFile,
    StopFile,
    TriggerFile,
    alternatives,
    starts,
)
from sla.term import Continuous, Term, Threshold, parse_length, parse_term, parse_threshold
from sla.toml_file import Fault, Where, condition, load
from sla.toml_lines import Path
from sla.vocabulary import Condition, Vocabulary


class Place(msgspec.Struct, frozen=True):
    """Where a rulebook applies: its zone, and the calendar it counts working time by."""

    zone: ZoneInfo
    calendar: Calendar | None


def read_rule(
    path: str, files: Mapping[str, str], vocabulary: Vocabulary, place: Place, faults: list[Fault]
) -> Rule | None:
    """Read one rule; None after noting its faults."""
    file = load(path, files, RuleFile, faults)
    if file is None:
        return None
    found = len(faults)
    check = Check(path, files, vocabulary, faults)
    check.rule(file)
    if len(faults) > found:
        return None
    in_force = [
        read
        for number, entry in enumerate(file.in_force)
        if (read := _in_force(number, entry, file, place, check)) is not None
    ]
    return _rule(file, place, vocabulary, in_force) if len(faults) == found else None


def _rule(file: RuleFile, place: Place, vocabulary: Vocabulary, in_force: list[InForce]) -> Rule:
    superior, summed = file.superior, file.quota
    turning = {stop.event for stop in (*file.to, *file.undo, *file.cancel)}
    opening = {start.event for start in starts(file)}
    if any(start.last for start in starts(file)):
        opening |= {stop.event for stop in file.to}
    plain = not (file.undo or superior or file.owed_at_close or any(start.last for start in starts(file)))
    return Rule(
        id=file.id,
        clause=file.clause,
        says=file.says,
        title=file.title,
        kind=file.kind,
        business=file.business,
        zone=place.zone,
        calendar=place.calendar,
        binds=tuple(condition(where) for where in alternatives(file.binds)),
        starts=tuple(
            Start(s.event, condition(s.where), _barred(s.unless), s.at, s.first, s.last, condition(s.ticket))
            for s in starts(file)
        ),
        stops=tuple(_stop(stop) for stop in file.to),
        owners=tuple(_owner(owner) for owner in file.owner),
        in_force=tuple(in_force),
        excepts=tuple(condition(where) for where in file.excepts),
        undo=tuple(_stop(stop) for stop in file.undo),
        cancels=tuple(_stop(stop) for stop in file.cancel),
        needs=tuple(_trigger(trigger) for trigger in file.needs),
        lacks=tuple(Lack(lack.event, condition(lack.where), _barred(lack.unless), lack.later) for lack in file.lacks),
        superior=None if superior is None else Superior(superior.event, superior.at),
        sum=None if summed is None else Sum(summed.add, summed.remove, summed.amount),
        recurrence=None if file.recurrence is None else _recurrence(file.recurrence),
        also=tuple(file.also),
        bound=not starts(file),
        owed_at_close=file.owed_at_close,
        verdict_only=file.verdict_only,
        assumed=file.assumed,
        off=file.off,
        settles=file.kind == "deadline" and plain,
        turning=frozenset(turning),
        opening=frozenset(opening),
        handed_on=any(owner.of is not None for owner in file.owner),
        changing=frozenset(attribute.name for attribute in vocabulary.changing),
    )


def _barred(unless: Where | list[Where]) -> tuple[Condition, ...]:
    """Each table of `unless` is one condition; none of them may hold."""
    return tuple(condition(table) for table in alternatives(unless))


def _trigger(file: TriggerFile) -> Trigger:
    return Trigger(file.event, condition(file.where), _barred(file.unless))


def _recurrence(file: RecurrenceFile) -> Recurrence:
    return Recurrence(
        same=tuple(file.same),
        times=file.times,
        counts=tuple(_trigger(trigger) for trigger in file.counts),
        discounts=tuple(_trigger(trigger) for trigger in file.discounts),
        warn_at=file.warn_at,
        first_counts=file.first_counts,
        rolling=file.window == "rolling",
    )


def _stop(file: StopFile) -> Stop:
    reason = Reason(file.reason) if file.reason is not None else Reason.CLOSED
    return Stop(file.event, condition(file.where), _barred(file.unless), tuple(file.match.items()), reason)


def _owner(file: OwnerFile) -> Owner:
    of = None
    if isinstance(file.of, str):
        of = Trigger(file.of)
    elif file.of is not None:
        of = _trigger(file.of)
    return Owner(condition(file.where), file.unit, file.level, file.level_from, of)


def _in_force(number: int, entry: InForceFile, rule: RuleFile, place: Place, check: Check) -> InForce | None:
    def at(key: str) -> Path:
        return ("in_force", number, key)

    key, term, daily = "term", None, None
    lengths: dict[str, timedelta] = {}
    try:
        term = _term(entry, place)
        for key in ("gap", "every", "after"):
            text = getattr(entry, key)
            lengths[key] = timedelta(0) if text is None else parse_length(text).length
        key = "daily"
        daily = time.fromisoformat(entry.daily) if entry.daily is not None else None
        key = "warn"
        warn = tuple(parse_threshold(text) for text in entry.warn)
    except ValueError as error:
        remedy = "write it as in 17:30" if key == "daily" else "mend it"
        check.fault(at(key), str(error), remedy)
        return None
    if len({(threshold.share, threshold.lead) for threshold in warn}) < len(warn):
        check.fault(at("warn"), "two warnings are the same", "remove one")
    if rule.kind == "report" and entry.each == "working_day" and place.calendar is None:
        check.fault(at("each"), "working days need a calendar", "add a calendar.toml to the rulebook")
    return InForce(
        since=_midnight(entry.since, place.zone),
        where=condition(entry.where),
        warn=warn,
        term=term,
        daily=daily,
        each=entry.each,
        days=entry.days,
        a_day=entry.a_day,
        tries=entry.tries,
        **lengths,
        cap=entry.cap,
        keep_years=tuple((condition(keep.where), keep.years) for keep in entry.keep),
        marks=_marks(term, warn),
    )


def _marks(term: Term | None, warn: tuple[Threshold, ...]) -> tuple[tuple[str, timedelta], ...]:
    """The warnings of a term that runs day and night: they lie equally far after every start."""
    if not isinstance(term, Continuous):
        return ()
    start = datetime(2000, 1, 1, tzinfo=UTC)
    due_at = start + term.length
    marks = [(f"warning-{t.name}", at - start) for t in warn if (at := t.at(start, due_at)) is not None]
    return tuple(sorted(marks, key=lambda mark: mark[1]))


def _term(entry: InForceFile, place: Place) -> Term | None:
    return None if entry.term is None else parse_term(entry.term, place.calendar)


def _midnight(on: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(on, time(0), zone).astimezone(UTC)  # instants of one zone compare fast
