"""pycups without its traps: one connection per thread, the server always named, a hung call never blocks the loop.

A ``cups.Connection`` shared between threads crashes the process, and ``cups.setServer`` is per thread; so each thread
of the pool makes its own connection with ``host=``. pycups is GPL and optional: it is imported here and nowhere else.
"""

import asyncio
import socket
import threading
from collections.abc import Callable
from typing import Any, TypeVar

from print_agent.errors import CupsDown, CupsMissing, CupsRefused, HandoverFailed
from print_agent.printing.backend import is_named
from print_agent.printing.ipp import ABORTED, CANCELED, STOPPED, words
from print_agent.printing.verdict import CupsView
from print_agent.runtime import clock
from print_agent.runtime.daemon_threads import DaemonExecutor


#: Longest wait for one call, in seconds. libcups itself gives up only after a minute.
CALL_TIMEOUT = 10.0
#: libcups gives up on a hung server after 61 seconds.
LIBCUPS_TIMEOUT = 75.0
#: Threads for calls; more than one so that a hung call does not hold up the others.
MAX_THREADS = 6

#: HTTP status while a document is being sent; pycups has no name for it.
_CONTINUE = 100
_GONE = {0x0406}
_JOB_ATTRIBUTES = ['job-id', 'job-name', 'job-state', 'job-state-reasons', 'job-printer-state-message',
                   'time-at-processing']

T = TypeVar('T')


