"""The routes of the local page. What they do is in :mod:`print_agent.web.actions`, access in :mod:`.guard`."""

import asyncio
import logging
import platform
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Annotated, TypeVar

import msgspec
from msgspec import Meta, Struct
from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, RedirectResponse, Response, StreamingResponse
from starlette.routing import Route
from starlette.types import ASGIApp

from print_agent.errors import ActionRefused, RequestRefused, SpoolFull
from print_agent.printing.calibrations import describe
from print_agent.protocol.calibration import Answers
from print_agent.protocol.messages import PrinterName
from print_agent.spool.job import Entry
from print_agent.version import SOFTWARE
from print_agent.web.actions import Control
from print_agent.web.auth import SESSION_LIFETIME, Keys
from print_agent.web.connection_history import History
from print_agent.web.guard import Guard
from print_agent.web.log_buffer import LogBuffer
from print_agent.web.status import Snapshot, Viewer, badge


log = logging.getLogger(__name__)

STATIC = Path(__file__).parent / 'static'
_FILES = {'page.js': 'text/javascript', 'calibrate.js': 'text/javascript', 'page.css': 'text/css',
          'icon.svg': 'image/svg+xml'}
#: Largest body, in bytes.
MAX_BODY = 4096
#: Pages that are kept up to date at the same time.
MAX_STREAMS = 16
#: How often an open page is checked for news, and how often it hears that the agent is alive, in seconds.
REFRESH_INTERVAL, KEEPALIVE_INTERVAL = 0.4, 10.0

Seq = Annotated[int, Meta(ge=1, le=2**53)]


class PrinterOrAll(Struct, forbid_unknown_fields=True):
    """A printer; all printers if it is missing."""

    printer: PrinterName | None = None


class Test(Struct, forbid_unknown_fields=True):
    """Body of ``test``, and of what else is about one printer."""

    printer: PrinterName


class Reprint(Struct, forbid_unknown_fields=True):
    """Body of ``reprint``: a job, by its id or by its number in the spool, and the printer if not the same."""

    job: Annotated[str, Meta(max_length=80)] | None = None
    entry: Seq | None = None
    printer: PrinterName | None = None


class CameOut(Struct, forbid_unknown_fields=True):
    """Body of ``answer``: whether a person saw the badge of a job in the spool."""

    entry: Seq
    came_out: bool


class CallAnswer(Struct, forbid_unknown_fields=True):
    """Somebody is on the way to a desk that calls the tech, or is done there."""

    connection: Annotated[str, Meta(max_length=200)]
    desk: Annotated[int, Meta(ge=0, le=1_000_000_000)]
    done: bool = False


class Seen(Struct, forbid_unknown_fields=True):
    """Body of ``calibrate``: the code on a calibration sheet, and what is seen on it."""

    printer: PrinterName
    code: Annotated[str, Meta(max_length=40)]
    answers: Answers


Body = TypeVar('Body', bound=Struct)
Handler = Callable[[Request], Awaitable[Response]]


