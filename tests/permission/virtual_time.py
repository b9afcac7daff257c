"""Virtual time: an event loop whose clock stands still until `World.advance`; no threads.

`install` leads every clock that an agent reads here.
"""

import asyncio
import logging
from concurrent.futures import Future, ThreadPoolExecutor

from print_agent.jobs import manager
from print_agent.printing import pdf_check
from print_agent.runtime import clock
from print_agent.spool import store


class Loop(asyncio.SelectorEventLoop):
    """An event loop with the clock of a `World`."""

    def __init__(self, world):
        super().__init__()
        self._world = world
        self.set_default_executor(_Inline())

    def time(self):
        return self._world.now

    def run_until_idle(self):
        """Run until every task waits for an event."""
        for _ in range(200):
            self.call_soon(self.stop)
            self.run_forever()
            if not self._ready and not (self._scheduled and self._scheduled[0]._when <= self.time()):
                return
        raise AssertionError('the agents run in circles')


class _Inline(ThreadPoolExecutor):
    """Runs everything at once: with threads no run could be repeated."""

    def submit(self, function, /, *args, **kwargs):
        future = Future()
        try:
            future.set_result(function(*args, **kwargs))
        except Exception as exc:
            future.set_exception(exc)
        return future


def install(monkeypatch, world):
    """Give the agents the clock of a world; call it once, with a function that returns the current `World`."""
    monkeypatch.setattr(clock, 'now', lambda: world().now)
    for module in (manager, store):
        monkeypatch.setattr(module, 'time', _Time(world))
    # other tests are about the documents
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
