"""The websocket to the relay: one connection, from hello to its end. What follows is up to the link."""

import asyncio
import contextlib
import logging
import os
import ssl
from collections.abc import Awaitable, Callable

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus, InvalidURI, ProxyError

from print_agent.connection.close_reasons import Disconnect, Why, closed, other_version, refused
from print_agent.connection.proxy import Network
from print_agent.errors import NetworkError, NoRoom, SpoolFull
from print_agent.jobs.manager import Jobs
from print_agent.protocol import messages as p
from print_agent.protocol.errors import ProtocolError
from print_agent.runtime import clock
from print_agent.version import SOFTWARE


log = logging.getLogger(__name__)

#: Longest wait for a connection, and for the welcome, in seconds.
OPEN_TIMEOUT, WELCOME_TIMEOUT = 10.0, 10.0
#: Pause between two pings, and the longest wait for the answer to one, in seconds.
PING_INTERVAL, PING_TIMEOUT = 5.0, 20.0
#: A go may have been on its way for so many seconds and still count from now. The server's margin is longer.
MAX_TRANSIT = 10.0
#: Outcomes that were not acknowledged are sent again this often, in seconds.
OUTCOME_REPEAT_INTERVAL = 15.0
#: Largest frame: a document and a little more.
MAX_FRAME = p.MAX_DOCUMENT + 1024 * 1024


class Outbox:
    """Outgoing messages, in order. What gets lost is sent again, so nothing here is durable."""

    def __init__(self) -> None:
        self._messages: asyncio.Queue[p.FromAgent] = asyncio.Queue()

    def put(self, message: p.FromAgent) -> None:
        """Add a message; it is sent after those that are there."""
        self._messages.put_nowait(message)

    async def get(self) -> p.FromAgent:
        """Wait for the next message."""
        return await self._messages.get()

    def empty(self) -> bool:
        """Whether everything was taken."""
        return self._messages.empty()


