"""Watches one badge in CUPS and at its printer until there is a verdict (:mod:`.verdict`)."""

import asyncio
import logging
import time
from collections.abc import Callable
from dataclasses import replace

from print_agent.errors import CupsDown, CupsRefused, Unreachable
from print_agent.printing.backend import Outcome, PrintRequest
from print_agent.printing.cups_client import CupsClient
from print_agent.printing.devices import Devices
from print_agent.printing.ipp import (CANCELED, COMPLETED, HELD, PENDING, PRINTER_PROCESSING, PROCESSING, STOPPED,
                                      IppClient, JobView, words)
from print_agent.printing.recognize import Recognizer
from print_agent.printing.verdict import CupsView, Follower, Missing, pause


log = logging.getLogger(__name__)

#: Job states at a printer that has the document.
_TAKEN = (PENDING, PROCESSING, STOPPED, COMPLETED)
#: CUPS needs no longer than this to get a badge to a printer that takes it, in seconds.
_DELIVERY_TIME = 5.0
#: What its backends say until they have a connection (CUPS 2.4 does not always keep ``connecting-to-device``). In the
#: language of the agent; where that is not English, only the keyword is known.
_NOT_CONNECTED = frozenset({
    'Connecting to printer.', 'The printer may not exist or is unavailable at this time.',
    'The printer is unreachable at this time.', 'The printer is in use.', 'The printer is not responding.',
    'Waiting for printer to become available.'})

#: What its backend for IPP says while it cannot read the answer about the printer, and asks every ten seconds.
_UNREADABLE = 'Unable to get printer status.'


