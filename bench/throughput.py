"""Throughput in a backlog: all events wait in the topic before an engine starts, and each engine reads the same ones.

Rows: slawatch with everything it does, its transport alone, other engines with the same per-ticket state and nothing
else, and bare consumers as the ceiling. Figures are taken between the first and the last look at a growing count, so
neither start-up nor the wait for the end is in them.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from confluent_kafka.admin import NewTopic

from bench import load, machine
from bench.arena import PARTITIONS, Arena, Running, wait_for
from bench.book import Book
from bench.machine import OTHER_PYTHON
from bench.plan import Plan
from bench.tally import reading
from streams.brokers.local import _free_port

SECTION = "throughput"
LOOK_EVERY_S = 0.1
PATIENCE_S = 300.0


@dataclass(frozen=True, slots=True)
class Engine:
    """One row: the module to run, in which environment, with what at the end, over all events or fewer."""

    name: str
    module: str
    other: bool = False
    more: tuple[str, ...] = ()
    slow: bool = False
    changelog: str = ""  # the suffix of a topic it must find


ENGINES = (
    Engine("aiokafka getmany + decode", "raw_consumer", more=("aiokafka",)),
    Engine("confluent-kafka consume + decode", "raw_consumer", more=("librdkafka",)),
    Engine("Bytewax, no recovery", "bytewax_flow", other=True),
    Engine("Bytewax, SQLite recovery", "bytewax_flow", other=True, more=("recovery",)),
    Engine("Quix Streams", "quix", other=True, slow=True),
    Engine("naive Faust", "naive_faust", slow=True, changelog="-tickets-changelog"),
)


def measure(arena: Arena, plan: Plan, runs: int, book: Book) -> None:
    with arena.scene("backlog-") as scene:
        topic = f"{scene}.ticket-events"
        start = datetime.now(UTC) - timedelta(hours=5)
        sent = load.send_all(arena.bootstrap, topic, load.life_records(plan.backlog, 1, start))
        arena.say(f"{sent:,} events are waiting")
        engines = [engine for engine in ENGINES if not engine.other or OTHER_PYTHON.exists()]
        if len(engines) < len(ENGINES):
            arena.say("no .venv-bench, so no Bytewax and no Quix Streams; `make bench` makes it")
        for run in range(runs):
            for name, start_one in _ours(arena, scene):
                _tried(arena, book, name, start_one, sent)
            for engine in engines:
                number = min(sent, plan.backlog_slow) if engine.slow else sent
                _tried(arena, book, engine.name, lambda e=engine: _engine(arena, e, topic), number)
            arena.say(f"run {run + 1} of {runs} done")


Counted = tuple[Running, Callable[[], int]]


def _ours(arena: Arena, scene: str) -> list[tuple[str, Callable[[], Counted]]]:
    def slawatch() -> Counted:
        app_id = arena.name(f"{scene}-app")
        arena.topics(scene, app_id)
        worker = arena.worker(scene, app_id)
        return worker, worker.counted

    def noop() -> Counted:
        app_id = arena.name(f"{scene}-noop")
        arena.topics(scene, app_id)
        tally = arena.folder / f"{app_id}.tally"
        flags = arena.worker_flags(scene, app_id, _free_port())
        command = [sys.executable, "-m", "bench.engines.noop_worker", str(tally), *flags]
        return arena.run("noop", command), lambda: reading(tally)

    return [("slawatch", slawatch), ("slawatch's transport, dropping all", noop)]


def _engine(arena: Arena, engine: Engine, topic: str) -> Counted:
    group = arena.name(f"{topic.partition('.')[0]}-{engine.module.replace('_', '-')}")
    tally, scratch = arena.folder / f"{group}.tally", arena.folder / group
    if engine.changelog:
        made = arena.admin.create_topics(
            [NewTopic(group + engine.changelog, PARTITIONS, 1, config={"cleanup.policy": "compact"})]
        )
        for future in made.values():
            future.result(30)
    python = str(OTHER_PYTHON) if engine.other else sys.executable
    command = [
        python, "-m", f"bench.engines.{engine.module}", arena.bootstrap, topic, group, str(PARTITIONS), str(tally),
        str(scratch), *engine.more,
    ]  # fmt: skip
    return arena.run(engine.module, command), lambda: reading(tally)


def _tried(arena: Arena, book: Book, name: str, start: Callable[[], Counted], number: int) -> None:
    """One engine that fails must not cost the others."""
    try:
        _timed(arena, book, name, start, number)
    except Exception as error:
        book.failed[f"{SECTION}: {name}"] = f"{type(error).__name__}: {error}".replace(str(machine.ROOT), ".")
        arena.say(f"{name} failed: {error}")


def _timed(arena: Arena, book: Book, name: str, start: Callable[[], Counted], number: int) -> None:
    """One run of one engine."""
    running, counted = start()

    def begun() -> int:
        running.check()
        return counted()

    try:
        first = wait_for(f"{name} to begin", begun, 120, every=0.02)
        first_at, first_cpu = time.monotonic(), machine.cpu_seconds(running.pid)
        last, last_at, last_cpu = first, first_at, first_cpu
        until = time.monotonic() + PATIENCE_S
        while last < number and time.monotonic() < until:
            time.sleep(LOOK_EVERY_S)
            running.check()
            now = counted()
            if now > last:
                last, last_at, last_cpu = now, time.monotonic(), machine.cpu_seconds(running.pid)
        if last == first:
            raise RuntimeError(f"{name} counted everything between two looks; measure more events")
        rate, cpu = (last - first) / (last_at - first_at), (last_cpu - first_cpu) * 1e6 / (last - first)
    finally:
        arena.end_all()
    arena.say(f"{name}: {rate:,.0f} events/s, {cpu:.1f} us CPU an event, over {last - first:,} events")
    book.note(SECTION, name, "rate", "events/s", rate)
    book.note(SECTION, name, "cpu", "us/event", cpu)
