"""The client of CUPS."""

import asyncio
import threading

from print_agent.printing.cups_client import CupsClient

from tests.fakes.badges import PDF


async def test_nothing_is_handed_over_once_nobody_follows_it():
    """The thread cannot be stopped, but the next agent may have heard already that CUPS does not have it."""
    at_work, may_resume, over, late = threading.Event(), threading.Event(), threading.Event(), []
    client = CupsClient('127.0.0.1:9')

    def submit(*args):
        at_work.set()
        may_resume.wait(10)
        late.append(args[-1]())
        over.set()
        return 1

    client._connection, client._submit = object, submit
    task = asyncio.create_task(client.submit('desk1', 'title', PDF, {}))
    await asyncio.to_thread(at_work.wait, 10)
    task.cancel()
    await asyncio.wait([task])
    may_resume.set()
    await asyncio.to_thread(over.wait, 10)
    assert late == [True]
    await client.close()
