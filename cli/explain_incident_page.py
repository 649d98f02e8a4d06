"""An incident's explanation as a page for a person: a sheet a clock. Used by `cli.explain_incident`."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from rich.text import Text

from cli.explain_incident_drawing import drawn
from cli.explain_incident_words import CALLED, NEWS, NO_ESCALATION, STANDS, TICKETS, UNSTARTED, say
from cli.explain_page import Telling, sheet
from cli.explain_words import say as say_of_ticket
from cli.rulebook_page import Page
from cli.rulebook_words import chosen, length, named
from sla.explain.explanation import Told
from sla.explain.incident_explanation import Called, IncidentClock, IncidentExplanation, IncidentTicket, Unstarted

Lines = list[tuple[str, str | Text]]


def show(explanation: IncidentExplanation, zone: ZoneInfo, lang: str) -> None:
    """Print it to standard output, times on the wall clock of the rulebook's zone."""
    page = Page()
    told = IncidentTelling(zone, lang, explanation.rulebook)
    for line in told.of_incident(explanation):
        page.line(line)
    page.line("")
    page.write(Text(f"{explanation.rule}  {explanation.title[lang]}  {explanation.clause}", style="bold"))
    head: Lines = [("asks", explanation.says)]
    if explanation.clause_says:
        head.insert(0, ("clause", explanation.clause_says[lang]))
    if explanation.elsewhere:
        head.append(("elsewhere", ", ".join(explanation.elsewhere)))
    page.write(sheet(head, lang))
    for clock in explanation.clocks:
        page.line("")
        page.write(sheet(told.of_clock(clock, explanation.horizon, terminal=page.folded), lang))
    for unstarted in explanation.unstarted:
        page.line("")
        page.write(sheet(told.unstarted(unstarted), lang))
    for withdrawn in explanation.withdrawn:
        page.line("")
        page.write(sheet([("withdrawn", withdrawn.clock_id), *told.revisions(withdrawn.told)], lang))


class IncidentTelling(Telling):
    """The lines of an incident's page."""

    def of_incident(self, explanation: IncidentExplanation) -> list[str]:
        """Which incident, judged by what and until when; what was kept out of it."""
        horizon = explanation.horizon
        counts = [len(clock.tickets) for clock in explanation.clocks]
        counts += [len(unstarted.tickets) for unstarted in explanation.unstarted]
        line = say(
            "incident",
            self.lang,
            incident=explanation.incident,
            tickets=sum(counts),
            rulebook=explanation.rulebook,
            horizon=self.say("nothing_proven") if horizon is None else self.at(horizon),
            zone=self.zone.key,
        )
        kept_out = [say("refused", self.lang, ticket=o.ticket, reason=o.reason) for o in explanation.refused]
        return [line, *kept_out]

    def of_clock(self, clock: IncidentClock, horizon: datetime | None, *, terminal: bool) -> Lines:
        """Everything about one clock, in the order in which a person asks."""
        marks = [self.say("historic")] if clock.historic else []
        stands = f"{named(clock.outcome, self.lang)}: {self.reason(clock.reason)}"
        lines: Lines = [("stands", "; ".join([stands, *marks])), ("clock", clock.clock_id)]
        lines.append(("first", say("first", self.lang, ticket=clock.first, event=self.event_at(clock.start))))
        lines.append(("granted", self._counting(clock)))
        begins, ends = self.at(clock.window_begins_at), self.at(clock.window_ends_at)
        lines.append(("window", say("window", self.lang, begins=begins, ends=ends)))
        lines += [("time", line) for line in drawn(clock, horizon, self.lang, terminal=terminal)]
        lines.append(("count", say("count", self.lang, count=clock.count, times=clock.counting.times)))
        lines += [("tickets", self.ticket(one)) for one in clock.tickets]
        if clock.stop is not None:
            event = self.event_at(clock.stop)
            lines.append(("taken_over", say("stop", self.lang, event=event, ticket=clock.stop_ticket)))
        lines.append(("called", self._called(clock.called)))
        lines += self._awaited(clock)
        if clock.no_escalation is not None:
            why = chosen(NO_ESCALATION[clock.no_escalation], self.lang)
            lines.append(("no_escalation", why.format(count=clock.count, times=clock.counting.times)))
        for warned in clock.warnings:
            status = self.say(warned.status or "not_raised")
            lines.append(("warnings", self.say("raised", level=warned.level, at=self.at(warned.at), status=status)))
        return lines + self.revisions(clock.told)

    def unstarted(self, unstarted: Unstarted) -> Lines:
        """Why complaints have no clock, and which."""
        why = chosen(UNSTARTED[unstarted.reason], self.lang).format(ticket=unstarted.tickets[0].ticket)
        lines: Lines = [("unstarted", why)]
        return lines + [("tickets", self.ticket(one)) for one in unstarted.tickets]

    def ticket(self, one: IncidentTicket) -> str:
        """One complaint: when it came, whether it counts, by which event."""
        reason = chosen(TICKETS[one.reason], self.lang)
        if one.number is not None and one.counts_from is not None:
            reason += say("number", self.lang, number=one.number, at=self.at(one.counts_from))
        line = say("accepted", self.lang, ticket=one.ticket, at=self.at(one.accepted.time), reason=reason)
        return line if one.judged is None else line + say("judged", self.lang, event=self.event_at(one.judged))

    def reason(self, reason: str) -> str:
        """Why an incident stands as it does."""
        return chosen(STANDS[reason], self.lang) if reason in STANDS else super().reason(reason)

    def cause(self, one: Told) -> str:
        """What a ticket said that brought a revision about, or silence."""
        if one.said is None:
            return super().cause(one)
        news = say_of_ticket("and", self.lang).join(chosen(NEWS[what], self.lang) for what in one.said.news)
        if one.said.event is None:
            return f" ({say('said', self.lang, ticket=one.said.ticket, news=news)})"
        event = self.event_at(one.said.event)
        return f" ({say('said_event', self.lang, ticket=one.said.ticket, news=news, event=event)})"

    def _counting(self, clock: IncidentClock) -> str:
        counting = clock.counting
        term = length(counting.term, self.lang)
        line = say(counting.window, self.lang, times=counting.times, term=term, since=counting.since)
        line += say("first_counts" if counting.first_counts else "first_does_not", self.lang)
        return line + (say("warns", self.lang, warn_at=counting.warn_at) if counting.warn_at else "")

    def _called(self, called: Called) -> str:
        of = self._unit(called.unit, called.level)
        why = chosen(CALLED[called.found], self.lang)
        return why.format(to=self._to(called), of=of, ticket=called.ticket)

    def _to(self, called: Called) -> str:
        unit = called.to_unit
        if unit is not None and called.to_name:
            unit = f"{unit} {called.to_name[self.lang]}"
        return self._unit(unit, called.to_level)

    def _unit(self, unit: str | None, level: str | None) -> str:
        told = " ".join(filter(None, (unit, level and named(level, self.lang))))
        return told or self.say("nobody")

    def _awaited(self, clock: IncidentClock) -> Lines:
        to = self._to(clock.called)
        lines: Lines = [("awaits", say("steps_in", self.lang, to=to, event=self.wanted(w))) for w in clock.awaits]
        if clock.pending is not None:
            by = self.at(clock.pending.accepted_by)
            lines.append(("awaits", say("missing", self.lang, missing=clock.pending.missing, at=by)))
            if clock.pending.judgement_of:
                lines.append(("awaits", say("judgement", self.lang, tickets=", ".join(clock.pending.judgement_of))))
        return lines
