"""The load of a fault run: thousands of events a second from a thread of its own, and clocks that come due meanwhile.

Most of it are lives that ended hours ago, so that every clock of them is decided by the events alone. Among them go
probes: tickets whose dispatch comes due in a few seconds. Some are dispatched early, some are not dispatched at all,
and some are dispatched in time but told around the very instant at which their breach may fire. Where the stage has
a key for customers, complaints about shared incidents come in too, each incident over some seconds and in any order.
"""

import heapq
import random
import threading
import time
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import count
from typing import Any

from confluent_kafka import KafkaError, KafkaException, Message, Producer

from tests.faults.sizes import RATE_MIN, SIZES
from tests.live.stage import Stage, encoded
from tests.live.test_incidents import incident
from tests.live.test_spine import event, now, past_lives

Event = dict[str, Any]
TICKETS_A_CHUNK = 200
PROBES_A_SECOND = 15
INCIDENTS_A_SECOND = 4
INCIDENT_S = 7.0
"""So long the events of one incident take to come in."""
CLOSED_AGO = timedelta(days=30)
TERM = timedelta(minutes=2)
TICK_S = 0.01


@cache
def chunk(number: int) -> tuple[Event, ...]:
    """Some hundred lives in the order of their events; the same number gives the same lives."""
    return tuple(
        {**told, "subject": f"c{number}-{told['subject']}"} for told in past_lives(TICKETS_A_CHUNK, 1000 + number)
    )


