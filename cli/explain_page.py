"""An explanation as a page for a person: a sheet a clock, then the rules without one. Used by `cli.explain`."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from rich.table import Table
from rich.text import Text

from cli.explain_drawing import drawn
from cli.explain_words import ABSENT, LABELS, REASONS, WHY, lasting, say
from cli.rulebook_page import Page
from cli.rulebook_words import chosen, length, named
from sla.explain.explanation import Absence, Clock, Counted, Explanation, Granted, Misfit, Ref, Told, Wanted
from sla.passage import Stretch

MICROSECOND = timedelta(microseconds=1)


def show(explanation: Explanation, zone: ZoneInfo, lang: str) -> None:
    """Print it to standard output, times on the wall clock of the rulebook's zone."""
    page = Page()
    told = Telling(zone, lang, explanation.rulebook)
    for line in told.head(explanation):
        page.line(line)
    for clock in explanation.clocks:
        page.line("")
        page.write(Text(f"{clock.rule}  {clock.title[lang]}  {clock.clause}", style="bold"))
        page.write(sheet(told.clock(clock, explanation.horizon, terminal=page.folded), lang))
    for withdrawn in explanation.withdrawn:
        page.line("")
        page.write(Text(f"{withdrawn.rule}  {withdrawn.clause}", style="bold"))
        lines = [("withdrawn", withdrawn.clock_id), *told.revisions(withdrawn.told)]
        page.write(sheet(lines, lang))
    if explanation.absences:
        page.line("")
        page.write(Text(chosen(LABELS["absences"], lang), style="bold"))
        page.write(_absences(explanation.absences, told))


def sheet(lines: Iterable[tuple[str, str | Text]], lang: str) -> Table:
    """Lines under their labels; one that repeats is said once."""
    table = Table(box=None, pad_edge=False, show_header=False)
    table.add_column(style="dim", no_wrap=True)
    table.add_column(overflow="fold")
    before = ""
    for key, line in lines:
        table.add_row("" if key == before else chosen(LABELS[key], lang), line)
        before = key
    return table


def _absences(absences: list[Absence], told: Telling) -> Table:
    table = Table(box=None, pad_edge=False, show_header=False)
    table.add_column(no_wrap=True)
    table.add_column(style="dim", no_wrap=True)
    table.add_column(overflow="fold")
    for absence in absences:
        table.add_row(absence.rule, absence.clause, told.absence(absence))
    return table


