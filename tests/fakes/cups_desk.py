"""A whole agent in this process, on a real CUPS, and the Indico that it is paired with."""

import asyncio
from uuid import uuid4

from print_agent.agent import Agent, backends
from print_agent.config import Config
from print_agent.connection.pairing import Pairing
from print_agent.protocol import messages as p
from print_agent.spool.store import Spool

from tests.fakes.badges import PDF, make_job
from tests.fakes.indico import TOKEN


#: Longest wait for anything, in seconds. Not a claim about speed: a loaded machine must not fail a test.
WAIT_TIMEOUT = 60


class CupsDesk:
    """An agent in this process and the Indico that it is paired with."""

    def __init__(self, tmp_path, printing, server, **kwargs):
        self.printing = printing
        self.server = server
        self.config = Config(folder=tmp_path, mode='stream', cups_server=printing.cups.server,
                             spool=tmp_path / 'state', **kwargs)
        self.pairing = Pairing(id='a', url='http://localhost', token=TOKEN, stream=server.url,
                               poll='http://localhost/poll', document='http://localhost/document', agent_id=1,
                               agent_name='Desk', event_id=1, event_title='Conference')
        self.agent = None
        self._task = None

    async def start(self):
        self.spool = Spool(self.config.database)
        self.agent = Agent(self.config, [self.pairing], backends(self.config), self.spool)
        connections = len(self.server.hellos)
        self._task = asyncio.create_task(self.agent.run())
        await self.until(lambda: self._task.done() or len(self.server.hellos) > connections)
        return self

    async def stop(self):
        if self._task is not None:
            self.agent.stop()
            await asyncio.wait_for(self._task, WAIT_TIMEOUT)
            self.spool.close()

    async def until(self, condition, seconds=WAIT_TIMEOUT):
        await self.server.until(condition, seconds)

    async def print(self, printer='desk1', document=PDF, **kwargs):
        """Send a badge with a go; return the id of its job."""
        job = make_job(str(uuid4()), printer=printer, document=document, go=True, **kwargs)
        await self.server.send(job, document)
        return job.job

    def said(self, job, kind):
        return [message for message in self.server.said(kind) if message.job == job]

    async def heard(self, job, kind):
        """Wait until the agent says this about a job."""
        await self.until(lambda: self.said(job, kind))
        return self.said(job, kind)[0]

    async def end(self, job):
        """Wait for the end of a job and return the message about it."""
        def ends():
            return [m for m in self.server.heard if isinstance(m, p.OUTCOMES) and m.job == job]
        await self.until(ends)
        (end,) = {ends()[0]}
        return end

    def shown(self, name='desk1'):
        """The printer as Indico saw it last."""
        lists = [m.printers for m in (*self.server.hellos, *self.server.said(p.Printers))]
        return next(printer for printers in reversed(lists) for printer in printers if printer.name == name)

    async def in_service(self, name='desk1'):
        """Wait until Indico would give the printer work."""
        await self.until(lambda: self.shown(name).state != 'stopped')

    def papers(self, job):
        """What came out of any printer for a job."""
        return [paper for paper in self.printing.papers() if job in paper.title]
