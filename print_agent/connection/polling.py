"""Polling over plain HTTPS, for networks that let no websocket through and for servers without a relay.

One request at a time. An answer that nobody waits for any more is dropped: the next hello says what this agent
holds, so nothing is lost by that.
"""

import asyncio
import contextlib
import logging
import ssl
from collections.abc import Callable
from urllib.parse import quote

import httpx
import msgspec

from print_agent.connection.backoff import Backoff, retry_after
from print_agent.connection.close_reasons import TOO_LARGE, Why, other_version
from print_agent.connection.proxy import Network
from print_agent.connection.websocket import dispatch
from print_agent.errors import NoRoom, PollFailed
from print_agent.jobs.manager import Jobs
from print_agent.protocol import messages as p
from print_agent.protocol import offer, reasons
from print_agent.runtime import clock
from print_agent.version import SOFTWARE


log = logging.getLogger(__name__)

#: Longest wait for an answer, in seconds.
POLL_TIMEOUT = 15.0
#: Shortest pauses between two polls, whatever the server asks for: ordinarily, and with something urgent to say, in
#: seconds.
MIN_PAUSE, MIN_URGENT_PAUSE = 0.5, 0.1
#: Attempts to fetch one document.
MAX_FETCHES = 3
#: Most messages in one poll.
MAX_MESSAGES = 500
#: Largest reply, in bytes.
MAX_REPLY = 4 * 1024 * 1024

_decoder = msgspec.json.Decoder(p.PollReply)


class _Refusal(msgspec.Struct):
    error: str
    message: str = ''


