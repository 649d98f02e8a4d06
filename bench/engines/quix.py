"""The same per-ticket state in Quix Streams: append the event to the ticket's state, with a changelog topic.

Run in `.venv-bench` by `bench.throughput`:
`python -m bench.engines.quix BOOTSTRAP TOPIC GROUP PARTITIONS TALLY SCRATCH`.
"""

from __future__ import annotations

import sys
from typing import Any

from quixstreams import Application, State

from bench.tally import Tally


def main() -> None:
    bootstrap, topic, group, _, tally_path, scratch = sys.argv[1:]
    tally = Tally(tally_path)
    app = Application(
        broker_address=bootstrap,
        consumer_group=group,
        auto_offset_reset="earliest",
        state_dir=scratch,
        loglevel="WARNING",
    )

    def remember(event: dict[str, Any], state: State) -> None:
        told = state.get("events", [])
        told.append({"id": event["id"], "type": event["type"], "time": event["time"], "data": event["data"]})
        state.set("events", told)
        tally.add()

    app.dataframe(app.topic(topic, key_deserializer="str", value_deserializer="json")).update(remember, stateful=True)
    app.run()


if __name__ == "__main__":
    main()
