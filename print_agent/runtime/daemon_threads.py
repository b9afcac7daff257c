"""Threads for what blocks, which hold up nobody: not the event loop, not each other, not the end of the agent.

Python's own executors wait for each of their threads when they are shut down, and once more when the interpreter ends.
A CUPS, a name server or a network folder that hangs would so keep an agent from ending, and a few documents that take
for ever would use up the threads in which names are looked up. What hangs in here is left behind.
"""

import asyncio
import errno
import threading
from collections.abc import Callable, Coroutine
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from queue import Empty, SimpleQueue
from typing import Any, ParamSpec, TypeVar


#: Threads in which names are looked up.
NAME_LOOKUP_THREADS = 16

P = ParamSpec('P')
T = TypeVar('T')


class DaemonExecutor(ThreadPoolExecutor):
    """An executor with at most ``size`` threads that nobody waits for.

    It is a ``ThreadPoolExecutor`` in name only, as asyncio takes nothing else for its default executor.
    """

    def __init__(self, size: int, name: str):
        super().__init__(size)  # which starts no threads before its own submit() is called
        self._max_threads = size
        self._name = name
        self._queue: SimpleQueue[tuple[Future[Any], Callable[[], Any]] | None] = SimpleQueue()
        self._started = 0
        self._is_shut_down = False

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """Do it when a thread is free. Raises OSError (EAGAIN) if the system gives it none."""
        if self._is_shut_down:
            raise RuntimeError('cannot schedule new futures after shutdown')
        future: Future[T] = Future()
        if self._started < self._max_threads:
            try:
                threading.Thread(target=self._work, name=f'{self._name}-{self._started + 1}', daemon=True).start()
            except RuntimeError as exc:  # it says nothing but "can't start new thread"
                if not self._started:
                    raise OSError(errno.EAGAIN, 'The computer has no threads left') from exc
            else:
                self._started += 1
        self._queue.put((future, partial(fn, *args, **kwargs)))
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Let the threads go. Never waits; what was not begun is cancelled, and nobody hears of what was."""
        self._is_shut_down = True
        while True:
            try:
                waiting = self._queue.get_nowait()
            except Empty:
                break
            if waiting is not None:
                waiting[0].cancel()
        for _ in range(self._started):
            self._queue.put(None)

    def _work(self) -> None:
        while (following := self._queue.get()) is not None:
            future, call = following
            if not future.set_running_or_notify_cancel():
                continue
            try:
                result = call()
            except BaseException as exc:  # it is the caller's
                if not self._is_shut_down:  # else the loop that would hear it may be closed
                    future.set_exception(exc)
            else:
                if not self._is_shut_down:
                    future.set_result(result)


def run(main: Coroutine[Any, Any, T]) -> T:
    """``asyncio.run`` that does not wait for a name server when it is over."""
    async def begin() -> T:
        asyncio.get_running_loop().set_default_executor(DaemonExecutor(NAME_LOOKUP_THREADS, 'names'))
        return await main

    return asyncio.run(begin())


async def run_in_thread(work: Callable[[], T], seconds: float) -> T:
    """Do it in a thread of its own. Raises TimeoutError after so many seconds, and leaves the thread behind."""
    executor = DaemonExecutor(1, 'one call')
    try:
        async with asyncio.timeout(seconds):
            return await asyncio.get_running_loop().run_in_executor(executor, work)
    finally:
        executor.shutdown()