class Poller:
    """Polls for one server until cancelled.

    :param link: the name of this link, the same for all pollers of a run: a poll that arrives late disconnects nobody
    :param healthy: called after every good answer
    :param welcomed: called with the welcome in every good answer
    :param called: called with the desks that call the tech, as in every good answer of an Indico that says so
    :param failed: called with the reason of every failure
    """

    def __init__(self, poll_url: str, document_url: str, token: str, link: str, source: str, jobs: Jobs,
                 printers: Callable[[], tuple[p.Printer, ...]], *, network: Network,
                 healthy: Callable[[], None] = lambda: None,
                 welcomed: Callable[[p.Welcome], None] = lambda _welcome: None,
                 called: Callable[[p.Calls], None] = lambda _calls: None,
                 failed: Callable[[PollFailed], None] = lambda _failure: None,
                 transport: httpx.AsyncBaseTransport | None = None, backoff: Backoff | None = None):
        self._poll_url = poll_url
        self._document_url = document_url
        self._source = source
        self._jobs = jobs
        self._printers = printers
        self._healthy = healthy
        self._welcomed = welcomed
        self._called = called
        self._failed = failed
        self._backoff = backoff or Backoff()
        self._client = httpx.AsyncClient(timeout=POLL_TIMEOUT, transport=transport, follow_redirects=False, headers={
            'Authorization': f'Bearer {token}', 'User-Agent': SOFTWARE}, **network.for_httpx(poll_url))
        self._said: list[p.FromAgent] = []
        self._link = link
        self._begins = True
        self._stopping = False
        self._urgent = asyncio.Event()
        self._woken = asyncio.Event()

    def put(self, message: p.FromAgent) -> None:
        """Say something with the next poll; what a volunteer waits for is said at once."""
        self._said.append(message)
        if not isinstance(message, p.Heartbeat | p.Printers):
            self._urgent.set()

    def flushed(self) -> bool:
        """Whether everything was said."""
        return not self._said

    def stop(self) -> None:
        """Finish the poll that is under way, then end. One that waits or takes long has to be cancelled."""
        self._stopping = True
        self.wake()

    def wake(self) -> None:
        """End a pause now: the computer slept, or it is over."""
        self._urgent.set()
        self._woken.set()

    async def run(self) -> None:
        """Poll until stopped or cancelled. Cancelling drops the answer that is under way."""
        self._jobs.listen(self._source, self.put)
        try:
            while not self._stopping:
                try:
                    pause = await self._once()
                    self._backoff.reset()
                    self._healthy()
                except PollFailed as exc:
                    self._failed(exc)
                    hopeless = exc.reason in (Why.rejected, Why.version, Why.too_large)  # a person has to mend that
                    wait = self._backoff.slow() if hopeless else self._backoff.next()
                    # On top of what the server asks for, or all agents would come back together.
                    await self._pause(self._woken, exc.wait + wait)
                    continue
                await self._pause(self._woken, MIN_URGENT_PAUSE)
                await self._pause(self._urgent, max(pause, MIN_PAUSE) - MIN_URGENT_PAUSE)
        finally:
            self._jobs.listen(self._source, None)
            await self._client.aclose()

    async def _pause(self, end: asyncio.Event, seconds: float) -> None:
        with contextlib.suppress(TimeoutError):  # nothing happened: the next poll is due anyway
            async with asyncio.timeout(0 if self._stopping else seconds):
                await end.wait()

    async def _once(self) -> float:
        if not self._stopping:
            self._urgent.clear()
            self._woken.clear()
        hello = self._jobs.hello(self._source, SOFTWARE, self._printers())
        said, self._said = self._said, []
        # In this order: what was said last is what counts, and a badge comes out after it is being printed.
        owed = [message for message in self._jobs.owed(self._source) if message not in said]
        messages = offer.fitting([*said, *owed], offer.POLL_BYTES)[:MAX_MESSAGES]
        if len(said) > len(messages):
            said, self._said = said[:len(messages)], said[len(messages):]
            self._urgent.set()
        # The answer cannot be older than the question, however long it was on its way or this computer asleep.
        asked = clock.now()
        try:
            reply = await self._ask(p.Poll(link=self._link, begins=self._begins, hello=hello,
                                           messages=tuple(messages)))
        except BaseException:
            # Said again next time, as everything here may be heard twice; the next hello has the printers anyway.
            self._said = [m for m in said if not isinstance(m, p.Printers | p.Heartbeat)] + self._said
            raise
        self._begins = False
        for message in reply.messages:
            if isinstance(message, p.Job):
                await self._fetch(message, asked)
            elif isinstance(message, p.Welcome):
                if message.protocol != p.PROTOCOL:
                    raise PollFailed(other_version(message.protocol), Why.version)
                self._welcomed(message)
            elif isinstance(message, p.Calls):
                self._called(message)
            else:
                dispatch(self._jobs, self._source, message, received=asked)
        return reply.next_in

    async def _ask(self, poll: p.Poll) -> p.PollReply:
        try:
            reply = await self._client.post(self._poll_url, content=p.encode(poll),
                                            headers={'Content-Type': 'application/json'})
        except httpx.ProxyError as exc:
            raise PollFailed(f'the proxy does not let the request through ({exc})'[:300]) from exc
        except httpx.HTTPError as exc:
            if isinstance(exc.__context__, ssl.SSLCertVerificationError) or 'CERTIFICATE_VERIFY' in str(exc):
                raise PollFailed("Indico's certificate is not trusted; see ca_file") from exc
            raise PollFailed(_silence(exc)) from exc
        if reply.status_code == 401:
            raise PollFailed("Indico does not know this agent's token, or it was revoked; pair it again",
                             Why.rejected)
        if reply.status_code == 409:
            # Polling further disconnects nobody, because it is done as the older link that this is.
            raise PollFailed('the same print agent speaks from another computer (or from a copy of this one); this one '
                             'gets nothing until that has been silent for half a minute. If this is the right '
                             'computer, stop the other one; otherwise pair this one with a code of its own',
                             Why.replaced)
        if reply.status_code == 400 and (said := _version_error(reply.content)):
            raise PollFailed(f'Indico and this print agent do not speak the same version of the protocol: {said}',
                             Why.version)
        if reply.status_code == 413:
            raise PollFailed(TOO_LARGE, Why.too_large)
        if reply.status_code == 429:
            raise PollFailed('the server asks to slow down (HTTP 429)',
                             wait=retry_after(reply.headers.get('Retry-After', '')))
        if 300 <= reply.status_code < 400:
            raise PollFailed(f'something that is not Indico answers (HTTP {reply.status_code}); is a login page of '
                             f'this network in between?')
        if reply.status_code != 200:
            raise PollFailed(f'Indico answered with HTTP {reply.status_code}',
                             wait=retry_after(reply.headers.get('Retry-After', '')))
        if len(reply.content) > MAX_REPLY:
            raise PollFailed(f'the answer has {len(reply.content)} bytes; the limit is {MAX_REPLY}')
        try:
            return _decoder.decode(reply.content)
        except (msgspec.MsgspecError, UnicodeDecodeError) as exc:
            raise PollFailed('the answer is not one of Indico; is a login page or a proxy in between?') from exc

    def _url_of(self, job: p.Job) -> str:
        return f'{self._document_url}/{quote(job.job, safe="")}/{job.dispatch}'

    async def _fetch(self, job: p.Job, received: float) -> None:
        for attempt in range(MAX_FETCHES):
            if attempt:
                await asyncio.sleep(self._backoff.next() if attempt > 1 else 0.2)
            try:
                async with self._client.stream('GET', self._url_of(job)) as reply:
                    if reply.status_code in (404, 410):
                        break
                    if reply.status_code != 200:
                        continue
                    document = bytearray()
                    async for chunk in reply.aiter_bytes():
                        document += chunk
                        if len(document) > job.length:
                            break
            except httpx.HTTPError as exc:
                log.info('document of job %s.%d did not arrive: %s', job.job, job.dispatch, type(exc).__name__)
                continue
            with contextlib.suppress(NoRoom):  # it says so itself
                await self._jobs.receive(self._source, job, bytes(document), received=received)
            return
        # Not kept, so not owed; if this message is lost, the next hello shows that the job is not here.
        self.put(p.Returned(job=job.job, dispatch=job.dispatch, reason='document_unavailable',
                            detail=reasons.sentence('document_unavailable')))


def _silence(exc: httpx.HTTPError) -> str:
    """Why there was no answer, in words for the person at the desk."""
    if isinstance(exc, httpx.TimeoutException):
        return 'Indico does not answer in time'
    if isinstance(exc, httpx.ConnectError):
        return 'Indico cannot be reached; check the network of this computer'
    return f'no answer from Indico ({type(exc).__name__})'


def _version_error(body: bytes) -> str:
    """Indico's sentence about a version that it does not speak; empty if the answer is about something else."""
    try:
        refusal = msgspec.json.decode(body, type=_Refusal)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return ''
    return refusal.message[:300] if refusal.error == 'version' else ''
