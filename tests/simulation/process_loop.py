"""An event loop for one simulated process: virtual time, no threads, one handle run at a time by the world.

A process IS its loop: left alone it is frozen, thrown away it has been killed. What asyncio code of the worker
runs on it is the real code; only the scheduler below it is ours, so a run depends on nothing but its seed.
"""

import asyncio
import heapq
import inspect
from collections import deque
from collections.abc import Callable
from itertools import count
from typing import Any


class ProcessLoop(asyncio.AbstractEventLoop):
    """Ready handles in order, timers by virtual time. `outside(func, args)` answers what leaves the process."""

    def __init__(self, now_us: Callable[[], int], outside: Callable[[Callable[..., Any], tuple], asyncio.Future]):
        self.now_us = now_us
        self.outside = outside
        self.ready: deque[asyncio.Handle] = deque()
        self.timers: list[tuple[int, int, asyncio.TimerHandle]] = []
        self.tasks: list[asyncio.Task] = []
        self.gone = False
        self._count = count()

    def run_one(self) -> None:
        """Run the next ready handle; asyncio sees this loop as the running one meanwhile."""
        handle = self.ready.popleft()
        if not handle.cancelled():
            asyncio._set_running_loop(self)
            try:
                handle._run()
            finally:
                asyncio._set_running_loop(None)

    def release(self) -> None:
        """Make the timers ready whose time has come."""
        now_us, timers = self.now_us(), self.timers
        while timers and timers[0][0] <= now_us:
            handle = heapq.heappop(timers)[2]
            if not handle.cancelled():
                self.ready.append(handle)

    def next_us(self) -> int | None:
        """When the next timer is due."""
        while self.timers and self.timers[0][2].cancelled():
            heapq.heappop(self.timers)
        return self.timers[0][0] if self.timers else None

    def abandon(self) -> None:
        """The process is gone: nothing of it runs any more, and nobody complains about what it left undone."""
        self.gone = True
        self.ready.clear()
        self.timers.clear()
        for task in self.tasks:
            task._log_destroy_pending = False
            if inspect.getcoroutinestate(task.get_coro()) == inspect.CORO_CREATED:
                task.get_coro().close()

    # -- what asyncio asks of a loop ------------------------------------------------------------------------------

    def time(self):
        """Virtual seconds."""
        return self.now_us() / 1e6

    def call_soon(self, callback, *args, context=None):
        """Run after what is ready already."""
        handle = asyncio.Handle(callback, args, self, context)
        if not self.gone:
            self.ready.append(handle)
        return handle

    call_soon_threadsafe = call_soon

    def call_later(self, delay, callback, *args, context=None):
        """Run some virtual seconds from now."""
        return self.call_at(self.time() + delay, callback, *args, context=context)

    def call_at(self, when, callback, *args, context=None):
        """Run at a virtual instant, rounded up to the microsecond: never early."""
        handle = asyncio.TimerHandle(when, callback, args, self, context)
        heapq.heappush(self.timers, (-int(-when * 1e6 // 1), next(self._count), handle))
        return handle

    def _timer_handle_cancelled(self, handle):
        """Cancelled timers are skipped when they come up."""

    def create_future(self):
        """A future of this loop."""
        return asyncio.Future(loop=self)

    def create_task(self, coro, *, name=None, context=None):
        """A task of this loop."""
        if self.gone:
            coro.close()
            return self.create_future()
        task = asyncio.Task(coro, loop=self, name=name, context=context)
        self.tasks.append(task)
        return task

    def run_in_executor(self, executor, func, *args):
        """What a thread would do is done outside the process, after a while."""
        return self.outside(func, args)

    def call_exception_handler(self, context):
        """Failures of tasks are looked at by the process itself."""

    def get_debug(self):
        """No debugging aids of asyncio."""
        return False

    def is_running(self):
        """Always, as far as asyncio needs to know."""
        return True

    def is_closed(self):
        """Never; it is abandoned instead."""
        return False
