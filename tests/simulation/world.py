"""A world that one seed replays: virtual time, a broker, workers that die and freeze, ticket systems that dawdle.

    seed -> Plan (how many workers, which faults when) + records (tests.simulation.workload)
         -> World.live(): processes take turns by the dice, faults come and heal, time goes on
         -> tests.simulation.judgement: what must hold of the logs

Nothing sleeps and nothing is threaded: a process is a `ProcessLoop`, everything else an entry of the agenda.
"""

import heapq
import random
from collections.abc import Callable
from dataclasses import dataclass
from itertools import count
from math import inf
from types import SimpleNamespace
from typing import Any

from cli.rulebook_files import load
from sla.watch import Watch
from streams.changelog import CONTROL_KEY, decode_control
from streams.crash_points import CrashPoint
from streams.restore import RestoreError
from tests.simulation.broker import EVENTS, FACTS, Broker, Group
from tests.simulation.incidents import LAW
from tests.simulation.member import Member
from tests.simulation.plan import INCIDENTS, Plan, of_incidents
from tests.simulation.process import Killed, Process
from tests.simulation.virtual import presence
from tests.simulation.workload import draw

HEALS_WITHIN_US = 45_000_000
"""After the last fault: sessions end, partitions go to others, are restored, and all that is due goes out."""
SETTLED_US = 4_000_000
"""Once all is well, nothing due is out later than this (the loops look less often here than they do live)."""
TURNS_MAX = 200_000
NOTHING = SimpleNamespace(key=None, value=None, headers=())
WATCH = Watch(load("sgcc-2014"))
INCIDENTS_WATCH = Watch(LAW)


class RestlessError(AssertionError):
    """A world that never comes to rest: somebody spins."""


@dataclass(eq=False)
class Machine:
    """Where a process runs: how wrong its wall clock is, and whether another is started when the process ends."""

    name: str
    wrong_us: int = 0
    process: Process | None = None
    starts: int = 0


