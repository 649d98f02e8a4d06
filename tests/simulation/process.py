"""One simulated worker process: a loop, a clock, the matters it watches, and all the ways in which it may end.

The world owns processes; what a process does with the records of a matter is in `tests.simulation.member`.
"""

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Any

from streams.clock import WallClock
from streams.crash_points import CrashPoint
from tests.simulation.member import Member
from tests.simulation.process_loop import ProcessLoop


class Killed(BaseException):
    """The process dies at a named place."""


class Process:
    """A worker process on a machine; `machine` carries the error of its wall clock (microseconds)."""

    def __init__(self, world: Any, name: str, machine: Any) -> None:
        self.world, self.name, self.machine = world, name, machine
        self.dead = self.frozen = self.ending = False
        self.stalls = self.stalls_restored = False
        self.busy_until_us = 0
        self.slow_us = 0
        self.dies_at: tuple[CrashPoint, int] | None = None
        self.on_thaw: deque[Callable[[], None]] = deque()
        self.loop = ProcessLoop(lambda: world.now_us, self._outside)
        self.clock = WallClock(lambda: (world.now_us + machine.wrong_us) / 1e6, lambda: world.now_us / 1e6)
        self.members = [Member(self, source) for source in world.groups]

    # -- being a process ------------------------------------------------------------------------------------------

    def resume(self, callback: Callable[[], None]) -> None:
        """Something from outside arrives: now, or when the process thaws."""
        if not self.dead:
            self.loop.call_soon(callback)

    def die(self) -> None:
        """Kill -9."""
        self.dead = True
        self.on_thaw.clear()
        self.loop.abandon()

    def thaw(self) -> None:
        """Go on as if nothing had happened."""
        self.frozen = False
        while self.on_thaw:
            self.on_thaw.popleft()()

    def passing(self, point: CrashPoint) -> None:
        """A named place of the order of effects."""
        if self.dies_at is not None and self.dies_at[0] is point:
            left = self.dies_at[1] - 1
            self.dies_at = (point, left)
            if left <= 0:
                self.world.killed(self, f"at {point.value}")
                raise Killed

    def _outside(self, func, args):
        """A thread's work: done at one instant some time from now, its answer heard some time later."""
        world, future = self.world, self.loop.create_future()
        of_silence = func in [member.prober._ask for member in self.members]
        longest_us = world.plan.answer_us if of_silence else min(world.plan.answer_us, 1_000_000)

        def do() -> None:
            try:
                answer, error = func(*args), None
            except Exception as raised:
                answer, error = None, raised
            world.after(world.dice.randint(100, longest_us), lambda: self.resume(lambda: tell(answer, error)))

        def tell(answer, error) -> None:
            if not future.done():
                future.set_exception(error) if error is not None else future.set_result(answer)

        world.after(world.dice.randint(100, longest_us), do)
        return future

    def spawn(self, work: Any) -> asyncio.Task:
        """A task that goes on as long as the process does."""
        task = self.loop.create_task(work)
        task.add_done_callback(self._ended)
        return task

    def spawn_once(self, work: Any) -> None:
        """A task that comes to its end."""
        task = self.loop.create_task(work)
        task.add_done_callback(lambda t: self._ended(t) if t.cancelled() or t.exception() else None)

    def _ended(self, task: asyncio.Task) -> None:
        error = None if task.cancelled() else task.exception()
        if not self.dead and (error is not None or not self.ending):
            self.world.ended_by_itself(self, error)

    def end(self) -> None:
        """An orderly end, as on SIGTERM."""
        self.ending = True
        self.spawn_once(self._close())

    async def _close(self):
        for member in self.members:
            await member.close()
        self.world.killed(self, "in good order")
