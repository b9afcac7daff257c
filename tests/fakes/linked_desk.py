"""Desks with connections: to one Indico, or to all that the computer is paired with."""

import asyncio

from print_agent.connection import pairing as pairing_module
from print_agent.connection.backoff import Backoff
from print_agent.connection.link import Link
from print_agent.connection.links import Links
from print_agent.connection.pairing import Pairing
from print_agent.jobs.manager import Jobs
from print_agent.jobs.worker import Worker
from print_agent.protocol import messages as p
from print_agent.spool.store import Spool

from tests.fakes.backend import FakeBackend
from tests.fakes.indico import TOKEN


PRINTERS = (p.Printer(name='desk1', model='Fake'),)


def quick():
    return Backoff(first=0.01, longest=0.05)


class LinkedDesk:
    """A link with jobs and a printer behind it."""

    def __init__(self, tmp_path, server, mode='stream', token=TOKEN):
        self.spool = Spool(tmp_path / 'spool.sqlite3')
        self.jobs = Jobs(self.spool)
        self.backend = FakeBackend('desk1')
        pairing = Pairing(id='a', url='http://localhost', token=token, stream=server.url,
                          poll='http://localhost/poll', document='http://localhost/document', agent_id=1,
                          agent_name='Desk', event_id=1, event_title='Conference')
        self.link = Link(pairing, self.jobs, lambda: PRINTERS, mode=mode, backoff=quick(), poll_backoff=quick,
                         stay_away=0.1, grace=0.05, transport=server.transport)
        self.tasks = []

    async def __aenter__(self):
        self.tasks = [asyncio.create_task(self.link.run()),
                      asyncio.create_task(Worker('desk1', self.backend, self.jobs).run())]
        return self

    async def __aexit__(self, *_):
        for task in self.tasks:
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)
        self.spool.close()


class PairedDesk:
    """Links over a folder of pairings, as an agent has them."""

    def __init__(self, folder):
        self.folder = folder / 'pairings'
        self.spool = Spool(folder / 'spool.sqlite3')
        self.jobs = Jobs(self.spool)
        self.links = None
        self._tasks = []

    async def __aenter__(self):
        self.links = Links(self.folder, pairing_module.load_all(self.folder), self.jobs, self.make, self.start)
        self.links.start()
        self.start(self.links.run(), 'watch')
        return self

    async def __aexit__(self, *_):
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self.spool.close()

    def make(self, paired):
        return Link(paired, self.jobs, lambda: (p.Printer(name='desk1'),), mode='stream', grace=1.0, backoff=quick())

    def start(self, loop, name):
        task = asyncio.create_task(loop, name=name)
        self._tasks.append(task)
        return task
