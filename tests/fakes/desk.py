"""A desk in memory: a spool, printers, their workers, and an Indico that hears everything."""

import asyncio

import pytest

from print_agent.errors import ActionRefused
from print_agent.jobs.manager import Jobs
from print_agent.jobs.worker import Worker
from print_agent.printing.backend import Outcome
from print_agent.printing.calibrations import Layouts
from print_agent.printing.printer_list import Printers
from print_agent.protocol import messages as p
from print_agent.spool.job import LOCAL
from print_agent.spool.store import Spool
from print_agent.web.actions import Control

from tests.fakes.backend import FakeBackend
from tests.fakes.badges import J1, PDF, make_job
from tests.fakes.waiting import until


class Desk:
    """A spool, a printer, and an Indico ``a`` that hears everything. Nothing prints before :meth:`start`."""

    def __init__(self, tmp_path, **kwargs):
        self.spool = Spool(tmp_path / 'spool.sqlite3')
        self.jobs = Jobs(self.spool, **kwargs)
        self.backend = FakeBackend('desk1')
        self.heard = []
        self.jobs.listen('a', self.heard.append)
        self._tasks = []

    def start(self):
        worker = Worker('desk1', self.backend, self.jobs)
        self._tasks += [asyncio.create_task(worker.run()), asyncio.create_task(self._clock())]
        return worker

    async def _clock(self):
        while True:
            self.jobs.tick()
            await asyncio.sleep(0.01)

    async def until(self, condition):
        await until(condition)

    async def ends(self, count=1):
        await self.until(lambda: len(self.outcomes) >= count)
        return self.outcomes

    @property
    def outcomes(self):
        return [m for m in self.heard if isinstance(m, p.OUTCOMES)]

    def state(self, job=J1):
        return self.spool.find('a', job).state

    async def close(self):
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self.spool.close()


class StaffedDesk:
    """Two printers, a person at them, and an Indico ``a`` that hears everything. Its spool survives :meth:`restart`."""

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
        self.layouts = Layouts({}, self.folder / 'state' / 'calibrations.json')
        self.printers.is_calibrated = self.layouts.is_set_here
        self.control = Control(self.spool, self.jobs, self.printers, self.layouts)
        self.changes = []
        await self.printers.refresh()
        self.printers.on_change(lambda: self.changes.append(self.printers.all()))
        self._tasks = [asyncio.create_task(Worker(name, self.backend, self.jobs, layouts=self.layouts).run())
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
        await until(condition)

    async def receive(self, job=J1, *, source='a', callback='', **kwargs):
        return await self.jobs.receive(source, make_job(job, **kwargs), PDF, callback=callback)

    async def ended(self, job=J1, *, end='completed', reason='', source='a', **kwargs):
        """A badge that went through the printer and ended like this."""
        before, self.backend.end = self.backend.end, Outcome(end, reason)
        entry = await self.receive(job, source=source, go=True, **kwargs)
        await self.until(lambda: self.spool.get(entry.seq).state == end and self.spool.get(entry.seq).gone)
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


def refused(code):
    """Expect that what somebody at the desk wants is refused, with this reason."""
    return pytest.raises(ActionRefused, check=lambda error: error.reason == code)
