"""One owned partition: its tickets, its timers, and how far silence is proven.

Batches of records and ticks of the clock are one numbered sequence of synchronous steps; what a step changed
and wants to say collects in an open `Group` until the keeper takes it. No I/O happens here, so the simulation
runs the very same object. `streams` only.

    records --> apply() --+
                          +--> open group --> seal() --> changelog, then outputs, then ledger (streams.keeper)
    proof   --> tick()  --+
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sla.cloudevent import Refused, UnknownType
from sla.duty import Status
from sla.turn import Turn
from sla.watch import Watch
from streams.changelog import (
    HEADER_BYTES,
    NEVER,
    OPERATOR_KEY,
    Crash,
    instant,
    microseconds,
    pack,
    restamped,
    wake_us_of,
)
from streams.clock import Clock
from streams.dead_letters import DeadLetter
from streams.matter import Matter, Tickets
from streams.operator_alerts import Condition, OperatorAlerts
from streams.runs import Group, Record, Tail
from streams.sources import CANARY_RULE
from streams.timers import Timers

CRASHED_US = "crashed_us"
CRASHES_MAX = 3
"""So many failures in a row at one record, and it goes to the dead letters so that the others are watched."""

PROOFS_MAX = 64
"""Silence proofs waiting for their end offset; beyond it the newest waits in place of the last."""


class StepFailed(Exception):
    """A bug of ours met at one record; the worker stops without committing past it."""

    def __init__(self, partition: int, offset: int) -> None:
        super().__init__(f"partition {partition}, offset {offset}")
        self.partition = partition
        self.offset = offset


class Partition:
    """The state of one owned partition under one epoch.

    `matter` says what its records mean and what becomes of a state: tickets unless told otherwise. `states` maps a
    ticket (an incident) to its stored bytes (header and state). `live` turns False, once and for ever, when the
    partition is lost; nothing of it may be written afterwards.
    """

    def __init__(self, number: int, topic: str, watch: Watch, clock: Clock, matter: Matter | None = None) -> None:
        self.number = number
        self.matter = matter or Tickets(watch)
        self.topic = topic
        self.watch = watch
        self.clock = clock
        self.live = True
        self.epoch = 0
        self.step = 0
        self.acked_step = 0
        self.acked_offset = 0
        self.next_offset = 0
        self.fetched_offset = 0
        self.hole = (-1, -1)
        self.tail = Tail()
        self.crash: Crash | None = None
        self.states: dict[bytes, bytes] = {}
        self.timers = Timers()
        self.proven_us = NEVER
        self.last_appended_us = NEVER
        self.unknown_types = 0
        self.events = 0
        self.turns: list[Turn] = []
        self.alerts = self._alerts(f"{topic}/{number}")
        self.said = b""
        self.caught_up = False
        self._leaving: dict[bytes, bytes] = {}
        self._other_law: deque[bytes] = deque()
        self._proofs: deque[tuple[int, int]] = deque()
        self._group: Group | None = None
        self._stamp: tuple[int, Any] = (-1, None)

    # -- events ------------------------------------------------------------------------------------------------

    def apply(self, records: Sequence[Record]) -> None:
        """Fold a run of consecutive records in; records below `next_offset` were applied before and are skipped.

        Raises StepFailed at a record that meets a bug of ours.
        """
        crash = self.crash
        if crash is not None and records and records[0].offset <= crash.offset <= records[-1].offset:
            for record in records:  # one by one, so that the next failure names the right record
                if record.offset == crash.offset and crash.count >= CRASHES_MAX:
                    self.next_offset = record.offset + 1
                    self._refuse(
                        record, CRASHED_US, "judging this record failed again and again; see the worker's log"
                    )
                else:
                    self._apply([record])
        else:
            self._apply(records)

    def pass_over(self, through: int) -> None:
        """Take note that below this offset there is nothing that was not applied."""
        self.next_offset = max(self.next_offset, through)
        self._advance()

    def _apply(self, records: Sequence[Record]) -> None:
        by_ticket: dict[str, list[Any]] = {}
        origin: dict[int, Record] = {}
        read = self.matter.read
        for record in records:
            if record.offset < self.next_offset:
                continue
            self.next_offset = record.offset + 1
            try:
                subject, event = read(record, self._appended_at(record.timestamp))
            except Refused as refused:
                self._refuse(record, refused.reason.value, refused.detail)
            except UnknownType:
                self.unknown_types += 1
            else:
                origin[id(event)] = record
                by_ticket.setdefault(subject, []).append(event)
        self._advance()
        for subject, events in by_ticket.items():
            self.events += len(events)
            try:
                self._step(subject, events, None, origin)
            except Exception as error:
                raise StepFailed(self.number, origin[id(events[0])].offset) from error

    def _appended_at(self, timestamp_ms: int) -> Any:
        """When the broker took a record, in the clock's frame; None over history."""
        if self.clock.kind == "log":
            return None
        known_ms, known = self._stamp
        if known_ms != timestamp_ms:
            known = instant(timestamp_ms * 1000)
            self.last_appended_us = timestamp_ms * 1000
            if self.clock.kind != "wall":
                known = self.clock.at(known)
                self.last_appended_us = microseconds(known)
            self._stamp = (timestamp_ms, known)
        return known

    def _refuse(self, record: Record, reason: str, detail: str) -> None:
        letter = DeadLetter.of(record, reason, detail, self.topic, self.number)
        self._open().dead_letters.append(letter)

    def _step(self, subject: str, events: list[Any], horizon: datetime | None, origin: dict[int, Record]) -> None:
        key, matter = subject.encode(), self.matter
        stored = self.states.get(key)
        state = matter.decode(stored[HEADER_BYTES:]) if stored is not None else None
        result = matter.step(state, subject, events, horizon)
        for event, refusal in result.refused:
            record = origin.get(id(event))
            if record is not None:
                self._refuse(record, refusal.value, "the event contradicts what is known of its ticket")
            else:
                letter = DeadLetter.of_event(subject, event, refusal.value, self.topic, self.number)
                self._open().dead_letters.append(letter)
        if not result.changed:
            return
        self.turns += result.turns
        if result.unknown:
            self.fire(Condition.CALENDAR_ENDS)
        group = self._open()
        if horizon is not None and stored is not None and any(rule != CANARY_RULE for rule in result.fired):
            group.fired.append(wake_us_of(stored))
        group.touched.setdefault(key, []).extend(result.outputs)
        kept = result.state
        if kept is None:
            self._let_go(key, state, group, speaks=bool(result.outputs or result.refused))
            return
        wake_us = NEVER if kept.wake_at is None else microseconds(kept.wake_at)
        if wake_us != NEVER and (stored is None or wake_us_of(stored) != wake_us):
            self.timers.push(wake_us, key)
        self.states[key] = pack(self.epoch, group.step, wake_us, matter.encode(kept))

    def _let_go(self, key: bytes, state: Any, group: Group, *, speaks: bool) -> None:
        """Forget a ticket: at once, or when its last words are public.

        A tombstone has no outbox, so what is still to be said goes with a last state; it keeps its timer, so that
        whoever takes over before the words are out says them again.
        """
        stored = self.states.pop(key, None)
        if speaks and stored is not None and state is not None:
            last = pack(self.epoch, group.step, wake_us_of(stored), self.matter.encode(state))
            self.states[key] = self._leaving[key] = last

    def forget(self) -> None:
        """Let go of the tickets whose last words went with the group before; to be called before a round's steps.

        Their tombstones go with the next group, whose records are written when the one before is public.
        """
        for key, last in self._leaving.items():
            if self.states.get(key) == last:
                del self.states[key]
                self._open().touched.setdefault(key, [])
        self._leaving.clear()

    def write_again(self, keys: Iterable[bytes]) -> None:
        """Write what is known of these keys once more, under this epoch; a tombstone where nothing is known."""
        for key in keys:
            group = self._open()
            group.touched.setdefault(key, [])
            if key == OPERATOR_KEY:
                self.said = pack(self.epoch, group.step, NEVER, self.alerts.encoded())
            elif key in self.states:
                self.states[key] = restamped(self.states[key], self.epoch, group.step)
                if key in self._leaving:
                    self._leaving[key] = self.states[key]

    # -- the partition itself ----------------------------------------------------------------------------------

    def _alerts(self, where: str, known: bytes = b"") -> OperatorAlerts:
        rulebook = self.watch.rulebook
        return OperatorAlerts(where, rulebook.label, rulebook.hash, known)

    def take_conditions(self, where: str, said: bytes) -> None:
        """Know what a former owner said of this partition; `where` names it in alerts, `said` is as stored."""
        self.said = said
        self.alerts = self._alerts(where, said[HEADER_BYTES:])

    def fire(self, condition: Condition, about: str = "") -> None:
        """Say that a condition holds, unless that was said; `about` names what of it there are several."""
        self._say(condition, Status.FIRING, about)

    def resolve(self, condition: Condition, about: str = "") -> None:
        """Say that a condition is over; nothing where it never held."""
        self._say(condition, Status.RESOLVED, about)

    def _say(self, condition: Condition, status: Status, about: str = "") -> None:
        outputs = self.alerts.say(condition, status, self.clock.now(), about)
        if outputs is not None:
            group = self._open()
            group.touched.setdefault(OPERATOR_KEY, []).extend(outputs)
            self.said = pack(self.epoch, group.step, NEVER, self.alerts.encoded())

    # -- groups ------------------------------------------------------------------------------------------------

    def _open(self) -> Group:
        if self._group is None:
            self.step += 1
            self._group = Group(self.number, self.epoch, self.step)
        return self._group

    def seal(self) -> Group | None:
        """Close the open group and hand it over; None when nothing changed."""
        group, self._group = self._group, None
        if group is not None:
            group.next_offset = self.next_offset
        return group

    # -- time --------------------------------------------------------------------------------------------------

    def tick(self, horizon_us: int, limit: int) -> bool:
        """Let time pass for the tickets due before `horizon_us`, at most `limit`; True when more are due.

        Timers are level-triggered: an entry that no longer equals its ticket's `wake_us` is stale and dropped.
        """
        timers, states, horizon = self.timers, self.states, instant(horizon_us)
        while limit > 0 and (due := timers.pop_before(horizon_us)) is not None:
            wake_us, key = due
            stored = states.get(key)
            if stored is not None and wake_us_of(stored) == wake_us:
                limit -= 1
                self._step(key.decode(), [], horizon, {})
        next_us = timers.next_us()
        return (next_us is not None and next_us < horizon_us) or self._judge_anew(limit)

    def _judge_anew(self, limit: int) -> bool:
        """Judge tickets that another rulebook or calendar judged last, at most `limit`; True when more are left.

        No silence is added: what time alone changes under the new law comes with the timer this sets.
        """
        while self._other_law and limit > 0:
            limit -= 1
            key = self._other_law.popleft()
            if key in self.states:
                self._step(key.decode(), [], None, {})
        if not self._other_law and self.alerts.fired_under_another_law(Condition.CALENDAR_ENDS):
            self.resolve(Condition.CALENDAR_ENDS)
        return bool(self._other_law)

    @property
    def label(self) -> str:
        """How metrics name it: by its number, and by what it is about where that is not tickets."""
        return str(self.number) if isinstance(self.matter, Tickets) else f"{self.matter.name}/{self.number}"

    def next_wake_us(self) -> int | None:
        """When the next timer is due; it may be stale, which costs a look."""
        return self.timers.next_us()

    def rebuild_timers(self) -> None:
        """Make the timers anew from the states, as after a restore, and see which of them another law judged last."""
        waking = ((wake_us_of(stored), key) for key, stored in self.states.items())
        self.timers = Timers(entry for entry in waking if entry[0] != NEVER)
        law = self.watch.rulebook.hash.encode()  # the last thing in a stored ticket
        self._other_law = deque(key for key, stored in self.states.items() if not stored.endswith(law))

    # -- silence -----------------------------------------------------------------------------------------------

    def offer_proof(self, sent_us: int, end_offset: int) -> None:
        """Note that at `sent_us` the partition ended at `end_offset`; it proves silence once that is processed."""
        if len(self._proofs) >= PROOFS_MAX:
            self._proofs.pop()
        self._proofs.append((sent_us, end_offset))
        self._advance()

    def prove(self, instant_us: int) -> None:
        """Take silence as given through an instant."""
        self.proven_us = max(self.proven_us, instant_us)

    def _advance(self) -> None:
        proofs = self._proofs
        while proofs and proofs[0][1] <= self.next_offset:
            sent_us = proofs.popleft()[0]
            self.proven_us = max(self.proven_us, sent_us)
            self.caught_up = True
