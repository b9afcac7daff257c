"""Every part ends when it is stopped, and no part ends unnoticed."""

import asyncio
import socket

import pytest

from print_agent.errors import NoRoom
from print_agent.jobs import worker as worker_module
from print_agent.printing.backend import Outcome
from print_agent.protocol import messages as p
from print_agent.spool.store import Spool

from tests.fakes.badges import J1, J2, PDF, make_job
from tests.fakes.desk import Desk
from tests.fakes.indico import FakeServer
from tests.fakes.linked_desk import LinkedDesk


@pytest.fixture
async def desk(tmp_path, monkeypatch):
    monkeypatch.setattr(worker_module, 'RETRY_INTERVAL', 0.01)
    desk = Desk(tmp_path)
    yield desk
    await desk.close()


# -- the agent and its links ------------------------------------------------------------------------------------------

async def test_a_poller_that_dies_is_not_silence_for_ever(tmp_path):
    """The websocket is tried again and again, but nobody would ever poll again."""
    async with FakeServer() as server:
        server.refuse_upgrade = 404
        async with LinkedDesk(tmp_path, server, mode='auto') as desk:
            await server.until(lambda: desk.link.state == 'poll')
            desk.jobs.owed = lambda _source: 1 // 0
            ended, _ = await asyncio.wait(desk.tasks[:1], timeout=30)
            assert ended
            assert isinstance(desk.tasks[0].exception(), ExceptionGroup)


async def test_no_poller_is_left_behind(tmp_path):
    """A link that is stopped while it stops polling leaves no poller behind."""
    async with FakeServer() as server:
        server.refuse_upgrade = 404
        async with LinkedDesk(tmp_path, server, mode='auto') as desk:
            stopping = desk.link._stop_polling
            begun = asyncio.Event()

            async def stop_polling():
                begun.set()
                await stopping()

            # before a websocket that is not refused any more begins, which takes it along
            desk.link._stop_polling = stop_polling
            await server.until(lambda: desk.link.state == 'poll')
            poller = desk.link._polling
            server.poll_gate.clear()  # a poll is under way, and its answer takes long
            polls = len(server.polls)
            await server.until(lambda: len(server.polls) > polls)
            server.refuse_upgrade = None
            await asyncio.wait_for(begun.wait(), 30)
            await asyncio.sleep(0)
            desk.tasks[0].cancel()
            await asyncio.wait(desk.tasks[:1], timeout=30)
            assert desk.tasks[0].cancelled()
            assert poller.done()


# -- the disk ---------------------------------------------------------------------------------------------------------

async def test_a_spool_that_another_program_locks_is_like_a_full_disk(desk):
    other = Spool(desk.spool.path)
    desk.spool.file.raw.execute('PRAGMA busy_timeout = 10')
    desk.backend.gate.clear()
    desk.start()
    await desk.jobs.receive('a', make_job(J1, go=True), PDF)
    await desk.until(lambda: p.Printing(job=J1, dispatch=1) in desk.heard)
    other.file.raw.execute('BEGIN IMMEDIATE')
    with pytest.raises(NoRoom):
        await desk.jobs.receive('a', make_job(J2, go=True), PDF)
    desk.backend.end = Outcome('completed')
    desk.backend.gate.set()
    await desk.until(lambda: p.Completed(job=J1, dispatch=1) in desk.heard)
    other.file.raw.execute('ROLLBACK')
    await desk.until(lambda: desk.state() == 'completed')
    assert desk.spool.file.find_room()
    await desk.jobs.receive('a', make_job(J2, go=True), PDF)
    await desk.until(lambda: p.Completed(job=J2, dispatch=1) in desk.heard)
    other.close()


def test_a_port_that_is_taken_but_not_used_yet_is_not_free(tmp_path):
    from print_agent.web.page import _bind

    with socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        other.bind(('127.0.0.1', 0))
        taken = other.getsockname()[1]
        with _bind(taken) as first, _bind(taken) as second:
            assert len({first.getsockname()[1], second.getsockname()[1]}) == 2
            assert first.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN)
            assert second.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN)
