"""Reports to the sender of a webhook what became of its badge, until the sender acknowledges it.

What is still to be reported is read from the spool, so a restart loses nothing.
"""

import asyncio
import hashlib
import logging
import time
from collections.abc import Awaitable, Mapping
from functools import partial

import httpx
import msgspec

from print_agent.connection.backoff import Backoff
from print_agent.connection.proxy import Network
from print_agent.errors import NetworkError, SpoolFull
from print_agent.jobs import decisions
from print_agent.jobs.manager import Jobs
from print_agent.protocol import messages as p
from print_agent.protocol import signing
from print_agent.spool.job import Entry, Source
from print_agent.version import SOFTWARE


log = logging.getLogger(__name__)

#: Longest wait for an answer, in seconds.
REPORT_TIMEOUT = 10.0
#: How often the spool is checked when nothing woke this loop, in seconds.
CHECK_INTERVAL = 1.0
#: An outcome that nobody acknowledged for this long is dropped, in seconds.
MAX_REPORT_AGE = 86400.0

_decoder = msgspec.json.Decoder(p.Ack)


class OutcomeReporter:
    """Reports outcomes of webhook jobs.

    :param secrets: the secrets of each webhook endpoint, by printer
    """

    def __init__(self, jobs: Jobs, secrets: Mapping[str, tuple[str, ...]], *,
                 network: Network | None = None, transport: httpx.AsyncBaseTransport | None = None,
                 first_retry: float = 1.0):
        self._jobs = jobs
        self._secrets = secrets
        self._network = network or Network()
        self._transport = transport
        self._clients: dict[str | None, httpx.AsyncClient] = {}
        self._first_retry = first_retry
        self._retries: dict[int, tuple[Backoff, float]] = {}
        self._news = asyncio.Event()
        self._progress: list[tuple[str, p.Printing]] = []
        for printer in secrets:
            source = str(Source.webhook(printer))
            jobs.listen(source, partial(self._hear, source))

    def _hear(self, source: str, message: p.FromAgent) -> None:
        if isinstance(message, p.Printing):
            self._progress.append((source, message))
        self._news.set()

    async def run(self) -> None:
        """Report until cancelled."""
        try:
            while True:
                self._news.clear()
                await self._report()
                try:
                    async with asyncio.timeout(CHECK_INTERVAL):
                        await self._news.wait()
                except TimeoutError:
                    pass  # retries may be due
        finally:
            for client in self._clients.values():
                await client.aclose()

    def _client(self, url: str) -> httpx.AsyncClient:
        proxy = self._network.proxy_for(url)
        if proxy not in self._clients:
            self._clients[proxy] = httpx.AsyncClient(
                timeout=REPORT_TIMEOUT, transport=self._transport, follow_redirects=False,
                headers={'User-Agent': SOFTWARE}, **self._network.for_httpx(url))
        return self._clients[proxy]

    async def _report(self) -> None:
        progress, self._progress = self._progress, []
        reports: list[Awaitable[object]] = []
        for source, message in progress:
            entry = self._jobs.find(source, message.job)
            if entry is not None and entry.callback:
                reports.append(self._post(entry, message))
        now = time.monotonic()
        for entry in self._jobs.callbacks():
            end = decisions.outcome_message(entry)
            if end is not None and now >= self._retries.get(entry.seq, (None, 0.0))[1]:
                reports.append(self._report_end(entry, end))
        # Printing first: it was queued first, and a report that fails does not hold up the others.
        await asyncio.gather(*reports)

    async def _report_end(self, entry: Entry, end: p.Outcome) -> None:
        if await self._post(entry, end) and self._forget(entry):
            return
        backoff = self._retries.get(entry.seq, (Backoff(first=self._first_retry), 0.0))[0]
        self._retries[entry.seq] = (backoff, time.monotonic() + backoff.next())
        if time.time() - entry.received > MAX_REPORT_AGE:
            log.warning('job %s.%d: nobody acknowledged its outcome for a day; dropped', entry.job, entry.dispatch)
            self._forget(entry)

    def _forget(self, entry: Entry) -> bool:
        """There is nothing more to report. False: the disk has no room to note that, so it is reported once more."""
        try:
            self._jobs.delivered(entry)
        except SpoolFull as exc:
            log.debug('%s', exc)  # it was said when it happened
            return False
        self._retries.pop(entry.seq, None)
        return True

    async def _post(self, entry: Entry, message: p.FromAgent) -> bool:
        """POST one report; True if the sender acknowledged it."""
        secrets = self._secrets.get(Source.parse(entry.source).name)
        if not secrets:
            return False
        body = p.encode(p.OutcomeReport(message=message))  # type: ignore[arg-type]
        now = int(time.time())
        # The same for every attempt at the same report, as the standard asks.
        kind = type(message).__name__.lower()
        unique = f'{entry.source}|{entry.job}|{entry.dispatch}|{kind}|{self._jobs.spool_id}'
        headers = signing.headers(secrets, 'out_' + hashlib.sha256(unique.encode()).hexdigest()[:32], now, body)
        try:
            reply = await self._client(entry.callback).post(entry.callback, content=body,
                                            headers={**headers, 'Content-Type': 'application/json'})
        except (httpx.HTTPError, httpx.InvalidURL, NetworkError, ValueError) as exc:  # the last: no address at all
            log.info('job %s.%d: outcome not delivered (%s)', entry.job, entry.dispatch, type(exc).__name__)
            return False
        if not 200 <= reply.status_code < 300:
            log.info('job %s.%d: outcome not accepted (HTTP %d)', entry.job, entry.dispatch, reply.status_code)
            return reply.status_code == 410
        try:
            ack = _decoder.decode(reply.content)
        except (msgspec.MsgspecError, UnicodeDecodeError):
            return True  # any 2xx means that it was taken; the ack in it only says so more clearly
        return ack.job == entry.job
