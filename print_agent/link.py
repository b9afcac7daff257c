"""Keeps one Indico reachable: by websocket if possible, by polling if not, never by both at once.

Polling goes on while the websocket is tried again in the background. As soon as a websocket is let in, polling stops,
and only then the hello goes out: so the server always hears from one of them, with the whole truth in the first word.
"""

import asyncio
import logging
import random
import time
from collections.abc import Callable
from typing import Literal

import httpx

from print_agent import protocol as p
from print_agent.backoff import Backoff
from print_agent.jobs import Jobs
from print_agent.pairing import Pairing
from print_agent.poll import Poller, PollFailed
from print_agent.stream import Disconnect, Stream, Why


log = logging.getLogger(__name__)

Mode = Literal['auto', 'stream', 'poll']

#: Failed websockets after which ``auto`` begins to poll.
FAILURES_BEFORE_POLL = 3
#: How long to stay away after another connection of the same agent took over, or with a wrong version, in seconds.
STAY_AWAY = 300.0
#: How long a websocket waits for the end of a poll before it speaks, in seconds.
LAST_POLL = 3.0
#: So many seconds after the last poll, "another connection took over" may mean our own late poll.
OWN_POLL = 30.0


class Link:
    """The link to one Indico. Runs until cancelled."""

    def __init__(self, pairing: Pairing, jobs: Jobs, printers: Callable[[], tuple[p.Printer, ...]], *,
                 mode: Mode = 'auto', backoff: Backoff | None = None, stay_away: float = STAY_AWAY,
                 transport: httpx.AsyncBaseTransport | None = None, poll_backoff: Callable[[], Backoff] = Backoff):
        self.pairing = pairing
        self._jobs = jobs
        self._printers = printers
        self._mode = mode
        self._backoff = backoff or Backoff(rng=random.Random())  # noqa: S311 - spreads load, hides nothing
        self._stay_away = stay_away
        self._transport = transport
        self._poll_backoff = poll_backoff
        self._stream: Stream | None = None
        self._poller: Poller | None = None
        self._polling: asyncio.Task[None] | None = None
        self._trouble = ''
        self._told: set[str] = set()
        self._fell_back = False
        self._polled = float('-inf')
        #: ``stream`` or ``poll`` while the server answers, else ``down``; for the status page.
        self.state: Literal['down', 'stream', 'poll'] = 'down'

    @property
    def trouble(self) -> str:
        """Why there is no connection, in words; empty if there is one."""
        return self._trouble

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

    async def run(self) -> None:
        """Stay connected until cancelled."""
        try:
            if self._mode == 'poll':
                self._start_polling()
                assert self._polling is not None
                await self._polling
            while True:
                self._stream = Stream(self.pairing.stream, self.pairing.token, self.pairing.id, self._jobs,
                                      self._printers, before_hello=self._stop_polling, welcomed=self._welcomed)
                end = await self._stream.run()
                self._stream = None
                await asyncio.sleep(self._after(end))
        finally:
            await self._stop_polling()

    def _after(self, end: Disconnect) -> float:
        """Decide what follows the end of a websocket; return the seconds until the next one."""
        if self.state == 'stream':
            self.state = 'down'
        if end.healthy:
            self._backoff.reset()
        self._say_trouble(end.text, end.why.value)
        own = end.why is Why.replaced and time.monotonic() - self._polled < OWN_POLL
        if end.why in (Why.replaced, Why.version) and not own:
            # Polling would only make the two fight by other means.
            return self._backoff.slow(self._stay_away)
        if end.why is Why.rejected:
            return self._backoff.slow()
        wait = self._backoff.next()
        if end.why is Why.no_relay or self._backoff.failures >= FAILURES_BEFORE_POLL:
            self._fell_back = True
        if self._mode == 'auto' and self._fell_back:
            self._start_polling()
        return wait

    def _welcomed(self, welcome: p.Welcome) -> None:
        self._backoff.reset()
        self._fell_back = False
        self.state = 'stream'
        self._say_connected('by websocket')

    # -- polling ------------------------------------------------------------------------------------------------------

    def _start_polling(self) -> None:
        if self._polling is not None:
            return
        self._poller = Poller(self.pairing.poll, self.pairing.document, self.pairing.token, self.pairing.id,
                              self._jobs, self._printers, healthy=self._poll_healthy, failed=self._poll_failed,
                              transport=self._transport, backoff=self._poll_backoff())
        self._polling = asyncio.create_task(self._poller.run())

    async def _stop_polling(self) -> None:
        task, poller, self._polling, self._poller = self._polling, self._poller, None, None
        if task is not None and poller is not None:
            self._polled = time.monotonic()
            # The server must not hear a poll after the hello of the websocket, or it would think that the poll is
            # the newer connection. So the one under way may end; only if it takes long its answer is dropped.
            poller.stop()
            await asyncio.wait([task], timeout=LAST_POLL)
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            if self.state == 'poll':
                self.state = 'down'

    def _poll_healthy(self) -> None:
        if self.state != 'poll':
            self.state = 'poll'
            self._say_connected('by polling')

    def _poll_failed(self, failure: PollFailed) -> None:
        self.state = 'down'
        self._say_trouble(failure.text, 'rejected' if failure.rejected else 'lost')

    # -- words, once per kind of trouble -------------------------------------------------------------------------------

    def _say_trouble(self, text: str, kind: str) -> None:
        if self.state == 'poll':
            return
        self._trouble = text
        if kind not in self._told:
            self._told.add(kind)
            log.warning('no connection to %s: %s', self.pairing.url, text)

    def _say_connected(self, how: str) -> None:
        log.info('%s to %s %s', 'reconnected' if self._told else 'connected', self.pairing.url, how)
        self._trouble = ''
        self._told.clear()
