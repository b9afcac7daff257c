"""Keeps one Indico reachable: by websocket if possible, by polling if not, never by both at once.

Polling continues while the websocket is tried again in the background. As soon as a websocket is accepted, polling
stops, and only then the hello is sent: so the server always hears from one of them, and its first message says all.
"""

import asyncio
import contextlib
import logging
import random
import time
from collections.abc import Callable
from typing import Literal
from uuid import uuid4

import httpx

from print_agent.connection.backoff import Backoff
from print_agent.connection.close_reasons import Disconnect, Why
from print_agent.connection.pairing import Pairing
from print_agent.connection.polling import Poller
from print_agent.connection.proxy import Network
from print_agent.connection.websocket import Stream
from print_agent.errors import PollFailed
from print_agent.jobs.manager import Jobs
from print_agent.protocol import messages as p
from print_agent.runtime import clock


log = logging.getLogger(__name__)

Mode = Literal['auto', 'stream', 'poll']

#: Failed websockets after which ``auto`` begins to poll.
FAILURES_BEFORE_POLL = 3
#: Window for the next attempt at a server that speaks another version, in seconds: somebody may be updating it.
VERSION_RETRY_WINDOW = 300.0
#: Only a connection that lasted this long is a healthy one, in seconds.
MIN_HEALTHY_DURATION = 10.0
#: How long a websocket waits for the last poll before it says hello, in seconds.
LAST_POLL_TIMEOUT = 3.0
#: How long a link that was replaced waits before it says so, in seconds: if this computer was paired again just now,
#: the new pairing takes over within that time, and nothing is wrong.
REPLACED_GRACE = 4.0
#: For so many seconds after the last poll, "another connection took over" may mean our own late poll.
OWN_POLL_WINDOW = 30.0