def probe(ticket: str, dice: random.Random, at: datetime, *, soonest: float = 1.0, latest: float = 9.0) -> Any:
    """One ticket that is due some seconds after `at`: when it is due, and its events with the instants to send them."""
    due = at + timedelta(seconds=dice.uniform(soonest, latest))
    due = due.replace(microsecond=due.microsecond // 1000 * 1000)
    started = due - TERM
    told = [(at, event(ticket, 1, "repair.accepted", started, hung_up_at=started.isoformat()))]
    plan = dice.choice(("early", "never", "brink", "brink"))
    if plan == "never":
        return due, told
    if plan == "early":
        done = at + (due - at) * dice.uniform(0.1, 0.8)
        tell = done
    else:  # in time, and told somewhere around due + grace
        done = due - timedelta(milliseconds=dice.choice((0, 1, 50)))
        tell = due + timedelta(seconds=dice.uniform(-0.05, 0.5))
    sent = {"to_unit": "3201", "to_level": "city"}
    told.append((tell, event(ticket, 2, "repair.dispatched", done, **sent)))
    told.append((tell, event(ticket, 3, "repair.closed", done + timedelta(milliseconds=1), reason="done")))
    return due, told


class Load:
    """Produces from `start` (or `with`) to `finish`; `events` is what was sent, in the order it was sent first.

    `bend(events)` may repeat or shuffle what a chunk sends.
    """

    def __init__(
        self,
        stage: Stage,
        seed: int,
        *,
        rate: float = SIZES.rate,
        probes: int = PROBES_A_SECOND,
        bend: Callable[[list[Event]], list[Event]] = list,
        first_chunk: int = 0,
    ) -> None:
        self.stage, self.rate, self.bend = stage, rate, bend
        self.events: list[Event] = []
        self.chunks: list[int] = []
        self.last_due = datetime.now(UTC)
        self.never: dict[str, datetime] = {}  # probes that are never dispatched, and when they are due
        self.acknowledged = 0
        self.busy_s = 0.0
        self._dice = random.Random(seed)
        self._seed, self._probes = seed, probes
        self._incidents = INCIDENTS_A_SECOND if stage.customer_key else 0
        self._incident_numbers = count()
        self._numbers, self._serial = count(first_chunk), count()
        self._later: list[tuple[float, int, Event]] = []
        self._stop = threading.Event()
        self._failure: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name="load", daemon=True)
        self._producer = Producer(
            {
                "bootstrap.servers": stage.bootstrap,
                "acks": "all",
                "linger.ms": 5,
                "partitioner": "murmur2_random",
                "message.timeout.ms": 0,
                "queue.buffering.max.messages": 2_000_000,
                "reconnect.backoff.max.ms": 500,
                "log_level": 0,
            }
        )

    def __enter__(self) -> "Load":
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self._stop.set()
        self._thread.join(60)

    def send(self, events: Iterable[Event]) -> None:
        """Send events beside the load, from any thread."""
        for told in events:
            self.events.append(told)
            self._produce(told["subject"].encode(), encoded(told))

    def flush(self) -> bool:
        """Whether everything sent so far is acknowledged, after a moment."""
        return bool(self._producer.flush(1) == 0)

    def finish(self, timeout: float = 90.0) -> list[Event]:
        """Send the chunk and the probes that are begun to their end, and wait for every acknowledgement."""
        self._stop.set()
        self._thread.join(timeout)
        assert not self._thread.is_alive(), "the load did not end"
        assert self._failure is None, self._failure
        left = self._producer.flush(timeout)
        assert left == 0, f"{left} events were not acknowledged"
        return self.events

    def check_rate(self) -> None:
        """At least `RATE_MIN` events a second went out."""
        assert self.acknowledged / self.busy_s >= RATE_MIN, f"{self.acknowledged} events in {self.busy_s:.1f} s"

    def _produce(self, key: bytes | None, value: bytes | None) -> None:
        def delivered(error: KafkaError | None, message: Message) -> None:
            if error is None:
                self.acknowledged += 1
            else:  # one of the errors a test pushes: this producer just tries again
                self._produce(key, value)

        while True:
            try:
                self._producer.produce(self.stage.topic("ticket-events"), value, key, on_delivery=delivered)
                return
            except KafkaException:  # a refusal that the client remembers for a while
                time.sleep(TICK_S)

    def _run(self) -> None:
        began = time.monotonic()
        try:
            self._flow(began)
            self.busy_s = time.monotonic() - began
            while self._later:
                self._due_probes()
                self._producer.poll(TICK_S)
        except BaseException as failure:
            self._failure = failure

    def _flow(self, began: float) -> None:
        sent, pending = 0, iter(())
        next_probe = next_incident = began
        while True:
            moment = time.monotonic()
            while sent < (moment - began) * self.rate:
                told = next(pending, None)
                if told is None:
                    if self._stop.is_set() and self.chunks:
                        return
                    number = next(self._numbers)
                    self.chunks.append(number)
                    pending = iter(self.bend(list(chunk(number))))
                    self.events.extend(chunk(number))
                    continue
                self._produce(told["subject"].encode(), encoded(told))
                sent += 1
            while self._probes and next_probe <= moment:
                self._begin_probe()
                next_probe += 1 / self._probes
            while self._incidents and next_incident <= moment:
                self._begin_incident()
                next_incident += 1 / self._incidents
            self._due_probes()
            self._producer.poll(0)
            time.sleep(TICK_S)

    def _begin_probe(self) -> None:
        number = next(self._serial)
        ticket = f"p{self._seed}-{number}"
        due, told = probe(ticket, self._dice, now())
        self.last_due = max(self.last_due, due)
        if len(told) == 1:
            self.never[ticket] = due
        for at, event_ in told:
            heapq.heappush(self._later, (at.timestamp(), next(self._serial), event_))

    def _begin_incident(self) -> None:
        """Complaints about one incident of weeks ago, told from now on."""
        told = self.bend(incident(next(self._incident_numbers), now() - CLOSED_AGO))
        instants = sorted(time.time() + self._dice.uniform(0, INCIDENT_S) for _ in told)
        for at, event_ in zip(instants, told, strict=True):
            data = {
                key: f"{self._seed}-{value}" if key == "incident" else value for key, value in event_["data"].items()
            }
            own = {**event_, "subject": f"i{self._seed}-{event_['subject']}", "data": data}
            heapq.heappush(self._later, (at, next(self._serial), own))

    def _due_probes(self) -> None:
        while self._later and self._later[0][0] <= time.time():
            self.send([heapq.heappop(self._later)[2]])
