"""Asks the printer itself, over IPP (RFC 8011), because CUPS only knows that it handed a job over.

A job is found by its name: CUPS passes the title on as ``job-name``. Job numbers alone prove nothing, as a printer that
was switched off and on starts to count again. What to do where names are hidden is in :mod:`.recognize`.
"""

import asyncio
import contextlib
import os
import pwd
import time
from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import urlsplit

from pyipp import IPP
from pyipp.enums import IppOperation
from pyipp.exceptions import IPPConnectionUpgradeRequired, IPPError, IPPResponseError

from print_agent.errors import Unreachable, Unreadable
from print_agent.printing import ipp_reply
from print_agent.printing.backend import is_named
from print_agent.printing.loaded import loaded_media


#: ``job-state`` (RFC 8011, 5.3.7) and ``printer-state`` (5.4.11)
PENDING, HELD, PROCESSING, STOPPED, CANCELED, ABORTED, COMPLETED = range(3, 10)
PRINTER_IDLE, PRINTER_PROCESSING, PRINTER_STOPPED = range(3, 6)
#: Longest wait for one answer of a printer, in seconds.
ANSWER_TIMEOUT = 3.0
#: The version of IPP that printers without 2.0 speak.
_OLD = (1, 1)
_VERSION_NOT_SUPPORTED = 0x0503
#: Refusals that are about who asks: of HTTP, and of IPP.
_LOGIN = frozenset({401, 403, 0x0401, 0x0402, 0x0403})
#: Refusals that are about the question. CUPS, which asks others, may print well all the same.
_QUESTION = frozenset({400, 0x0501, *range(0x0400, 0x0500)} - {0x0406, 0x0407})
#: It is not there, or has ended.
_MISSING = frozenset({0x0404, 0x0406, 0x0407})
#: Longest wait for a connection when a printer has not answered, in seconds.
CONNECT_TIMEOUT = 1.0
#: Finer dots than any printer has are not believed.
MAX_DPI = 4800
_PAGES = ('job-impressions-completed', 'job-media-sheets-completed')
_JOB_ATTRIBUTES = ['job-id', 'job-name', 'job-state', 'job-state-reasons', *_PAGES, 'job-originating-user-name']
#: Of several copies of a job, which one says more about whether a badge comes out: by ``job-state``, most first.
_WEIGHT = {state: weight for weight, state in enumerate(
    (COMPLETED, PROCESSING, STOPPED, PENDING, HELD, ABORTED, CANCELED))}
_PRINTER_ATTRIBUTES = ['printer-state', 'printer-state-reasons', 'printer-make-and-model', 'media-ready',
                       'media-col-ready', 'printer-is-accepting-jobs', 'printer-up-time', 'cups-version',
                       'document-format-supported', 'printer-resolution-default', 'color-supported',
                       'pwg-raster-document-type-supported', 'urf-supported']


@dataclass(frozen=True, slots=True)
class JobView:
    """A job as the printer sees it: ``job-state`` and ``job-state-reasons`` of RFC 8011."""

    id: int
    state: int
    reasons: tuple[str, ...] = ()
    #: Pages that the printer counts as out; None: it does not count.
    pages: int | None = None


@dataclass(frozen=True, slots=True)
class ListedJob(JobView):
    """A job with what the printer shows of whose it is."""

    name: str = ''
    #: Whether the printer says that it is our user's; False also if it does not say whose it is.
    is_ours: bool = False


@dataclass(frozen=True, slots=True)
class PrinterView:
    """A printer as it sees itself: ``printer-state`` of RFC 8011, and more."""

    state: int
    reasons: tuple[str, ...] = ()
    model: str = ''
    #: What is loaded, by names that say its size as exactly as the printer does
    media: tuple[str, ...] = ()
    #: Dots per inch, and bits of a dot; 0: it does not say.
    dpi: int = 0
    bits: int = 0
    accepting: bool = True
    #: Whether it takes a PDF as it is; else CUPS makes pixels of it.
    takes_pdf: bool = False


def words(value: Any) -> tuple[str, ...]:
    """An IPP attribute of one or several values as a tuple, without the placeholder ``none``."""
    values = value if isinstance(value, list | tuple) else () if value is None else (value,)
    return tuple(str(v) for v in values if v not in ('none', ''))