class Telling:
    """The lines of a page in one language, with the wall clock of one zone."""

    def __init__(self, zone: ZoneInfo, lang: str, rulebook: str) -> None:
        self.zone, self.lang, self.rulebook = zone, lang, rulebook

    def head(self, explanation: Explanation) -> list[str]:
        """Which ticket, judged by what and until when; what of its events does not count."""
        business, horizon = explanation.business, explanation.horizon
        lines = [
            self.say(
                "ticket",
                ticket=explanation.ticket,
                business=self.say("no_business") if business is None else named(business, self.lang),
                events=explanation.events,
                rulebook=explanation.rulebook,
                horizon=self.say("nothing_proven") if horizon is None else self.at(horizon),
                zone=self.zone.key,
            )
        ]
        for key in ("voided", "corrected"):
            events = getattr(explanation, key)
            if events:
                lines.append(self.say(key, events=self.say("and").join(map(self.event, events))))
        return lines + [
            self.say("refused", event=self.event(kept.event), reason=kept.reason) for kept in explanation.refused
        ]

    def clock(self, clock: Clock, horizon: datetime | None, *, terminal: bool) -> list[tuple[str, str | Text]]:
        """Everything about one clock, in the order in which a person asks."""
        lines: list[tuple[str, str | Text]] = [("stands", self._stands(clock))]
        if clock.clause_says:
            lines.append(("clause", clock.clause_says[self.lang]))
        lines.append(("asks", clock.says))
        lines.append(("clock", clock.clock_id))
        lines.append(("start", self._start(clock)))
        if clock.granted is not None:
            lines.append(("granted", self._granted(clock.granted)))
        lines += [("due", line) for line in self._due(clock)]
        lines += [("time", line) for line in drawn(clock, horizon, self.lang, terminal=terminal)]
        lines += [("passage", self.stretch(stretch)) for stretch in clock.stretches]
        if clock.stretches:
            lines.append(("passage", self._total(clock)))
        lines += [("counted", self._counted(one)) for one in clock.counted]
        lines += [("facts", self._value(name, value)) for name, value in clock.facts.items()]
        lines += [("facts", self.event_at(event)) for event in clock.evidence]
        lines += self._ended(clock)
        owner = " ".join(filter(None, (clock.owner, clock.owner_level and named(clock.owner_level, self.lang))))
        lines.append(("owner", owner or self.say("nobody")))
        lines += [("awaits", self.wanted(wanted)) for wanted in clock.awaits]
        if clock.keep_until is not None:
            lines.append(("keep", clock.keep_until.isoformat()))
        for warned in clock.warnings:
            status = self.say(warned.status or "not_raised")
            lines.append(("warnings", self.say("raised", level=warned.level, at=self.at(warned.at), status=status)))
        return lines + self.revisions(clock.told)

    def revisions(self, told: list[Told]) -> list[tuple[str, str | Text]]:
        """What was published of a clock, in order, and what brought each revision about."""
        lines: list[tuple[str, str | Text]] = []
        before = ""
        for one in told:
            state = named(one.state, self.lang) if one.level is None else self.say(one.state)
            line = self.say(
                "revision",
                what=one.level or self.say("verdict"),
                revision=one.revision,
                state=state,
                reason=self.reason(one.reason),
            )
            if one.level is None and one.state == before:
                line += "".join(f"; {self._now(*pair)}" for pair in one.changed.items())
            before = one.state if one.level is None else before
            lines.append(("told", line + self.cause(one)))
        return lines

    def cause(self, one: Told) -> str:
        """What brought a revision about."""
        if one.after is not None:
            return f" ({self.say('after', event=self.event_at(one.after))})"
        return "" if one.silent_through is None else f" ({self.say('silent', at=self.at(one.silent_through))})"

    def absence(self, absence: Absence) -> str:
        """Why a rule has no clock."""
        nearest = min(absence.misfits, key=len, default=[])
        misfits = self.say("and").join(self._misfit(misfit) for misfit in nearest)
        if len(absence.misfits) > 1:
            misfits += self.say("others", number=len(absence.misfits))
        return chosen(ABSENT[absence.reason], self.lang).format(
            events=self.say("or").join(named(event, self.lang) for event in absence.events),
            misfits=misfits,
            because="" if absence.because is None else self.event_at(absence.because),
            at="" if absence.at is None else self.at(absence.at),
            incident=absence.incident,
        )

    def stretch(self, stretch: Stretch) -> str:
        """One stretch: from when to when, how long, and why it counts or not."""
        why = chosen(WHY[stretch.why], self.lang)
        if stretch.name is not None:
            why = self.say("holiday", why=why, name=stretch.name[self.lang])
        if stretch.day is not None:
            why = self.say("day", why=why, day=stretch.day)
        counts = self.say("counted" if stretch.counts else "not_counted")
        span = f"{self.at(stretch.from_at)} - {self.at(stretch.to_at)}"
        return f"{span}  {lasting(stretch.microseconds, self.lang)}  {counts}: {why}"

    def _stands(self, clock: Clock) -> str:
        marks = [key for key in ("assumed", "excused", "historic") if getattr(clock, key)]
        if clock.calendar == "estimated":
            marks.append("estimated")
        line = f"{named(clock.outcome, self.lang)}: {self.reason(clock.reason)}"
        return "; ".join([line, *map(self.say, marks)])

    def _start(self, clock: Clock) -> str:
        line = f"{self.at(clock.started_at)}  {self.event(clock.start)}"
        if clock.started_from is not None:
            return line + self.say("started_from", attribute=named(clock.started_from, self.lang))
        if clock.bound_by is not None:
            return line + self.say("bound_by", event=self.event_at(clock.bound_by))
        return line if clock.start.time == clock.started_at else f"{line} ({self.at(clock.start.time)})"

    def _granted(self, granted: Granted) -> str:
        line = self.say("since", term=self._term(granted), since=granted.since, rulebook=self.rulebook)
        return line if granted.profile is None else line + self.say("profile", profile=granted.profile)

    def _term(self, granted: Granted) -> str:
        if granted.term is not None:
            return length(granted.term, self.lang)
        if granted.daily is not None:
            each = self.say(granted.each or "calendar_day")
            return self.say("daily", daily=granted.daily, each=each)
        if granted.every_seconds is not None:
            every, after = (self._seconds(s) for s in (granted.every_seconds, granted.after_seconds))
            return self.say("every", every=every, after=after)
        if granted.tries is not None:
            return self.say("tries", tries=granted.tries, gap=self._seconds(granted.gap_seconds))
        if granted.days is not None:
            gap = self._seconds(granted.gap_seconds)
            return self.say("attempts", a_day=granted.a_day, days=granted.days, gap=gap)
        return self.say("always") if granted.cap is None else self.say("cap", cap=granted.cap)

    def _due(self, clock: Clock) -> list[str]:
        lines = []
        if clock.anew and clock.term_due_at is not None:
            lines.append(self.say("by_term", due=self.at(clock.term_due_at)))
        lines += [self.say("anew", event=self.event_at(a.event), due=self.at(a.due_at)) for a in clock.anew]
        if clock.due_at is not None:
            return [*lines, self.at(clock.due_at)]
        if clock.certain_until is not None:
            return [*lines, self.say("unknown", at=self.at(clock.certain_until))]
        return [self.say("no_due")]

    def _total(self, clock: Clock) -> str:
        counted = [stretch for stretch in clock.stretches if stretch.counts]
        all_ = lasting(sum(stretch.microseconds for stretch in clock.stretches), self.lang)
        if clock.granted is not None and clock.granted.counted_in == "working_days":
            return self.say("total_days", days=length(f"{len(counted)} wd", self.lang), all=all_)
        return self.say("total", length=lasting(sum(s.microseconds for s in counted), self.lang), all=all_)

    def _counted(self, one: Counted) -> str:
        event = self.event_at(one.event)
        if one.total is not None:
            return self.say("sum", event=event, total=one.total)
        return self.say("try" if one.counts else "no_try", event=event)

    def _ended(self, clock: Clock) -> list[tuple[str, str | Text]]:
        lines: list[tuple[str, str | Text]] = []
        if clock.reopened is not None:
            ended = self.say("was_ended", at=self.at(clock.ended_before)) if clock.ended_before else ""
            lines.append(("reopened", self.event_at(clock.reopened) + ended))
        if clock.stop is not None:
            lines.append(("stop", self.event_at(clock.stop)))
        if clock.closed_without_at is not None:
            lines.append(("cancel", self.say("closed_without", at=self.at(clock.closed_without_at))))
        elif clock.cancel is not None:
            reason = self.reason(clock.cancelled_for or "")
            lines.append(("cancel", self.say("because", event=self.event_at(clock.cancel), reason=reason)))
        return lines

    def wanted(self, wanted: Wanted) -> str:
        """An event that is waited for."""
        where = {**wanted.where, **{name: [value] for name, value in wanted.match.items()}}
        line = named(wanted.event, self.lang)
        if where:
            line += self.say("where", where=self._where(where))
        return line + "".join(self.say("unless", where=self._where(barred)) for barred in wanted.unless)

    def _where(self, where: dict[str, list[Any]]) -> str:
        return self.say("and").join(self._value(name, *values) for name, values in where.items())

    def _value(self, name: str, *values: Any) -> str:
        said = self.say("or").join(map(self._said, values))
        return self.say("value_is", name=named(name, self.lang), value=said)

    def _misfit(self, misfit: Misfit) -> str:
        if misfit.value is None:
            line = self.say("untold", name=named(misfit.attribute, self.lang))
        else:
            line = self._value(misfit.attribute, misfit.value)
        if not misfit.wanted:
            return line
        wanted = self.say("or").join(map(self._said, misfit.wanted))
        return self.say("not_wanted", misfit=line, wanted=wanted)

    def _now(self, name: str, value: Any) -> str:
        """What a revision says anew beside how the clock stands."""
        if value is None:
            said = self.say("nothing")
        elif name.endswith("_at"):
            said = self.at(datetime.fromisoformat(value))
        else:
            said = self._said(value)
        return self.say("now_is", name=named(name, self.lang), value=said)

    def _said(self, value: Any) -> str:
        if isinstance(value, bool):
            return self.say("yes" if value else "no")
        return named(value, self.lang) if isinstance(value, str) else str(value)

    def reason(self, reason: str) -> str:
        """Why a clock stands as it does."""
        return chosen(REASONS[reason], self.lang)

    def _seconds(self, seconds: float | None) -> str:
        return lasting(timedelta(seconds=seconds or 0) // MICROSECOND, self.lang)

    def event(self, event: Ref) -> str:
        """An event by type, id and source."""
        return self.say("event", type=named(event.type, self.lang), id=event.id, source=event.source)

    def event_at(self, event: Ref) -> str:
        """The same, and when it happened."""
        return self.say("at", event=self.event(event), at=self.at(event.time))

    def at(self, at: datetime) -> str:
        """An instant on the wall clock, to the microsecond where it has such."""
        local = at.astimezone(self.zone)
        text = local.strftime("%Y-%m-%d %H:%M:%S")
        return text if not local.microsecond else f"{text}.{local.microsecond:06d}".rstrip("0")

    def say(self, sentence: str, **parts: object) -> str:
        """A sentence in the language of the page."""
        return say(sentence, self.lang, **parts)