class Watch:
    """The watch over one badge that was handed to CUPS.

    :param handle: its number in CUPS
    :param newest: see :class:`.recognize.Recognizer`
    :param in_doubt: tags of jobs that CUPS may hand over again; kept up to date here
    """

    def __init__(self, client: CupsClient, devices: Devices, printer: str, request: PrintRequest, handle: str,
                 newest: int | None, in_doubt: set[str]):
        self._client = client
        self._devices = devices
        self._printer = printer
        self._request = request
        self._handle = int(handle)
        self._newest = newest
        self._in_doubt = in_doubt

    async def run(self, at_printer: Callable[[], None], canceling: Callable[[str], None]) -> Outcome:
        """Ask CUPS and the printer, quickly at first, until the follower has a verdict."""
        clock = time.monotonic
        start, request = clock(), self._request
        await self._devices.learn_uri(self._printer)
        ipp = self._devices.ipp(self._printer)
        known = None if ipp is None else Recognizer(ipp, request.tag, self._newest)
        follower = Follower(asks=ipp is not None, now=start, expires=start + request.expires - time.time(),
                            canceled_for=request.canceled_for)
        is_reported = False  # that the printer has it
        restarts = ipp.restarts if ipp is not None else 0
        view: JobView | Missing | None = None
        cups: CupsView | Missing = 'unreachable'
        handed = False  # CUPS has forgotten it, and so will never hand it over again
        while True:
            if ipp is not None and known is not None:
                view = await self._ask_printer(ipp, known, view if handed else None, cups, clock() - start)
                if self._devices.mute(self._printer) and not is_reported:
                    ipp, view = None, None
                    follower = Follower(asks=False, now=start, expires=follower.expires,
                                        canceled_for=follower.cancel_outcome.reason if follower.cancel_outcome else '')
                else:
                    follower.nameless = known.is_nameless
            if view == 'absent' and is_reported and ipp is not None and not follower.restarted:
                follower.restarted = await ipp.restarted_since(restarts)
            if not handed or not isinstance(view, JobView) or view.state == HELD:
                cups = await self._ask_cups()
                if isinstance(cups, CupsView) and not isinstance(view, JobView):
                    cups = await self._ask_queue(cups)
                handed = False
                # at once: CUPS notes an end on its disk up to half a minute later (DirtyCleanInterval), and one that
                # dies before that would hand the job over again
                if (isinstance(cups, CupsView) and cups.state >= CANCELED and isinstance(view, JobView)
                        and view.state in _TAKEN):
                    handed = await self._cancel(forget=True)
                    cups = cups if handed else 'unreachable'
                if cups == 'unreachable':
                    self._in_doubt.add(request.tag)
                elif (not handed and isinstance(view, JobView) and view.state in _TAKEN
                        and request.tag in self._in_doubt):
                    # at once: CUPS needs a moment to begin anew
                    await self._cancel()
            if ipp is not None and isinstance(view, JobView) and view.state == COMPLETED:
                follower.hands_on = await ipp.hands_on()
            # anew: this clock stops while the computer sleeps
            follower.expires = clock() + request.expires - time.time()
            if follower.unreached and isinstance(cups, CupsView) and cups.state >= CANCELED and not cups.busy:
                follower.unreached = await self._devices.connects(self._printer) is False
            end = follower.step(clock(), cups, view)
            if follower.at_printer and not is_reported:
                is_reported = True
                at_printer()
            if end is not None:
                if end.reason == 'rejected' and ipp is not None and isinstance(view, JobView):
                    await _cancel_at_printer(ipp, view.id)
                return end
            await self._carry_out(follower, canceling)
            await asyncio.sleep(pause(clock() - start if cups != 'unreachable' or handed else 1))

    async def _carry_out(self, follower: Follower, canceling: Callable[[str], None]) -> None:
        """Cancel the job in CUPS if the follower asks for it."""
        if follower.cancel is None:
            return
        canceling(follower.cancel.reason)
        # one that a dead device cannot have taken: asked before, and again when CUPS has let go
        follower.unreached = await self._devices.connects(self._printer) is False
        if await self._cancel():
            follower.canceled()

    async def _ask_printer(self, ipp: IppClient, known: Recognizer, last: JobView | Missing | None,
                           cups: CupsView | Missing, elapsed: float) -> JobView | Missing:
        """Look for the badge at its printer.

        :param last: how it was there before, once CUPS has forgotten it
        :param cups: what CUPS said last
        """
        is_delivered = isinstance(cups, CupsView) and cups.state == COMPLETED
        is_due = is_delivered or (isinstance(cups, CupsView) and cups.state == PROCESSING and not cups.connecting
                                  and elapsed >= _DELIVERY_TIME)
        try:
            if isinstance(last, JobView):
                return await known.recheck(last.id) or 'absent'
            jobs = await known.jobs(is_due=is_due, is_delivered=is_delivered)
            for job in jobs[1:]:
                if job.state < CANCELED:
                    log.warning('CUPS handed job %s over again; cancelling that at the printer', self._request.tag)
                    await ipp.cancel(job.id)
        except Unreachable as exc:
            if exc.unreadable:
                self._devices.cannot_be_read(self._printer, exc)
            return 'frozen' if exc.frozen else 'unreachable'
        return jobs[0] if jobs else 'absent'

    async def _cancel(self, *, forget: bool = False) -> bool:
        """Cancel the job in CUPS, or let it delete one that has ended; return whether it heard it."""
        try:
            await self._client.cancel(self._handle, forget=forget)
        except (CupsDown, CupsRefused) as exc:
            log.warning('cups job %d could not be cancelled: %s', self._handle, exc)
            return False
        return True

    async def _ask_cups(self) -> CupsView | Missing:
        try:
            return await self._client.job(self._handle, self._request.tag) or 'absent'
        except (CupsDown, CupsRefused):
            return 'unreachable'

    async def _ask_queue(self, job: CupsView) -> CupsView | Missing:
        """Add to a job what only its queue says: whether it is at work, and has a connection."""
        if job.state < PROCESSING:
            return job
        try:
            queue = await self._client.queue(self._printer, ['printer-state', 'printer-state-reasons']) or {}
        except (CupsDown, CupsRefused):
            return 'unreachable'
        unconnected = ('connecting-to-device' in words(queue.get('printer-state-reasons'))
                       or job.message in _NOT_CONNECTED)
        return replace(job, busy=queue.get('printer-state') == PRINTER_PROCESSING,
                       connecting=job.state == PROCESSING and unconnected,
                       unreadable=job.state == PROCESSING and job.message == _UNREADABLE)


async def _cancel_at_printer(ipp: IppClient, job: int) -> None:
    try:
        await ipp.cancel(job)
    except Unreachable as exc:
        log.info('rejected job %d is left at the printer: %s', job, exc)
