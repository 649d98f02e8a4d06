"""What must hold of a simulated world of incidents: as of any world, and what is counted over all its tickets.

How the alerts of each incident stand is held against the second reading of article 12, all that is said of it against
`backtest` of the same log. An alert that fires must be true of what lay in the events when silence was proven, and no
event of before that moment may have been unread then: the group of the tickets had committed it.
"""

import json
from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import cached_property
from itertools import product
from urllib.parse import unquote

import msgspec

from cli.trial import Trial
from sla.cloudevent import read
from sla.fact import Fact
from sla.fact import read as read_fact
from sla.incident import decode
from sla.publication import Channel
from streams.changelog import HEADER_BYTES
from tests.live.stage import Seen, standing
from tests.second_reading.repair import instant
from tests.second_reading.repeated import stands
from tests.simulation.broker import EVENTS, FACTS, Landed
from tests.simulation.incidents import APP_HEADER
from tests.simulation.judgement import Judgement, at, us_of
from tests.simulation.member import APP, COMMIT_S
from tests.simulation.plan import INCIDENTS
from tests.simulation.world import SETTLED_US, World

SAID_WITHIN_US = SETTLED_US + 2 * int(COMMIT_S * 1e6)
"""Once all is well, nothing due is out later than this: what was read must be committed first."""
RULE_OF = {2: "repeated-service", 6: "repeated-quality"}


def judged(world: World) -> Judgement:
    """The judgement that fits a world."""
    return IncidentJudgement(world) if world.plan.business == INCIDENTS else Judgement(world)


