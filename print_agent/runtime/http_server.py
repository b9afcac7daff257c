"""The HTTP server of the local page and of the webhook endpoint: uvicorn, with an end to connections that say nothing.

Anybody can open connections to a port and keep silent. uvicorn has no time-out for them, and asyncio, once it has no
file descriptors left, tries to accept thousands of times a second. So connections are accepted here: at most
so many at a time. A new one takes the place of the one that has been silent longest, so silent ones keep nobody out.
"""

import asyncio
import contextlib
import errno
import logging
import socket
import time
from collections.abc import Iterator
from typing import Any

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol


log = logging.getLogger(__name__)

#: Connections of one server at the same time.
MAX_CONNECTIONS = 128
#: How long a connection may take for the headers of a request, the first or the next, in seconds.
HEADER_TIMEOUT = 15.0
#: How long nothing is accepted after the computer had no room for a connection, in seconds.
ACCEPT_PAUSE = 1.0
#: Connections that wait to be accepted.
BACKLOG = 128
_NO_ROOM = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM})


class Server(uvicorn.Server):
    """Serves an application on a socket that listens. SIGTERM and Ctrl-C are left to the agent.

    :param grace: how long requests may hold up the end of the agent, in seconds
    """

    def __init__(self, app: Any, listener: socket.socket, *, grace: int, **options: Any):
        super().__init__(uvicorn.Config(app, log_config=None, access_log=False, lifespan='off', ws='none', http='h11',
                                        server_header=False, timeout_keep_alive=int(HEADER_TIMEOUT),
                                        timeout_graceful_shutdown=grace, h11_max_incomplete_event_size=16384,
                                        **options))
        self._listener = listener
        #: Since when a connection has been without a request (monotonic).
        self._silent: dict[H11Protocol, float] = {}
        self._tasks: list[asyncio.Task[None]] = []

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Capture none."""
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Accept connections from now on."""
        self._listener.listen(BACKLOG)
        self._listener.setblocking(False)
        self.servers = []
        self._tasks = [asyncio.create_task(self._accept()), asyncio.create_task(self._watch())]
        self.started = True

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Accept none any more; finish the requests that are under way."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._listener.close()
        for connection in self._connections():
            if _has_no_request(connection):
                connection.transport.abort()
        await super().shutdown()

    def _connections(self) -> list[H11Protocol]:
        return [each for each in self.server_state.connections if isinstance(each, H11Protocol)]

    async def _accept(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            try:
                connection, _ = await loop.sock_accept(self._listener)
            except OSError as exc:
                if exc.errno in _NO_ROOM:
                    log.warning('no connection can be accepted (%s); trying again', exc.strerror)
                    await asyncio.sleep(ACCEPT_PAUSE)
                continue  # else the client was gone before it was accepted
            if len(self.server_state.connections) >= MAX_CONNECTIONS and not self._make_room():
                connection.close()
                continue
            try:
                await loop.connect_accepted_socket(self._protocol, connection)
            except OSError:
                connection.close()  # the client is gone again

    def _protocol(self) -> H11Protocol:
        return H11Protocol(config=self.config, server_state=self.server_state, app_state={})

    def _make_room(self) -> bool:
        """Drop the connection that has been without a request for longest, else the oldest whose body is not here."""
        silent = [each for each in self._connections() if _has_no_request(each)]
        victim = min(silent, key=lambda each: self._silent.get(each, float('inf')), default=None)
        if victim is None:
            victim = next((each for each in self._connections() if each.cycle.more_body), None)
        if victim is None:
            return False
        # not only its transport: it counts until asyncio calls it lost
        self.server_state.connections.discard(victim)
        victim.transport.abort()
        return True

    async def _watch(self) -> None:
        """Drop connections that have been without a request for too long."""
        while True:
            now = time.monotonic()
            silent = {each: self._silent.get(each, now) for each in self._connections() if _has_no_request(each)}
            self._silent = silent
            for connection, since in silent.items():
                if now - since >= HEADER_TIMEOUT:
                    connection.transport.abort()
            await asyncio.sleep(min(0.5, HEADER_TIMEOUT / 4))


def _has_no_request(connection: H11Protocol) -> bool:
    return connection.cycle is None or connection.cycle.response_complete


def listen(host: str, port: int) -> socket.socket:
    """Bind a socket that listens. Raises OSError if the address cannot be used."""
    info = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    family, kind, protocol, _, address = info[0]
    listener = socket.socket(family, kind, protocol)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(BACKLOG)  # here, as the port of one that is bound but does not listen yet looks free
    except OSError:
        listener.close()
        raise
    return listener