class Web:
    """The application: :attr:`app`, with the guard around it."""

    def __init__(self, control: Control, viewer: Viewer, keys: Keys, log_buffer: LogBuffer, history: History):
        self._control = control
        self._viewer = viewer
        self._keys = keys
        self._log_buffer = log_buffer
        self._history = history
        self._streams = 0
        self._ending = asyncio.Event()
        #: Where it listens, once that is known.
        self.port = 0
        routes = [Route('/', self._page), Route('/enter', self._enter, methods=['GET']),
                  Route('/static/{name}', self._static), Route('/events', self._events), Route('/log', self._log),
                  Route('/api/status', self._status),
                  *(Route(f'/api/{handler.__name__.strip("_")}', _guarded(handler), methods=['POST'])
                    for handler in (self._pause, self._resume, self._test, self._reprint, self._answer,
                                    self._answer_call, self._calibration_sheet, self._calibrate,
                                    self._forget_calibration, self._ticket))]
        self.app: ASGIApp = Guard(Starlette(routes=routes, exception_handlers={404: _not_found, 405: _not_found}), keys,
                                  self._hosts, self._cookie, lambda: _html('shut.html', 401))

    def end(self) -> None:
        """Close all pages that are open."""
        self._ending.set()

    def _hosts(self) -> frozenset[str]:
        return frozenset({f'127.0.0.1:{self.port}', f'localhost:{self.port}'})

    def _cookie(self) -> str:
        return f'print_agent_{self.port}'  # cookies know no ports

    # -- reading ------------------------------------------------------------------------------------------------------

    async def _page(self, _request: Request) -> Response:
        return _html('page.html')

    async def _static(self, request: Request) -> Response:
        name = request.path_params['name']
        if name not in _FILES:
            return await _not_found(request, KeyError(name))
        return Response((STATIC / name).read_bytes(), media_type=_FILES[name])

    async def _enter(self, request: Request) -> Response:
        if request.method != 'GET' or (cookie := self._keys.session(request.query_params.get('ticket', ''))) is None:
            return _html('shut.html', 401)
        answer = RedirectResponse('/', 303)
        answer.set_cookie(self._cookie(), cookie, max_age=int(SESSION_LIFETIME), httponly=True, samesite='strict')
        return answer

    async def _status(self, _request: Request) -> Response:
        return _json(self._viewer.look(names=False))

    async def _events(self, _request: Request) -> Response:
        if self._streams >= MAX_STREAMS:
            return _error(503, 'too_many', 'Too many pages are open. Close some.')
        return StreamingResponse(self._stream(), media_type='text/event-stream')

    async def _stream(self) -> AsyncIterator[bytes]:
        self._streams += 1
        try:
            last, spoken = b'', time.monotonic()
            while not self._ending.is_set():
                now = msgspec.json.encode(self._viewer.look(names=True))
                if now != last:
                    yield b'data: ' + now + b'\n\n'
                    last, spoken = now, time.monotonic()
                elif time.monotonic() - spoken >= KEEPALIVE_INTERVAL:
                    yield b'event: alive\ndata:\n\n'
                    spoken = time.monotonic()
                try:
                    async with asyncio.timeout(REFRESH_INTERVAL):
                        await self._ending.wait()
                except TimeoutError:
                    pass  # time to check again
        finally:
            self._streams -= 1

    async def _log(self, _request: Request) -> Response:
        status = self._viewer.look(names=False)
        name = time.strftime('print-agent-%Y%m%d-%H%M%S.log')
        return Response('\n'.join((*_summary(status), '', *self._log_buffer.lines(), '')), media_type='text/plain',
                        headers={'Content-Disposition': f'attachment; filename="{name}"'})

    # -- acting -------------------------------------------------------------------------------------------------------

    async def _pause(self, request: Request) -> Response:
        self._control.pause((await _body(request, PrinterOrAll)).printer)
        return _json(self._viewer.look(names=False))

    async def _resume(self, request: Request) -> Response:
        self._control.resume((await _body(request, PrinterOrAll)).printer)
        return _json(self._viewer.look(names=False))

    async def _test(self, request: Request) -> Response:
        return _job(self._control.test((await _body(request, Test)).printer))

    async def _reprint(self, request: Request) -> Response:
        wanted = await _body(request, Reprint)
        if (wanted.job is None) == (wanted.entry is None):
            raise RequestRefused(400, 'bad_request', 'Either "job" or "entry" has to be there.')
        entry = self._control.find(wanted.job) if wanted.job is not None else self._control.get(wanted.entry or 0)
        # with the name: "last" may be another one than the person means
        return _json(badge(self._control.reprint(entry, wanted.printer)))

    async def _answer(self, request: Request) -> Response:
        answer = await _body(request, CameOut)
        return _job(self._control.answer(self._control.get(answer.entry), came_out=answer.came_out))

    async def _answer_call(self, request: Request) -> Response:
        answer = await _body(request, CallAnswer)
        if not self._history.answer_call(answer.connection, answer.desk, done=answer.done):
            raise RequestRefused(409, 'not_connected', 'There is no connection to Indico, so nobody would hear of it.')
        return _json(self._viewer.look(names=False))

    async def _calibration_sheet(self, request: Request) -> Response:
        return _job(self._control.print_calibration_sheet((await _body(request, Test)).printer))

    async def _calibrate(self, request: Request) -> Response:
        seen = await _body(request, Seen)
        found = self._control.calibrate(seen.printer, seen.code, seen.answers)
        return JSONResponse({'found': describe(found)})

    async def _forget_calibration(self, request: Request) -> Response:
        self._control.forget_calibration((await _body(request, Test)).printer)
        return _json(self._viewer.look(names=False))

    async def _ticket(self, request: Request) -> Response:
        if 'authorization' not in request.headers:
            return _error(403, 'no_token', 'Only the command line may open another page.')
        return JSONResponse({'url': f'http://127.0.0.1:{self.port}/enter?ticket={self._keys.ticket()}'})


def _guarded(handler: Handler) -> Handler:
    """Answer with a sentence what a handler cannot do."""
    async def guarded(request: Request) -> Response:
        try:
            return await handler(request)
        except ActionRefused as exc:
            return _error(404 if exc.reason.startswith('unknown_') else 409, exc.reason, exc.detail)
        except SpoolFull as exc:
            return _error(503, 'disk_full', str(exc))
        except RequestRefused as exc:
            return _error(exc.status, exc.reason, exc.detail)
        except ClientDisconnect:
            return Response(status_code=400)

    return guarded


async def _body(request: Request, kind: type[Body]) -> Body:
    if request.headers.get('content-type', '').partition(';')[0].strip().lower() != 'application/json':
        raise RequestRefused(400, 'bad_request', 'The body must be JSON (application/json).')
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_BODY:
            raise RequestRefused(400, 'bad_request', f'The body is larger than {MAX_BODY} bytes.')
    try:
        return msgspec.json.decode(body, type=kind)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as exc:
        raise RequestRefused(400, 'bad_request', f'The body cannot be used: {exc}.') from exc


def _html(name: str, status: int = 200) -> Response:
    return Response((STATIC / name).read_bytes(), status, media_type='text/html')


def _json(value: Struct) -> Response:
    return Response(msgspec.json.encode(value), media_type='application/json')


def _job(entry: Entry) -> Response:
    return _json(msgspec.structs.replace(badge(entry), name=''))


def _error(status: int, code: str, sentence: str) -> Response:
    return JSONResponse({'error': code, 'message': sentence}, status)


async def _not_found(_request: Request, _exc: Exception) -> Response:
    return _error(404, 'not_found', 'There is nothing here.')


def _summary(status: Snapshot) -> list[str]:
    def at(seconds: float) -> str:
        return time.strftime('%Y-%m-%d %H:%M:%S', time.localtime(seconds))

    return [
        f'{SOFTWARE}, Python {platform.python_version()}, {platform.platform()}',
        f'written {at(time.time())}, running since {at(status.started)}',
        '', 'Printers', *(f'  {each.name}: {each.words} {" ".join(each.reasons)}' for each in status.printers),
        '', 'Connections', *(f'  {at(each.time)} {each.id}: {each.words}' for each in reversed(status.history)),
        '', 'Jobs', *(f'  {at(each.ended or each.received)} {each.job}.{each.dispatch} {each.printer}: {each.state} '
                      f'{each.reason}' for each in (*reversed(status.latest), *status.queue)),
    ]