class Link:
    """The link to one Indico. Runs until cancelled."""

    def __init__(self, pairing: Pairing, jobs: Jobs, printers: Callable[[], tuple[p.Printer, ...]], *,
                 mode: Mode = 'auto', wanted: Callable[[str, frozenset[str]], None] = lambda _source, _names: None,
                 network: Network | None = None, backoff: Backoff | None = None,
                 stay_away: float = VERSION_RETRY_WINDOW, grace: float = REPLACED_GRACE,
                 steady: float = MIN_HEALTHY_DURATION,
                 transport: httpx.AsyncBaseTransport | None = None, poll_backoff: Callable[[], Backoff] = Backoff):
        self.pairing = pairing
        self._jobs = jobs
        self._printers = printers
        self._wanted = wanted
        self._mode = mode
        self._network = network or Network()
        self._network.for_httpx(pairing.poll)  # a wrong setting is found at the start, not at the first fallback
        self._name = uuid4().hex
        self._backoff = backoff or Backoff(rng=random.Random())  # noqa: S311 - spreads load, hides nothing
        self._stay_away = stay_away
        self._grace = grace
        self._steady = steady
        self._woken = asyncio.Event()
        self._transport = transport
        self._poll_backoff = poll_backoff
        self._stream: Stream | None = None
        self._poller: Poller | None = None
        self._polling: asyncio.Task[None] | None = None
        self._problem = ''
        #: Kinds of problems that were logged, and whether the last line says that it is connected.
        self._logged: set[str] = set()
        self._logged_connected = False
        self._fell_back = False
        self._polled = self._healthy_since = float('-inf')
        #: ``stream`` or ``poll`` while the server answers, else ``down``; for the status page.
        self.state: Literal['down', 'stream', 'poll'] = 'down'
        #: Desks that call the tech, and when that was said (wall clock, seconds since 1970).
        self._calls: tuple[p.Call, ...] = ()
        self._called_at = 0.0
        #: Another computer speaks for this agent now; this link stays silent until the agent is started again.
        self.replaced = False

    @property
    def problem(self) -> str:
        """Why there is no connection, in words; empty if there is one."""
        return self._problem

    @property
    def calls(self) -> tuple[tuple[p.Call, float], ...]:
        """Desks that call the tech, and since when (wall clock, seconds since 1970); none while that is not known."""
        if self.state == 'down':
            return ()
        return tuple((call, self._called_at - call.seconds) for call in self._calls)

    def _hear_calls(self, message: p.Calls) -> None:
        self._calls, self._called_at = message.calls, time.time()

    def put(self, message: p.FromAgent) -> None:
        """Say something that is not about a job, if the server listens."""
        if self._poller is not None:
            self._poller.put(message)
        elif self._stream is not None:
            self._stream.put(message)

    def flushed(self) -> bool:
        """Whether everything that can be said now was said."""
        speaker = self._poller or self._stream
        return speaker is None or self.state == 'down' or speaker.flushed()

    def wake(self) -> None:
        """The computer slept: connect anew, now."""
        self._woken.set()
        if self._poller is not None:
            self._poller.wake()
        if self._stream is not None:
            self._stream.wake()

    async def run(self) -> None:
        """Stay connected until cancelled."""
        # The group, because nobody would notice a poller that died: the link would be silent for ever.
        async with asyncio.TaskGroup() as self._group:
            try:
                await self._connect()
            finally:
                await self._stop_polling()

    async def _connect(self) -> None:
        if self._mode == 'poll':
            self._start_polling()
            assert self._polling is not None
            await self._polling
        while True:
            self._stream = Stream(self.pairing.stream, self.pairing.token, self.pairing.id, self._jobs,
                                  self._printers, network=self._network, before_hello=self._stop_polling,
                                  welcomed=self._welcomed, called=self._hear_calls)
            self._woken.clear()
            end = await self._stream.run()
            self._stream = None
            if end.why in (Why.replaced, Why.rejected):
                if self.state == 'stream':
                    self.state = 'down'
                await asyncio.sleep(self._grace)
            wait = self._after(end)
            if self.replaced:
                await asyncio.Event().wait()
            with contextlib.suppress(TimeoutError):  # nothing woke us: the wait is over
                async with asyncio.timeout(wait):
                    await self._woken.wait()
                    # All laptops in a room wake up together.
                    await asyncio.sleep(self._backoff.spread())

    def _after(self, end: Disconnect) -> float:
        """Decide what follows the end of a websocket; return the seconds until the next one."""
        if self.state == 'stream':
            self.state = 'down'
        if end.lasted >= self._steady:
            # A server that welcomes and then disconnects again and again is not healthy.
            self._backoff.reset()
            self._logged.clear()
        self._log_problem(end.text, end.why)
        if end.why is Why.replaced and clock.now() - self._polled >= OWN_POLL_WINDOW:
            # Coming back, in any way, would disconnect the other one, which would come back in turn, for ever.
            self.replaced = True
            log.error('%s: this print agent has stopped printing for "%s", as the same agent connected from another '
                      'computer (or from a copy of this one). If this is the right computer, stop the other one and '
                      'restart the print agent here; otherwise pair this one with a code of its own.',
                      self.pairing.url, self.pairing.event_title)
            return 0.0
        if end.why is Why.version:
            return self._backoff.slow(self._stay_away)
        if end.why is Why.rejected:
            return self._backoff.slow()
        if end.why is Why.too_large:
            # It would be as large the next time. A poll may hold more, and the printers may change.
            if self._mode == 'auto':
                self._fell_back = True
                self._start_polling()
            return self._backoff.slow(self._stay_away)
        # On top of what the server asks for, or all agents would come back together.
        wait = end.wait + self._backoff.next()
        if end.why is Why.no_relay or self._backoff.failures >= FAILURES_BEFORE_POLL:
            self._fell_back = True
        if self._mode == 'auto' and self._fell_back:
            self._start_polling()
        return wait

    def _welcomed(self, welcome: p.Welcome) -> None:
        self._fell_back = False
        self._calls = ()
        self.state = 'stream'
        self._log_connected('by websocket')
        self._heard_welcome(welcome)

    def _heard_welcome(self, welcome: p.Welcome) -> None:
        self._wanted(self.pairing.id, frozenset(welcome.wanted))

    # -- polling ------------------------------------------------------------------------------------------------------

    def _start_polling(self) -> None:
        if self._polling is not None:
            return
        self._poller = Poller(self.pairing.poll, self.pairing.document, self.pairing.token, self._name, self.pairing.id,
                              self._jobs, self._printers, network=self._network, healthy=self._poll_healthy,
                              welcomed=self._heard_welcome, called=self._hear_calls, failed=self._poll_failed,
                              transport=self._transport, backoff=self._poll_backoff())
        self._polling = self._group.create_task(self._poller.run())

    async def _stop_polling(self) -> None:
        task, poller, self._polling, self._poller = self._polling, self._poller, None, None
        if task is not None and poller is not None:
            self._polled = clock.now()
            # The server must not hear a poll after the hello of the websocket, or it would think that the poll is
            # the newer connection. So the one under way may end; only if it takes long its answer is dropped.
            poller.stop()
            await asyncio.wait([task], timeout=LAST_POLL_TIMEOUT)
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            if self.state == 'poll':
                self.state = 'down'

    def _poll_healthy(self) -> None:
        if self.state != 'poll':
            self.state = 'poll'
            self._healthy_since = clock.now()
            self._log_connected('by polling')

    def _poll_failed(self, failure: PollFailed) -> None:
        if self.state == 'poll' and clock.now() - self._healthy_since >= self._steady:
            self._logged.clear()
        self.state = 'down'
        self._log_problem(failure.detail, failure.reason)

    # -- the log: one line for each kind of problem --------------------------------------------------------------------

    def _log_problem(self, text: str, kind: str) -> None:
        if self.state == 'poll':
            return
        self._problem = text
        if kind not in self._logged:
            self._logged.add(kind)
            self._logged_connected = False
            log.warning('no connection to %s: %s', self.pairing.url, text)

    def _log_connected(self, how: str) -> None:
        self._problem = ''
        if not self._logged_connected:  # one that is accepted and disconnected again and again is not logged each time
            log.info('%s to %s %s', 'reconnected' if self._logged else 'connected', self.pairing.url, how)
        self._logged_connected = True
