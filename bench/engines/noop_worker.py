"""slawatch's own transport with an agent that drops every poll: what group, fetch and Faust cost alone.

Run by `bench.throughput` with TALLY and then the arguments of `slawatch worker`.
"""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator
from typing import Any

from faust.types import TP

from agents import watch_records
from bench.tally import Tally
from cli.main import main as slawatch


def main() -> int:
    tally = Tally(sys.argv[1])

    def register(app: Any, topic: Any, _keeper: Any) -> Any:
        async def drop(stream: Any) -> AsyncIterator[None]:
            async for event in stream.noack().events():
                for run in event.value.runs:
                    tally.add(len(run.records))
                    app.consumer.ledger[TP(event.message.topic, run.partition)] = run.through
                yield

        return app.agent(topic, name="watch_tickets")(drop)

    watch_records.register = register
    return int(slawatch(sys.argv[2:]) or 0)


if __name__ == "__main__":
    sys.exit(main())
