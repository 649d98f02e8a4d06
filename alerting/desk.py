"""The desk of one partition: its cases by alert, who is due when, and what is already on its way.

It holds nothing that the topics do not say, so it is dropped when the partition goes and rebuilt by whoever gets it.
No I/O, no clock: `now` is an argument. `alerting` only.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final

from alerting.alert import Alert, Level
from alerting.case import Acknowledged, Case
from alerting.command import Command, Verb
from alerting.ladder import Decision, Plan, Task, decide
from alerting.record import Key, Notification
from alerting.stages.mute import Mute, Muting, Silence, muted

CASES_MAX: Final = 2_000_000
AHEAD_MAX: Final = 500_000
"""Records of alerts that are not known (yet): those a former owner read, told and could not commit any more."""

CANARY_KEPT: Final = timedelta(hours=1)
"""How long a canary is remembered: there is one a minute and partition, and nobody asks for it a day later."""

_BROKEN: Final = (Level.BREACH, Level.ESCALATION)
_NOT_FROM_HERE: Final = (Mute.TOO_OLD, Mute.HISTORIC)


class Desk:
    """The cases of one partition."""

    def __init__(
        self,
        plan: Callable[[Alert], Plan],
        machines: frozenset[str],
        give_up_after: timedelta,
        silences: Callable[[], Iterable[Silence]],
        acks: Mapping[str, Sequence[Acknowledged]],
        under_way: set[Key] | None = None,
    ) -> None:
        """`plan` says who hears an alert, `machines` are those that hear every revision.

        `acks` are all acknowledgements by what they name: one may be known before its alert has been read.
        `under_way` are the keys on their way to receivers, of all desks of the process.
        """
        self._plan, self._machines, self._give_up_after = plan, machines, give_up_after
        self._silences, self._acks = silences, acks
        self.cases: dict[str, Case] = {}
        self.under_way: set[Key] = set() if under_way is None else under_way
        self._by_clock: dict[str, list[str]] = {}
        self._by_subject: dict[str, list[str]] = {}
        self._look: list[tuple[datetime, str]] = []
        self._by_digest: dict[str, set[str]] = {}
        self._looked: dict[str, datetime] = {}
        self._ahead: dict[str, list[Notification]] = {}

    # -- what the topics say -----------------------------------------------------------------------------------

    def take(self, alert: Alert) -> bool:
        """A revision; False when it says nothing new."""
        case = self.cases.get(alert.alert_id)
        if case is not None:
            return case.take(alert)
        self._make_room()
        case = self.cases[alert.alert_id] = Case.opened(alert)
        if alert.data.clock_id:
            self._by_clock.setdefault(alert.data.clock_id, []).append(alert.alert_id)
        self._by_subject.setdefault(alert.subject, []).append(alert.alert_id)
        for target in (alert.alert_id, alert.subject):
            for ack in self._acks.get(target, ()):
                case.acknowledge(ack.at, ack.by)
        for told in self._ahead.pop(alert.alert_id, ()):
            self._note(case, told)
        return True

    def note(self, told: Notification) -> None:
        """What a record says was tried, or not."""
        case = self.cases.get(told.alert_id)
        if case is not None:
            self._note(case, told)
        elif len(self._ahead) < AHEAD_MAX or told.alert_id in self._ahead:
            self._ahead.setdefault(told.alert_id, []).append(told)

    def command(self, command: Command, at: datetime) -> list[Key]:
        """What somebody asked at an instant; the steps that are tried anew."""
        anew: list[Key] = []
        if command.verb is Verb.ACKNOWLEDGE:
            for alert_id in self.meant_by(command.target):
                self.cases[alert_id].acknowledge(at, command.by)
        elif command.verb is Verb.REDELIVER:
            for alert_id in self.meant_by(command.target):
                anew += self.cases[alert_id].redeliver(command.receiver, at)
        return anew

    def meant_by(self, target: str) -> list[str]:
        """The alerts that an id, a ticket, an incident, or the key of a message that told many stands for."""
        if target in self.cases:
            return [target]
        return list(self._by_subject.get(target, ())) or sorted(self._by_digest.get(target, ()))

    def _note(self, case: Case, told: Notification) -> None:
        case.note(told)
        if told.digest is not None:
            self._by_digest.setdefault(told.digest, set()).add(told.alert_id)
            for ack in self._acks.get(told.digest, ()):
                case.acknowledge(ack.at, ack.by)

    # -- what is due -------------------------------------------------------------------------------------------

    def muting(self, case: Case, now: datetime) -> Muting | None:
        """Why nobody is told of a firing alert now."""
        breached, too_old = self._breached(case), self._too_old(case, now)
        return muted(case.latest, self._silences(), now, breached=breached, too_old=too_old)

    def decide(self, alert_id: str, now: datetime) -> Decision:
        """What is due for one alert, beside what is under way; it is looked at again when something may be."""
        case = self.cases[alert_id]
        if not case.firing and self._all_know(case):
            return Decision([], [])  # most cases, most of the time
        plan = self._plan(case.begun or case.latest)
        muting = self.muting(case, now) if case.firing else None
        decision = decide(case, plan, muting, self._machines, now, self.under_way)
        decision.tasks = [task for task in decision.tasks if task.key not in self.under_way]
        decision.muffled = [muffled for muffled in decision.muffled if muffled.key not in self.under_way]
        if decision.look_at is not None:
            self.look_again(alert_id, decision.look_at)
        return decision

    def wanted(self, task: Task, now: datetime) -> Task | None:
        """A task as it stands now, right before it is sent; None when it is not wanted any more."""
        if task.key.alert_id not in self.cases:
            return None
        self.under_way.discard(task.key)
        try:
            tasks = self.decide(task.key.alert_id, now).tasks
        finally:
            self.under_way.add(task.key)
        return next((found for found in tasks if found.key == task.key), None)

    def related(self, alert_id: str) -> list[str]:
        """The alerts to look at when this one has changed: those of its clock, itself first."""
        case = self.cases[alert_id]
        others = self._by_clock.get(case.latest.data.clock_id or "", ())
        return [alert_id, *(other for other in others if other != alert_id)]

    def to_look_at(self, now: datetime) -> Iterator[str]:
        """The alerts for which something may have become due."""
        seen: set[str] = set()
        while self._look and self._look[0][0] <= now:
            at, alert_id = heapq.heappop(self._look)
            if self._looked.get(alert_id) == at:  # else an earlier look has replaced it
                del self._looked[alert_id]
                if alert_id in self.cases and alert_id not in seen:
                    seen.add(alert_id)
                    yield alert_id

    def next_look_at(self) -> datetime | None:
        """When `to_look_at` has something next."""
        return self._look[0][0] if self._look else None

    def look_again(self, alert_id: str, at: datetime) -> None:
        """Something is due then that no topic says."""
        known = self._looked.get(alert_id)
        if known is None or at < known:
            self._looked[alert_id] = at
            heapq.heappush(self._look, (at, alert_id))

    # -- small things ------------------------------------------------------------------------------------------

    def forget(self, before: datetime, now: datetime) -> list[Key]:
        """Drop cases that were over, and whose last revision was appended, before then; canaries' claims among them.

        A canary goes after CANARY_KEPT, however it stands: what nobody closed would fire for ever. There are so many
        that their claims would fill Redis before they end by themselves.
        """
        old = [
            alert_id
            for alert_id, case in self.cases.items()
            if (not case.firing and case.latest.appended_at < before and not case.tries)
            or (case.latest.canary and case.latest.appended_at < now - CANARY_KEPT)
        ]
        claims = [key for alert_id in old if (case := self.cases[alert_id]).latest.canary for key in case.done]
        for alert_id in old:
            self._drop(alert_id)
        known = self.cases.keys()
        self._by_digest = {digest: left for digest, named in self._by_digest.items() if (left := named & known)}
        self._ahead = {name: told for name, told in self._ahead.items() if told[-1].at >= before}
        return claims

    def _drop(self, alert_id: str) -> None:
        case = self.cases.pop(alert_id)
        self._looked.pop(alert_id, None)
        for index, name in ((self._by_clock, case.latest.data.clock_id), (self._by_subject, case.latest.subject)):
            left = [other for other in index.get(name or "", ()) if other != alert_id]
            if left:
                index[name or ""] = left
            else:
                index.pop(name or "", None)

    def _make_room(self) -> None:
        if len(self.cases) >= CASES_MAX:
            oldest = next(iter(self.cases))  # a dict keeps the order of arrival
            self._drop(oldest)

    def _breached(self, case: Case) -> bool:
        clock_id = case.latest.data.clock_id
        if case.latest.level is not Level.WARNING or not clock_id:
            return False
        siblings = (self.cases[other] for other in self._by_clock.get(clock_id, ()))
        return any(sibling.firing and sibling.latest.level in _BROKEN for sibling in siblings)

    def _all_know(self, case: Case) -> bool:
        """Whether everybody who heard an alert knows that it is over."""
        status, revision = case.latest.status, case.latest.revision
        return not case.tries and all(
            known.status == status and (known.revision >= revision or name not in self._machines)
            for name, known in case.heard.items()
        )

    def _too_old(self, case: Case, now: datetime) -> bool:
        """Raised too long ago, and nobody was ever told: a page would only confuse."""
        begun = case.begun
        if begun is None or now - begun.appended_at <= self._give_up_after:
            return False
        return not case.tries and all(done.reason in _NOT_FROM_HERE for done in case.done.values())
