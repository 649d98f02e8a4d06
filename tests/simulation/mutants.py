"""Bugs of which each is sown into the product, one at a time, to see that the simulation finds it.

A mutant names a function of the product and replaces a piece of its text; its code object is swapped in place, so
whoever has imported the function runs the mutant. When the product changes, a mutant whose text is gone says so
and is written anew. `make mutants` tries them all.
"""

import __future__

import importlib
import inspect
import textwrap
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Mutant:
    """One bug: where (`module:function` or `module:Class.method`), which text becomes which, what it means."""

    name: str
    says: str
    where: str
    changes: tuple[tuple[str, str], ...]
    by: str = "simulation"


COMPLAINTS = "worlds with complaints"
INCIDENTS = "worlds of incidents"
STALLED = "worlds whose owners stall in a write"
"""By whom the bugs are found that only these worlds can show."""


def _mutant(name: str, says: str, where: str, *texts: str, by: str = "simulation") -> Mutant:
    return Mutant(name, says, where, tuple(zip(texts[::2], texts[1::2], strict=True)), by)


KINDS = "sla.kinds"
STEP, DUTY, PARTITION, KEEPER = "sla.step", "sla.duty", "streams.partition:Partition", "streams.keeper:Keeper"
EFFECTS, REPLAY, TIMERS = "streams.effects:Effects", "streams.restore:_Replay", "streams.timers:Timers"
TICKETS, REVISION = "streams.matter:Tickets", "sla.revision"
COUNTED, FACT, PROOF = "sla.incident", "sla.fact", "agents.facts_prober:FactsProber.proof"

