"""A worker whose event loop no longer turns ends, and says where its threads stand."""

import json
import subprocess
import sys

HUNG = """
import asyncio, threading
import agents.watchdog as watchdog
from cli import logs
from streams.metrics import Metrics

logs.serve("info", "json")
watchdog.LOOK_EVERY_S, watchdog.HUNG_AFTER_S = 0.05, 0.5

async def main():
    stalls = asyncio.create_task(watchdog.LoopWatch(Metrics()).stalls())
    await asyncio.sleep(0.1)
    stands_here()

def stands_here():
    threading.Event().wait()

asyncio.run(main())
"""


def test_a_loop_that_hangs_ends_the_process_with_the_places_of_its_threads():
    """In one line."""
    done = subprocess.run([sys.executable, "-c", HUNG], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 71
    [line] = [json.loads(line) for line in done.stderr.splitlines()]
    assert line["event"] == "loop_hung"
    assert "stands_here" in line["stacks"]
