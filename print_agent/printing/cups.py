"""Prints through CUPS, then asks the printer itself what became of the badge.

CUPS converts and transports; the queue stays in the agent, so there is never more than one of our jobs per printer in
CUPS. For a printer behind ``ipp://`` or ``ipps://`` the outcome is the printer's own word (:mod:`.verdict`); for any
other device the best that can be said is ``sent``.
"""

import asyncio
import logging
import time
from collections.abc import Callable, Mapping, Sequence

from print_agent.errors import CupsDown, CupsRefused, HandoverFailed, NotGone, NotReady, SubmitFailed, Unreachable
from print_agent.printing.backend import Outcome, PrintRequest
from print_agent.printing.cups_client import CupsClient
from print_agent.printing.devices import Devices
from print_agent.printing.ipp import (CANCELED, HELD, PRINTER_IDLE, PRINTER_PROCESSING, PRINTER_STOPPED, STOPPED,
                                      IppClient, PrinterView, words)
from print_agent.printing.recognize import newest
from print_agent.printing.sheet import Sheets
from print_agent.printing.verdict import GRACE_PERIOD, pause
from print_agent.printing.watch import Watch
from print_agent.protocol import messages as p
from print_agent.protocol import reasons


log = logging.getLogger(__name__)

_STATES = {PRINTER_IDLE: 'idle', PRINTER_PROCESSING: 'processing', PRINTER_STOPPED: 'stopped'}
_QUEUE_ATTRIBUTES = ['printer-state', 'printer-state-reasons', 'printer-is-accepting-jobs', 'device-uri',
                     'media-supported']
#: What else decides how a page looks, and whether it is printed at all: said for each badge, so that none of it is
#: what somebody once set as the queue's default (``lpadmin -o mirror-default=true``).
_PLAIN = {
    'print-scaling': 'none', 'fit-to-page': 'false', 'number-up': '1', 'page-ranges': '1-9999', 'page-set': 'all',
    'outputorder': 'normal', 'page-delivery': 'same-order', 'collate': 'true',
    'multiple-document-handling': 'separate-documents-collated-copies', 'mirror': 'false', 'landscape': 'false',
    'page-border': 'none', 'booklet': 'off', 'job-sheets': 'none', 'job-hold-until': 'no-hold'}
#: How long one printer may hold up the list of all of them, in seconds.
STATE_TIMEOUT = 2.0
#: CUPS' own housekeeping, not a state of the printer.
_NOISE = ('cups-', 'connecting-to-device')