# fmt: off
MUTANTS = (
    # the law
    _mutant("repeats-count", "a repeat of an event is taken as another event", f"{STEP}:_admit",
            "if known.id == event.id and known.source == event.source:", "if False:"),
    _mutant("conflict-swallowed", "an event that contradicts a known one vanishes", f"{STEP}:_admit",
            "REPEAT if known.digest == event.digest else Refusal.CONFLICTING_REPEAT", "REPEAT"),
    _mutant("retraction-lost", "an alert that has no ground any more is left standing", f"{REVISION}:revise",
            "status = Status.RETRACTED\n", "continue\n"),
    _mutant("alerts-again", "every step says every alert again", f"{REVISION}:revise",
            "if raised.status != status or raised.facts != told:", "if True:"),
    _mutant("revision-stays", "the revision of a verdict does not grow", f"{REVISION}:revise",
            "published.revision += 1", "published.revision = 1"),
    _mutant("alert-revision-stays", "the revision of an alert does not grow", f"{REVISION}:revise",
            "raised.revision += 1", "raised.revision = 1"),
    _mutant("silence-forgotten", "proven silence is not remembered", f"{STEP}:step",
            "current.horizon = max(horizon, current.horizon or horizon)", "pass"),
    _mutant("withdrawal-lost", "a clock whose start was voided goes on", f"{REVISION}:withdraw",
            "outputs.append(withdrawn_verdict(clock_id, published.revision, subject, about))", "pass"),
    _mutant("due-included", "a clock is breached at the very instant it is due", f"{DUTY}:_open",
            "horizon > duty.silence", "horizon >= duty.silence", by="agreement"),
    _mutant("alert-due-included", "an alert fires at its very instant", f"{DUTY}:alert_status",
            "horizon > duty.silence", "horizon >= duty.silence", by="agreement"),
    _mutant("stop-at-due-late", "a stop exactly at the due time is late", f"{DUTY}:_ended",
            "stop.time <= safe_until:", "stop.time < safe_until:"),
    _mutant("closing-ignored", "closing a ticket cancels nothing", f"{DUTY}:_ended",
            "if cancel is not None and duty.ends_with_cancel and", "if False and"),
    _mutant("start-append-forgotten", "silence is counted from before the start was in the log",
            f"{DUTY}:Duty.silence_counts_from", "appended_at = self.start.appended_at", "appended_at = None"),
    _mutant("no-timer-for-warnings", "time is only kept for the breach", f"{DUTY}:next_instant",
            "for _, at in duty.thresholds:", "for _, at in duty.thresholds[-1:]:"),
    _mutant("due-floored", "due times are cut to the second", "sla.term:Continuous.due",
            "at = started_at + self.length", "at = (started_at + self.length).replace(microsecond=0)"),
    _mutant("order-of-arrival", "events count in the order of arrival", "sla.event:insert",
            "if not events or events[-1].time < event.time:", "if True:"),
    _mutant("voids-ignored", "voids take nothing back", "sla.ticket:effective",
            "if event.type == business.voided:", "if False:"),
    _mutant("corrections-ignored", "corrections correct nothing", "sla.ticket:Reading.__init__",
            "corrections.update({name", "{}.update({name"),
    # the law of complaints
    _mutant("reopening-ignored", "a reply that was sent back still counts", f"{KINDS}.course:course",
            "elif _stops(rule.undo, start, event):", "elif False:", by=COMPLAINTS),
    _mutant("offices-never-close", "working hours pass at night", "sla.term:WorkingHours.due",
            "return hours_due(self.calendar, self.profile(unit, level), started_at, self.hours * 3600)",
            "return Continuous('', timedelta(hours=self.hours)).due(started_at)", by=COMPLAINTS),
    _mutant("closed-without-unjudged", "closing what is still owed is never found out by silence", f"{DUTY}:_open",
            "if without is not None and horizon is not None and horizon > duty.silence_counts_from(without):",
            "if False:", by=COMPLAINTS),
    _mutant("closing-at-once", "what is owed at a closing is said before the closing is known for the grace",
            f"{KINDS}.course:clock", "duty.known_at = known_at(", "(", by=COMPLAINTS),
    _mutant("closing-proves", "a closing counts as proof that nothing was done before it", f"{DUTY}:alert_status",
            "if horizon is not None and horizon > duty.silence_counts_from(at):",
            "if (duty.cancel is not None and duty.cancel.time > at) or ("
            "horizon is not None and horizon > duty.silence_counts_from(at)):", by=COMPLAINTS),
    _mutant("next-day-forgotten", "nobody waits for the next day of reports", f"{KINDS}.report:duties",
            "found[-1].opens_at = begins_at", "found.pop()", by=COMPLAINTS),
    _mutant("superior-ignored", "another date changes nothing", f"{KINDS}.course:set_anew",
            "if told is not None and (", "if False and (", by=COMPLAINTS),
    _mutant("superior-too-late", "a date set when it was due already counts", f"{KINDS}.course:set_anew",
            "event.time <= due_at", "True", by=COMPLAINTS),
    _mutant("tries-too-close", "a try at once after another is one more", f"{KINDS}.attempts:tries",
            "event.time - last[day] >= entry.gap", "True", by=COMPLAINTS),
    _mutant("regrading-ends-nothing", "a notice is owed whatever the grade becomes", f"{KINDS}.notice:duties",
            "ends = None if until is None else (until, Reason.REGRADED)", "ends = None", by=COMPLAINTS),
    _mutant("excess-at-once", "too much evidence is said before it is known for the grace", f"{KINDS}.quota:duties",
            "known_at=known_at(over)", "known_at=None", by=COMPLAINTS),
    _mutant("excuse-lost", "an upheld appeal excuses nothing", f"{STEP}:_judge",
            "duty.excused = excused", "pass", by=COMPLAINTS),
    _mutant("calendar-end-unsaid", "nobody hears that the calendar ends", f"{PARTITION}._step",
            "if result.unknown:", "if False:", by=COMPLAINTS),
    # the partition
    _mutant("fires-while-lagging", "any answer proves silence, read or not", f"{PARTITION}._advance",
            "while proofs and proofs[0][1] <= self.next_offset:", "while proofs:"),
    _mutant("proof-one-short", "one unread record does not count", f"{PARTITION}._advance",
            "<= self.next_offset:", "<= self.next_offset + 1:"),
    _mutant("dead-letter-lost", "a refused record is only skipped", f"{PARTITION}._refuse",
            "self._open().dead_letters.append(letter)", "pass"),
    _mutant("any-key", "a record under another ticket's key is taken", f"{TICKETS}.read",
            "if record.key != subject.encode():", "if False:"),
    _mutant("timer-not-set", "no timer is set when a state changes", f"{PARTITION}._step",
            "if wake_us != NEVER and (stored is None or wake_us_of(stored) != wake_us):", "if False:"),
    _mutant("stale-timer-kills", "a stale timer takes the next one along", f"{PARTITION}.tick",
            "if stored is not None and wake_us_of(stored) == wake_us:",
            "if stored is None or wake_us_of(stored) != wake_us:\n"
            "            timers.pop_before(horizon_us)\n"
            "        else:"),
    _mutant("late-timer-lost", "a timer set into a second that has begun is lost", f"{TIMERS}.push",
            "heappush(self._late, (at_us, key))", "pass"),
    _mutant("epoch-not-written", "states are written without their epoch", f"{PARTITION}._step",
            "pack(self.epoch, group.step", "pack(0, group.step"),
    # the keeper
    _mutant("timers-not-rebuilt", "an adopted partition has no timers", f"{KEEPER}.adopt",
            "partition.rebuild_timers()", "pass"),
    _mutant("resend-dropped", "what a former owner had not published is forgotten", f"{KEEPER}.adopt",
            "self._unsent.extend((partition, outputs) for _, _, outputs in restored.unsent)", "pass"),
    _mutant("adopts-one-too-far", "an adopted partition skips a record", f"{KEEPER}.adopt",
            "restored.control.next_offset", "restored.control.next_offset + 1"),
    _mutant("no-grace", "silence counts at once", f"{KEEPER}._step_ticks",
            "partition.proven_us - self.grace_us", "partition.proven_us"),
    _mutant("control-too-soon", "the control record speaks for the round that only begins", f"{KEEPER}._controls",
            "(partition.acked_step, partition.acked_offset)", "(partition.step, partition.next_offset)"),
    _mutant("ledger-ahead", "offsets are released that no control record holds", f"{KEEPER}._effect",
            "self.acknowledge(number, partition.acked_offset)", "self.acknowledge(number, offsets[number])"),
    _mutant("ledger-without-control", "offsets are released whether or not there is a control record",
            f"{KEEPER}._effect", "if number in controls:", "if True:"),
    _mutant("hole-believed", "records missing from a fetch are taken for nothing", f"{KEEPER}._follows",
            "if run.start > expected and not await self._gone(partition, (expected, run.start)):", "if False:"),
    _mutant("markers-not-passed", "the end of a transaction counts as a record not read", f"{KEEPER}._step_records",
            "partition.pass_over(through)", "pass"),
    _mutant("blind-by-the-clock", "a partition that is behind goes by the wall clock", f"{KEEPER}.go_blind",
            "partition.last_appended_us", "int(self.clock.now().timestamp() * 1e6)"),
    _mutant("voided-left", "what a void record hides is not written again at a takeover", f"{KEEPER}.adopt",
            "partition.write_again(sorted(restored.voided))", "pass"),
    _mutant("late-writes-unseen", "nobody looks for what a former owner writes late", f"{KEEPER}.round",
            "await self.guard.look(owners)", "pass", by=STALLED),
    _mutant("conditions-forgotten", "a new owner does not know what was said of its partition", f"{KEEPER}.adopt",
            'partition.take_conditions(f"{self.effects.names.changelog}/{partition.number}", restored.said)', "pass"),
    _mutant("blind-for-ever", "a partition that was called blind stays so", f"{KEEPER}.see_again",
            "partition.resolve(Condition.BLIND)", "pass"),
    _mutant("conditions-unstored", "what is said of a partition is not part of its state", f"{PARTITION}._say",
            "self.said = pack(self.epoch, group.step, NEVER, self.alerts.encoded())", "pass"),
    # effects and recovery
    _mutant("outputs-with-states", "alerts go out beside the state, not after it", f"{EFFECTS}.take",
            "self._through(owners, changelog,",
            "self._through(owners, [o for g in groups for o in self._outputs(g)] + changelog,"),
    _mutant("outbox-dropped", "states are stored without what they have to say", f"{EFFECTS}.states",
            "record(stored, outputs)", "record(stored, [])"),
    _mutant("dead-letters-unsent", "dead letters are never sent", f"{EFFECTS}._outputs",
            "for letter in group.dead_letters", "for letter in ()"),
    _mutant("failure-ignored", "what was not acknowledged counts as sent", f"{EFFECTS}._attempt",
            "self.metrics.publish_retries.inc()", "return"),
    _mutant("lost-still-writes", "a lost partition goes on writing", f"{EFFECTS}._attempt",
            "while records and any(partition.live for partition in owners.values()):", "while records:",
            "if not self.may_write():", "if False:"),
    _mutant("resend-rendered-anew", "what is sent again is not what it was", f"{EFFECTS}.resend",
            "self._outgoing(o, partition.epoch)",
            "self._outgoing(type(o)(o.channel, o.key, o.value + b' '), partition.epoch)"),
    _mutant("epoch-ignored", "what a former owner writes after a claim counts", f"{REPLAY}._ordered",
            "if epoch is not None and epoch < self._floor:", "if False:"),
    _mutant("claim-skipped", "a claim gives no new epoch", f"{REPLAY}._on_claim",
            "self.found.epoch = max(self.found.epoch, claim.epoch)", "pass"),
    _mutant("unsent-forgotten", "unsent outputs are not looked for", f"{REPLAY}.finish",
            "if outputs:", "if False:"),
    # incidents
    _mutant("tickets-not-awaited", "facts are silent although events are unread", PROOF,
            "if any(committed[number] < end for number, end in ends.items() if end > 0):", "if False:", by=INCIDENTS),
    _mutant("one-ticket-partition-awaited", "only one partition of the events must be read", PROOF,
            "if any(committed", "if all(committed", by=INCIDENTS),
    _mutant("proof-of-the-end", "silence of facts is proven through when the tickets were done", PROOF,
            "return asked_us, (await self.ends(partitions))[1]", "return await self.ends(partitions)", by=INCIDENTS),
    _mutant("question-never-anew", "where events end is asked once and for all", PROOF,
            "self._asked = None", "pass", by=INCIDENTS),
    _mutant("fact-at-once", "a fact counts before it is known for the grace", "streams.matter:Incidents.read",
            "fact.read(record.value, appended_at)", "fact.read(record.value)", by=INCIDENTS),
    _mutant("any-installation", "facts of another installation count", "streams.matter:Incidents.read",
            'if dict(record.headers or ()).get(APP_HEADER, b"") != self.app:', "if False:", by=INCIDENTS),
    _mutant("facts-by-arrival", "the fact that comes last counts, whatever its revision", f"{COUNTED}:step",
            "elif known is None or known.revision < fact.revision:", "else:", by=INCIDENTS),
    _mutant("revision-of-facts-stays", "the revision of a fact does not grow", f"{FACT}:contribute",
            "known.revision + 1, seen", "1, seen", by=INCIDENTS),
    _mutant("facts-not-resent", "facts that a former owner had not published are forgotten", f"{KEEPER}.adopt",
            "(partition, outputs) for _, _, outputs",
            "(partition, [o for o in outputs if o.channel != 'facts']) for _, _, outputs", by=INCIDENTS),
    _mutant("facts-of-nobody", "facts that are sent again do not say whose they are", f"{EFFECTS}._outgoing",
            "headers = self._of_facts(headers)", "pass", by=INCIDENTS),
    _mutant("overturned-counts", "a finding that was overturned still counts", f"{FACT}:_judgement",
            "(recurrence.discounts, False)", "((), False)", by=INCIDENTS),
    _mutant("leaving-unsaid", "a ticket that belongs elsewhere now still counts", f"{FACT}:contribute",
            "for key in (*told, *(key for key in ticket.contributed if key not in told)):", "for key in told:",
            by=INCIDENTS),
    _mutant("clock-without-ground", "an incident whose first closing is gone goes on", f"{COUNTED}:_judge",
            "withdraw(clock_id, published, subject, about, outputs, turns, historic=historic)", "pass", by=INCIDENTS),
    _mutant("stood-and-waits", "what an incident was told of is taken back with every fact", f"{COUNTED}:_tell",
            "proven=_firing(known.get(duty.clock_id))", "proven=()", by=INCIDENTS),
    _mutant("incident-asleep", "nobody keeps time for what is counted", f"{COUNTED}:_tell",
            "return next_instant(duty, incident.horizon)", "return None", by=INCIDENTS),
    # the keeping of time
    _mutant("time-of-the-answer", "silence is proven through the answer, not the question",
            "streams.progress:Prober.ends", "return sent_us, answer", "return microseconds(self._clock.now()), answer"),
    _mutant("step-not-noticed", "a wall clock that was set wrong is believed", "agents.keep_time:Steps.held",
            "abs(clock.stepped().total_seconds()) > STEP_MAX_S", "False"),
)
# fmt: on

