"""Every part stops when it is asked to, and no part dies unnoticed."""

import asyncio
import errno
import logging
import os
import signal
import socket
import subprocess
import threading
import time

import pytest
from tests.fakes.badges import J1, J2, PDF, make_job
from tests.fakes.desk import Desk
from tests.fakes.indico import FakeServer, pairing_file
from tests.fakes.linked_desk import LinkedDesk
from tests.fakes.program import FOLDERS_ONLY, invoke

from print_agent.agent import Agent, backends
from print_agent.config import Config
from print_agent.connection import pairing
from print_agent.errors import NoRoom
from print_agent.jobs import worker as worker_module
from print_agent.jobs.worker import Worker
from print_agent.printing import pdf_check
from print_agent.printing import pdf_process
from print_agent.printing.backend import Outcome
from print_agent.printing.cups_client import CupsClient
from print_agent.printing.layout import Layout
from print_agent.protocol import messages as p
from print_agent.protocol import reasons
from print_agent.spool.housekeeping import Housekeeping
from print_agent.spool.job import State
from print_agent.spool.store import Spool


@pytest.fixture
async def desk(tmp_path, monkeypatch):
    monkeypatch.setattr(worker_module, 'RETRY_INTERVAL', 0.01)
    desk = Desk(tmp_path)
    yield desk
    await desk.close()


# -- the agent and its links ------------------------------------------------------------------------------------------

def test_half_an_agent_ends_with_a_sentence_and_an_exit_code(tmp_path, monkeypatch):
    async def broken(_self):
        raise ZeroDivisionError

    (tmp_path / 'agent.toml').write_text(FOLDERS_ONLY)
    (tmp_path / 'out').mkdir()
    pairing_file(tmp_path / 'pairings', 'ws://127.0.0.1:9/ws')
    monkeypatch.setattr(Housekeeping, 'run', broken)
    done = invoke(tmp_path, 'run')
    assert done.exit_code == 1
    assert 'error of its own ("housekeeping")' in done.output


@pytest.mark.parametrize('status', [None, 404])
@pytest.mark.parametrize('turns', [0, 1, 3, 8, 21, 55, 144, 377])
async def test_an_agent_ends_whenever_it_is_asked_to(tmp_path, turns, status):
    """After any number of turns of the event loop: while it starts, connects, takes a badge, prints and reports it."""
    (tmp_path / 'out').mkdir()
    async with FakeServer() as server:
        server.refuse_upgrade = status
        paired = pairing.load(pairing_file(tmp_path / 'pairings', server.url))
        config = Config(folder=tmp_path, spool=tmp_path, cups=False, folders={'desk1': tmp_path / 'out'}, page_port=0)
        spool = Spool(config.database)
        agent = Agent(config, [paired], backends(config), spool)
        before = asyncio.all_tasks()
        running = asyncio.create_task(agent.run())
        if turns > 21:
            await server.until(lambda: server.now if status is None else agent.links[0].problem, 30)
        if server.now:
            await server.send(make_job(go=True), PDF)
        for _ in range(turns):
            await asyncio.sleep(0)
        running.cancel()
        await asyncio.wait([running], timeout=30)
        assert running.cancelled()
        left = {task for task in asyncio.all_tasks() - before if 'FakeServer' not in repr(task.get_coro())
                and 'websockets' not in repr(task)}
        assert left == set()
        spool.close()


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


async def test_a_link_that_is_stopped_while_it_stops_polling_leaves_no_poller_behind(tmp_path):
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


# -- the worker -------------------------------------------------------------------------------------------------------

async def test_a_badge_that_cannot_be_laid_out_in_time_does_not_stop_the_printer(desk, monkeypatch):
    await desk.jobs.receive('a', make_job(J1, go=True), PDF)
    await desk.jobs.receive('a', make_job(J2, go=True), PDF)
    os.kill(pdf_check._process._process.pid, signal.SIGSTOP)
    monkeypatch.setattr(pdf_process, 'DOCUMENT_TIMEOUT', 0.05)
    desk._tasks.append(asyncio.create_task(
        Worker('desk1', desk.backend, desk.jobs, layout=Layout(orientation=90)).run()))
    await desk.ends(1)
    monkeypatch.setattr(pdf_process, 'DOCUMENT_TIMEOUT', 60)
    first, second = await desk.ends(2)
    assert (type(first), first.reason) == (p.Failed, 'layout_failed')
    assert first.detail.endswith('It takes too long to read.')
    assert second == p.Completed(job=J2, dispatch=1)