class Stream:
    """One websocket. :meth:`run` returns when it ended, and never raises for what a network or a server does.

    :param printers: gives the present list of printers
    :param before_hello: awaited once the server accepted the connection, before anything is said
    :param welcomed: called on the welcome
    :param called: called with the desks that call the tech, whenever that changes
    """

    def __init__(self, url: str, token: str, source: str, jobs: Jobs, printers: Callable[[], tuple[p.Printer, ...]], *,
                 network: Network, before_hello: Callable[[], Awaitable[None]] | None = None,
                 welcomed: Callable[[p.Welcome], None] = lambda _welcome: None,
                 called: Callable[[p.Calls], None] = lambda _calls: None):
        self._url = url
        self._token = token
        self._source = source
        self._jobs = jobs
        self._printers = printers
        self._network = network
        self._before_hello = before_hello
        self._welcomed = welcomed
        self._called = called
        self._outbox = Outbox()
        self._begun: float | None = None
        self._pending: tuple[p.Job, float] | None = None
        self._woke = asyncio.Event()
        #: What is read now was said after this moment.
        self._asked = 0.0
        self._reading = False

    def put(self, message: p.FromAgent) -> None:
        """Say something on this connection."""
        self._outbox.put(message)

    def flushed(self) -> bool:
        """Whether everything was handed to the network."""
        return self._outbox.empty()

    def wake(self) -> None:
        """The computer slept: whatever this connection looks like, it is stale."""
        self._woke.set()

    async def run(self) -> Disconnect:
        """Connect, speak until the connection ends, and return why it did."""
        try:
            async with connect(self._url, additional_headers={'Authorization': f'Bearer {self._token}'},
                               user_agent_header=SOFTWARE, compression=None, max_size=MAX_FRAME,
                               open_timeout=OPEN_TIMEOUT, ping_interval=None, close_timeout=3,
                               **self._network.for_websockets(self._url)) as ws:
                return await self._talk(ws)
        except InvalidStatus as exc:
            return refused(exc.response.status_code, exc.response.headers.get('Retry-After', ''))
        except NetworkError as exc:
            return Disconnect(Why.lost, str(exc))
        except ProxyError as exc:
            return Disconnect(Why.no_relay, f'the proxy does not let websockets through ({exc})'[:300])
        except ConnectionClosed as exc:
            if exc.rcvd is None and exc.sent is not None and exc.sent.code == 1009:
                return Disconnect(Why.too_large, 'Indico sent more than this print agent takes; update the print agent',
                                  self._lasted)
            code = exc.rcvd.code if exc.rcvd is not None else 1006
            return closed(code, self._lasted)
        except (InvalidHandshake, InvalidURI) as exc:
            return Disconnect(Why.no_relay, f'no websocket there ({type(exc).__name__})')
        except TimeoutError:
            return Disconnect(Why.lost, 'no answer in time', self._lasted)
        except ssl.SSLCertVerificationError as exc:
            return Disconnect(Why.lost, f"the server's certificate is not trusted ({exc.verify_message}); see ca_file",
                              self._lasted)
        except OSError as exc:
            why = os.strerror(exc.errno) if exc.errno else type(exc).__name__  # asyncio's own words name addresses
            return Disconnect(Why.lost, f'Indico cannot be reached ({why}); check the network of this computer',
                              self._lasted)

    @property
    def _lasted(self) -> float:
        return 0.0 if self._begun is None else clock.now() - self._begun

    async def _talk(self, ws: ClientConnection) -> Disconnect:
        if self._before_hello is not None:
            await self._before_hello()
        self._asked = clock.now()
        await ws.send(p.encode(self._jobs.hello(self._source, SOFTWARE, self._printers())).decode())
        async with asyncio.timeout(WELCOME_TIMEOUT):
            welcome = await self._welcome(ws)
        if welcome.protocol != p.PROTOCOL:
            return Disconnect(Why.version, other_version(welcome.protocol))
        self._begun = clock.now()
        self._welcomed(welcome)
        self._jobs.listen(self._source, self.put)
        try:
            for message in self._jobs.owed(self._source):
                self.put(message)
            return await self._loops(ws, welcome.heartbeat / 2)
        except asyncio.CancelledError:
            await ws.close(1001, 'the print agent stops')
            raise
        finally:
            self._jobs.listen(self._source, None)

    async def _welcome(self, ws: ClientConnection) -> p.Welcome:
        while True:
            frame = await ws.recv()
            try:
                message = p.decode_from_server(frame)
            except ProtocolError as exc:
                log.warning('before the welcome: %s', exc.detail)
                continue
            if isinstance(message, p.Welcome):
                return message

    async def _loops(self, ws: ClientConnection, beat: float) -> Disconnect:
        loops = [asyncio.create_task(loop) for loop in
                 (self._read(ws), self._write(ws), self._heartbeat(max(beat, 0.05)), self._repeat(), self._ping(ws),
                  self._woken())]
        try:
            done, _ = await asyncio.wait(loops, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
            return Disconnect(Why.lost, 'this computer slept' if self._woke.is_set() else 'the connection was closed',
                              self._lasted)
        finally:
            for task in loops:
                task.cancel()
            await asyncio.gather(*loops, return_exceptions=True)

    async def _write(self, ws: ClientConnection) -> None:
        while True:
            await ws.send(p.encode(await self._outbox.get()).decode())

    async def _heartbeat(self, interval: float) -> None:
        while True:
            await asyncio.sleep(interval)
            self.put(p.Heartbeat(depth=self._jobs.depth))

    async def _repeat(self) -> None:
        while True:
            await asyncio.sleep(OUTCOME_REPEAT_INTERVAL)
            for message in self._jobs.owed(self._source):
                self.put(message)

    async def _woken(self) -> None:
        await self._woke.wait()

    async def _ping(self, ws: ClientConnection) -> None:
        while True:
            asked = clock.now()
            async with asyncio.timeout(PING_TIMEOUT):
                await (await ws.ping())
            # Frames come in order: what comes after the pong was said after the ping. While the reader is busy, frames
            # from before the pong may still wait for it.
            if self._reading:
                self._asked = asked
            await asyncio.sleep(PING_INTERVAL)

    def _said(self) -> float:
        """The time from which a go that was just read counts.

        It may have waited in the network, or in this computer while it slept, until the server gave it up.
        """
        now = clock.now()
        return now if now - self._asked <= MAX_TRANSIT else self._asked

    async def _read(self, ws: ClientConnection) -> None:
        while True:
            self._reading = True
            frame = await ws.recv()
            self._reading = False
            if isinstance(frame, bytes):
                await self._document(frame)
                continue
            if self._pending is not None:
                header, self._pending = self._pending[0], None
                self.put(p.Error(code='no_document', detail='A text frame came where the document was due.',
                                 job=header.job))
            try:
                message = p.decode_from_server(frame)
            except ProtocolError as exc:
                log.warning('message from the server not understood: %s', exc.detail)
                self.put(p.Error(code=exc.reason, detail=exc.detail))
                continue
            if isinstance(message, p.Job):
                self._pending = (message, self._said())
            elif isinstance(message, p.Calls):
                self._called(message)
            else:
                dispatch(self._jobs, self._source, message, received=self._said())

    async def _document(self, frame: bytes) -> None:
        if self._pending is None:
            self.put(p.Error(code='unexpected_document', detail='A binary frame came without a job before it.'))
            return
        (header, received), self._pending = self._pending, None
        with contextlib.suppress(NoRoom):  # it was sent to the server already
            await self._jobs.receive(self._source, header, frame, received=received)


def dispatch(jobs: Jobs, source: str, message: p.FromServer, *, received: float) -> None:
    """Carry out a message that needs no document."""
    try:
        _carry_out(jobs, source, message, received)
    except SpoolFull as exc:
        log.warning('%s', exc)  # the server sends it again, as nothing was acknowledged


def _carry_out(jobs: Jobs, source: str, message: p.FromServer, received: float) -> None:
    match message:
        case p.Go():
            jobs.go(source, message, received=received)
        case p.Cancel():
            jobs.cancel(source, message)
        case p.Ack():
            jobs.ack(source, message)
        case p.Drain():
            log.info('the server is about to stop: %s', message.reason or 'no reason given')
        case p.Error():
            log.warning('the server did not understand us: %s (%s)', message.code, message.detail)
