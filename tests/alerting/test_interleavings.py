"""Acknowledge, resolve, retract, silence, crash and escalate in any order: nobody is told too much, and nobody too little.

A virtual clock, the real desk and ladder, and a receiver's side that notes what really arrived. A crash may fall
between the moment a receiver hears something and the moment that is recorded; Redis may be emptied at any time.
"""

from __future__ import annotations

from datetime import timedelta

from hypothesis import event, given, settings
from hypothesis import strategies as st

from alerting.answer import Why
from alerting.audit import missing
from alerting.command import Command, Verb
from alerting.desk import Desk
from alerting.ladder import UPDATE
from alerting.record import END, FIRST, Notification, Outcome
from alerting.schedule import PAUSES_S
from alerting.stages.mute import Silence
from tests.alerting.making import NOW, alert, plan, record

PLAN = plan(
    (FIRST, 0, ("robot", "hook")),
    ("route/1", 10, ("boss",)),
    ("route/chase-1", 30, ("robot",)),
    ("route/chase-2", 60, ("robot", "boss")),
)
MACHINES = frozenset({"hook"})
DAY = timedelta(days=1)

Status = st.sampled_from(["firing", "resolved", "retracted"])
Action = st.one_of(
    st.tuples(st.just("wait"), st.integers(1, 1_500)),
    st.tuples(st.just("revision"), Status),
    st.tuples(st.just("acknowledge"), st.none()),
    st.tuples(st.just("silence"), st.integers(1, 120)),
    st.tuples(
        st.just("work"), st.sampled_from(["sent", "failed", "lost_answer", "crash_after_hearing", "crash_before"])
    ),
    st.tuples(st.just("crash"), st.none()),
    st.tuples(st.just("empty_redis"), st.none()),
)


class World:
    """The topics, a notifier that may die, and the receivers' side."""

    def __init__(self) -> None:
        self.now = NOW
        self.alerts = [alert()]
        self.records: list[Notification] = []
        self.commands: list[tuple[object, Command]] = []
        self.settled: dict[str, Outcome] = {}
        self.heard: list[tuple] = []
        self.acknowledged_at: list = []
        self.pending: list = []
        self.excuses = 0  # how many repeats a crash or a lost answer accounts for
        self.start()

    def silences(self):
        """Those of the commands topic."""
        return [Silence(told, at) for at, told in self.commands if told.verb is Verb.SILENCE]

    def start(self) -> None:
        """A new process: what it knows, it reads. What was on its way has arrived, and nobody heard how it ended."""
        self.excuses += len(self.pending)
        self.pending = []
        self.desk = Desk(lambda _: PLAN, MACHINES, DAY, self.silences, {})
        for told in self.alerts:
            self.desk.take(told)
        for told in self.records:
            self.desk.note(told)
        for at, told in self.commands:
            self.desk.command(told, at)

    @property
    def case(self):
        """The only case there is."""
        return self.desk.cases[self.alerts[0].alert_id]

    def revision(self, status: str) -> None:
        """The next revision of the alert."""
        told = alert(revision=len(self.alerts) + 1, status=status, at=self.now)
        self.alerts.append(told)
        self.desk.take(told)

    def command(self, verb: Verb, **fields: object) -> None:
        """Somebody asks for something."""
        told = Command(verb=verb, by="dispatcher", target="t1", **fields)
        self.commands.append((self.now, told))
        self.desk.command(told, self.now)
        if verb is Verb.ACKNOWLEDGE:
            self.acknowledged_at.append(self.now)

    def note(self, told: Notification) -> None:
        """A record, on the topic and on the desk."""
        self.records.append(told)
        self.desk.note(told)

    def hears(self, task) -> None:
        """The receiver's side."""
        self.heard.append((self.now, task.key, str(task.alert.status), task))

    def begin(self) -> None:
        """What is due is on its way, and arrives; how it ended is heard later."""
        for found in self.due():
            task = self.desk.wanted(found, self.now)
            if task is not None and self.settled.get(str(task.key)) is not Outcome.SENT:
                self.hears(task)
                self.desk.under_way.add(task.key)
                self.pending.append(task)

    def finish(self) -> None:
        """How it ended is heard."""
        for task in self.pending:
            self.desk.under_way.discard(task.key)
            self.settled[str(task.key)] = Outcome.SENT
            self.note(record(task, Outcome.SENT, self.now, task.attempts + 1))
        self.pending = []

    def due(self) -> list:
        """What is due; what is kept is recorded."""
        decision = self.desk.decide(self.alerts[0].alert_id, self.now)
        for muffled in decision.muffled:
            key = muffled.key
            self.note(
                Notification(
                    alert_id=key.alert_id,
                    revision=key.revision,
                    receiver=key.receiver,
                    step=key.step,
                    outcome=Outcome.MUTED,
                    reason=str(muffled.why),
                    status=str(self.case.latest.status),
                    at=self.now,
                )
            )
        return decision.tasks

    def work(self, how: str) -> None:
        """Do what is due, each in this way; a crash ends it."""
        self.finish()
        for found in self.due():
            task = self.desk.wanted(found, self.now)
            if task is None:
                continue  # not any more, for what was done a moment ago
            self.desk.under_way.discard(task.key)
            if self.settled.get(str(task.key)) is Outcome.SENT:  # sent by whoever died: only the record is missing
                self.note(record(task, Outcome.SENT, self.now, task.attempts))
                continue
            if how == "crash_before":
                self.start()
                return
            if how == "failed":
                self.fails(task, Why.NO_CONNECTION)
                continue
            self.hears(task)
            if how == "lost_answer":
                self.excuses += 1
                self.fails(task, Why.TIMED_OUT)
                continue
            if how == "crash_after_hearing":
                self.excuses += 1
                self.start()
                return
            self.settled[str(task.key)] = Outcome.SENT
            self.note(record(task, Outcome.SENT, self.now, task.attempts + 1))

    def fails(self, task, why: Why) -> None:
        """An attempt that did not end it, or was the last."""
        attempt = task.attempts + 1
        last = attempt > len(PAUSES_S)
        next_at = None if last else self.now + timedelta(seconds=PAUSES_S[attempt - 1])
        self.note(record(task, Outcome.DEAD if last else Outcome.RETRY, self.now, attempt, next_at, str(why)))

    def act(self, action: str, value: object) -> None:
        """One step of the story."""
        if action == "wait":
            self.now += timedelta(seconds=value)
        elif action == "revision":
            self.revision(value)
        elif action == "acknowledge":
            self.command(Verb.ACKNOWLEDGE)
        elif action == "silence":
            until = self.now + timedelta(minutes=value)
            self.command(Verb.SILENCE, name=f"s{len(self.commands)}", reason="works", until=until)
        elif action == "crash":
            self.start()
        elif action == "begin":
            self.begin()
        elif action == "empty_redis":
            self.settled.clear()
        else:
            self.work(value)


