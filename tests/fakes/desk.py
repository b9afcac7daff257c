"""A whole desk in memory, with a person at it: spool, printers, workers and the handles."""

import asyncio

from tests.fakes.agent import J1, PDF, FakeBackend, make_job

from print_agent.protocol import messages as p
from print_agent.web.actions import Control
from print_agent.jobs.manager import Jobs
from print_agent.printing.printer_list import Printers
from print_agent.printing.backend import End
from print_agent.spool.job import LOCAL
from print_agent.spool.store import Spool
from print_agent.jobs.worker import Worker


class Desk:
    """Two printers and an Indico ``a`` that hears everything."""

    def __init__(self, folder, *, keep=3600.0):
        self.folder = folder
        self.keep = keep
        self._tasks = []
        self.backend = FakeBackend('desk1', 'desk2')
        self.heard = []

    async def start(self):
        self.spool = Spool(self.folder / 'state' / 'spool.sqlite3', keep=self.keep)
        self.printers = Printers([self.backend], self.spool.depths)
        self.jobs = Jobs(self.spool, known=self.printers.known)
        self.jobs.restart()
        self.jobs.listen('a', self.heard.append)
        self.control = Control(self.spool, self.jobs, self.printers)
        self.changes = []
        await self.printers.refresh()
        self.printers.on_change(lambda: self.changes.append(self.printers.all()))
        self._tasks = [asyncio.create_task(Worker(name, self.backend, self.jobs).run())
                       for name in self.backend.names]
        return self

    async def stop(self):
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self.spool.close()

    async def restart(self):
        await self.stop()
        self.heard.clear()
        return await self.start()

    async def until(self, condition):
        async with asyncio.timeout(10):
            while not condition():  # noqa: ASYNC110 - the spool gives no signals
                await asyncio.sleep(0.005)

    async def receive(self, job=J1, *, source='a', callback='', **kwargs):
        return await self.jobs.receive(source, make_job(job, **kwargs), PDF, callback=callback)

    async def ended(self, job=J1, *, end='completed', reason='', source='a', **kwargs):
        """A badge that went through the printer and ended like this."""
        before, self.backend.end = self.backend.end, End(end, reason)
        entry = await self.receive(job, source=source, go=True, **kwargs)
        await self.until(lambda: self.spool.get(entry.seq).state == end and self.spool.get(entry.seq).settled)
        self.backend.end = before
        return self.spool.get(entry.seq)

    def local(self):
        """What a person here asked for."""
        return [entry for entry in self.spool.recent() if entry.source == LOCAL]

    def said(self, kind):
        return [message for message in self.heard if isinstance(message, kind)]

    @property
    def outcomes(self):
        return self.said(p.OUTCOMES)

    def printer(self, name='desk1'):
        return next(printer for printer in self.printers.all() if printer.name == name)