class IppClient:
    """Asks one printer. Every method raises :class:`Unreachable` when the printer does not answer.

    :param login: name and password; sent only to a printer that asks for them
    """

    def __init__(self, uri: str, timeout: float = ANSWER_TIMEOUT, *, login: tuple[str, str] | None = None):
        self.uri = uri
        self._timeout = timeout
        self._ipp = IPP(uri)
        self._login = login
        self._frozen = False
        self._boot: float | None = None
        #: How often it was seen to have been switched on anew.
        self.restarts = 0
        #: Whether it is another CUPS, a print server; None: not known yet.
        self.is_server: bool | None = None
        #: How a badge is known again there (:mod:`.recognize`); None: not known yet.
        self.way: Literal['name', 'new', 'none'] | None = None
        #: Numbers of the jobs without documents with which that was tried.
        self.tries: set[int] = set()

    async def printer(self, answer_within: float | None = None) -> PrinterView:
        """Ask for the printer's own state; ``answer_within`` in seconds, if it is another than the client's."""
        reply = await self._ask(IppOperation.GET_PRINTER_ATTRIBUTES, {'requested-attributes': _PRINTER_ATTRIBUTES},
                                answer_within=answer_within)
        attrs: dict[str, Any] = next(iter(reply['printers']), {})
        self._note_boot(attrs.get('printer-up-time'))
        self.is_server = 'cups-version' in attrs
        return PrinterView(state=_count(attrs.get('printer-state', PRINTER_IDLE)),
                           reasons=words(attrs.get('printer-state-reasons')),
                           model=str(attrs.get('printer-make-and-model', '')),
                           media=loaded_media(words(attrs.get('media-ready')), attrs.get('media-col-ready')),
                           dpi=_dpi(attrs), bits=_bits(attrs),
                           accepting=bool(attrs.get('printer-is-accepting-jobs', True)),
                           takes_pdf='application/pdf' in words(attrs.get('document-format-supported')))

    def _note_boot(self, up_time: object) -> None:
        if isinstance(up_time, int):
            boot = time.monotonic() - up_time
            # it counts whole seconds
            if self._boot is not None and boot > self._boot + 1:
                self.restarts += 1
                self.way = None  # it may have been set up in another way
            self._boot = boot

    async def hands_on(self) -> bool:
        """Whether "completed" only means that a print server handed it on; so it is if that cannot be learned."""
        if self.is_server is None:  # it was never asked: the agent was restarted
            with contextlib.suppress(Unreachable):
                await self.printer()
        return self.is_server is not False

    async def restarted_since(self, before: int) -> bool:
        """Whether the printer was switched on anew since it was seen to restart for the ``before``-th time."""
        try:
            await self.printer()
        except Unreachable:
            return False  # asked again while the job is missing
        return self.restarts > before

    async def jobs(self, tag: str) -> list[ListedJob]:
        """All jobs whose name contains ``tag`` that the printer still knows, the one that matters most first.

        It is one job, unless CUPS died before it had noted that it handed the job over, and did it again.
        """
        found = {job.id: job for job in await self._list() if is_named(job.name, tag)}
        return sorted(found.values(), key=lambda job: (_WEIGHT.get(job.state, len(_WEIGHT)), job.id))

    async def own_jobs(self) -> list[ListedJob]:
        """All jobs of our user, as far as the printer shows whose they are; none if it refuses the question."""
        try:
            return list({job.id: job for job in await self._list(mine=True)}.values())
        except Unreachable as exc:
            if not exc.unreadable:
                raise
            return []

    async def _list(self, *, mine: bool = False) -> list[ListedJob]:
        found: list[ListedJob] = []
        for which in ('not-completed', 'completed'):  # in this order, or one that ends meanwhile is in neither
            reply = await self._ask(IppOperation.GET_JOBS, {'which-jobs': which, **({'my-jobs': True} if mine else {}),
                                                            'requested-attributes': _JOB_ATTRIBUTES})
            found += map(_job, reply['jobs'])
        return found

    async def job(self, job_id: int, tag: str | None = None) -> ListedJob | None:
        """Ask for a job found before; None if the printer has forgotten it.

        :param tag: what must be in its name, as the printer may have begun to count from the start; None: ask anyhow
        """
        try:
            reply = await self._ask(IppOperation.GET_JOB_ATTRIBUTES,
                                    {'job-id': job_id, 'requested-attributes': _JOB_ATTRIBUTES}, missing_ok=True)
            job = next(map(_job, reply['jobs']), None)
        except Unreachable as exc:
            if not exc.unreadable:
                raise
            # it cannot say that of one job; in the list of all it may
            job = next((each for each in await self._list() if each.id == job_id), None)
        return job if job is not None and (tag is None or is_named(job.name, tag)) else None

    async def create_job(self, name: str) -> int:
        """Make a job without a document and return its number; to be cancelled at once."""
        reply = await self._ask(IppOperation.CREATE_JOB, {'job-name': name})
        number = next(map(_job, reply['jobs']), JobView(0, 0)).id
        if not number:
            raise Unreachable('it made a job without a number', unreadable=True)
        self.tries.add(number)
        return number

    async def cancel(self, job_id: int) -> None:
        """Ask the printer to drop a job; a job that has ended is not an error."""
        await self._ask(IppOperation.CANCEL_JOB, {'job-id': job_id}, missing_ok=True)

    async def close(self) -> None:
        """Close the connection."""
        await self._ipp.close()

    async def _ask(self, operation: IppOperation, attributes: dict[str, Any], *,
                   missing_ok: bool = False, answer_within: float | None = None) -> dict[str, Any]:
        answer_within = answer_within or self._timeout
        try:
            async with asyncio.timeout(answer_within):
                reply = await self._execute(operation, {
                    'operation-attributes-tag': {'requesting-user-name': _user(), **attributes}})
            self._frozen = False
            return reply
        except IPPError as exc:
            status = exc.args[1].get('status-code') if len(exc.args) > 1 and isinstance(exc.args[1], dict) else None
            if missing_ok and status in _MISSING:
                return {'jobs': [], 'printers': []}
            self._frozen = False
            raise Unreachable(f'{exc.args[0] if exc.args else "no IPP answer"}', login=status in _LOGIN,
                              unreadable=status in _LOGIN or status in _QUESTION) from exc
        except TimeoutError as exc:
            await self._knock()
            raise Unreachable(f'no answer within {answer_within:.0f} s', frozen=self._frozen) from exc
        except Unreadable as exc:
            self._frozen = False
            raise Unreachable(str(exc), unreadable=True) from exc
        except Exception as exc:
            # pyipp lets through whatever goes wrong while an answer is read: one that breaks off, or is not text
            self._frozen = False
            raise Unreachable(str(exc) or type(exc).__name__) from exc

    async def _execute(self, operation: IppOperation, message: dict[str, Any]) -> dict[str, Any]:
        reply = ipp_reply.read(await self._raw(operation, message))
        if reply['status-code'] == _VERSION_NOT_SUPPORTED and self._ipp.ipp_version != _OLD:
            self._ipp.ipp_version = _OLD  # an old printer; CUPS speaks to it like that as well
            reply = ipp_reply.read(await self._raw(operation, message))
        if reply['status-code'] >= 0x0200:
            raise IPPError(f'IPP status {reply["status-code"]:#06x}', {'status-code': reply['status-code']})
        return reply

    async def _raw(self, operation: IppOperation, message: dict[str, Any]) -> bytes:
        while True:
            try:
                return await self._ipp.raw(operation, message)
            except IPPConnectionUpgradeRequired:
                if self._ipp.tls:
                    raise
                self._ipp.tls = True  # it refuses plain connections; CUPS switches to TLS as well
            except IPPResponseError as exc:
                if exc.args[1]['status-code'] != 401 or self._login is None or self._ipp.username is not None:
                    raise
                # only now, as one that wants TLS says so first
                self._ipp.username, self._ipp.password = self._login

    async def _knock(self) -> None:
        """Find out whether a printer that did not answer takes a connection at all.

        One that hangs takes a handful and then no more, so a connection that is not made proves nothing once it is
        known to be frozen; only one that is refused does.
        """
        parts = urlsplit(self.uri)
        try:
            async with asyncio.timeout(CONNECT_TIMEOUT):
                _, writer = await asyncio.open_connection(parts.hostname, parts.port or 631)
            self._frozen = True
            writer.close()
            with contextlib.suppress(OSError):  # only its being there was of interest
                await writer.wait_closed()
        except TimeoutError:
            pass
        except OSError:
            self._frozen = False