def _begun_before(world: World, at) -> object:
    """When the episode began that ran at an instant."""
    begun, firing = None, False
    for told in world.alerts:
        if told.appended_at > at:
            break
        if told.data.status == "firing" and not firing:
            begun = told.appended_at
        firing = told.data.status == "firing"
    return begun


def judge(world: World) -> None:
    """What must hold of any story."""
    told_firing: set[str] = set()
    times: dict[str, int] = {}
    for at, key, status, _ in world.heard:
        if key.step == END:
            assert key.receiver in told_firing, f"{key} is told of an end, and never heard of a beginning"
            assert status != "firing"
        else:
            assert status == "firing"
            told_firing.add(key.receiver)
        if key.step not in (FIRST, END, UPDATE):
            begun = _begun_before(world, at)
            earlier = [ack for ack in world.acknowledged_at if begun <= ack < at]
            assert not earlier, f"{key} escalates at {at}, acknowledged at {earlier[0]}"
        times[str(key)] = times.get(str(key), 0) + 1
    repeats = sum(number - 1 for number in times.values())
    assert repeats + _same_news(world) <= world.excuses, f"told twice without need: {times}"


def _same_news(world: World) -> int:
    """How often a person was told at once, or at the end, what they had been told last."""
    last: dict[str, tuple[str, str]] = {}
    found = 0
    for _, key, status, _ in world.heard:
        if key.receiver not in MACHINES and key.step in (FIRST, END):
            before = last.get(key.receiver)
            found += before is not None and before[0] == status and before[1] != str(key)
            last[key.receiver] = (status, str(key))
    return found


@settings(max_examples=3_000, deadline=None)
@given(st.lists(Action, max_size=40))
def test_any_story_ends_with_everybody_told_what_they_must_know_and_nothing_else(story):
    """Then calm: all that was due has an outcome, and whoever heard the alert knows how it stands."""
    world = World()
    for action, value in story:
        world.act(action, value)
    for _ in range(60):
        world.now += timedelta(minutes=7)
        world.work("sent")
    judge(world)
    assert not missing(
        world.case, lambda _: PLAN, world.now, muted=world.desk.muting(world.case, world.now) is not None
    )
    last = {key.receiver: status for _, key, status, _ in world.heard}
    known = {name: heard.status for name, heard in world.case.heard.items()}
    stands = str(world.case.latest.status)
    if stands == "firing" and not world.case.acknowledged:
        assert known["robot"] == known["hook"] == "firing" or not world.case.done, known
    elif stands != "firing":
        assert all(status == stands for status in known.values()), (known, stands)
    assert known.keys() <= last.keys()
    event(f"{len(world.heard) // 3 * 3} messages")