class CupsBackend:
    """The print queues of one CUPS server.

    :param queues: names of the queues to use; None for all
    :param logins: name and password of printers, by the name of their queue
    """

    def __init__(self, client: CupsClient, queues: Sequence[str] | None = None,
                 logins: Mapping[str, tuple[str, str]] | None = None):
        self._client = client
        self._allowed = None if queues is None else frozenset(queues)
        self._devices = Devices(client, logins)
        self._media: dict[str, tuple[str, ...]] = {}
        #: Tags of jobs that CUPS may hand over again: it was away before it had noted that it had done so.
        self._in_doubt: set[str] = set()
        #: The tag of the last badge for each printer, and the highest number of our jobs there before that.
        self._newest: dict[str, tuple[str, int | None]] = {}

    async def printers(self) -> Sequence[p.Printer]:
        """List the queues; states and reasons are the printer's own where it can be asked."""
        try:
            queues = await self._client.queues()
        except (CupsDown, CupsRefused) as exc:
            raise NotReady('cups_down', reasons.sentence('cups_down')) from exc
        names = [name for name in queues if self._allowed is None or name in self._allowed]
        for name in names:
            self._devices.learn(name, str(queues[name].get('device-uri', '')))
        return await asyncio.gather(*(self._describe(name, queues[name]) for name in names))

    async def check(self, printer: str) -> Sheets:
        """Ask the queue, and the printer if that can be asked, whether a job would get through, and onto what."""
        try:
            queue = await self._client.queue(printer, _QUEUE_ATTRIBUTES)
        except (CupsDown, CupsRefused) as exc:
            raise NotReady('cups_down', reasons.sentence('cups_down')) from exc
        if queue is None:
            raise NotReady('unknown_queue', reasons.sentence('unknown_queue'), wait=False)
        if not queue.get('printer-is-accepting-jobs', True):
            raise NotReady('queue_rejecting', reasons.sentence('queue_rejecting'))
        if queue.get('printer-state') == PRINTER_STOPPED:
            raise NotReady('queue_paused', reasons.sentence('queue_paused'))
        self._devices.learn(printer, str(queue.get('device-uri', '')))
        offered = words(queue.get('media-supported'))
        if (ipp := self._devices.ipp(printer)) is None:
            if await self._devices.connects(printer) is False:
                raise NotReady('printer_unreachable', reasons.sentence('printer_unreachable'))
            return Sheets(offered, takes_pdf=False)
        try:
            view = await ipp.printer()
        except Unreachable as exc:
            if exc.unreadable:
                self._devices.cannot_be_read(printer, exc)
                return Sheets(offered, takes_pdf=False)
            raise NotReady(exc.reason, reasons.sentence(exc.reason)) from exc
        if not view.accepting:
            raise NotReady('printer_rejecting', reasons.sentence('printer_rejecting'))
        if view.state == PRINTER_STOPPED or any(r.endswith('-error') for r in view.reasons):
            reason = reasons.first(view.reasons, 'printer_stopped')
            raise NotReady(reason, reasons.sentence(reason))
        return Sheets(offered, view.media, takes_pdf=view.takes_pdf)

    async def submit(self, printer: str, request: PrintRequest) -> str:
        """Stream the document into a new CUPS job; its number is the handle."""
        media = request.media or f'Custom.{_mm(request.width_mm)}x{_mm(request.height_mm)}mm'
        options = {**_PLAIN, 'media': media,
                   'copies': str(request.copies), 'sides': request.sides}
        if request.resolution_dpi:
            # the first is IPP's, for printers without a driver, the other one what drivers (PPDs) know
            options |= dict.fromkeys(('printer-resolution', 'Resolution'), f'{request.resolution_dpi}dpi')
        if (ipp := self._devices.ipp(printer)) is not None:
            self._newest[printer] = request.tag, await newest(ipp)
        try:
            return str(await self._client.submit(printer, request.title, request.document, options))
        except CupsRefused as exc:
            raise SubmitFailed(_submit_reason(exc.status), f'CUPS did not take the badge: {exc.text[:300]}',
                               certain=True, retry=exc.status >= 0x0500) from exc
        except HandoverFailed as exc:
            reason = 'submit_failed' if exc.dropped else 'submit_unclear'
            raise SubmitFailed(reason, f'{reasons.sentence(reason)} CUPS: {exc}'[:300], certain=exc.dropped,
                               retry=exc.dropped, handle=str(exc.job)) from exc
        except CupsDown as exc:
            raise SubmitFailed('cups_down', reasons.sentence('cups_down'), certain=True, retry=True) from exc

    async def find(self, printer: str, tag: str, handle: str) -> str | None:
        """Look in CUPS, then at the printer, for a job that may have been handed over."""
        try:
            found = await self._client.find(tag)
            if found is not None:
                number, view = found
                if view.state == HELD and 'job-incoming' in view.reasons:
                    await self._client.cancel(number)  # its document never arrived complete
                    return None
                return str(number)
        except (CupsDown, CupsRefused) as exc:
            raise SubmitFailed('cups_down', reasons.sentence('cups_down'), certain=False, retry=True) from exc
        await self._devices.learn_uri(printer)
        if (ipp := self._devices.ipp(printer)) is not None:
            try:
                if await ipp.jobs(tag):
                    return handle or '0'
            except Unreachable as exc:
                if exc.unreadable:  # it will not say later either
                    raise SubmitFailed('restart_unclear', reasons.sentence('restart_unclear'), certain=False) from exc
                raise SubmitFailed(exc.reason, reasons.sentence(exc.reason), certain=False, retry=True) from exc
        # CUPS may be configured to keep no history, and printers forget: not found does not mean not printed.
        raise SubmitFailed('restart_unclear', reasons.sentence('restart_unclear'), certain=False)

    async def follow(self, printer: str, request: PrintRequest, handle: str, at_printer: Callable[[], None],
                     canceling: Callable[[str], None]) -> Outcome:
        """Ask CUPS and the printer until it is known what became of the badge."""
        tag, before = self._newest.get(printer, ('', None))
        watch = Watch(self._client, self._devices, printer, request, handle, before if tag == request.tag else None,
                      self._in_doubt)
        return await watch.run(at_printer, canceling)

    async def ensure_gone(self, printer: str, tag: str, handle: str, *, finish_within: float) -> None:
        """Wait until CUPS is through with the job, or cancel it there.

        A CUPS that dies before it has noted that it handed the job over does so again when it is back. That one is
        cancelled at the printer.
        """
        start = time.monotonic()
        ipp, dropped = self._devices.ipp(printer), set[int]()
        if tag in self._in_doubt:
            self._in_doubt.discard(tag)
            finish_within = 0
        while True:
            waited = time.monotonic() - start
            try:
                if not handle and (found := await self._client.find(tag)) is not None:
                    handle = str(found[0])
                view = await self._client.job(int(handle), tag) if handle else None
                if view is None:
                    return
                if view.state >= CANCELED:
                    await self._client.cancel(int(handle), forget=True)
                    return
                if waited >= finish_within or view.state == STOPPED:
                    await self._client.cancel(int(handle))
                    if waited >= finish_within + GRACE_PERIOD:
                        raise NotGone(f'CUPS job {handle} cannot be cancelled.')
            except (CupsDown, CupsRefused) as exc:
                finish_within = 0  # when it is back, it must not continue with this
                if waited >= GRACE_PERIOD:
                    raise NotGone(str(exc)) from exc
            if ipp is not None:
                await self._drop_active(ipp, tag, dropped)
            await asyncio.sleep(pause(waited))

    async def close(self) -> None:
        """Close connections to printers, let threads go."""
        await self._devices.close()
        await self._client.close()

    # -- helpers ------------------------------------------------------------------------------------------------------

    async def _drop_active(self, ipp: IppClient, tag: str, dropped: set[int]) -> None:
        """Cancel at the printer what it has not printed yet of a job that has ended for us."""
        try:
            for job in await ipp.jobs(tag):
                if job.state < CANCELED and job.id not in dropped:
                    log.warning('CUPS handed job %s over again; cancelling that at the printer', tag)
                    await ipp.cancel(job.id)
                    dropped.add(job.id)
        except Unreachable as exc:
            log.debug('the printer of job %s cannot be asked: %s', tag, exc)

    async def _describe(self, name: str, queue: dict[str, object]) -> p.Printer:
        state = int(str(queue.get('printer-state', PRINTER_IDLE)))
        accepting = bool(queue.get('printer-is-accepting-jobs', True))
        why = tuple(r for r in words(queue.get('printer-state-reasons')) if not r.startswith(_NOISE))
        model, media, loaded = str(queue.get('printer-make-and-model', '')), self._media.get(name, ()), False
        dpi = bits = 0
        ipp = self._devices.ipp(name)
        if ipp is not None:
            try:
                view = await ipp.printer(STATE_TIMEOUT)
            except Unreachable as exc:
                if exc.unreadable:
                    self._devices.cannot_be_read(name, exc)
                    return await self._describe(name, queue)
                view = PrinterView(state=PRINTER_STOPPED, reasons=(exc.reason,))
            # A paused queue stays paused; else the printer knows better than CUPS, which asks it only during a job.
            paused = state == PRINTER_STOPPED
            state = PRINTER_STOPPED if paused else view.state
            why = (('paused', *view.reasons) if paused and 'paused' not in view.reasons else view.reasons)
            model, media, accepting = view.model or model, view.media or media, accepting and view.accepting
            loaded, dpi, bits = bool(view.media), view.dpi, view.bits
        elif mute := self._devices.mute(name):
            why = (*why, mute)
        elif name in self._devices.dead and not await self._devices.connects(name) and state != PRINTER_STOPPED:
            state, why = PRINTER_STOPPED, ('printer_unreachable', *why)
        if not media:
            media = self._media[name] = await self._offered_media(name)
        return p.Printer(name=name, state=_STATES.get(state, 'stopped'),  # type: ignore[arg-type]
                         reasons=tuple(r[:80] for r in why[:32]), accepting=accepting, model=model[:200],
                         media=tuple(m[:200] for m in media[:200]), loaded=loaded, dpi=dpi, bits=bits,
                         reports=ipp is not None and not ipp.is_server and ipp.way != 'none')

    async def _offered_media(self, name: str) -> tuple[str, ...]:
        try:
            attrs = await self._client.queue(name, ['media-supported'])
        except (CupsDown, CupsRefused):
            return ()
        return words((attrs or {}).get('media-supported'))


def _mm(value: float) -> str:
    """Millimetres as CUPS reads them: no exponent, no trailing zeros."""
    return f'{value:.2f}'.rstrip('0').rstrip('.')


def _submit_reason(status: int) -> str:
    return {0x0406: 'unknown_queue', 0x0506: 'queue_rejecting'}.get(status, 'submit_failed')
