"""Agents that are killed, at every step between permission and paper: never two badges, never a lie."""

import asyncio
import os
import signal
import subprocess
import sys
from pathlib import Path
from uuid import uuid4

import pytest

from print_agent.protocol import messages as p

from tests.fakes.badges import PDF, make_job
from tests.fakes.cups_desk import WAIT_TIMEOUT
from tests.fakes.indico import pairing_file


ROOT = Path(__file__).parents[2]


class Process:
    """An agent as a process of its own. ``stop_at`` kills it when its trace reaches a step."""

    def __init__(self, folder, server, printing):
        self.folder = folder
        self.server = server
        self.printing = printing
        self.trace = folder / 'trace'
        self.process = None
        (folder / 'agent.toml').write_text(f"""
            mode = 'stream'
            [cups]
            server = '{printing.cups.server}'
            [spool]
            path = 'state'
        """)
        pairing_file(folder / 'pairings', server.url)

    async def start(self):
        hellos = len(self.server.hellos)
        with (self.folder / 'log').open('ab') as log:
            self.process = subprocess.Popen(  # noqa: ASYNC220 - it must be waited for also after the loop is gone
                [sys.executable, '-m', 'print_agent', '--config', str(self.folder), 'run'], stdout=log, stderr=log,
                cwd=ROOT, env={**os.environ, 'PRINT_AGENT_TRACE': str(self.trace)})
        await self.server.until(lambda: len(self.server.hellos) > hellos or self.process.poll() is not None,
                                WAIT_TIMEOUT)
        assert self.process.poll() is None, (self.folder / 'log').read_text()

    def steps(self):
        return self.trace.read_text() if self.trace.exists() else ''

    async def reaches(self, step):
        while f'"step": "{step}"' not in self.steps():  # noqa: ASYNC110 - another process writes the file
            await asyncio.sleep(0.001)

    def kill(self):
        self.process.kill()
        self.process.wait()

    def papers(self, job):
        return [paper for paper in self.printing.papers() if job in paper.title]

    async def end(self, job):
        def ends():
            return [m for m in self.server.heard if isinstance(m, p.OUTCOMES) and m.job == job]
        await self.server.until(ends, WAIT_TIMEOUT)
        return ends()[-1]


@pytest.fixture
async def agent(tmp_path, server, printing, printers):
    agent = Process(tmp_path, server, printing)
    yield agent
    if agent.process is not None:
        agent.kill()


@pytest.mark.parametrize('step', ['spooled', 'go', 'submit', 'submitted', 'at_printer'])
async def test_an_agent_killed_at_any_step_says_the_truth_afterwards(agent, server, printers, later, step):
    printers['desk1'].slow(1)
    await agent.start()
    job = str(uuid4())
    await server.send(make_job(job, go=True), PDF)
    await asyncio.wait_for(agent.reaches(step), WAIT_TIMEOUT)
    agent.kill()
    await agent.start()
    end = await agent.end(job)
    await later(2.5)
    papers = len(agent.papers(job))
    if isinstance(end, p.Completed):
        assert papers == 1
    elif isinstance(end, p.Returned):
        assert papers == 0
    else:
        assert isinstance(end, p.Unknown)
        assert papers <= 1


async def test_a_badge_is_followed_after_a_crash(agent, server, printers):
    """A badge that was printing when the agent died is followed to its end."""
    printers['desk1'].slow(3)
    await agent.start()
    job = str(uuid4())
    await server.send(make_job(job, go=True), PDF)
    await asyncio.wait_for(agent.reaches('at_printer'), WAIT_TIMEOUT)
    agent.kill()
    await agent.start()
    assert server.hellos[-1].holding == (p.Held(job=job, dispatch=1, state='printing'),)
    assert isinstance(await agent.end(job), p.Completed)
    assert len(agent.papers(job)) == 1


async def test_stopping_waits_for_the_badge_in_the_printer(agent, server, printers):
    printers['desk1'].slow(2)
    await agent.start()
    job = str(uuid4())
    await server.send(make_job(job, go=True), PDF)
    await asyncio.wait_for(agent.reaches('at_printer'), WAIT_TIMEOUT)
    agent.process.send_signal(signal.SIGTERM)
    assert isinstance(await agent.end(job), p.Completed)
    assert await asyncio.to_thread(agent.process.wait, WAIT_TIMEOUT) == 0
    assert server.said(p.Drain)


async def test_what_a_killed_cups_would_hand_over_again_comes_out_once(desk, printing, printers, later):
    # with `waitjob` CUPS is at it until the printer is done, so that it certainly begins anew after its death
    printing.cups._lp('lpadmin', '-p', 'desk2', '-v', printers['desk2'].uri)
    try:
        printers['desk2'].slow(6)
        job = await desk.print('desk2')
        await desk.heard(job, p.Printing)
        await asyncio.to_thread(printing.cups.service.kill)
        await asyncio.to_thread(printing.cups.start)
        assert isinstance(await desk.end(job), p.Completed)
        await later(8)
        assert len(desk.papers(job)) == 1
        printers['desk2'].repair()
        assert isinstance(await desk.end(await desk.print('desk2')), p.Completed)
    finally:
        printing.cups._lp('lpadmin', '-p', 'desk2', '-v', printers['desk2'].uri + '?waitjob=false')
