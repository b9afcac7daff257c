"""The local page of a desk, without a network: who asks is the command line, a browser, or a stranger."""

import time

import httpx

from print_agent.web.app import Web
from print_agent.web.auth import Keys
from print_agent.web.connection_history import History
from print_agent.web.log_buffer import LogBuffer
from print_agent.web.status import Viewer

from tests.fakes.desk import StaffedDesk


PORT = 8632
BASE = f'http://127.0.0.1:{PORT}'
ORIGIN = {'Origin': BASE}


class PageDesk(StaffedDesk):
    """A desk with its local page."""

    async def start(self):
        await super().start()
        self.log_buffer = LogBuffer()
        self.history = History([])
        self.keys = Keys(self.spool)
        self.viewer = Viewer(self.spool, self.control, self.printers, self.history, started=time.time())
        self.web = Web(self.control, self.viewer, self.keys, self.log_buffer, self.history)
        self.web.port = PORT
        return self

    async def stop(self):
        self.log_buffer.close()
        await super().stop()

    def client(self, **headers):
        """A stranger, unless the headers say more."""
        return httpx.AsyncClient(transport=httpx.ASGITransport(self.web.app), base_url=BASE, headers=headers)

    def command_line(self):
        """It has the token."""
        return self.client(Authorization=f'Bearer {self.keys.token}')