class World:
    """One run; `broken` collects what must not be, `trace` what happened (only if `telling`)."""

    def __init__(
        self,
        seed: int,
        telling: bool = False,
        faults: list[tuple[int, str]] | None = None,
        incidents: bool | None = None,
    ) -> None:
        self.seed, self.telling = seed, telling
        self.dice = random.Random(seed)
        self.plan = Plan(self.dice, (of_incidents(seed) and faults is None) if incidents is None else incidents)
        if faults is not None:
            self.plan.faults = [(self.plan.begins_us + us, what) for us, what in faults]
            self.plan.heals_us = self.plan.faults[-1][0] + 20_000_000
        self.watch = INCIDENTS_WATCH if self.plan.business == INCIDENTS else WATCH
        self.start_us, self.sent = draw(self.dice, self.plan)
        self.now_us = self.start_us
        self.broken: list[str] = []
        self.trace: list[str] = []
        self.agenda: list[tuple[int, int, Callable[[], None]]] = []
        self.count = count()
        self.broker = Broker(self, self.plan.partitions, trouble=self.plan.trouble)
        topics = (EVENTS, FACTS) if self.plan.business == INCIDENTS else (EVENTS,)
        self.groups = {topic: Group(self, self.plan.partitions) for topic in topics}
        self.commits: list[tuple[int, str, int, int]] = []
        self.processes: list[Process] = []
        self.running: Process | None = None
        self.turns = 0
        self.begun_us = self.start_us + self.plan.begins_us + 20_000_000
        self.again_us: float = inf
        self.adoptions: list[tuple[str, str, int]] = []
        self.passed: set[str] = set()
        self.machines = [Machine(f"m{number}") for number in range(self.plan.machines)]

    # -- time -----------------------------------------------------------------------------------------------------

    def after(self, us: int, do: Callable[[], None]) -> None:
        """Do something some microseconds from now."""
        heapq.heappush(self.agenda, (self.now_us + us, next(self.count), do))

    def run_until(self, end_us: int) -> None:
        """Let everything take its turn until an instant."""
        dice, agenda = self.dice, self.agenda
        while True:
            ready = [p for p in self.processes if p.loop.ready and not p.frozen and p.busy_until_us <= self.now_us]
            if ready:
                self._turn(ready[0] if len(ready) == 1 else dice.choice(ready))
                continue
            instants = [agenda[0][0]] if agenda else []
            for process in self.processes:
                if not process.frozen:
                    at = process.busy_until_us if process.loop.ready else process.loop.next_us()
                    if at is not None:
                        instants.append(max(at, process.busy_until_us))
            next_us = min(instants, default=end_us)
            if next_us >= end_us:
                self.now_us = end_us
                return
            self.now_us = max(self.now_us, next_us)
            for process in self.processes:
                if not process.frozen:
                    process.loop.release()
            while agenda and agenda[0][0] <= self.now_us:
                heapq.heappop(agenda)[2]()

    def _turn(self, process: Process) -> None:
        self.turns += 1
        if self.turns > TURNS_MAX:
            raise RestlessError(f"seed {self.seed}: more than {TURNS_MAX} turns")
        self.running = process
        for _ in range(self.dice.randint(1, 4)):
            if process.dead or not process.loop.ready:
                break
            process.loop.run_one()
            if process.slow_us:
                process.busy_until_us = self.now_us + self.dice.randint(0, process.slow_us)
                break
        self.running = None

    # -- a life ---------------------------------------------------------------------------------------------------

    def live(self) -> None:
        """Everything happens; afterwards all faults have healed and everything due has had its time."""
        with presence(self):
            for sent in self.sent:
                self.after(sent.us - self.start_us, lambda sent=sent: self._arrive(sent))
            for machine in self.machines:
                self.after(self.plan.begins_us + self.dice.randint(0, 2_000_000), lambda m=machine: self.start(m))
            for at, what in self.plan.faults:
                self.after(at, lambda what=what: getattr(self, f"fault_{what}")())
            self.run_until(self.start_us + max(self.plan.heals_us, self.plan.begins_us + 3_000_000))
            self._heal()
            last = max((sent.us for sent in self.sent), default=0)
            self.run_until(max(self.now_us, last) + HEALS_WITHIN_US + self.dice.randint(0, 60_000_000))
            self._come_to_rest()

    def again(self) -> None:
        """All workers are killed and one is started anew: it must find everything as it was, and say nothing new."""
        self.again_us = self.now_us
        with presence(self):
            for process in list(self.processes):
                self.killed(process, "with all others", restart=False)
            self.run_until(self.now_us + 15_000_000)
            self.start(self.machines[0])
            self.run_until(self.now_us + 15_000_000)
            self._come_to_rest()

    def _come_to_rest(self) -> None:
        """Whatever is under way at the end arrives."""
        for _ in range(20):
            kept = [p for process in self.processes for m in process.members for p in m.keeper.partitions.values()]
            if all(partition.step == partition.acked_step for partition in kept):
                return
            self.run_until(self.now_us + 250_000)

    def _arrive(self, sent: Any) -> None:
        landed = self.broker.append(EVENTS, sent.partition, sent_record(sent), "source")
        if self.telling:
            self.say("source", f"events/{sent.partition} @{landed.offset}: {(sent.value or b'')[:400]!r}")
        if self.dice.random() < self.plan.markers:
            self.broker.append(EVENTS, sent.partition, NOTHING, "source", marker=True)

    def start(self, machine: Machine) -> None:
        """A worker process begins, unless one runs there."""
        if machine.process is None:
            machine.starts += 1
            machine.process = Process(self, f"{machine.name}.{machine.starts}", machine)
            self.processes.append(machine.process)
            if self.now_us - self.start_us < self.plan.heals_us - 20_000_000 and self.dice.random() < 0.1:
                machine.process.dies_at = (CrashPoint.DURING_RECOVERY, 1)
            self.say(machine.process.name, "starts")

    def killed(self, process: Process, how: str, restart: bool = True) -> None:
        """A process is gone; its supervisor starts another after a while."""
        self.say(process.name, f"is killed {how}")
        self.passed.add(f"killed {how}")
        process.die()
        self.processes.remove(process)
        process.machine.process = None
        if restart:
            self.after(self.dice.randint(500_000, 10_000_000), lambda: self.start(process.machine))

    def ended_by_itself(self, process: Process, error: BaseException | None) -> None:
        """A task of a worker failed; only a restore that could not be done is no bug."""
        if isinstance(error, Killed):
            return
        if not isinstance(error, RestoreError):
            self.broken.append(f"{process.name} failed: {error!r} (caused by {getattr(error, '__cause__', None)!r})")
        self.killed(process, "by its own failure")

    # -- faults ---------------------------------------------------------------------------------------------------

    def _someone(self) -> Process | None:
        fit = [process for process in self.processes if not process.frozen]
        return self.dice.choice(fit) if fit else None

    def fault_kill(self) -> None:
        """Kill -9 between any two instants."""
        process = self._someone()
        if process is not None:
            self.killed(process, "at random")

    def fault_die_at(self) -> None:
        """Kill -9 at a named place, when it is passed next."""
        process = self._someone()
        if process is not None:
            process.dies_at = (self.dice.choice(list(CrashPoint)), self.dice.choice((1, 1, 2)))

    def fault_freeze(self) -> None:
        """SIGSTOP, and SIGCONT a while later."""
        process = self._someone()
        if process is not None:
            self.freeze(process, self.dice.choice((300_000, 7_000_000, 20_000_000, 40_000_000)))

    def fault_stall(self) -> None:
        """SIGSTOP with states on their way: a former owner whose writes land when another has taken over."""
        process = self._someone()
        if process is not None:
            process.stalls = True

    def freeze(self, process: Process, span_us: int) -> None:
        """Freeze a process for about so long."""
        self.say(process.name, "freezes")
        process.frozen, process.stalls = True, False
        self.after(self.dice.randint(span_us // 2, span_us), lambda: self._thaw(process))

    def _thaw(self, process: Process) -> None:
        if process.frozen and not process.dead:
            self.say(process.name, "thaws")
            process.thaw()

    def fault_down(self) -> None:
        """No broker answers for a while."""
        self.broker.down_until_us = self.now_us + self.dice.randint(100_000, 15_000_000)
        self.say("broker", f"is away for {(self.broker.down_until_us - self.now_us) / 1e6:.1f} s")

    def fault_step(self) -> None:
        """The wall clock of a machine is set wrong, and right again later."""
        machine = self.dice.choice(self.machines)
        if machine.wrong_us or not machine.process:
            return
        machine.wrong_us = self.dice.choice((-1, 1)) * self.dice.randint(1_500_000, 3_600_000_000)
        self.say(machine.name, f"clock set wrong by {machine.wrong_us / 1e6:.1f} s")
        self.after(self.dice.randint(1_000_000, 30_000_000), lambda: self._right(machine))

    def _right(self, machine: Machine) -> None:
        self.say(machine.name, "clock set right")
        machine.wrong_us = 0

    def fault_slow(self) -> None:
        """A worker gets little of its processor for the rest of its life."""
        process = self._someone()
        if process is not None:
            process.slow_us = self.dice.choice((2_000, 40_000))

    def fault_close(self) -> None:
        """A worker is told to end, and is started anew."""
        process = self._someone()
        if process is not None:
            self.say(process.name, "is told to end")
            process.end()
            self.after(5_000_000, lambda: self._closed(process))

    def _closed(self, process: Process) -> None:
        if process in self.processes:
            self.killed(process, "after its end")

    def fault_join(self) -> None:
        """One more worker for the rest of the time: everything is handed out anew."""
        machine = Machine(f"m{len(self.machines)}")
        self.machines.append(machine)
        self.start(machine)

    def _heal(self) -> None:
        self.say("world", "heals")
        self.broker.trouble, self.broker.down_until_us, self.plan.holes = 0.0, 0, 0.0
        self.plan.fetch_s, self.plan.answer_us = min(self.plan.fetch_s, 0.5), min(self.plan.answer_us, 50_000)
        self.plan.facts_fetch_s = min(self.plan.facts_fetch_s, 0.5)
        for machine in self.machines:
            machine.wrong_us = 0
        for process in self.processes:
            process.slow_us, process.dies_at, process.stalls = 0, None, False
            self._thaw(process)

    # -- what processes report ------------------------------------------------------------------------------------

    def adopted(self, member: Member, partition: Any) -> None:
        """A partition is taken over."""
        where = f"{member.source}/{partition.number}"
        self.say(member.name, f"adopts {where}, epoch {partition.epoch}, from {partition.next_offset}")
        self.adoptions.append((member.name, where, partition.epoch))

    def committed(self, member: Member, offsets: dict[int, int]) -> None:
        """Offsets are committed: the changelog must know at least as much."""
        for number, offset in offsets.items():
            log = self.broker.logs[member.changelog, number]
            known = max((decode_control(r.value).next_offset for r in log if r.key == CONTROL_KEY), default=0)
            if offset > known:
                where = f"{offset} of {member.source}/{number}"
                self.broken.append(f"{member.name} committed {where}, the changelog knows {known}")
            self.commits.append((self.now_us, member.source, number, offset))

    def compacted(self, changelog: str, number: int, offset: int, limit: int) -> list[Any]:
        """A changelog from an offset on, without what compaction has taken.

        Of what is old enough the last record of each key stays, whoever wrote it; a tombstone for a while only.
        """
        records = self.broker.read(changelog, number, offset, limit)
        if not self.plan.compaction_us:
            return records
        before_us = self.now_us - self.plan.compaction_us
        latest = {r.key: r.offset for r in self.broker.logs[changelog, number] if r.us < before_us}
        return [
            r
            for r in records
            if r.offset >= latest.get(r.key, -1)
            if r.value is not None or r.us >= before_us - self.plan.tombstones_us
        ]

    def say(self, who: str, what: str) -> None:
        """Note something for a reader."""
        if self.telling:
            self.trace.append(f"{(self.now_us - self.start_us) / 1e6:11.6f}  {who:8} {what}")

    @staticmethod
    def told(record: Any) -> str:
        """A record for a reader."""
        return f"{record.key!r} {(record.value or b'')[:700]!r}"


def sent_record(sent: Any) -> Any:
    """A source's record in the form a log takes."""
    return SimpleNamespace(key=sent.key, value=sent.value, headers=())