def _job(attrs: dict[str, Any]) -> ListedJob:
    return ListedJob(id=_count(attrs.get('job-id')), state=_count(attrs.get('job-state')),
                     reasons=words(attrs.get('job-state-reasons')),
                     pages=max((_count(attrs[name]) for name in _PAGES if isinstance(attrs.get(name), int)),
                               default=None),
                     name=str(attrs.get('job-name', '')), is_ours=attrs.get('job-originating-user-name') == _user())


def _user() -> str:
    """Who asks. Some printers, and print servers, show the name of a job only to its owner: CUPS hands the job over in
    the name of the user who gave it to CUPS."""
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return 'unknown'  # so says libcups


def _dpi(attrs: dict[str, Any]) -> int:
    found = attrs.get('printer-resolution-default')
    return found if isinstance(found, int) and 0 < found <= MAX_DPI else 0


def _bits(attrs: dict[str, Any]) -> int:
    """Bits of a dot of what the printer gets, by its formats for pixels (PWG 5102.4, Apple Raster)."""
    if attrs.get('color-supported') is True:
        return 24
    formats = words(attrs.get('pwg-raster-document-type-supported')), words(attrs.get('urf-supported'))
    if 'sgray_8' in formats[0] or 'W8' in formats[1]:
        return 8
    return 1 if 'black_1' in formats[0] else 0


def _count(value: object) -> int:
    return value if isinstance(value, int) else 0
