"""Laptops of a `World`: a real agent (`Jobs`, `Worker`, its decisions and an SQLite spool) before a fake print system.

The agent's process may die right after any commit; its spool and the print system survive.
"""

import asyncio
from dataclasses import dataclass
from functools import wraps

from print_agent.errors import NotGone, NotReady, SubmitFailed
from print_agent.jobs.manager import Jobs
from print_agent.jobs.worker import Worker
from print_agent.printing.backend import Outcome
from print_agent.protocol import messages
from print_agent.spool.store import Spool


class Killed(BaseException):
    """The process died here."""


def _mortal(name):
    method = getattr(Spool, name)

    @wraps(method)
    def write(self, *args, **kwargs):
        if self.dead:
            raise Killed
        result = method(self, *args, **kwargs)
        if self.fuse is not None:
            self.fuse -= 1
            if self.fuse <= 0:
                self.dead = True
                raise Killed
        return result
    return write


WRITES = ('store', 'update', 'renumber', 'grant', 'begin_submit', 'undo_submit', 'printing', 'end', 'note_gone', 'ack')
#: A spool whose process may die right after a commit: after as many as `fuse` says.
MortalSpool = type('MortalSpool', (Spool,), {**{name: _mortal(name) for name in WRITES}, 'dead': False, 'fuse': None})


@dataclass
class PrintJob:
    """A document that a print system has."""

    job: str
    tag: str
    #: waiting, out (on paper), aborted (never will be), lost (the printer forgot it)
    state: str = 'waiting'
    taken: bool = False


class PrintSystem:
    """CUPS and its printer, outside of the agent's process. At the next submission it has the fault that is set.

    It is a `print_agent.printing.backend.Backend`.
    """

    def __init__(self, world, laptop):
        self._world = world
        self._laptop = laptop
        self.jobs = {}
        #: refuses, rejects, dies before, dies after, falls over, never got it, answer lost; ``None``: it takes the job
        self.fault = None
        self.ready = True
        self.up = True
        self.slow = 0
        self.news = asyncio.Event()

    async def printers(self):
        return []

    async def check(self, printer):
        if self.slow:
            await asyncio.sleep(self.slow)
        if not self.up or not self.ready:
            raise NotReady('media-empty-error', 'No paper.', wait=self.up)

    async def submit(self, printer, request):
        self._laptop.alive()
        fault, self.fault = self.fault, None
        job, dispatch = request.tag.rpartition('-')[0].rsplit('.', 1)
        self._world.submitted(self._laptop, job, int(dispatch))
        if fault == 'refuses':
            raise SubmitFailed('busy', 'Busy.', certain=True, retry=True)
        if fault == 'rejects':
            raise SubmitFailed('document-format-error', 'No.', certain=True)
        if fault == 'dies before':
            self._laptop.die_now()
        if fault != 'never got it':
            self.jobs[request.tag] = PrintJob(job, request.tag)
        if fault == 'dies after':
            self._laptop.die_now()
        if fault == 'falls over':
            self.up = False
            raise SubmitFailed('cups_down', 'CUPS died with it.', certain=False, handle='')
        if fault in {'never got it', 'answer lost'}:
            raise SubmitFailed('timeout', 'No answer.', certain=False, handle='')
        return request.tag

    async def find(self, printer, tag, handle):
        self._laptop.alive()
        if not self.up:
            self._world.doubt.add(tag.rpartition('-')[0].rsplit('.', 1)[0])
            raise SubmitFailed('cups_down', 'CUPS is away.', certain=False, retry=True)
        return tag if tag in self.jobs else None

    async def follow(self, printer, request, handle, at_printer, canceling):
        job = self.jobs[request.tag]
        while job.state == 'waiting':
            if job.taken:
                at_printer()
            self.news.clear()
            await self.news.wait()
        self._laptop.alive()
        return {'out': Outcome('completed'), 'aborted': Outcome('failed', 'aborted'),
                'lost': Outcome('unknown', 'lost')}[job.state]

    async def ensure_gone(self, printer, tag, handle, *, finish_within):
        self._laptop.alive()
        if not self.up:
            self._world.doubt.add(tag.rpartition('-')[0].rsplit('.', 1)[0])
            raise NotGone('CUPS is away.')
        job = self.jobs.get(tag)
        if job is not None and job.state == 'waiting':
            self.printer_does(job, 'aborted')

    async def close(self):
        pass

    def printer_does(self, job, state, *, paper=False):
        """The printer ends a job, with or without paper."""
        job.state = state
        if paper:
            self._world.paper[self._world.badge(job.job)] += 1
        self.news.set()


class Process:
    """One run of the print agent."""

    def __init__(self, world, laptop):
        self.world, self.laptop = world, laptop
        self.jobs = Jobs(laptop.spool)
        self.websocket = None
        self.request = None
        #: The name of its link by polling, and whether none of its polls was answered yet
        self.poll_link, self.poll_begins = f'poll {id(self)}', True
        self.unsent = []
        self.jobs.restart()
        self.tasks = [world.loop.create_task(Worker(laptop.printer, laptop.print_system, self.jobs).run())]

    def do(self, function, *args, **kwargs):
        """Run something of the agent that may be the end of it."""
        try:
            return function(*args, **kwargs)
        except Killed:
            return None

    def hear(self, message, document=None):
        """Take in a message of the server, as the links do."""
        source = 'indico'
        match message:
            case messages.Job():
                self.tasks.append(self.world.loop.create_task(self.jobs.receive(source, message, document)))
            case messages.Go():
                self.do(self.jobs.go, source, message)
            case messages.Cancel():
                self.do(self.jobs.cancel, source, message)
            case messages.Ack():
                self.do(self.jobs.ack, source, message)

    def hello(self):
        printer = messages.Printer(name=self.laptop.printer, state='idle' if self.laptop.shows_ready else 'stopped')
        return self.jobs.hello('indico', 'test', [printer])


class Laptop:
    """A laptop with its printer. The spool and the print system survive the agent's process."""

    def __init__(self, world, agent_id):
        self.world, self.agent_id, self.printer = world, agent_id, 'p'
        self.print_system = PrintSystem(world, self)
        self.shows_ready = True
        self.spool = MortalSpool(':memory:')
        self.process = None

    def alive(self):
        if self.spool.dead:
            raise Killed

    def die_now(self):
        self.spool.dead = True
        raise Killed
