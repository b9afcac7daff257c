"""Serves the local page on 127.0.0.1 while the agent runs. Printing never depends on it."""

import asyncio
import logging
import socket
import time

from print_agent.config import Config
from print_agent.printing.printer_list import Printers
from print_agent.runtime.http_server import Server, listen
from print_agent.spool.store import Spool
from print_agent.web import auth
from print_agent.web.actions import Control
from print_agent.web.app import Web
from print_agent.web.connection_history import History
from print_agent.web.log_buffer import LogBuffer
from print_agent.web.status import Viewer


log = logging.getLogger(__name__)

HOST = '127.0.0.1'
#: How long the agent waits, before it stops, for open pages, in seconds.
STOP_TIMEOUT = 1


class Page:
    """The server of the local page. Address and token lie in the folder of the spool, for the command line."""

    def __init__(self, config: Config, spool: Spool, control: Control, printers: Printers, history: History):
        self._port = config.page_port
        self._spool = config.spool
        self._keys = auth.Keys(spool)
        self._log_buffer = LogBuffer()
        self._viewer = Viewer(spool, control, printers, history, started=time.time())
        self._web = Web(control, self._viewer, self._keys, self._log_buffer, history)
        self._server: Server | None = None
        self._serving: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Listen; on another port if ours is taken. A page that cannot be served is no reason not to print."""
        self._log_buffer.open()
        try:
            listener = _bind(self._port)
        except OSError as exc:
            log.warning('the local page cannot be served: %s', exc)
            return
        self._web.port = int(listener.getsockname()[1])
        self._server = Server(self._web.app, listener, grace=STOP_TIMEOUT)
        self._serving = asyncio.create_task(self._server.serve())
        try:
            auth.publish(self._spool, auth.Address(url=self.url, token=self._keys.token))
        except OSError as exc:
            log.warning('the local page cannot be opened, as its address cannot be written down: %s', exc)
        else:
            log.info('the local page is %s; open it with: print-agent page', self.url)

    @property
    def url(self) -> str:
        """The address of the page, on this computer only."""
        return f'http://{HOST}:{self._web.port}/'

    def stopping(self) -> None:
        """Show that the agent is stopping."""
        self._viewer.stopping = True

    async def stop(self) -> None:
        """Stop listening."""
        self._log_buffer.close()
        if self._server is None or self._serving is None:
            return
        auth.withdraw(self._spool)
        self._web.end()
        self._server.should_exit = True
        await asyncio.gather(self._serving, return_exceptions=True)
        self._server = self._serving = None


def _bind(port: int) -> socket.socket:
    for wanted in (port, 0):
        try:
            return listen(HOST, wanted)
        except OSError:
            if not wanted:
                raise
            log.warning('port %d is used by another program; the local page uses another one', wanted)
    raise AssertionError('unreachable')
