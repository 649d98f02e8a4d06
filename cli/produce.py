"""`slawatch produce FILE`: send events to Kafka, as fast as it takes them or at the pace of their times.

Used by `cli.main` and by the demo.
"""

from __future__ import annotations

import argparse
import sys
import time
from datetime import datetime
from typing import Any

import msgspec
from confluent_kafka import KafkaError, Message, Producer
from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from cli.configuration import ConfigurationError, add_flags, settings_or_none
from cli.event_lines import lines, reading
from streams.settings import Settings


class _Head(msgspec.Struct):
    subject: str
    time: datetime


_head = msgspec.json.Decoder(_Head)


def add(verbs: Any) -> None:
    """Add the verb."""
    verb = verbs.add_parser("produce", help="send a file of events to Kafka")
    verb.add_argument("file", help="JSON lines, .gz too, - for standard input")
    verb.add_argument("--speed", type=float, help="follow the times of the events, this many times as fast")
    add_flags(verb, "bootstrap", "prefix")
    verb.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Send; 1 when a line was no event or Kafka did not take one."""
    try:
        settings = settings_or_none(options)
    except ConfigurationError as error:
        print(error, file=sys.stderr)
        return 2
    if settings is None:
        return 0
    if options.speed is not None and options.speed <= 0:
        print("--speed must be above 0", file=sys.stderr)
        return 2
    console = Console(stderr=True)
    columns = (SpinnerColumn(), TextColumn("{task.completed:,.0f} events sent"), TimeElapsedColumn())
    try:
        with (
            reading(options.file) as file,
            Progress(*columns, console=console, disable=not console.is_terminal) as bar,
        ):
            task = bar.add_task("produce", total=None)
            sender = Sender(settings)
            for number, line in lines(file):
                try:
                    sender.send(line, options.speed)
                except msgspec.DecodeError:
                    print(f"{options.file}:{number}: no event: it needs a subject and a time", file=sys.stderr)
                    sender.failed += 1
                bar.advance(task)
            sender.close()
    except OSError as error:
        print(f"{options.file}: {error.strerror}", file=sys.stderr)
        return 2
    print(f"{sender.sent} events sent, {sender.failed} not", file=sys.stderr)
    return 1 if sender.failed else 0


class Sender:
    """Sends events under their ticket as key, so that all of one ticket go to one partition."""

    def __init__(self, settings: Settings) -> None:
        self.topic = f"{settings.prefix}ticket-events"
        self.sent = 0
        self.failed = 0
        self._pace: tuple[float, datetime] | None = None
        self._producer = Producer(
            {
                **settings.client(),
                "acks": "all",
                "enable.idempotence": True,
                "linger.ms": 5,
                "partitioner": "murmur2_random",
            }
        )

    def send(self, line: bytes, speed: float | None = None) -> None:
        """Send one event, after waiting for its turn. Raises msgspec.DecodeError when it has no subject or time."""
        head = _head.decode(line)
        if speed is not None:
            self._wait(head.time, speed)
        while True:
            try:
                self._producer.produce(self.topic, line, head.subject.encode(), on_delivery=self._delivered)
                break
            except BufferError:
                self._producer.poll(0.1)
        self._producer.poll(0)

    def close(self) -> None:
        """Wait until everything is acknowledged; what is not after a minute counts as failed."""
        self.failed += self._producer.flush(60)
        self._producer.close()

    def _wait(self, at: datetime, speed: float) -> None:
        if self._pace is None:
            self._pace = (time.monotonic(), at)
        began, first = self._pace
        while (pause := began + (at - first).total_seconds() / speed - time.monotonic()) > 0:
            self._producer.poll(0)
            time.sleep(min(pause, 0.05))

    def _delivered(self, error: KafkaError | None, _: Message) -> None:
        if error is None:
            self.sent += 1
        else:
            self.failed += 1
