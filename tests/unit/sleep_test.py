"""A computer that sleeps: nothing stale is printed when it wakes."""

import asyncio
import signal

import pytest

from print_agent.connection import websocket as stream_module
from print_agent.protocol import messages as p
from print_agent.runtime import clock
from print_agent.spool.job import State

from tests.fakes.badges import J1, J2, J3, PDF, make_job
from tests.fakes.indico import FakeServer, pairing_file
from tests.fakes.linked_desk import LinkedDesk
from tests.fakes.program import FOLDERS_ONLY, Running


@pytest.fixture
async def server():
    async with FakeServer() as server:
        yield server


async def test_deadlines_are_checked_after_a_sleep(tmp_path, server, monkeypatch):
    """The worker may run before the clock's own loop, so it checks the deadline too."""
    async with LinkedDesk(tmp_path, server) as desk:
        entry = await desk.jobs.receive('a', make_job(go=True, printer='desk9'), PDF)
        real = clock.now
        monkeypatch.setattr(clock, 'now', lambda: real() + 60)
        assert desk.jobs.handover.begin_submit(entry) is None
        desk.jobs.tick()
        assert desk.spool.find('a', J1).state is State.returned


async def test_a_stopped_agent_prints_nothing_old_when_it_resumes(tmp_path):
    """SIGSTOP past ``print_within``, with one go at the agent and one still in its socket."""
    (tmp_path / 'agent.toml').write_text(FOLDERS_ONLY)
    async with FakeServer() as server:
        pairing_file(tmp_path / 'pairings', server.url)
        with Running(tmp_path) as agent:
            await server.until(lambda: server.now, 60)
            # the folder is missing, so the first one waits with its go
            await server.send(make_job(J1, go=True, print_within=8.0), PDF)
            await server.send(make_job(J2), PDF)
            await server.until(lambda: len(server.said(p.Accepted)) == 2)
            agent.process.send_signal(signal.SIGSTOP)
            await server.send(p.Go(job=J2, dispatch=1, print_within=8.0))
            (tmp_path / 'out').mkdir()
            await asyncio.sleep(stream_module.MAX_TRANSIT + 1.5)
            agent.process.send_signal(signal.SIGCONT)
            await server.until(lambda: {m.job for m in server.said(p.Returned)} == {J1, J2}, 60)
            assert list((tmp_path / 'out').iterdir()) == []
            await server.until(lambda: len(server.hellos) == 2, 60)
            assert 'slept for' in agent.said
            # and then it prints
            await server.send(make_job(J3, go=True), PDF)
            await server.until(lambda: server.said(p.Sent), 60)
