"""The demo's worker: `slawatch worker` itself, on a leash, and fetching often. Started by `cli.demo_stage`.

On a leash: whoever kills the demo, or closes its terminal, must not leave a worker behind that waits for a broker
for ever. The demo holds the other end of standard input; its end is an order to stop.
Fetching often: a Kafka answers a waiting fetch the moment a record comes; the embedded broker lets it wait to the
end, which with the engine's 1.5 s would be a minute and a half of the demo's time.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from typing import Any

from aiokafka import AIOKafkaConsumer

from cli.main import main

PATIENCE_S = 5.0
"""How long an orderly stop may take once the demo, and with it the broker, is gone."""

FETCH_WAIT_MS = 20


def _follow_the_demo() -> None:
    while os.read(0, 4096):
        pass
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(PATIENCE_S)
    os._exit(1)


def _fetch_often() -> None:
    built = AIOKafkaConsumer.__init__

    def build(consumer: Any, *topics: Any, **told: Any) -> None:
        built(consumer, *topics, **{**told, "fetch_max_wait_ms": FETCH_WAIT_MS})

    AIOKafkaConsumer.__init__ = build


if __name__ == "__main__":
    threading.Thread(target=_follow_the_demo, daemon=True, name="leash").start()
    _fetch_often()
    sys.exit(main(["worker", *sys.argv[1:]]))
