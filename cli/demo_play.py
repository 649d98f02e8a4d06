"""One run of the demo: send the script, read what the worker says of it, show it, and know when it is over.

    demo_script --> [embedded broker] <--> [slawatch worker, a child process]
                        |       ^'--> the notifier (demo_delivery) --> demo_receivers
                        |       '-------------'
                        '--> alerts, verdicts, notifications --> demo_tally, demo_heard --> demo_screen or demo_lines

Everything but the worker lives in this process and ends with it. Used by `cli.demo`.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import signal
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from confluent_kafka import Consumer, TopicPartition
from rich.console import Console

from alerting.record import decode
from cli.demo_delivery import HOOK, ROOM, DemoDelivery, NotifierGone
from cli.demo_heard import Heard
from cli.demo_lines import Lines, summary
from cli.demo_receivers import DemoReceivers, Text
from cli.demo_screen import Screen
from cli.demo_script import Script, script
from cli.demo_stage import Stage, WorkerGone
from cli.demo_tally import Seen, Tally
from cli.demo_words import LANGUAGES
from cli.produce import Sender
from cli.rulebook_files import load
from sla.rulebook import Rulebook
from sla.term import Continuous
from streams.clock import ScaledClock
from streams.settings import Settings

DISPATCH = "repair/dispatch"
LATE_WALL_S = 1.5  # how long after due a dispatch that was held back is sent: its breach has long been seen
FRAME_S = 0.1
LAST_WALL_S = 5.0


def play(options: argparse.Namespace, began: float) -> int:
    """Play from the first ticket to the last clock; the exit code. `began` is when the command did (monotonic)."""
    wall = datetime.now(UTC)
    clock = ScaledClock(wall, wall, options.speed)
    with Stage(clock) as stage:
        return asyncio.run(Demo(options, stage, began).play())


class Demo:
    """One run of the demo."""

    def __init__(self, options: argparse.Namespace, stage: Stage, began: float) -> None:
        self.options, self.stage, self.began = options, stage, began
        self.words = LANGUAGES[options.lang]
        self.speed: float = options.speed
        self.length = timedelta(minutes=options.minutes)
        self.rulebook: Rulebook = load(stage.settings.rulebook, stage.settings.calendar_override)
        self.tally = Tally()
        self.heard = {HOOK: Heard(), ROOM: Heard()}
        self.receivers = DemoReceivers(self._read)
        self.delivery = DemoDelivery(stage.settings, self.rulebook, stage.clock, options.lang, self.receivers)
        self.show: Lines | Screen
        self.stop = asyncio.Event()
        self.stopped_by = self.failure = ""
        self.code = 0

    async def play(self) -> int:
        """Play from the first ticket to the last clock; the exit code."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            loop.add_signal_handler(number, self._interrupt, number)
        async with self.delivery.open(self.stage.notifier_log):
            code = await self._played()
        if code == 0 and (failure := self.delivery.failure()):  # it could not even stop in order
            print(failure, file=sys.stderr)
            return 1
        return code

    async def _played(self) -> int:
        watching = asyncio.create_task(self.stage.watching())
        await self._first(watching)
        if self.stop.is_set() or (watching.done() and watching.exception() is not None):
            self.failure = "" if self.stop.is_set() else str(watching.exception())
            return self._end(None, 0)
        print(self.words.watching.format(seconds=time.monotonic() - self.began), flush=True)
        script, sender = self._script(), Sender(self.stage.settings)
        with self._show() as self.show, _reader(self.stage.settings) as reader:
            sending = asyncio.create_task(self._send(sender, script))
            # Noted, not passed on: an exception would hold on to Kafka clients, which complain if the broker goes
            # before them.
            try:
                await self._watch(sending, reader, sender, script)
            except (WorkerGone, NotifierGone) as gone:
                self.failure = str(gone)
            sending.cancel()
            await self.delivery.end()
            self._read_up(reader, script)
        sender.close()
        return self._end(script, sender.sent)

    def _script(self) -> Script:
        rule = next(rule for rule in self.rulebook.rules if rule.id == DISPATCH)
        self.start = self._now()
        wall_second = timedelta(seconds=self.speed)
        term = rule.in_force[-1].term
        assert isinstance(term, Continuous), "the dispatch limit runs round the clock"
        return script(
            self.options.tickets,
            self.options.seed,
            self.start,
            self.length,
            limit=term.length,
            late_by=timedelta(seconds=self.stage.settings.grace) + LATE_WALL_S * wall_second,
        )

    def _show(self) -> Lines | Screen:
        console, lang = Console(), self.options.lang
        if not console.is_terminal or console.is_dumb_terminal:
            return Lines(self.words, lang, self._unread)
        titles = {rule.id: rule.title for rule in self.rulebook.rules}
        return Screen(
            console,
            self.words,
            lang,
            titles,
            self.tally,
            self.heard,
            self.receivers,
            self.start,
            self.length,
            self.speed,
        )

    async def _send(self, sender: Sender, script: Script) -> None:
        """Send each event when its time has come on the demo's clock."""
        self.show.note(self.words.held.format(count=len(script.held)))
        self.show.note(self.words.complaints.format(count=len(script.complaints)))
        self.show.note(self.words.silence)
        for cue in script.cues:
            pause = (cue.at - self._now()).total_seconds() / self.speed
            await asyncio.sleep(max(0.0, pause))
            sender.send(cue.line)
        self.show.note(self.words.silence_now.format(ticket=script.silent))

    async def _watch(self, sending: asyncio.Task[None], reader: Consumer, sender: Sender, script: Script) -> None:
        """Read what worker and notifier say and draw it, until the last clock is decided and the last breach told."""
        last = script.over_at + timedelta(seconds=LAST_WALL_S * self.speed)
        while not (self.stop.is_set() or self._now() > last):
            self.stage.check()
            self.delivery.check()
            self._consume(reader, script)
            self.show.draw(self._now(), sender.sent)
            if sending.done():
                sending.result()
                if self._decided(script) and not any(one.coverage(self.tally).owed for one in self.heard.values()):
                    return
            if self.options.seconds and time.monotonic() - self.began > self.options.seconds:
                self.stopped_by = self.words.capped
                return
            await self._pause()

    def _read_up(self, reader: Consumer, script: Script) -> None:
        """Read what worker and notifier have said up to now, so that the tallies agree."""
        until = time.monotonic() + LAST_WALL_S
        ends = {(p.topic, p.partition): reader.get_watermark_offsets(p)[1] for p in reader.assignment()}
        while time.monotonic() < until and any(
            place.offset < ends[place.topic, place.partition] for place in reader.position(reader.assignment())
        ):
            self._consume(reader, script, timeout_s=0.1)

    def _decided(self, script: Script) -> bool:
        silent = any(
            alert.ticket == script.silent and alert.level == "breach" for alert in self.tally.alerts.values()
        )
        dues = (clock.due_at for clock in self.tally.running.values())
        return silent and not any(due_at is not None and due_at <= script.over_at for due_at in dues)

    def _consume(self, reader: Consumer, script: Script, timeout_s: float = 0.0) -> None:
        for message in reader.consume(500, timeout=timeout_s):
            if message.error() is None:
                self._take(message.topic(), message.value(), script)

    def _take(self, topic: str, value: bytes, script: Script) -> None:
        match topic.removeprefix(self.stage.settings.prefix):
            case "alerts":
                self._alert(value, script)
            case "verdicts":
                self.tally.take_verdict(value)
            case _:
                told = decode(value)
                self.heard[told.receiver].take(told)

    def _alert(self, raw: bytes, script: Script) -> None:
        now = self._now()
        alert = self.tally.take_alert(raw, now)
        if alert is None:
            return
        self.show.alert(Seen(now, alert))
        data = alert.data
        if data.level != "breach":
            return
        if data.status == "firing":
            if data.ticket == script.silent and data.due_at is not None:
                seconds = (now - data.due_at).total_seconds() / self.speed
                self.show.note(self.words.silence_done.format(ticket=data.ticket, seconds=seconds))
        elif data.status == "retracted" and data.ticket in script.held:
            self.show.note(self.words.held_done.format(ticket=data.ticket))

    def _end(self, script: Script | None, sent: int) -> int:
        if self.stopped_by:
            print(self.stopped_by, flush=True)
        tickets = len({clock.ticket for clock in self.tally.clocks.values()})
        if script is not None:
            told = summary(self.words, self.tally, self.heard, self.receivers, tickets, sent)
            print("\n".join(told), flush=True)
        if self.stop.is_set():
            return self.code
        if not (self.failure or self.tally.alerts):
            self.failure = f"{self.words.nothing_came}\n{self.stage.tail()}"
        if self.failure:
            print(self.failure, file=sys.stderr)
            return 1
        return 0

    def _read(self, text: Text) -> None:
        self.show.read(text)

    def _interrupt(self, number: int) -> None:
        self.stopped_by, self.code = self.words.interrupted, 128 + number
        self.stop.set()

    def _unread(self) -> None:
        """Whoever read what we print has seen enough (`| head`)."""
        self.code = 1
        self.stop.set()

    async def _first(self, task: asyncio.Task[None]) -> None:
        """Return when the task is done or the demo is to stop, whichever comes first."""
        stopping = asyncio.create_task(self.stop.wait())
        await asyncio.wait({task, stopping}, return_when=asyncio.FIRST_COMPLETED)
        stopping.cancel()
        if not task.done():
            task.cancel()

    async def _pause(self) -> None:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self.stop.wait(), FRAME_S)

    def _now(self) -> datetime:
        return self.stage.clock.now().astimezone(self.rulebook.zone)


@contextlib.contextmanager
def _reader(settings: Settings) -> Iterator[Consumer]:
    """A consumer of all alerts, verdicts and records of notifications, from the first one."""
    consumer = Consumer(
        {
            **settings.client(),
            "group.id": "demo-screen",
            "enable.auto.commit": False,
            "auto.offset.reset": "earliest",
            "fetch.wait.max.ms": 20,
        }
    )
    topics = [f"{settings.prefix}{name}" for name in ("alerts", "verdicts", "notifications")]
    consumer.assign([TopicPartition(topic, number, 0) for topic in topics for number in range(settings.partitions)])
    try:
        yield consumer
    finally:
        consumer.close()
