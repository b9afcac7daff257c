"""The HTTP door: signed webhook POSTs with a badge in them become jobs in the spool.

For events whose Indico reaches the desk's computer directly, and for other software that wants a badge printed. A POST
is a permission to print. It is answered only after the job is committed, so a sender that heard nothing may send again.
"""

import asyncio
import contextlib
import logging
import time
from collections.abc import AsyncIterator, Iterator
from urllib.parse import urlsplit

import msgspec
import uvicorn
from starlette.applications import Starlette
from starlette.datastructures import FormData, UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from print_agent import clock
from print_agent import protocol as p
from print_agent import reasons, signing
from print_agent.callback import DOOR
from print_agent.config import Config, Door
from print_agent.jobs import Jobs
from print_agent.room import NoRoom
from print_agent.rules import State


log = logging.getLogger(__name__)

#: Largest body, in bytes: a document, its header and the boundaries between them.
MAX_BODY = p.MAX_DOCUMENT + p.MAX_MESSAGE + 16 * 1024
#: POSTs that are read at the same time; each may hold a whole body in memory.
MAX_PARALLEL = 8
#: How long a body may be on its way, and how long POSTs may hold up the end of the agent, in seconds.
READ, LAST = 30.0, 5

_decoder = msgspec.json.Decoder(p.Delivery)


class Problem(Exception):
    """A request that is answered with an error: HTTP status, code and a sentence."""

    def __init__(self, status: int, code: str, message: str):
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message


class Receiver:
    """The receiver's application and its server."""

    def __init__(self, config: Config, jobs: Jobs):
        self._config = config
        self._jobs = jobs
        self._doors = {door.printer: door for door in config.doors}
        self._slots = asyncio.Semaphore(MAX_PARALLEL)
        self._server: uvicorn.Server | None = None
        self._serving: asyncio.Task[None] | None = None
        self.app = Starlette(routes=[Route('/print/{printer}', self._print, methods=['POST'])],
                             exception_handlers={404: _not_found, 405: _not_found})

    async def start(self) -> None:
        """Listen. Raises OSError (in words) if the address cannot be used."""
        server = _Server(uvicorn.Config(
            self.app, host=self._config.receiver_host, port=self._config.receiver_port, log_config=None,
            access_log=False, lifespan='off', server_header=False, timeout_keep_alive=15,
            timeout_graceful_shutdown=LAST, limit_concurrency=64))
        self._server = server
        self._serving = asyncio.create_task(_serve(server))
        while not server.started:
            if self._serving.done():
                raise OSError(f'The receiver cannot listen on {self._config.receiver_host}:'
                              f'{self._config.receiver_port}; change [receiver] host or port in agent.toml.')
            await asyncio.sleep(0.01)
        log.info('receiver listens on %s:%d for %s', self._config.receiver_host, self.port, ', '.join(self._doors))

    @property
    def port(self) -> int:
        """The port that it listens on (also when the configuration says 0)."""
        assert self._server is not None
        return int(self._server.servers[0].sockets[0].getsockname()[1])

    async def stop(self) -> None:
        """Stop to listen; requests that are under way are finished, if they do not take long."""
        if self._server is not None and self._serving is not None:
            self._server.should_exit = True
            await asyncio.gather(self._serving, return_exceptions=True)
            self._server = self._serving = None

    async def _print(self, request: Request) -> Response:
        try:
            async with self._slots:
                return await self._accept(request)
        except Problem as exc:
            log.warning('POST to %s refused: %s', request.url.path[:80], exc.code)
            return JSONResponse({'error': exc.code, 'message': exc.message}, exc.status)
        except ClientDisconnect:
            return Response(status_code=400)

    async def _accept(self, request: Request) -> Response:
        received = clock.now()
        door = self._doors.get(request.path_params['printer'])
        if door is None:
            raise Problem(404, 'unknown_printer', 'There is no such printer here.')
        try:
            async with asyncio.timeout(READ):
                body = await _read(request)
        except TimeoutError as exc:  # it has one of few places, and nobody knows yet whether it is a friend
            raise Problem(408, 'too_slow', f'The body did not arrive within {READ:.0f} seconds.') from exc
        try:
            message_id = signing.verify(door.secrets, request.headers, body, now=time.time(),
                                        tolerance=p.WEBHOOK_TOLERANCE)
        except signing.SignatureError as exc:
            raise Problem(400 if exc.code == 'missing_header' else 401, exc.code, exc.detail) from exc
        delivery, document = await _parts(request, body)
        job = delivery.data.job
        if job is None:
            return JSONResponse({'status': 'ignored', 'message': 'Understood; there is no badge in it to print.'}, 202)
        if document is None:
            raise Problem(400, 'no_document', 'The part "document" with the PDF is missing.')
        return await self._take(door, job, document, delivery.data.callback, received, message_id)

    async def _take(self, door: Door, job: p.Job, document: bytes, callback: str, received: float,
                    message_id: str) -> Response:
        if callback and not _is_address(callback):
            raise Problem(422, 'bad_callback', 'The callback is not an http or https address.')
        for reason, so in ((self._jobs.full, self._jobs.full), ('stopping', self._jobs.stopping),
                           ('paused', self._jobs.paused(door.printer))):
            if so:  # not kept as refused: the sender is to come again
                raise Problem(503, reason, reasons.sentence(reason))
        job = msgspec.structs.replace(job, go=True, printer=door.printer)
        try:
            entry = await self._jobs.receive(DOOR + door.printer, job, document, received=received, callback=callback)
        except NoRoom as exc:
            raise Problem(503, exc.reason, str(exc)) from exc
        if entry.state is State.refused:
            raise Problem(422, entry.reason, entry.detail)
        log.debug('webhook %s is job %s.%d', message_id, entry.job, entry.dispatch)
        return JSONResponse({'status': entry.state.value, 'job': entry.job, 'dispatch': entry.dispatch}, 202)


