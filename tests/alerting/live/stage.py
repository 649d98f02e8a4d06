"""A stage for delivery: topics on a Kafka, alerts put on them, and notifiers in this process with scripted receivers."""

from __future__ import annotations

import asyncio
import subprocess
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from itertools import count

from confluent_kafka import Consumer, Producer, TopicPartition
from confluent_kafka import Message as Record
from confluent_kafka.admin import AdminClient
from prometheus_client import CollectorRegistry

from alerting.alert import Alert
from alerting.answer import Answer, Class, Why
from alerting.command import Command
from alerting.command_log import give
from alerting.ladder import Plan
from alerting.message import Message
from alerting.metrics import Metrics
from alerting.notifier import Notifier
from alerting.receiver import Traits
from alerting.record import Notification, decode
from alerting.settings import NotifierSettings, Topics
from alerting.stages.dedupe import Dedupe
from alerting.stages.record import Journal
from streams.topics import catalogue, create, delivery_catalogue
from tests.alerting.live.redis_server import RedisServer
from tests.alerting.making import value

PARTITIONS = 4
SENT = Answer(Class.SENT, Why.ACCEPTED, 200)
_owners = count()


class Scripted:
    """A receiver that answers as told, and remembers what it heard."""

    def __init__(
        self, answer: Callable[[Message], Answer] = lambda _: SENT, *, people: bool = True, **traits
    ) -> None:
        self.traits = Traits(people=people, **traits)
        self.answer = answer
        self.heard: list[tuple[datetime, Message]] = []
        self.hang = asyncio.Event()
        self.hang.set()

    async def send(self, message: Message, now: datetime) -> Answer:
        """Answer."""
        await self.hang.wait()
        self.heard.append((now, message))
        return self.answer(message)

    async def close(self) -> None:
        """Nothing to let go of."""

    def told(self) -> list[str]:
        """The keys it heard."""
        return [message.key for _, message in self.heard]


class DeliveryStage:
    """Topics under a prefix."""

    def __init__(self, bootstrap: str, redis: RedisServer, prefix: str, partitions: int = PARTITIONS) -> None:
        self.bootstrap, self.redis, self.prefix, self.partitions = bootstrap, redis, prefix, partitions
        self.client = {"bootstrap.servers": bootstrap, "log_level": 2}
        self.processes: list[subprocess.Popen[bytes]] = []
        self._producer = Producer({**self.client, "linger.ms": 5})
        self.topics = Topics.of(prefix)
        specs = [*catalogue(prefix, prefix.strip("."), partitions), *delivery_catalogue(prefix, partitions)]
        wanted = {self.topics.alerts, self.topics.commands, self.topics.notifications, self.topics.dead_letters}
        create(AdminClient(self.client), [spec for spec in specs if spec.name in wanted], 1)

    def __enter__(self) -> DeliveryStage:
        """It is there already."""
        return self

    def __exit__(self, *_: object) -> None:
        """End what still runs."""
        for process in self.processes:
            process.kill()
            process.wait(30)

    def put(self, *alerts: Alert) -> None:
        """Alerts on their topic, keyed as workers key them."""
        for alert in alerts:
            self.start_putting(alert)
        assert self._producer.flush(60) == 0

    def start_putting(self, alert: Alert) -> None:
        """An alert on its way to the topic."""
        while True:
            try:
                self._producer.produce(self.topics.alerts, value(alert), alert.subject)
                self._producer.poll(0)
                return
            except BufferError:
                self._producer.poll(0.1)

    def ask(self, command: Command) -> None:
        """A command on its topic."""
        give(self.client, self.topics.commands, command, datetime.now(UTC))

    def put_raw(self, value: bytes, headers: list[tuple[str, bytes]]) -> None:
        """Something on the topic of alerts."""
        self._producer.produce(self.topics.alerts, value, b"somebody", headers=headers)
        assert self._producer.flush(60) == 0

    def records(self) -> list[Notification]:
        """Everything on the topic of notifications."""
        return [decode(message.value()) for message in self.read(self.topics.notifications)]

    def read(self, topic: str) -> list[Record]:
        """Everything on a topic."""
        consumer = Consumer({**self.client, "group.id": "stage", "enable.partition.eof": True})
        try:
            found: list[Record] = []
            consumer.assign([TopicPartition(topic, n, 0) for n in range(self.partitions)])
            ended = 0
            while ended < self.partitions:
                for message in consumer.consume(1_000, timeout=1):
                    if message.error() is None:
                        found.append(message)
                    else:
                        ended += 1
            return found
        finally:
            consumer.close()

    def notifier(self, plan: Callable[[Alert], Plan], receivers: dict[str, Scripted], **settings) -> Notifier:
        """A notifier that is not yet running."""
        told = NotifierSettings(group=f"{self.prefix}notifier", redis_url=self.redis.url, **settings)
        return Notifier(
            told,
            self.client,
            self.topics,
            receivers,
            plan,
            Dedupe(told.redis_url, self.prefix, f"owner-{next(_owners)}"),
            Metrics(receivers, CollectorRegistry()),
            lambda: datetime.now(UTC),
            dict.fromkeys(receivers, len),
            lambda *_: None,
            Journal(self.client, self.topics.notifications, self.topics.dead_letters, lambda: None),
        )


@asynccontextmanager
async def running(notifier: Notifier) -> AsyncIterator[None]:
    """Run a notifier inside the block, and end it as a signal would."""
    task = asyncio.create_task(notifier.run())
    try:
        yield
    finally:
        notifier.stop.set()
        await asyncio.wait_for(task, 60)


async def until(what: Callable[[], bool], says: str, timeout_s: float = 60) -> None:
    """Wait for a condition."""
    try:
        async with asyncio.timeout(timeout_s):
            while not what():
                await asyncio.sleep(0.05)
    except TimeoutError:
        raise AssertionError(f"not within {timeout_s:g} s: {says}") from None
