"""What must hold of a simulated world, whatever happened in it; each check returns sentences about what does not.

Only the logs of the broker are looked at (and, at the end, the states in memory), against the second reading of
the law: nothing of the product's own judging is believed.
"""

import json
from collections import defaultdict
from datetime import UTC, datetime, timedelta
from functools import cached_property

from sla.ticket import decode
from streams.changelog import (
    CLAIM_KEY,
    CONTROL_KEY,
    HEADER_BYTES,
    OPERATOR_KEY,
    decode_claim,
    decode_control,
    header,
)
from streams.operator_alerts import Condition
from tests.second_reading.repair import instant
from tests.simulation.broker import ALERTS, CHANGELOGS, DEAD, EVENTS, VERDICTS, Landed
from tests.simulation.second_opinion import Clock, Opinion, Silence, as_read, clock_of, opinions
from tests.simulation.world import SETTLED_US, World

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def at(us: int) -> datetime:
    """Microseconds since 1970 as an instant."""
    return EPOCH + timedelta(microseconds=us)


def us_of(moment: datetime) -> int:
    """An instant as microseconds since 1970."""
    return (moment - EPOCH) // timedelta(microseconds=1)


class Judgement:
    """A world after its life: its events as they count, and everything that was published."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.events: dict[str, list[tuple[int, dict]]] = defaultdict(list)
        self.refused: set[tuple[str, int, int]] = set()
        self.partition: dict[str, int] = {}
        self._parts: dict[tuple, dict[Clock, Opinion]] = {}
        for number in range(world.plan.partitions):
            self._sort_out(number)
        self.outputs = [
            (json.loads(landed.value), landed)
            for topic in (VERDICTS, ALERTS)
            for landed in world.broker.logs[topic, 0]
        ]

    def _sort_out(self, number: int) -> None:
        """Events that count, by ticket, with the instant they were appended; and the records that must be refused."""
        known: dict[tuple[str, str, str], dict] = {}
        for landed in self.world.broker.logs[EVENTS, number]:
            if landed.marker:
                continue
            event = _event(landed)
            if event is None:
                self.refused.add((EVENTS, number, landed.offset))
                continue
            identity = (event["subject"], event["source"], event["id"])
            first = known.setdefault(identity, event)
            if first is event:
                self.events[event["subject"]].append((landed.us, event))
                self.partition[event["subject"]] = number
            elif (first["type"], instant(first["time"]), first["data"]) != (
                event["type"],
                instant(event["time"]),
                event["data"],
            ):
                self.refused.add((EVENTS, number, landed.offset))

    @cached_property
    def latest(self) -> dict[Clock, Opinion]:
        """What the second readings say of every clock in the end."""
        told = [event for events in self.events.values() for _, event in events]
        return opinions(told, at(self.world.now_us))

    @property
    def calm(self) -> bool:
        """Whether nothing at all went wrong in this world."""
        plan = self.world.plan
        return not plan.faults and not plan.holes and plan.fetch_s < 0.1 and plan.answer_us < 100_000

    def faults(self) -> list[str]:
        """Everything that does not hold."""
        return [
            *self.world.broken,
            *self.end_state(),
            *self.contents(),
            *self.false_alarms(),
            *self.operator_alerts(),
            *self.dead_letters(),
            *self.states(),
        ]

    def last(self) -> dict[str, dict]:
        """The record of the highest revision of each id."""
        last: dict[str, dict] = {}
        for envelope, _ in self.outputs:
            data = envelope["data"]
            name = data.get("alert_id") or data["clock_id"]
            if name not in last or data["revision"] >= last[name]["revision"]:
                last[name] = data
        return last

    def end_state(self) -> list[str]:
        """The last word on every clock and alert is that of the second reading."""
        found, alerts = {}, defaultdict(dict)
        for name, data in self.last().items():
            if data["rule"].startswith("operator/"):
                continue
            if "alert_id" in data:
                if data["status"] != "retracted":
                    alerts[data["clock_id"]][name.rpartition("/")[2]] = data["status"]
            elif data["reason"] != "start_withdrawn":
                found[name] = data
        wrong = [f"{name} has alerts, but no verdict" for name in alerts.keys() - found.keys()]
        judged = {clock_of(name): as_read(data, alerts[name]) for name, data in found.items()}
        latest = {clock: opinion.came for clock, opinion in self.latest.items()}
        if judged != latest:  # what became due in the last moments may be out, or not
            told = [event for events in self.events.values() for _, event in events]
            soonest = opinions(told, at(self.world.now_us - SETTLED_US - self.world.plan.grace_us))
            for clock in judged.keys() | latest.keys():
                sooner = soonest[clock].came if clock in soonest else None
                if judged.get(clock) not in (latest.get(clock), sooner):
                    told_us = f"published {judged.get(clock)}, the second reading says {latest.get(clock)}"
                    wrong.append(f"{clock}: {told_us}")
        return wrong

    def contents(self) -> list[str]:
        """One (id, revision) has one content."""
        contents: dict[tuple[str, int], set[bytes]] = defaultdict(set)
        firing: dict[tuple[str, str], set[int]] = defaultdict(set)
        for envelope, landed in self.outputs:
            data = envelope["data"]
            contents[data.get("alert_id") or data["clock_id"], data["revision"]].add(landed.value)
            if data.get("status") == "firing":
                firing[data["alert_id"], json.dumps({**data, "revision": envelope["time"]})].add(data["revision"])
        again = [
            f"{name} fires again without news: {revisions}"
            for (name, _), revisions in firing.items()
            if any(revision + 1 in revisions for revision in revisions)
        ]
        return again + [
            f"{key} has {len(values)} contents: {values}" for key, values in contents.items() if len(values) > 1
        ]

    def false_alarms(self) -> list[str]:
        """No alert fires early, or although what ended its duty was appended before its instant and the grace."""
        wrong = []
        for envelope, landed in self.outputs:
            data = envelope["data"]
            if data.get("status") != "firing" or data["rule"].startswith("operator/"):
                continue
            clock, level = clock_of(data["clock_id"]), data["alert_id"].rpartition("/")[2]
            log = [(us, event) for us, event in self.events[clock[0]] if us <= landed.us]
            early, silent_us = "", None
            for size in range(len(log), 0, -1):
                silence = self._silence(clock, level, data, log[:size], landed.us)
                if silence is None:
                    continue
                silent_us = self._silent_us(silence, log)
                if landed.us < silent_us:
                    early = f"{data['alert_id']} fires {silent_us - landed.us} us early"
                elif size >= sum(us <= silent_us for us, _ in log):
                    break
            else:
                wrong.append(early or f"{data['alert_id']} is a false alarm, at {at(landed.us)}: {data}")
                continue
            in_peace = self.calm and landed.us < self.world.again_us
            if in_peace and landed.us > max(silent_us, log[-1][0], self.world.begun_us) + SETTLED_US:
                wrong.append(f"{data['alert_id']} fires {landed.us - silent_us} us late, although nothing was wrong")
        return wrong

    def _silence(self, clock: Clock, level: str, data: dict, log: list, landed_us: int) -> Silence | None:
        """What an alert would rest on by the second reading of a part of its ticket's log; None: it would not fire."""
        key = (clock[0], len(log), landed_us)
        if key not in self._parts:
            self._parts[key] = opinions([event for _, event in log], at(landed_us))
        told = self._parts[key].get(clock)
        due_at = None if data.get("due_at") is None else instant(data["due_at"])
        return told.firing.get(level) if told is not None and told.came["due_at"] == due_at else None

    def _silent_us(self, silence: Silence, log: list) -> int:
        """When silence is proven: past its instant, not before all it rests on was in the log, and the grace later."""
        known_us = [us // 1000 * 1000 for us, event in log if (event["source"], event["id"]) in silence.known]
        return max(us_of(silence.past), *known_us) + self.world.plan.grace_us

    def operator_alerts(self) -> list[str]:
        """Each is told without a gap, fires and is over by turns, and is over once the world has healed."""
        told: dict[str, dict[int, str]] = defaultdict(dict)
        for envelope, _ in self.outputs:
            data = envelope["data"]
            if data["rule"].startswith("operator/"):
                told[data["alert_id"]][data["revision"]] = data["status"]
        beyond = {name for name in told if f"/{Condition.CALENDAR_ENDS}/" in name}
        wrong = [f"{name} was told as {told[name]}" for name in beyond if told[name] != {1: "firing"}]
        return [
            *wrong,
            *self._beyond_calendar(beyond),
            *(
                f"{name} was told as {sorted(statuses.items())}"
                for name, statuses in told.items()
                if name not in beyond
                if [statuses[revision] for revision in sorted(statuses)]
                != ["firing", "resolved"] * (len(statuses) // 2)
                or max(statuses) != len(statuses)
            ),
        ]

    def _beyond_calendar(self, told: set[str]) -> list[str]:
        """That due times lie beyond the calendar is said of the partitions where they do."""
        said = {int(name.rpartition("/")[2]) for name in told}
        now = {self.partition[str(clock[0])] for clock, o in self.latest.items() if o.beyond_calendar}
        # It is over only under another law, so it may have been true of any part of a ticket's log.
        ever = {
            self.partition[ticket]
            for ticket, log in self.events.items()
            if self.partition[ticket] in said - now
            for size in range(1, len(log) + 1)
            for opinion in opinions([event for _, event in log[:size]], at(self.world.now_us)).values()
            if opinion.beyond_calendar
        }
        return [f"due times of partition {n} lie beyond the calendar, and nobody says so" for n in now - said] + [
            f"due times of partition {n} never lay beyond the calendar" for n in said - now - ever
        ]

    def dead_letters(self) -> list[str]:
        """Every refused record is a dead letter, and nothing else is."""
        found = set()
        for landed in self.world.broker.logs[DEAD, 0]:
            told = dict(landed.headers)
            where = (int(told["slawatch_partition"]), int(told["slawatch_offset"]))
            found.add((told["slawatch_topic"].decode(), *where))
        wrong = [f"record {where} was refused, but is no dead letter" for where in self.refused - found]
        return wrong + [f"record {where} is a dead letter without cause" for where in found - self.refused]

    def states(self) -> list[str]:
        """What the owners hold is what the changelog holds, and it is the set of events of each ticket."""
        kept, wrong = self.kept(EVENTS)
        for ticket, stored in kept.items():
            held = sorted((event.source, event.id) for event in decode(stored[HEADER_BYTES:]).events)
            if held != sorted((event["source"], event["id"]) for _, event in self.events.get(ticket, ())):
                wrong.append(f"{ticket}: the state holds other events than were appended: {held}")
        return wrong + [f"ticket {ticket} is not remembered" for ticket in self.events.keys() - kept.keys()]

    def kept(self, source: str) -> tuple[dict[str, bytes], list[str]]:
        """The states that the owners of a matter hold, and where the changelog says otherwise."""
        wrong, kept, changelog = [], {}, CHANGELOGS[source]
        for number in range(self.world.plan.partitions):
            owner = self.world.groups[source].owners.get(number)
            partition = owner.keeper.partitions.get(number) if owner is not None else None
            if partition is None:
                wrong.append(f"nobody keeps partition {number} of {source}")
                continue
            log = self.world.broker.logs[changelog, number]
            for rebuilt, from_ in (
                (_rebuilt(log), "the changelog"),
                (_rebuilt(self.world.compacted(changelog, number, 0, len(log))), "the compacted changelog"),
            ):
                wrong += [
                    f"{key!r} of partition {number}: {from_} differs from the memory"
                    for key in rebuilt.keys() | partition.states.keys()
                    if rebuilt.get(key) != partition.states.get(key)
                ]
            kept |= {key.decode(): stored for key, stored in partition.states.items()}
        return kept, wrong


def _event(landed) -> dict | None:
    """The event of a record; None when it is none or has another's key."""
    try:
        event = json.loads(landed.value)
        instant(event["time"])
    except (TypeError, ValueError):
        return None
    return event if landed.key == event["subject"].encode() else None


def _rebuilt(log: list[Landed]) -> dict[bytes, bytes]:
    """The states by the changelog: the last record of each ticket that no claim before it has made void.

    A claim under which nothing was ever written makes nothing void.
    """
    floor, states = 0, {}
    writers = {_epoch(r) for r in log if not r.key.startswith(b"\0") or r.key == OPERATOR_KEY}
    writers |= {decode_control(r.value).epoch for r in log if r.key == CONTROL_KEY}
    for landed in log:
        if landed.key == CLAIM_KEY:
            claimed = decode_claim(landed.value).epoch
            floor = max(floor, claimed if claimed in writers else 0)
        elif landed.key.startswith(b"\0") or _epoch(landed) < floor:
            continue
        elif landed.value is None:
            states.pop(landed.key, None)
        else:
            states[landed.key] = landed.value[: HEADER_BYTES + header(landed.value)[3]]
    return states


def _epoch(landed: Landed) -> int:
    """Under which epoch a state or a tombstone was written."""
    return int(dict(landed.headers)["epoch"]) if landed.value is None else header(landed.value)[0]
