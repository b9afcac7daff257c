"""The webhook endpoints: signed webhook POSTs with a badge in them become jobs in the spool.

For events whose Indico reaches the desk's computer directly, and for other software that wants a badge printed. A POST
is a permission to print. It is answered only after the job is committed, so a sender that heard nothing may send again.
"""

import asyncio
import logging
import time
from collections.abc import AsyncIterator
from urllib.parse import urlsplit

import msgspec
from starlette.applications import Starlette
from starlette.datastructures import FormData, UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from print_agent.config import Config, WebhookEndpoint
from print_agent.errors import NoRoom, RequestRefused
from print_agent.jobs.manager import Jobs
from print_agent.protocol import messages as p
from print_agent.protocol import reasons, signing
from print_agent.protocol.errors import SignatureError
from print_agent.runtime import clock
from print_agent.runtime.http_server import Server, listen
from print_agent.spool.job import Source, State


log = logging.getLogger(__name__)

#: Largest body, in bytes: a document, its header and the boundaries between them.
MAX_BODY = p.MAX_DOCUMENT + p.MAX_MESSAGE + 16 * 1024
#: POSTs that are checked at the same time, once their bodies are here.
MAX_PARALLEL = 8
#: Bytes of bodies that are on their way, all together. Beyond that the oldest body has to make room.
MAX_UNFINISHED = 4 * MAX_BODY
#: How long a body may be on its way, and how long before its speed counts, in seconds.
MAX_READ_TIME, RATE_GRACE = 30.0, 5.0
#: How long the agent waits, before it stops, for POSTs, in seconds.
STOP_TIMEOUT = 5
#: Slower bodies are cut, in bytes per second.
MIN_RATE = 32 * 1024

_decoder = msgspec.json.Decoder(p.Delivery)


class Receiver:
    """The receiver's application and its server."""

    def __init__(self, config: Config, jobs: Jobs):
        self._config = config
        self._jobs = jobs
        self._endpoints = {endpoint.printer: endpoint for endpoint in config.webhook_endpoints}
        self._slots = asyncio.Semaphore(MAX_PARALLEL)
        #: Bodies on their way, the oldest first.
        self._unfinished: dict[asyncio.Timeout, bytearray] = {}
        self._server: Server | None = None
        self._serving: asyncio.Task[None] | None = None
        self._port = 0
        self.app = Starlette(routes=[Route('/print/{printer}', self._print, methods=['POST'])],
                             exception_handlers={404: _not_found, 405: _not_found})

    async def start(self) -> None:
        """Listen. Raises OSError (in words) if the address cannot be used."""
        try:
            listener = listen(self._config.receiver_host, self._config.receiver_port)
        except OSError as exc:
            raise OSError(f'The receiver cannot listen on {self._config.receiver_host}:{self._config.receiver_port}; '
                          'change [receiver] host or port in agent.toml.') from exc
        self._port = int(listener.getsockname()[1])
        self._server = Server(self.app, listener, grace=STOP_TIMEOUT)
        self._serving = asyncio.create_task(self._server.serve())
        log.info('receiver listens on %s:%d for %s', self._config.receiver_host, self.port, ', '.join(self._endpoints))

    @property
    def port(self) -> int:
        """The port that it listens on (also when the configuration says 0)."""
        assert self._server is not None
        return self._port

    async def stop(self) -> None:
        """Stop listening; requests that are under way are finished, if they do not take long."""
        if self._server is not None and self._serving is not None:
            self._server.should_exit = True
            await asyncio.gather(self._serving, return_exceptions=True)
            self._server = self._serving = None

    async def _print(self, request: Request) -> Response:
        received = clock.now()
        try:
            endpoint = self._endpoints.get(request.path_params['printer'])
            if endpoint is None:
                raise RequestRefused(404, 'unknown_printer', 'There is no such printer here.')
            body = await self._read(request)
            async with self._slots:
                return await self._accept(request, endpoint, body, received)
        except RequestRefused as exc:
            log.warning('POST to %s refused: %s', request.url.path[:80], exc.reason)
            return JSONResponse({'error': exc.reason, 'message': exc.detail}, exc.status)
        except ClientDisconnect:
            return Response(status_code=400)

    async def _read(self, request: Request) -> bytes:
        """Read the body, but never more than allowed, and not for long: its signature is not checked yet."""
        length = request.headers.get('content-length', '')
        if length.isdecimal() and int(length) > MAX_BODY:
            raise _too_large()
        body, now = bytearray(), asyncio.get_running_loop().time
        begun = now()
        try:
            async with asyncio.timeout(RATE_GRACE) as limit:
                self._unfinished[limit] = body
                try:
                    async for chunk in request.stream():
                        body += chunk
                        if len(body) > MAX_BODY:
                            raise _too_large()
                        self._make_room(limit)
                        limit.reschedule(begun + min(MAX_READ_TIME, RATE_GRACE + len(body) / MIN_RATE))
                finally:
                    del self._unfinished[limit]
        except TimeoutError as exc:
            raise RequestRefused(408, 'too_slow', 'The body did not arrive in time.') from exc
        return bytes(body)

    def _make_room(self, newest: asyncio.Timeout) -> None:
        """Cut the oldest bodies while those that are on their way take too much memory."""
        left = sum(map(len, self._unfinished.values())) - MAX_UNFINISHED
        for limit, body in self._unfinished.items():
            if left <= 0:
                break
            if limit is not newest and not limit.expired():
                limit.reschedule(0)
                left -= len(body)

    async def _accept(self, request: Request, endpoint: WebhookEndpoint, body: bytes, received: float) -> Response:
        try:
            message_id = signing.verify(endpoint.secrets, request.headers, body, now=time.time(),
                                        tolerance=p.WEBHOOK_TOLERANCE)
        except SignatureError as exc:
            raise RequestRefused(400 if exc.reason == 'missing_header' else 401, exc.reason, exc.detail) from exc
        delivery, document = await _parts(request, body)
        job = delivery.data.job
        if job is None:
            return JSONResponse({'status': 'ignored', 'message': 'Understood; there is no badge in it to print.'}, 202)
        if document is None:
            raise RequestRefused(400, 'no_document', 'The part "document" with the PDF is missing.')
        return await self._take(endpoint, job, document, delivery.data.callback, received, message_id)

    async def _take(self, endpoint: WebhookEndpoint, job: p.Job, document: bytes, callback: str, received: float,
                    message_id: str) -> Response:
        if callback and not _is_address(callback):
            raise RequestRefused(422, 'bad_callback', 'The callback is not an http or https address.')
        for reason, so in ((self._jobs.full, self._jobs.full), ('stopping', self._jobs.stopping),
                           ('paused', self._jobs.paused(endpoint.printer))):
            if so:  # not kept as refused: the sender is to come again
                raise RequestRefused(503, reason, reasons.sentence(reason))
        job = msgspec.structs.replace(job, go=True, printer=endpoint.printer)
        try:
            entry = await self._jobs.receive(str(Source.webhook(endpoint.printer)), job, document, received=received,
                                             callback=callback)
        except NoRoom as exc:
            raise RequestRefused(503, exc.reason, str(exc)) from exc
        if entry.state is State.refused:
            raise RequestRefused(422, entry.reason, entry.detail)
        log.debug('webhook %s is job %s.%d', message_id, entry.job, entry.dispatch)
        return JSONResponse({'status': entry.state.value, 'job': entry.job, 'dispatch': entry.dispatch}, 202)


