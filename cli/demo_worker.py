"""The demo's worker: `slawatch worker` itself, on a leash. Started by `cli.demo_stage`.

On a leash: whoever kills the demo, or closes its terminal, must not leave a worker behind that waits for a broker
for ever. The demo holds the other end of standard input; its end is an order to stop.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
import time

from cli.main import main

PATIENCE_S = 5.0
"""How long an orderly stop may take once the demo, and with it the broker, is gone."""


def _follow_the_demo() -> None:
    while os.read(0, 4096):
        pass
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(PATIENCE_S)
    os._exit(1)


if __name__ == "__main__":
    threading.Thread(target=_follow_the_demo, daemon=True, name="leash").start()
    sys.exit(main(["worker", *sys.argv[1:]]))
