"""The command line: one file a verb, each with `add` (its flags) and `run` (exit code).

Exit codes: 0 fine, 1 what was asked does not hold, 2 wrong use.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from cli import (
    ack,
    backtest,
    canary,
    convert,
    demo,
    explain,
    generate,
    handover,
    logs,
    notifications,
    notifier,
    produce,
    routes,
    rulebook,
    silence,
    topics,
    worker,
)

VERBS = (
    demo, worker, notifier, topics, produce, convert, generate, backtest, explain, rulebook, routes, ack, silence,
    notifications, handover, canary,
)  # fmt: skip


def parser() -> argparse.ArgumentParser:
    """The whole command line."""
    root = argparse.ArgumentParser(prog="slawatch", description="Real-time deadline monitoring on Kafka.")
    verbs = root.add_subparsers(dest="verb", required=True, metavar="VERB")
    for verb in VERBS:
        verb.add(verbs)
    return root


def main(argv: Sequence[str] | None = None) -> int:
    """Run one verb; its exit code."""
    options = parser().parse_args(argv)
    logs.begin()
    try:
        code: int = options.run(options)
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        return 1
    return code


if __name__ == "__main__":
    sys.exit(main())