QUICK = (
    "repeats-count", "order-of-arrival", "fires-while-lagging", "dead-letter-lost",
    "timers-not-rebuilt", "no-grace", "control-too-soon", "outbox-dropped", "claim-skipped", "due-included",
    "reopening-ignored", "closed-without-unjudged", "tickets-not-awaited", "proof-of-the-end", "facts-by-arrival",
    "facts-not-resent",
)  # fmt: skip
"""The mutants tried in every run of the suite."""


class TextGoneError(Exception):
    """The product changed, and the mutant no longer fits it."""


@contextmanager
def sown(mutant: Mutant) -> Iterator[None]:
    """The product with this bug in it."""
    module_name, _, path = mutant.where.partition(":")
    function = importlib.import_module(module_name)
    for part in path.split("."):
        function = getattr(function, part)
    text = textwrap.dedent(inspect.getsource(function))
    for before, after in mutant.changes:
        if before not in text:
            raise TextGoneError(f"{mutant.name}: {mutant.where} no longer holds {before!r}")
        text = text.replace(before, after)
    names: dict = {}
    flags = __future__.annotations.compiler_flag
    exec(compile(text, f"<mutant {mutant.name}>", "exec", flags=flags), function.__globals__, names)
    known = function.__code__
    function.__code__ = names[path.rpartition(".")[2]].__code__
    try:
        yield
    finally:
        function.__code__ = known
