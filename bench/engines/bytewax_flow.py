"""The same per-ticket state in Bytewax: decode, key by ticket, append in `stateful_map`.

Run in `.venv-bench` by `bench.throughput`:
`python -m bench.engines.bytewax_flow BOOTSTRAP TOPIC GROUP PARTITIONS TALLY SCRATCH [recovery]`. With `recovery` its
state is snapshotted to SQLite every ten seconds, which is as near as it comes to a changelog.
"""

from __future__ import annotations

import json
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import bytewax.operators as op
from bytewax.connectors.kafka import KafkaSource, KafkaSourceMessage
from bytewax.dataflow import Dataflow
from bytewax.outputs import DynamicSink, StatelessSinkPartition
from bytewax.recovery import RecoveryConfig, init_db_dir
from bytewax.run import cli_main

from bench.tally import Tally

BATCH = 1000


class _Counting(StatelessSinkPartition[Any]):
    def __init__(self, tally: Tally) -> None:
        self._tally = tally

    def write_batch(self, items: list[Any]) -> None:
        self._tally.add(len(items))


class CountingSink(DynamicSink[Any]):
    """Counts what comes out and keeps nothing."""

    def __init__(self, path: str) -> None:
        self._path = path

    def build(self, _step_id: str, _worker_index: int, _worker_count: int) -> _Counting:
        """The one partition of the one worker."""
        return _Counting(Tally(self._path))


def _keyed(message: KafkaSourceMessage[Any, Any]) -> tuple[str, dict[str, Any]]:
    event = json.loads(message.value)
    return event["subject"], event


def _remember(told: list[Any] | None, event: dict[str, Any]) -> tuple[list[Any], int]:
    told = told if told is not None else []
    told.append({"id": event["id"], "type": event["type"], "time": event["time"], "data": event["data"]})
    return told, len(told)


def main() -> None:
    bootstrap, topic, _, _, tally_path, scratch, *more = sys.argv[1:]
    flow = Dataflow("tickets")
    raw = op.input("events", flow, KafkaSource([bootstrap], [topic], batch_size=BATCH))
    states = op.stateful_map("tickets", op.map("read", raw, _keyed), _remember)
    op.output("count", states, CountingSink(tally_path))
    recovery = None
    if more:
        folder = Path(scratch)
        folder.mkdir(parents=True, exist_ok=True)
        init_db_dir(folder, 1)
        recovery = RecoveryConfig(folder)
    cli_main(flow, epoch_interval=timedelta(seconds=10), recovery_config=recovery)


if __name__ == "__main__":
    main()