class _Server(uvicorn.Server):
    """Leaves SIGTERM and Ctrl-C to the agent, which has badges to think of."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


async def _serve(server: uvicorn.Server) -> None:
    try:
        await server.serve()
    except SystemExit:
        # uvicorn leaves this way when it cannot bind; start() turns it into a sentence.
        log.debug('uvicorn gave up')


async def _read(request: Request) -> bytes:
    """Read the body, but never more than allowed."""
    length = request.headers.get('content-length', '')
    if length.isdecimal() and int(length) > MAX_BODY:
        raise _too_large()
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_BODY:
            raise _too_large()
    return bytes(body)


async def _parts(request: Request, body: bytes) -> tuple[p.Delivery, bytes | None]:
    kind = request.headers.get('content-type', '').partition(';')[0].strip().lower()
    if kind == 'application/json':
        return _delivery(body), None
    if kind != 'multipart/form-data':
        raise Problem(400, 'bad_content_type', 'The body must be multipart/form-data or application/json.')

    async def chunks() -> AsyncIterator[bytes]:
        yield body

    try:
        form = await MultiPartParser(request.headers, chunks(), max_files=2, max_fields=4,  # type: ignore[arg-type]
                                     max_part_size=p.MAX_MESSAGE).parse()
    except (MultiPartException, KeyError, ValueError, UnicodeDecodeError) as exc:
        raise Problem(400, 'bad_multipart', 'The multipart body cannot be read.') from exc
    try:
        payload, document = await _bytes(form, 'payload'), await _bytes(form, 'document')
    finally:
        await form.close()
    if payload is None:
        raise Problem(400, 'no_payload', 'The part "payload" is missing.')
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
        raise Problem(422, 'bad_payload', f'The payload is not understood: {str(exc)[:300]}.') from exc


def _is_address(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return parts.scheme in ('https', 'http') and bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:
        return False


def _too_large() -> Problem:
    return Problem(413, 'too_large', f'The body is larger than {MAX_BODY} bytes.')


async def _not_found(_request: Request, _exc: Exception) -> Response:
    return JSONResponse({'error': 'not_found', 'message': 'POST to /print/ and the name of a printer.'}, 404)