async def _parts(request: Request, body: bytes) -> tuple[p.Delivery, bytes | None]:
    kind = request.headers.get('content-type', '').partition(';')[0].strip().lower()
    if kind == 'application/json':
        return _delivery(body), None
    if kind != 'multipart/form-data':
        raise RequestRefused(400, 'bad_content_type', 'The body must be multipart/form-data or application/json.')

    async def chunks() -> AsyncIterator[bytes]:
        yield body

    try:
        form = await MultiPartParser(request.headers, chunks(), max_files=2, max_fields=4,  # type: ignore[arg-type]
                                     max_part_size=p.MAX_MESSAGE).parse()
    except (MultiPartException, KeyError, ValueError, UnicodeDecodeError) as exc:
        raise RequestRefused(400, 'bad_multipart', 'The multipart body cannot be read.') from exc
    try:
        payload, document = await _bytes(form, 'payload'), await _bytes(form, 'document')
    finally:
        await form.close()
    if payload is None:
        raise RequestRefused(400, 'no_payload', 'The part "payload" is missing.')
    return _delivery(payload), document


async def _bytes(form: FormData, name: str) -> bytes | None:
    part = form.get(name)
    if isinstance(part, UploadFile):
        return await part.read()
    return None if part is None else part.encode()


def _delivery(payload: bytes) -> p.Delivery:
    if len(payload) > p.MAX_MESSAGE:
        raise _too_large()
    try:
        return _decoder.decode(payload)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as exc:
        raise RequestRefused(422, 'bad_payload', f'The payload is not understood: {str(exc)[:300]}.') from exc


def _is_address(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return parts.scheme in ('https', 'http') and bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:
        return False


def _too_large() -> RequestRefused:
    return RequestRefused(413, 'too_large', f'The body is larger than {MAX_BODY} bytes.')


async def _not_found(_request: Request, _exc: Exception) -> Response:
    return JSONResponse({'error': 'not_found', 'message': 'POST to /print/ and the name of a printer.'}, 404)
