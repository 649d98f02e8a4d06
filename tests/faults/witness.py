"""The witness of a fault run: reads what really lies on the topics and holds it against the law.

Missed: what is published last differs from `backtest` of the same log. False: a breach fired although its stop was
appended before due + grace; found by judging, for each firing record, the events that were in the log by then.
Torn: one (id, revision) with two contents. Beside these: no alert before its instant, every refused record among the
dead letters and no other, and a state rebuilt from the changelog that equals a fold of the source log.
"""

import json
import time
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote

from confluent_kafka import Consumer, KafkaError, KafkaException, TopicPartition

from cli.rulebook_files import keyed, load
from sla.cloudevent import Fault, Refused, UnknownType, read
from sla.event import Event
from sla.publication import Channel
from sla.step import step
from sla.ticket import Ticket, decode
from sla.watch import Watch
from streams.changelog import HEADER_BYTES, instant
from streams.restore import Restored, restore
from streams.topics import changelog_name
from tests.live.stage import Stage, standing, wait_for
from tests.live.test_spine import now

GRACE = timedelta(milliseconds=200)
UNREAD_S = 60.0
"""So long nothing at all may come before the topics count as unreadable."""
FAR = timedelta(days=3650)
PUBLIC = ("ticket-events", "alerts", "verdicts", "dead-letters")


@dataclass
class Published:
    """One alert or verdict as it lies on its topic; an alert's partition is that of its ticket's events."""

    name: str
    revision: int
    epoch: int
    partition: int
    appended_ms: int
    raw: bytes
    envelope: dict[str, Any]

    @property
    def data(self) -> dict[str, Any]:
        """The body."""
        body: dict[str, Any] = self.envelope["data"]
        return body

    @property
    def late_ms(self) -> float:
        """How long after due + grace it was appended."""
        due = datetime.fromisoformat(self.data["due_at"])
        return self.appended_ms - (due + GRACE).timestamp() * 1000


@dataclass
class Arrived:
    """One source record, read as the worker reads it."""

    partition: int
    offset: int
    appended_ms: int
    event: Event


