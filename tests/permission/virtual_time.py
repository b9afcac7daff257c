"""The time of a story: an event loop whose clock stands still until the story goes on; no threads.

Everything that an agent reads a clock with is led here by `install`.
"""

import asyncio
import logging
from concurrent.futures import Future, ThreadPoolExecutor

from print_agent.runtime import clock
from print_agent.jobs import manager
from print_agent.printing import pdf_check
from print_agent.spool import store


class Loop(asyncio.SelectorEventLoop):
    """An event loop that lives in the story's time."""

    def __init__(self, world):
        super().__init__()
        self._world = world
        self.set_default_executor(_Inline())

    def time(self):
        return self._world.now

    def settle(self):
        """Run until nobody can go on without something happening."""
        for _ in range(200):
            self.call_soon(self.stop)
            self.run_forever()
            if not self._ready and not (self._scheduled and self._scheduled[0]._when <= self.time()):
                return
        raise AssertionError('the agents run in circles')


class _Inline(ThreadPoolExecutor):
    """Threads would make each story different every time it is told."""

    def submit(self, function, /, *args, **kwargs):
        future = Future()
        try:
            future.set_result(function(*args, **kwargs))
        except Exception as exc:
            future.set_exception(exc)
        return future


def install(monkeypatch, world):
    """Let the agents live in a story's time; call it once, with a function that returns the world of now."""
    monkeypatch.setattr(clock, 'now', lambda: world().now)
    for module in (manager, store):
        monkeypatch.setattr(module, 'time', _Time(world))
    # what the documents are like is told elsewhere
    monkeypatch.setattr(pdf_check, 'problem', _no_problem)
    monkeypatch.setattr(logging.getLogger('print_agent'), 'disabled', True)


async def _no_problem(job, document):
    return None


class _Time:
    def __init__(self, world):
        self._world = world

    def time(self):
        return self._world().wall

    def monotonic(self):
        return self._world().now
