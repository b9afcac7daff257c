"""A way to print that follows the settings of a test."""

import asyncio

from print_agent.errors import NotReady, SubmitFailed
from print_agent.printing.backend import Outcome
from print_agent.printing.sheet import Sheets
from print_agent.protocol import messages as p


class FakeBackend:
    """Implements :class:`print_agent.printing.backend.Backend` from memory.

    ``ready`` and ``refuse`` hold what is raised; ``ends`` gives each job's end, or a future of it.
    """

    def __init__(self, *names, reports=True):
        self.names = names or ('desk1',)
        self.reports = reports
        self.ready = None
        self.refuse = None
        self.sheets = Sheets()
        self.found = 'absent'
        self.end = Outcome('completed')
        self.gate = asyncio.Event()
        self.gate.set()
        self.submitted = []
        self.gone = []

    async def printers(self):
        return [p.Printer(name=name, reports=self.reports) for name in self.names]

    async def check(self, printer):
        if isinstance(self.ready, NotReady):
            raise self.ready
        return self.sheets

    async def submit(self, printer, request):
        if isinstance(self.refuse, SubmitFailed):
            raise self.refuse
        self.submitted.append(request)
        return str(len(self.submitted))

    async def find(self, printer, tag, handle):
        if isinstance(self.found, Exception):
            raise self.found
        return None if self.found == 'absent' else self.found

    async def follow(self, printer, request, handle, at_printer, canceling):
        at_printer()
        await self.gate.wait()
        return self.end

    async def ensure_gone(self, printer, tag, handle, *, finish_within):
        self.gone.append(handle)

    async def close(self):
        pass
