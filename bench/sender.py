"""The open-loop generator: sends events at a fixed rate, whatever the worker does, and says how well it kept it.

A process of its own, so that reading results never slows the load. It draws all events first, prints `ready`, waits
for a line, sends, and prints one JSON object. Run by `bench.arena`.
"""

from __future__ import annotations

import json
import sys
import time

from bench.load import Feed, ahead, life_records

TICK_S = 0.002


def main() -> None:
    order = json.loads(sys.argv[1])
    rate, number = order["rate"], int(order["rate"] * order["seconds"])
    records = list(life_records(number, order["seed"], ahead()))
    feed = Feed(order["bootstrap"], order["topic"], linger_ms=1)
    print("ready", flush=True)
    sys.stdin.readline()
    began, sent, late = time.monotonic(), 0, 0.0
    while sent < len(records):
        elapsed = time.monotonic() - began
        until = min(len(records), int(elapsed * rate))
        if until > sent:
            late = max(late, elapsed - sent / rate)
            for key, value in records[sent:until]:
                feed.send(key, value)
            sent = until
        feed.serve()
        time.sleep(TICK_S)
    took = time.monotonic() - began
    feed.close()
    print(json.dumps({"sent": sent, "seconds": took, "late_max_ms": late * 1000}), flush=True)


if __name__ == "__main__":
    main()