class IncidentJudgement(Judgement):
    """A world of incidents after its life: also the facts that count."""

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self.facts: dict[str, dict[str, Fact]] = defaultdict(dict)
        self.torn: list[str] = []
        for number in range(world.plan.partitions):
            for landed in world.broker.logs[FACTS, number]:
                self._sort_in(number, landed)

    @cached_property
    def latest(self) -> dict:
        """No clock of a ticket is watched in such a world."""
        return {}

    @cached_property
    def log(self) -> list[tuple[int, int, dict]]:
        """The events that count, of all tickets: when each was appended, in which partition."""
        found = [(us, self.partition[t], event) for t, events in self.events.items() for us, event in events]
        return sorted(found, key=lambda appended: appended[0])

    def _sort_in(self, number: int, landed: Landed) -> None:
        """Keep the fact of the highest revision of each ticket; one revision has one content."""
        if dict(landed.headers).get(APP_HEADER) != APP.encode():
            return
        try:
            fact = read_fact(landed.value or b"")
        except msgspec.DecodeError:
            self.refused.add((FACTS, number, landed.offset))
            return
        known = self.facts[landed.key.decode()].get(fact.ticket)
        if known is None or known.revision < fact.revision:
            self.facts[landed.key.decode()][fact.ticket] = fact
        elif known.revision == fact.revision and known != fact:
            self.torn.append(f"{landed.key!r}: revision {fact.revision} of {fact.ticket} has two contents")

    def contents(self) -> list[str]:
        """One (id, revision) has one content, that of a fact included."""
        return super().contents() + self.torn

    def end_state(self) -> list[str]:
        """Everything said of incidents stands as `backtest` and the second reading say."""
        said = standing(*self._published())
        now_us = self.world.now_us
        # What became due in the last moments may be out, or not.
        moments = [at(now_us), at(now_us - SAID_WITHIN_US - self.world.plan.grace_us)]
        plain = [self._plain(moment) for moment in moments]
        read_again = [dict(self._read_again([event for _, _, event in self.log], moment)) for moment in moments]
        wrong = [
            f"{name}: published {said.get(name)}, backtest says {plain[0].get(name)}"
            for name in said.keys() | plain[0].keys()
            if said.get(name) not in [found.get(name) for found in plain]
        ]
        levels: dict[str, dict[str, str]] = defaultdict(dict)
        for name, stands_ in said.items():
            if stands_[0] in ("firing", "resolved"):
                levels[unquote(name.partition("/")[0])][name.rpartition("/")[2]] = stands_[0]
        return wrong + [
            f"{key}: published {levels.get(key, {})}, the second reading says {read_again[0].get(key)}"
            for key in levels.keys() | read_again[0].keys()
            if levels.get(key, {}) not in [found.get(key, {}) for found in read_again]
        ]

    def _published(self) -> tuple[list[dict], list[dict]]:
        """The last verdicts, and the last alerts, by name."""
        last = [{"name": name, **data} for name, data in self.last().items()]
        return [d for d in last if "alert_id" not in d], [d for d in last if "alert_id" in d]

    def _plain(self, until: datetime) -> dict[str, tuple]:
        trial = Trial(self.world.watch)
        trial.take([json.dumps(event).encode() for _, _, event in self.log])
        verdicts, alerts = Seen(), Seen()
        for output in trial.outputs(until):
            (verdicts if output.channel is Channel.VERDICTS else alerts).take(output.value, 0)
        return standing(verdicts.last().values(), alerts.last().values())

    def _read_again(self, events: list[dict], until: datetime) -> Iterator[tuple[str, dict[str, str]]]:
        """How the second reading says that the alerts of each incident stand."""
        told = [{**event, "time": instant(event["time"]).astimezone(UTC)} for event in events]
        for (customer, about, months), levels in stands(told, until).items():
            yield f"{self._pseudonym(customer)}/{about}/{RULE_OF[months]}", levels

    def _pseudonym(self, customer: str) -> str:
        """What the world's key makes of a customer."""
        said = next(e for _, _, e in self.log if e["data"].get("customer") == customer)
        return str(read(json.dumps(said).encode(), self.world.watch.rulebook.vocabulary)[1].data["customer"])

    def false_alarms(self) -> list[str]:
        """No alert fires early, of what is not so, or before everything appended by then was read and committed."""
        told: dict[str, dict[int, tuple[dict, Landed]]] = defaultdict(dict)
        for envelope, landed in self.outputs:
            data = envelope["data"]
            if "alert_id" in data and not data["rule"].startswith("operator/"):
                told[data["alert_id"]].setdefault(data["revision"], (envelope, landed))
        wrong: list[str] = []
        for revisions in told.values():
            before, before_us = "", 0
            for _, (envelope, landed) in sorted(revisions.items()):
                status, reason = envelope["data"]["status"], envelope["data"]["reason"]
                if status == "firing" != before:  # one that stood already proves nothing anew
                    wrong += self._false(envelope, landed)
                elif status == "retracted" and before == "firing" and reason != "start_withdrawn":
                    wrong += self._groundless(envelope["data"], before_us, landed.us)
                before, before_us = status, landed.us
        return wrong

    def _groundless(self, data: dict, fired_us: int, landed_us: int) -> Iterator[str]:
        """What is wrong with an alert that was taken back: it holds by all that may have been read since it fired."""
        level = data["alert_id"].rpartition("/")[2]
        read_by = fired_us - self.world.plan.grace_us
        if all(level in self._firing(data["incident"], log, landed_us) for log in self._logs(read_by, landed_us)):
            yield f"{data['alert_id']} is taken back without cause, at {at(landed_us)}"

    def _false(self, envelope: dict, landed: Landed) -> Iterator[str]:
        """What is wrong with an alert that began to fire."""
        data = envelope["data"]
        rests_on = {told.rpartition("/")[::2] for told in data["evidence"]}
        known_us = [us // 1000 * 1000 for us, _, e in self.log if (e["subject"], e["id"]) in rests_on]
        silent_us = max(us_of(instant(envelope["time"])), *known_us) + self.world.plan.grace_us
        if landed.us < silent_us:
            yield f"{data['alert_id']} fires {silent_us - landed.us} us early"
        unread = self._unread(silent_us, landed.us)
        if unread:
            yield f"{data['alert_id']} fires although nobody has committed {unread}"
        level = data["alert_id"].rpartition("/")[2]
        if not any(
            level in self._firing(data["incident"], log, landed.us) for log in self._logs(silent_us, landed.us)
        ):
            yield f"{data['alert_id']} is a false alarm, at {at(landed.us)}: {data}"
        last_us = max((us for us, _, _ in self.log if us <= landed.us), default=0)
        in_peace = self.calm and self.world.plan.facts_fetch_s < 0.1 and landed.us < self.world.again_us
        if in_peace and landed.us > max(silent_us, last_us, self.world.begun_us) + SAID_WITHIN_US:
            yield f"{data['alert_id']} fires {landed.us - silent_us} us late, although nothing was wrong"

    def _unread(self, until_us: int, at_us: int) -> list[tuple[int, int]]:
        """The first event of each partition that was appended before one instant, and not committed by another."""
        found = []
        for number in range(self.world.plan.partitions):
            commits = [
                o for us, source, n, o in self.world.commits if us <= at_us and (source, n) == (EVENTS, number)
            ]
            log = self.world.broker.logs[EVENTS, number]
            left = [r.offset for r in log if r.us < until_us and r.offset >= max(commits, default=0)]
            found += [(number, left[0])] if left else []
        return found

    def _logs(self, from_us: int, to_us: int) -> Iterator[list[dict]]:
        """What may have been read: all that was appended by an instant, and of each partition some of what followed."""
        parts = []
        for number in range(self.world.plan.partitions):
            events = [event for us, n, event in self.log if n == number and us <= to_us]
            least = sum(us <= from_us for us, n, _ in self.log if n == number)
            parts.append([events[:size] for size in range(len(events), min(least, len(events)) - 1, -1)])
        for part in product(*parts):
            yield [event for events in part for event in events]

    def _firing(self, key: str, log: list[dict], landed_us: int) -> set[str]:
        levels = dict(self._read_again(log, at(landed_us))).get(key, {})
        return {level for level, status in levels.items() if status == "firing"}

    def states(self) -> list[str]:
        """Also each incident holds the last fact of each of its tickets."""
        kept, wrong = self.kept(FACTS)
        for key, stored in kept.items():
            held = {
                t: msgspec.structs.replace(fact, appended_at=None)
                for t, fact in decode(stored[HEADER_BYTES:]).facts.items()
            }
            if held != self.facts.get(key):
                wrong.append(f"{key}: the state holds other facts than were told: {held}")
        wrong += [f"incident {key} is not remembered" for key in self.facts.keys() - kept.keys()]
        return super().states() + wrong
