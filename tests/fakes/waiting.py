"""Waiting for something that is about to happen, with an error that says what did not."""

import asyncio
import inspect


async def until(condition, seconds=10, *, pause=0.005):
    """Wait until ``condition()`` is true."""
    try:
        async with asyncio.timeout(seconds):
            while not condition():  # noqa: ASYNC110 - what is waited for gives no signals
                await asyncio.sleep(pause)
    except TimeoutError:
        fail(condition, seconds)


def fail(condition, seconds):
    """Say what was waited for in vain: the source of the condition, and the values that it looks at."""
    try:
        source = inspect.getsource(condition).strip()
    except OSError:  # written in a string
        source = repr(condition)
    seen = inspect.getclosurevars(condition).nonlocals
    raise AssertionError(f'waited {seconds} s in vain: {source} with {seen}') from None