@dataclass
class Witness:
    """Everything on the public topics of a stage so far; `look` reads on."""

    stage: Stage
    published: dict[str, list[Published]] = field(default_factory=lambda: {"alerts": [], "verdicts": []})
    tickets: dict[str, list[Arrived]] = field(default_factory=lambda: defaultdict(list))
    refused: dict[tuple[int, int], str] = field(default_factory=dict)
    letters: dict[tuple[int, int], str] = field(default_factory=dict)
    ends: dict[int, int] = field(default_factory=lambda: defaultdict(int))
    grace: timedelta = GRACE

    def __post_init__(self) -> None:
        self._consumer: Consumer | None = None
        self.watch = Watch(keyed(load(str(self.stage.settings["rulebook"])), self.stage.customer_key, ""))
        self._at = {(self.stage.topic(name), number): 0 for name in PUBLIC for number in range(self.stage.partitions)}

    def _open(self) -> Consumer:
        """The consumer, at where the last one stopped."""
        if self._consumer is None:
            self._consumer = Consumer(
                {
                    "bootstrap.servers": self.stage.bootstrap,
                    "group.id": "witness",
                    "enable.auto.commit": False,
                    "enable.partition.eof": True,
                    "auto.offset.reset": "earliest",
                    "fetch.wait.max.ms": 20,
                    "fetch.message.max.bytes": 4 * 1024 * 1024,
                    "log_level": 0,
                }
            )
            self._consumer.assign([TopicPartition(*place, offset) for place, offset in self._at.items()])
        return self._consumer

    def _watermarks(self) -> dict[tuple[str, int], tuple[int, int]] | None:
        """The first and the next offset of each partition; None while a broker that has just come back is unsure."""
        try:
            consumer = self._open()
            return {place: consumer.get_watermark_offsets(TopicPartition(*place), timeout=10) for place in self._at}
        except KafkaException:  # a leader of another epoch, too: only a new client asks the right one
            self.close()
            return None

    def close(self) -> None:
        """Leave the topics; `look` comes back to them."""
        if self._consumer is not None:
            self._consumer.close()
            self._consumer = None

    def look(self) -> "Witness":
        """Read everything new."""
        marks = wait_for("the ends of the topics", self._watermarks, 60)
        ends = {place: high for place, (_, high) in marks.items()}
        self._at = {place: max(offset, marks[place][0]) for place, offset in self._at.items()}
        until = time.monotonic() + UNREAD_S
        while any(self._at[place] < end for place, end in ends.items()):
            assert time.monotonic() < until, "the topics could not be read"
            for message in self._open().consume(5000, timeout=0.2):
                until = time.monotonic() + UNREAD_S
                error, place = message.error(), (message.topic(), message.partition())
                if error is None:
                    self._at[place] = message.offset() + 1
                    self._take(message)
                elif error.code() == KafkaError._PARTITION_EOF:  # behind the markers of transactions
                    self._at[place] = max(self._at[place], message.offset())
        return self

    def _take(self, message: Any) -> None:
        name = message.topic().removeprefix(self.stage.prefix)
        if name == "ticket-events":
            self._arrived(message)
        elif name == "dead-letters":
            told = dict(message.headers())
            place = (int(told["slawatch_partition"]), int(told.get("slawatch_offset", -1)))
            assert (
                self.letters.setdefault(place, told["slawatch_reason"].decode()) == told["slawatch_reason"].decode()
            )
        else:
            envelope = json.loads(message.value())
            data, epoch = envelope["data"], dict(message.headers() or ()).get("epoch") or b"0"
            self.published[name].append(
                Published(
                    data.get("alert_id") or data["clock_id"],
                    data["revision"],
                    int(epoch),
                    message.partition(),
                    message.timestamp()[1],
                    message.value(),
                    envelope,
                )
            )

    def _arrived(self, message: Any) -> None:
        place = (message.partition(), message.offset())
        self.ends[place[0]] = place[1] + 1
        appended_ms = message.timestamp()[1]
        try:
            subject, event = read(
                message.value(),
                self.watch.rulebook.vocabulary,
                headers=message.headers() or (),
                appended_at=instant(appended_ms * 1000),
            )
        except Refused as refused:
            self.refused[place] = refused.reason.value
        except UnknownType:
            pass
        else:
            if message.key() != subject.encode():
                self.refused[place] = Fault.WRONG_KEY.value
            else:
                self.tickets[subject].append(Arrived(*place, appended_ms, event))

    # -- what is published -------------------------------------------------------------------------------------

    def last(self, name: str) -> dict[str, dict[str, Any]]:
        """The record of the highest (revision, epoch) of each id."""
        last: dict[str, Published] = {}
        for found in self.published[name]:
            known = last.get(found.name)
            if known is None or (found.revision, found.epoch) >= (known.revision, known.epoch):
                last[found.name] = found
        return {name: {"name": name, **found.data} for name, found in last.items()}

    def standing(self) -> dict[str, tuple[Any, ...]]:
        """How every clock and alert stands by what was published."""
        return standing(self.last("verdicts").values(), self.last("alerts").values())

    def firing(self, ticket: str = "") -> list[Published]:
        """Breach alerts of repairs that fired, of one ticket or of all, retracted later or not."""
        return [
            found
            for found in self.published["alerts"]
            if found.data["level"] == "breach" and found.data["status"] == "firing" and found.data["kind"] == "repair"
            if not ticket or found.data["ticket"] == ticket
        ]

    def operator(self, condition: str, matter: str = "tickets") -> list[str]:
        """The statuses that were said about a condition of the monitor and a matter, in order."""
        about = f"operator/{condition}/{changelog_name(self.stage.app_id, matter)}/"
        return [found.data["status"] for found in self.published["alerts"] if found.name.startswith(about)]

    def wait_standing(self, expected: dict[str, tuple[Any, ...]], timeout: float = 90.0) -> None:
        """Wait until what is published is what is expected; shows the differences when it is not."""
        until = time.monotonic() + timeout
        while True:
            found = self.look().standing()
            if found == expected:
                return
            if time.monotonic() > until:
                wrong = [k for k in expected.keys() | found.keys() if expected.get(k) != found.get(k)]
                shown = "\n".join(f"{k}: expected {expected.get(k)}, found {found.get(k)}" for k in sorted(wrong)[:8])
                logs = "\n".join(w.log_text()[-1500:] for w in self.stage.workers[-3:])
                raise AssertionError(f"{len(wrong)} of {len(expected)} differ:\n{shown}\n{logs}")
            time.sleep(0.3)

    # -- the checks --------------------------------------------------------------------------------------------

    def check(self, *, torn_allowed: bool = False) -> None:
        """Nothing false, early or torn was published, and the dead letters are exactly what was refused."""
        torn = self.torn()
        assert torn_allowed or not torn, f"published with two contents: {list(torn.items())[:3]}"
        early = self.early()
        assert not early, f"{len(early)} alerts before their instant: {early[:3]}"
        false = [found for found in self.firing() if not self._may_fire(found)]
        assert not false, f"{len(false)} false breaches: {[(f.raw, f.appended_ms) for f in false[:3]]}"
        assert self.letters == self.refused | self._contradictions(), "dead letters and refused records differ"

    def early(self) -> list[bytes]:
        """Alerts that were appended before the instant they are about."""
        return [
            found.raw
            for found in self.published["alerts"]
            if found.data["status"] == "firing" and not found.data["rule"].startswith("operator/")
            if found.appended_ms < int(datetime.fromisoformat(found.envelope["time"]).timestamp() * 1000)
        ]

    def _contradictions(self) -> dict[tuple[int, int], str]:
        """Events that are well-formed and yet refused, because of what is known of their ticket."""
        found = {}
        for subject, log in self.tickets.items():
            places = {id(arrived.event): (arrived.partition, arrived.offset) for arrived in log}
            for refused, reason in step(None, subject, [arrived.event for arrived in log], self.watch).refused:
                found[places[id(refused)]] = reason.value
        return found

    def torn(self) -> dict[tuple[str, int], dict[int, bytes]]:
        """Ids and revisions that were published with two contents, each content under its highest epoch."""
        contents: dict[tuple[str, int], dict[bytes, int]] = defaultdict(dict)
        for found in (*self.published["alerts"], *self.published["verdicts"]):
            known = contents[found.name, found.revision]
            known[found.raw] = max(known.get(found.raw, 0), found.epoch)
        return {
            key: {epoch: raw for raw, epoch in known.items()} for key, known in contents.items() if len(known) > 1
        }

    def _may_fire(self, alert: Published) -> bool:
        """Whether the log, at some moment after everything before due + grace was in it, lets this breach fire."""
        due = datetime.fromisoformat(alert.data["due_at"])
        source, start_id = alert.data["clock_id"].split("/")[-2:]
        log = self.tickets[alert.data["ticket"]]
        starts = [
            arrived.appended_ms
            for arrived in log
            if (quote(arrived.event.source, safe=""), quote(arrived.event.id, safe="")) == (source, start_id)
        ]
        if not starts:
            return False
        until_ms = max(int(due.timestamp() * 1000), min(starts)) + self.grace / timedelta(milliseconds=1)
        least = sum(arrived.appended_ms < until_ms for arrived in log)
        return any(
            alert.name in _fires(self.watch, alert.data, log[:size]) for size in range(max(1, least), len(log) + 1)
        )

    # -- the state ---------------------------------------------------------------------------------------------

    def rebuilt(self, matter: str = "tickets") -> dict[int, Restored]:
        """The state as the next worker would read it; only while no worker runs."""
        return restore(
            {"bootstrap.servers": self.stage.bootstrap},
            changelog_name(self.stage.app_id, matter),
            list(range(self.stage.partitions)),
            still_owned=lambda: True,
            may_write=lambda: True,
            deadline_s=60,
        )

    def check_state(self) -> None:
        """The state rebuilt from the changelog equals a fold of the source log, and knows the log to its end."""
        restored = self.rebuilt()
        for number, state in restored.items():
            assert state.unsent == [], f"partition {number} still owes outputs"
            reached = state.control.next_offset if state.control is not None else 0
            assert reached == self.ends[number], f"partition {number} knows {reached} of {self.ends[number]}"
        states = {
            key.decode(): decode(raw[HEADER_BYTES:]) for s in restored.values() for key, raw in s.states.items()
        }
        expected = {}
        for subject, log in self.tickets.items():
            actual = states.get(subject)
            folded = step(None, subject, [arrived.event for arrived in log], self.watch).ticket
            if folded is not None and actual is not None and actual.horizon is not None:
                folded = step(folded, subject, [], self.watch, actual.horizon).ticket
            expected[subject] = folded
        wrong = [s for s in expected.keys() | states.keys() if told(expected.get(s)) != told(states.get(s))]
        assert not wrong, (
            f"{len(wrong)} states of {len(expected)} differ, as {wrong[0]}:\n"
            f"rebuilt {told(states.get(wrong[0]))}\nfolded {told(expected.get(wrong[0]))}"
        )


def _fires(watch: Watch, data: dict[str, Any], log: list[Arrived]) -> Iterator[str]:
    """The breaches that fire, with this due time, when exactly these events are known and then nothing comes."""
    ticket = step(None, data["ticket"], [arrived.event for arrived in log], watch).ticket
    if ticket is None:
        return
    trial = step(ticket, data["ticket"], [], watch, now() + FAR)
    for output in (o for o in trial.outputs if o.channel is Channel.ALERTS):
        found = json.loads(output.value)["data"]
        if found["status"] == "firing" and found["due_at"] == data["due_at"]:
            yield found["alert_id"]


def told(ticket: Ticket | None) -> Any:
    """What two states of a ticket must agree on: its events, and how its clocks and alerts stand."""
    if ticket is None:
        return None
    clocks = {
        name: (p.outcome, p.reason, {level: r.status for level, r in p.alerts.items() if r.status != "retracted"})
        for name, p in ticket.published.items()
        if p.reason != "start_withdrawn"
    }
    return ticket.events, clocks, ticket.forgotten
