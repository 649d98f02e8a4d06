"""`slawatch demo`: see it run. A storm of repairs and a few complaints, fast, on a broker and a worker of its own.

Only the flags are here, so that no other verb waits for what the demo imports. Used by `cli.main`.
"""

from __future__ import annotations

import argparse
import math
import sys
import time
from typing import Any

from cli.demo_words import LANGUAGES


def add(verbs: Any) -> None:
    """Add the verb."""
    verb = verbs.add_parser(
        "demo",
        help="see it run: a storm of tickets on a broker of its own, nothing else needed",
        description="A storm of drawn repairs and a few complaints on an embedded broker, watched by a real worker.",
    )
    verb.add_argument(
        "--speed", type=_positive, default=60.0, help="how many times as fast (%(default)g: 1 s a minute)"
    )
    verb.add_argument("--minutes", type=_positive, default=60.0, help="how long the storm lasts (%(default)g)")
    verb.add_argument(
        "--tickets", type=_count, default=300, metavar="N", help="how many repair tickets (%(default)s)"
    )
    verb.add_argument("--seed", type=int, default=7, metavar="S", help="which lives (%(default)s)")
    verb.add_argument("--seconds", type=_positive, help="end after so many seconds of real time at the latest")
    verb.add_argument("--lang", choices=sorted(LANGUAGES), default="en", help="of what is shown (%(default)s)")
    verb.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Play; 1 when the worker died or no alert came, 130 after Ctrl-C."""
    began = time.monotonic()
    print(LANGUAGES[options.lang].starting, flush=True)
    from cli.demo_play import play  # noqa: PLC0415 - takes a third of a second, which a person should see used
    from streams.brokers.embedded import EmbeddedKafkaError  # noqa: PLC0415 - as above

    try:
        return play(options, began)
    except EmbeddedKafkaError as error:
        print(error, file=sys.stderr)
        return 1


def _positive(text: str) -> float:
    number = float(text)
    if not (math.isfinite(number) and number > 0):
        raise argparse.ArgumentTypeError(f"{text} is not above 0")
    return number


def _count(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{text} is less than one")
    return number
