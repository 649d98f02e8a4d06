"""The agent that takes polls of records from Faust and hands them to the keeper. Used by `agents.worker`."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

from streams.keeper import Keeper


class StreamEndedError(RuntimeError):
    """The stream of records ended although the worker was not told to stop."""


def register(app: Any, topic: Any, keeper: Keeper) -> Any:
    """Attach the agent. It decodes and decides nothing; offsets are committed from the keeper's ledger."""

    async def watch_records(stream: Any) -> AsyncIterator[None]:
        async for event in stream.noack().events():
            poll = event.value
            if poll.generation == app.consumer_generation_id and not app.rebalancing:
                await keeper.offer(poll.runs)
            yield
        if not app.should_stop:
            raise StreamEndedError("the stream of records ended by itself")

    return app.agent(topic, name=f"watch_{keeper.matter.name}" if keeper.matter else None)(watch_records)
