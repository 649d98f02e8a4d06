"""The broker of a simulated world: logs by topic and partition, producing that may go wrong, the consumer group.

Producing is modelled as librdkafka does it: each partition's records land in order, an error may come although
they have landed, a killed process may have records on the wire, a frozen one sends what it had queued when it
thaws. `tests.simulation.world` owns one.
"""

import asyncio
from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any
from zlib import crc32

from streams.publisher import Outgoing, PublishFailedError
from tests.simulation import incidents

EVENTS, FACTS, ALERTS, VERDICTS, DEAD = "events", "facts", "alerts", "verdicts", "dead-letters"
CHANGELOG, INCIDENTS = "changelog", "incidents-changelog"
CHANGELOGS = {EVENTS: CHANGELOG, FACTS: INCIDENTS}
"""Where the states are kept of what comes from a topic."""
SESSION_US = 12_000_000
MESSAGE_TIMEOUT_US = SESSION_US // 2


@dataclass(slots=True)
class Landed:
    """One record in a log; `timestamp` is the broker's append time in milliseconds, `us` the exact instant.

    A `marker` is the end of a transaction: it takes an offset, and nobody is handed it.
    """

    offset: int
    us: int
    key: bytes | None
    value: bytes | None
    headers: tuple = ()
    by: str = ""
    marker: bool = False

    @property
    def timestamp(self) -> int:
        """LogAppendTime, as Kafka tells it."""
        return self.us // 1000


@dataclass(slots=True)
class Lane:
    """The records of one publish for one partition, landing one after the other."""

    topic: str
    partition: int
    records: list[Outgoing]
    process: Any
    sent_us: int
    done: Any
    fails_after: int | None = None
    unheard: bool = False
    next: int = 0


@dataclass(slots=True)
class Broker:
    """Logs, and the ways into them."""

    world: Any
    partitions: int
    logs: dict[tuple[str, int], list[Landed]] = field(default_factory=lambda: defaultdict(list))
    down_until_us: int = 0
    trouble: float = 0.0
    listeners: dict[str, list[Any]] = field(default_factory=lambda: defaultdict(list))

    # -- logs -----------------------------------------------------------------------------------------------------

    def append(self, topic: str, partition: int, record: Outgoing, by: str, *, marker: bool = False) -> Landed:
        """Put a record, or a marker, at the end of a log."""
        log = self.logs[topic, partition]
        offset = log[-1].offset + 1 if log else self.world.plan.first_offset * (topic == EVENTS)
        landed = Landed(offset, self.world.now_us, record.key, record.value, record.headers, by, marker)
        log.append(landed)
        waiting, self.listeners[topic] = self.listeners[topic], []
        for member in waiting:
            member.resume(member.arrivals.set)
        return landed

    def end(self, topic: str, partition: int) -> int:
        """The offset after the last record."""
        log = self.logs[topic, partition]
        return log[-1].offset + 1 if log else self.begin(topic)

    def begin(self, topic: str) -> int:
        """The offset of the first record."""
        return self.world.plan.first_offset if topic == EVENTS else 0

    def read(self, topic: str, partition: int, offset: int, limit: int) -> list[Landed]:
        """Records from an offset on."""
        start = max(0, offset - self.begin(topic))
        return self.logs[topic, partition][start : start + limit]

    @property
    def down(self) -> bool:
        """Whether nobody answers now."""
        return self.world.now_us < self.down_until_us

    # -- producing ------------------------------------------------------------------------------------------------

    def publish(self, process: Any, records: list[Outgoing]) -> asyncio.Future:
        """Send records of a process; the future fails when any of them is not known to have landed."""
        world, dice = self.world, self.world.dice
        done = process.loop.create_future()
        by_lane: dict[tuple[str, int], list[Outgoing]] = {}
        for record in records:
            by_lane.setdefault((record.topic, self._partition_of(record)), []).append(record)
        open_ = {"left": len(by_lane), "failed": False}

        def finished(failed: bool) -> None:
            open_["left"] -= 1
            open_["failed"] |= failed
            if not open_["left"]:
                world.after(dice.randint(200, 2000), lambda: process.resume(lambda: settle(open_["failed"])))

        def settle(failed: bool) -> None:
            if done.done():
                return
            if failed:
                done.set_exception(PublishFailedError("simulated: not acknowledged"))
            else:
                done.set_result(None)

        for (topic, partition), lane_records in by_lane.items():
            lane = Lane(topic, partition, lane_records, process, world.now_us, finished)
            wait = dice.randint(300, 3000)
            if dice.random() < self.trouble:
                fate = dice.choice(("lost", "unheard", "slow", "slow"))
                if fate == "lost":
                    lane.fails_after = dice.randrange(len(lane_records))
                elif fate == "unheard":
                    lane.unheard = True
                else:
                    wait = dice.randint(10_000, MESSAGE_TIMEOUT_US)
            world.after(wait, lambda lane=lane: self._land(lane))
        if process.stalls and any(r.topic in CHANGELOGS.values() and not r.key.startswith(b"\0") for r in records):
            world.freeze(process, 40_000_000)
        return done

    def _partition_of(self, record: Outgoing) -> int:
        """Where a record goes; the key decides where somebody consumes it, of the others one partition is enough."""
        if record.partition is None:
            return crc32(record.key) % self.partitions if record.topic == FACTS else 0
        return record.partition

    def _land(self, lane: Lane) -> None:
        """Let the next record of a lane land, or not; then the one after it."""
        world, dice, process = self.world, self.world.dice, lane.process
        if process.dead and (lane.next == 0 or dice.random() < 0.5) and dice.random() < 0.7:
            return  # it was not on the wire yet
        if process.frozen and dice.random() < 0.7:
            process.on_thaw.append(lambda: world.after(dice.randint(100, 5000), lambda: self._land_late(lane)))
            return
        if self.down:
            world.after(self.down_until_us - world.now_us + dice.randint(1000, 50_000), lambda: self._land_late(lane))
            return
        if lane.fails_after == lane.next:
            lane.done(True)
            return
        record = lane.records[lane.next]
        landed = self.append(lane.topic, lane.partition, record, process.name)
        if world.telling:
            world.say(process.name, f"lands in {lane.topic}/{lane.partition} @{landed.offset}: {world.told(record)}")
        if lane.topic == FACTS:
            for us, meddled in incidents.meddled(dice, record):
                world.after(us, lambda meddled=meddled: self.append(FACTS, lane.partition, meddled, "meddler"))
        lane.next += 1
        if lane.next == len(lane.records):
            lane.done(lane.unheard)
        elif dice.random() < 0.5:
            self._land(lane)
        else:
            world.after(dice.randint(10, 1500), lambda: self._land(lane))

    def _land_late(self, lane: Lane) -> None:
        """What was held up lands if it is young enough; of what is too old some gets out all the same."""
        if self.world.now_us - lane.sent_us > MESSAGE_TIMEOUT_US and self.world.dice.random() < 0.5:
            lane.done(True)
        else:
            self._land(lane)


