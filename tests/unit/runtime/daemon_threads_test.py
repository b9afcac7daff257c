"""What blocks for ever holds up nothing, and certainly not the end of the program."""

import asyncio
import subprocess
import sys
import threading
from concurrent.futures import CancelledError

import pytest

from print_agent.errors import Overloaded
from print_agent.printing import pdf_check
from print_agent.runtime import daemon_threads
from print_agent.runtime.daemon_threads import DaemonExecutor


def ends(script):
    """Whether a program comes to its end; what it printed."""
    done = subprocess.run([sys.executable, '-c', script], capture_output=True, text=True, timeout=60, check=False)
    assert done.stderr == ''
    return done.stdout.strip()


async def test_it_does_what_it_is_asked():
    assert await daemon_threads.run_in_thread(lambda: threading.current_thread().daemon, 60) is True
    with pytest.raises(ZeroDivisionError):
        await daemon_threads.run_in_thread(lambda: 1 // 0, 60)


async def test_what_takes_too_long_is_left_behind():
    released = threading.Event()
    with pytest.raises(TimeoutError):
        await daemon_threads.run_in_thread(released.wait, 0.01)
    released.set()


async def test_an_executor_takes_turns():
    executor, loop, at_work, most = DaemonExecutor(2, 'test'), asyncio.get_running_loop(), [], []

    def work():
        at_work.append(1)
        most.append(len(at_work))
        threading.Event().wait(0.01)
        at_work.pop()
        return threading.get_ident()

    names = await asyncio.gather(*(loop.run_in_executor(executor, work) for _ in range(20)))
    assert len(set(names)) <= 2
    assert max(most) <= 2
    executor.shutdown()


def test_what_was_not_begun_when_it_is_over_never_is():
    executor, released, done = DaemonExecutor(1, 'test'), threading.Event(), []
    executor.submit(released.wait)
    waiting = executor.submit(done.append, 'x')
    executor.shutdown()
    released.set()
    with pytest.raises(CancelledError):
        waiting.result(10)
    assert done == []
    with pytest.raises(RuntimeError):
        executor.submit(print)


def test_a_program_does_not_wait_for_a_name_server():
    assert ends("""
import asyncio, time
from print_agent.runtime import daemon_threads as threads
async def main():
    asyncio.get_running_loop().run_in_executor(None, time.sleep, 3600)
    return 'over'
print(threads.run(main()))
""") == 'over'


def test_a_program_does_not_wait_for_a_document():
    assert ends("""
import asyncio, time
from tests.fakes.badges import PDF, make_job
from print_agent.jobs.manager import pdf_check as documents
documents._process.ask = lambda *_: time.sleep(3600)
documents.WAIT_TIMEOUT = 0.05
try:
    asyncio.run(documents.problem(make_job(), PDF))
except documents.Overloaded as exc:
    print(exc)
""") == 'Too many documents wait to be read.'


def test_a_program_does_not_wait_for_cups():
    assert ends("""
import asyncio, socket
from print_agent.printing.cups_client import CupsClient
from print_agent.errors import CupsDown
listener = socket.create_server(('127.0.0.1', 0))  # takes connections and says nothing
async def main():
    client = CupsClient(f'127.0.0.1:{listener.getsockname()[1]}', timeout=0.1)
    try:
        await client.queues()
    except CupsDown as exc:
        print(exc)
    await client.close()
asyncio.run(main())
""") == 'CUPS did not answer within 0 s.'


async def test_without_threads_there_is_an_error_and_no_wait(monkeypatch):
    def start(_thread):
        raise RuntimeError("can't start new thread")

    with monkeypatch.context() as patch:
        patch.setattr(threading.Thread, 'start', start)
        with pytest.raises(OSError, match='no threads left'):
            await daemon_threads.run_in_thread(lambda: 1, 60)
        executor = daemon_threads.DaemonExecutor(2, 'test')
        with pytest.raises(OSError, match='no threads left'):
            executor.submit(print)
    assert executor.submit(lambda: 2).result(60) == 2
    with monkeypatch.context() as patch:
        patch.setattr(threading.Thread, 'start', start)
        assert executor.submit(lambda: 3).result(60) == 3  # by the thread that there is
    executor.shutdown()


async def test_many_bad_documents_do_not_keep_good_ones_out(monkeypatch):
    from tests.fakes.badges import PDF, make_job

    hang, ask = threading.Event(), pdf_check._process.ask
    monkeypatch.setattr(pdf_check, 'WAIT_TIMEOUT', 0.01)
    monkeypatch.setattr(pdf_check._process, 'ask', lambda *_: hang.wait())
    for _ in range(40):
        with pytest.raises(Overloaded):
            await pdf_check.problem(make_job(), PDF)
    monkeypatch.setattr(pdf_check, 'WAIT_TIMEOUT', 60)
    monkeypatch.setattr(pdf_check._process, 'ask', ask)
    assert await pdf_check.problem(make_job(), PDF) is None
    hang.set()