class CupsClient:
    """Calls to one CUPS server from asyncio.

    :param server: path of a socket, ``host`` or ``host:port``; empty for the default of libcups (``CUPS_SERVER``)
    :raises CupsMissing: if pycups is not installed
    """

    def __init__(self, server: str = '', *, timeout: float = CALL_TIMEOUT):
        try:
            import cups
        except ImportError as exc:
            raise CupsMissing from exc
        self._cups: Any = cups
        self._server = server
        self._timeout = timeout
        self._local = threading.local()
        self._pool = DaemonExecutor(MAX_THREADS, 'cups')
        host = (server or str(cups.getServer())).partition(':')[0]
        #: Where it is, in words for people.
        self.host = host
        #: Whether it is the CUPS of this computer.
        self.is_local = (server.startswith(('/', '[::1]')) or host.startswith('/')
                         or host.lower() in ('localhost', '127.0.0.1', socket.gethostname().lower()))

    async def queues(self) -> dict[str, dict[str, Any]]:
        """All print queues with their attributes, by name."""
        return await self._call(lambda c: dict(c.getPrinters()))

    async def queue(self, name: str, attributes: list[str]) -> dict[str, Any] | None:
        """Some attributes of one queue; None if there is no such queue."""
        try:
            return await self._call(lambda c: dict(c.getPrinterAttributes(name, requested_attributes=attributes)))
        except CupsRefused as exc:
            if exc.status in _GONE:
                return None
            raise

    async def submit(self, queue: str, title: str, document: bytes, options: dict[str, str]) -> int:
        """Stream a PDF from memory into a new job and return the job's number.

        :raises CupsDown: nothing can come of it: the job was not created, so it has no document
        :raises CupsRefused: nothing was created
        :raises HandoverFailed: a job was created, or may have been
        """
        hurry = threading.Event()
        start = clock.now()

        def late() -> bool:
            # also when the computer slept in the middle of it: the permission to print may be gone by now
            return hurry.is_set() or clock.now() - start > self._timeout

        future = asyncio.get_running_loop().run_in_executor(
            self._pool, self._run, lambda c: self._submit(c, queue, title, document, options, late), False)
        future.add_done_callback(_swallow)  # nobody reads it if we are cancelled
        try:
            done, _ = await asyncio.wait([future], timeout=self._timeout)
        finally:
            # The thread cannot be stopped, but it looks at this before it lets CUPS print. The agent may be ending.
            hurry.set()
        if not done:
            done, _ = await asyncio.wait([future], timeout=LIBCUPS_TIMEOUT)
        if not done:
            raise HandoverFailed(0, 'CUPS does not answer.', dropped=False)
        return future.result()

    async def job(self, number: int, tag: str) -> CupsView | None:
        """A job as CUPS sees it; None if there is none of this number with ``tag`` in its name."""
        attrs = (await self._jobs(first_job_id=number, limit=1)).get(number)
        return _view(attrs) if attrs is not None and is_named(str(attrs.get('job-name', '')), tag) else None

    async def find(self, tag: str) -> tuple[int, CupsView] | None:
        """Look for the job whose name contains ``tag``, ended or not."""
        for number, attrs in sorted((await self._jobs()).items(), reverse=True):
            if is_named(str(attrs.get('job-name', '')), tag):
                return int(number), _view(attrs)
        return None

    async def _jobs(self, **which: int) -> dict[int, dict[str, Any]]:
        # CUPS shows the name of a job only to its owner (JobPrivateValues), and of pycups' calls that read jobs this
        # alone, for our own jobs, says who asks.
        return await self._call(lambda c: dict(c.getJobs(which_jobs='all', my_jobs=True,
                                                         requested_attributes=_JOB_ATTRIBUTES, **which)))

    async def cancel(self, number: int, *, forget: bool = False) -> None:
        """Cancel a job. One that has ended already, or is not there any more, is not an error.

        :param forget: delete it as well, on CUPS' disk, too; also if it has ended already
        """
        try:
            await self._call(lambda c: c.cancelJob(number, forget))
        except CupsRefused as exc:
            if not 0x0400 <= exc.status < 0x0500:
                raise

    async def close(self) -> None:
        """Let the threads go; one that hangs holds up nobody."""
        self._pool.shutdown()

    # -- in the threads -----------------------------------------------------------------------------------------------

    async def _call(self, work: Callable[[Any], T], *, retry: bool = True) -> T:
        loop = asyncio.get_running_loop()
        future = loop.run_in_executor(self._pool, self._run, work, retry)
        try:
            async with asyncio.timeout(self._timeout):
                return await asyncio.shield(future)
        except TimeoutError as exc:
            # The thread cannot be stopped. Read its result whenever it comes, so that nothing warns about it.
            future.add_done_callback(_swallow)
            raise CupsDown(f'CUPS did not answer within {self._timeout:.0f} s.') from exc

    def _run(self, work: Callable[[Any], T], retry: bool) -> T:
        cups = self._cups
        fresh = getattr(self._local, 'connection', None) is None
        try:
            return work(self._connection())
        except cups.IPPError as exc:
            status, text = int(exc.args[0]), str(exc.args[1])
            if status >= 0x0500:
                self._local.connection = None
                if retry and not fresh:  # perhaps only the old connection was dead, as after a restart of CUPS
                    return self._run(work, retry=False)
            if status >= 0x0500 and status not in (0x0506, 0x0507):
                raise CupsDown(text) from exc
            raise CupsRefused(status, text) from exc
        except (RuntimeError, cups.HTTPError) as exc:  # no connection
            self._local.connection = None
            raise CupsDown('CUPS does not answer.') from exc

    def _connection(self) -> Any:
        if getattr(self._local, 'connection', None) is None:
            cups = self._cups
            if self._server:
                cups.setServer(self._server)  # libcups looks queues up there, whatever the connection; in each thread
            server = self._server or cups.getServer()
            if server.startswith('/'):
                connection = cups.Connection(host=server)
            else:
                host, _, port = server.partition(':')
                connection = cups.Connection(host=host, port=int(port or cups.getPort()))
            self._local.connection = connection
        return self._local.connection

    def _submit(self, connection: Any, queue: str, title: str, document: bytes, options: dict[str, str],
                late: Callable[[], bool]) -> int:
        cups = self._cups
        number = int(connection.createJob(queue, title, options))
        try:
            # createJob answers 0 for some errors instead of raising
            if number <= 0:
                raise CupsRefused(0x0500, 'CUPS did not create the job.')
            if late():
                raise RuntimeError('CUPS was too slow')
            status = connection.startDocument(queue, number, title, 'application/pdf', 1)
            if status == _CONTINUE:
                status = connection.writeRequestData(document, len(document))
            if status != _CONTINUE:
                raise RuntimeError(f'HTTP status {status}')
            if late():
                raise RuntimeError('CUPS was too slow')
            connection.finishDocument(queue)
        except (cups.IPPError, cups.HTTPError, RuntimeError) as exc:
            self._local.connection = None
            raise HandoverFailed(number, str(exc.args[-1] if exc.args else exc),
                                 dropped=self._drop(number)) from exc
        return number

    def _drop(self, number: int) -> bool:
        """Cancel a half-made job, which CUPS would hold for ever; True if it certainly never printed."""
        cups = self._cups
        try:
            connection = self._connection()
            try:
                connection.cancelJob(number)
            except cups.IPPError as exc:
                if int(exc.args[0]) >= 0x0500:
                    return False
            view = _view(connection.getJobAttributes(number, requested_attributes=_JOB_ATTRIBUTES))
        except (cups.IPPError, cups.HTTPError, RuntimeError):
            return False
        return view.state in (STOPPED, CANCELED, ABORTED) and not view.started


def _swallow(future: asyncio.Future[Any]) -> None:
    """Read the result of a call nobody waits for any more, so that nothing warns about it."""
    if not future.cancelled():
        future.exception()


def _view(attrs: dict[str, Any]) -> CupsView:
    return CupsView(state=int(attrs.get('job-state', 0)), reasons=words(attrs.get('job-state-reasons')),
                    message=str(attrs.get('job-printer-state-message') or ''),
                    started=isinstance(attrs.get('time-at-processing'), int) and attrs['time-at-processing'] > 0)