@dataclass(slots=True)
class Group:
    """The consumer group: eager, with a session timeout; commits count under the present generation only."""

    world: Any
    partitions: int
    members: dict[Any, int] = field(default_factory=dict)
    joined: set[Any] = field(default_factory=set)
    generation: int = 0
    stable: bool = False
    committed: dict[int, int] = field(default_factory=dict)
    owners: dict[int, Any] = field(default_factory=dict)

    def join(self, process: Any) -> None:
        """A member comes, or comes back; everybody must join anew."""
        self.members[process] = self.world.now_us
        if self.stable or process not in self.joined:
            self._unsettle()
        self.joined.add(process)
        self._watch(process)
        self._settle()

    def leave(self, process: Any) -> None:
        """A member goes: it said so, or its session is over."""
        if self.members.pop(process, None) is not None:
            self.joined.discard(process)
            self._unsettle()
            self._settle()

    def heartbeat(self, process: Any, generation: int) -> str:
        """`ok`, `wait` for the others, or why the member must join again."""
        if process not in self.members:
            return "unknown"
        self.members[process] = self.world.now_us
        self._watch(process)
        if not self.stable and process in self.joined:
            return "wait"
        return "ok" if self.stable and generation == self.generation else "rebalance"

    def commit(self, process: Any, generation: int, offsets: dict[int, int]) -> bool:
        """Note offsets; False when the member is not of this generation."""
        if not self.stable or process not in self.members or generation != self.generation:
            return False
        self.committed.update(offsets)
        return True

    def _unsettle(self) -> None:
        if self.stable:
            self.stable = False
            self.joined.clear()
            self.owners.clear()

    def _settle(self) -> None:
        """Hand out the partitions once every member has joined."""
        if self.stable or not self.members or self.joined != set(self.members):
            return
        self.generation += 1
        self.stable = True
        members = sorted(self.members, key=lambda process: process.name)
        self.world.dice.shuffle(members)
        shares: dict[Any, list[int]] = {member: [] for member in members}
        for number in range(self.partitions):
            member = members[number % len(members)]
            shares[member].append(number)
            self.owners[number] = member
        for member, share in shares.items():
            self._tell(member, share, self.generation)

    def _tell(self, member: Any, share: list[int], generation: int) -> None:
        wait = self.world.dice.randint(1000, 20_000)
        self.world.after(wait, lambda: member.resume(lambda: member.assigned(share, generation)))

    def _watch(self, process: Any) -> None:
        """End the session of a member that is not heard again in time."""
        heard_us = self.world.now_us

        def look() -> None:
            if self.members.get(process) == heard_us:
                self.leave(process)

        self.world.after(SESSION_US, look)
