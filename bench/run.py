"""`python -m bench.run`: measure, section by section, on one real Kafka; print one table, write one JSON file.

A section that fails is named in the file and in the table; the others go on. `make bench` calls this.
"""

from __future__ import annotations

import argparse
import os
import shlex
import signal
import sys
import time
import traceback
from collections.abc import Callable
from datetime import UTC, datetime

from rich.console import Console

from bench import (
    backtest,
    caught_up,
    delivery,
    herd,
    lateness,
    layers,
    machine,
    memory,
    outage,
    report,
    takeover,
    throughput,
)
from bench.arena import Arena
from bench.book import Book, load
from bench.plan import PLANS, Plan
from streams.brokers.jars import missing_tools

SECTIONS: dict[str, Callable[[Arena, Plan, int, Book], None]] = {
    "throughput": throughput.measure,
    "layers": layers.measure,
    "caught_up": caught_up.measure,
    "lateness": lateness.measure,
    "herd": herd.measure,
    "memory": memory.measure,
    "takeover": takeover.measure,
    "backtest": backtest.measure,
    "outage": outage.measure,
    "delivery": delivery.measure,
}


def main() -> int:
    options = _options()
    reason = missing_tools()
    if reason is not None:
        print(f"the benchmark runs a real Kafka: {reason}", file=sys.stderr)
        return 1
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    plan, console = PLANS[options.size], Console()
    began = datetime.now(UTC)
    described = machine.described()
    cores = machine.Cores()
    book = Book(
        about={
            "began": began.isoformat(timespec="seconds"),
            "commit": machine.commit(),
            "version": machine.product_version(),
            "command": shlex.join(["python", "-m", "bench.run", *sys.argv[1:]]),
            "size": plan.name,
            "runs": options.runs,
            "machine": described,
            "load_core": cores.load,
            "measured_core": cores.measured,
        }
    )
    if not cores.apart:
        console.print("only one core here: load and measured process share it, which spoils the figures")
    stopped = False
    try:
        _sections(options, plan, book, console, cores)
    except KeyboardInterrupt:
        stopped = True
        book.failed["run"] = "stopped by hand"
    book.about["took_s"] = round((datetime.now(UTC) - began).total_seconds())
    if book.rows:
        name = f"{began:%Y-%m-%d}-{book.about['commit'] or 'no-commit'}-{plan.name}.json"
        book.write(report.RESULTS / name)
        if options.renew:
            book = load(report.LATEST).renewed(book)
        book.write(report.LATEST)
        report.printed(book, console)
        console.print(f"written: bench/results/{name} and bench/results/latest.json", markup=False)
    return 130 if stopped else 1 if book.failed else 0


def _sections(options: argparse.Namespace, plan: Plan, book: Book, console: Console, cores: machine.Cores) -> None:
    began = time.monotonic()

    def say(text: str) -> None:
        console.print(f"{time.monotonic() - began:7.1f} s  {text}", markup=False, highlight=False, soft_wrap=True)

    say("starting Kafka")
    with Arena(cores, say) as arena:
        for name in options.only:
            say(f"-- {name}")
            try:
                SECTIONS[name](arena, plan, options.runs, book)
            except Exception as error:
                book.failed[name] = f"{type(error).__name__}: {error}".replace(str(machine.ROOT), ".")
                say("failed: " + "".join(traceback.format_exception(error)))
            finally:
                arena.end_all()
        say("ending Kafka")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.run", description="Measure slawatch beside others.")
    parser.add_argument(
        "--only", type=_names, default=list(SECTIONS), metavar="NAMES", help=f"sections, of {','.join(SECTIONS)}"
    )
    parser.add_argument("--size", choices=sorted(PLANS), default=os.environ.get("BENCH_SIZE", "full"))
    parser.add_argument(
        "--renew", action="store_true", help="keep the other sections of latest.json; the page says which are whose"
    )
    parser.add_argument("--runs", type=int, default=int(os.environ.get("BENCH_RUNS", "5")))
    options = parser.parse_args()
    if options.runs < 1 or options.size not in PLANS:
        parser.error(f"at least one run, and a size of {', '.join(PLANS)} (BENCH_SIZE, BENCH_RUNS)")
    return options


def _names(text: str) -> list[str]:
    names = [name.strip() for name in text.split(",") if name.strip()]
    unknown = [name for name in names if name not in SECTIONS]
    if unknown or not names:
        raise argparse.ArgumentTypeError(f"unknown: {', '.join(unknown)}; there are {', '.join(SECTIONS)}")
    return names


if __name__ == "__main__":
    sys.exit(main())