async def test_a_badge_that_cannot_be_laid_out_for_want_of_memory_is_returned(desk, monkeypatch):
    """It is not the badge's fault, and the same badge prints once there is memory again."""
    await desk.jobs.receive('a', make_job(J1, go=True), PDF)
    pdf_check._process.stop()
    monkeypatch.setattr(pdf_check, 'START_PAUSE', 0.01)
    monkeypatch.setattr(worker_module, 'RETURN_AFTER', 0.1)
    with monkeypatch.context() as patch:
        patch.setattr(subprocess, 'Popen', refusing(OSError(errno.ENOMEM, 'Cannot allocate memory')))
        desk._tasks.append(asyncio.create_task(
            Worker('desk1', desk.backend, desk.jobs, layout=Layout(orientation=90)).run()))
        (returned,) = await desk.ends(1)
    assert (type(returned), returned.reason) == (p.Returned, 'overloaded')
    await desk.jobs.receive('a', make_job(J1, dispatch=2, go=True), PDF)
    assert (await desk.ends(2))[1] == p.Completed(job=J1, dispatch=2)


@pytest.mark.parametrize('exc', [*(OSError(number, os.strerror(number)) for number in (
    errno.EAGAIN, errno.ENOMEM, errno.EMFILE)), MemoryError()])
async def test_a_badge_that_cannot_be_checked_for_want_of_memory_is_returned(desk, monkeypatch, exc):
    pdf_check._process.stop()
    monkeypatch.setattr(pdf_check, 'START_PAUSE', 0.01)
    with monkeypatch.context() as patch:
        patch.setattr(subprocess, 'Popen', refusing(exc))
        with pytest.raises(NoRoom):
            await desk.jobs.receive('a', make_job(J1, go=True), PDF)
    assert desk.heard[-1] == p.Returned(job=J1, dispatch=1, reason='overloaded', detail=reasons.sentence('overloaded'))
    assert desk.spool.find('a', J1) is None
    entry = await desk.jobs.receive('a', make_job(J1, dispatch=2), PDF)
    assert (entry.state, entry.dispatch) == (State.waiting, 2)


def refusing(exc):
    def popen(*_args, **_kwargs):
        raise exc
    return popen


async def test_a_watch_that_dies_is_logged(desk, monkeypatch, caplog):
    monkeypatch.setattr(worker_module, 'PRINTER_POLL_INTERVAL', 0.01)
    desk.backend.gate.clear()
    worker = Worker('desk1', desk.backend, desk.jobs, obstacle=lambda _printer: str(1 // 0))
    desk._tasks.append(asyncio.create_task(worker.run()))
    await desk.jobs.receive('a', make_job(go=True), PDF)
    await desk.until(lambda: desk.backend.submitted)
    await asyncio.sleep(0.1)
    desk.backend.gate.set()
    assert await desk.ends() == [p.Completed(job=J1, dispatch=1)]
    assert 'the watch over desk1 died' in caplog.text


async def test_nothing_is_handed_over_once_nobody_follows_it():
    """The thread cannot be stopped, but the next agent may have decided already that CUPS does not have it."""
    at_work, go_on, over, late = threading.Event(), threading.Event(), threading.Event(), []
    client = CupsClient('127.0.0.1:9')

    def submit(*args):
        at_work.set()
        go_on.wait(10)
        late.append(args[-1]())
        over.set()
        return 1

    client._connection, client._submit = object, submit
    task = asyncio.create_task(client.submit('desk1', 'title', PDF, {}))
    await asyncio.to_thread(at_work.wait, 10)
    task.cancel()
    await asyncio.wait([task])
    go_on.set()
    await asyncio.to_thread(over.wait, 10)
    assert late == [True]
    await client.close()


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


def test_an_old_file_that_cannot_be_deleted_does_not_end_the_housekeeping(tmp_path, caplog):
    caplog.set_level(logging.DEBUG)
    spool = Spool(tmp_path / 'spool.sqlite3')
    stays = tmp_path / 'spool.sqlite3.corrupt-20200101T000000'
    stays.mkdir()  # as a folder it cannot be deleted by anybody, not even by root
    os.utime(stays, (0, time.time() - 30 * 86400))
    Housekeeping(spool, lambda: None).clean()
    assert stays.exists()
    assert 'stays' in caplog.text
    spool.close()


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
