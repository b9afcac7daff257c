"""One printer, one job at a time, in order of arrival.

Written so that at every line it is clear what is known: before the intent is committed nothing has been handed over;
after it, the job ends only by what the print system and the printer say.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import replace
from functools import partial

import msgspec

from print_agent.errors import CannotLayOut, LabelsTooSmall, NotGone, NotReady, Overloaded, SubmitFailed
from print_agent.jobs.manager import Jobs
from print_agent.printing import pdf_check
from print_agent.printing.backend import Backend, Outcome, PrintRequest, short_tag
from print_agent.printing.breaker import PrinterBreakers
from print_agent.printing.calibrations import Layouts
from print_agent.printing.layout import Layout
from print_agent.protocol import reasons
from print_agent.protocol.calibration import Calibration
from print_agent.spool.job import Entry, State


log = logging.getLogger(__name__)

#: Pause before a printer or a print system that was not ready is tried once more, in seconds.
RETRY_INTERVAL = 0.5
#: A badge that cannot be printed for so long is returned, so that it comes out elsewhere, in seconds.
RETURN_AFTER = 3.0
#: How often the printer is checked while it has a badge, in seconds.
PRINTER_POLL_INTERVAL = 0.5
#: What a printer gave up without a trace on paper is tried again: there, or at another printer.
_REPEATABLE = frozenset({'engine_failed', 'rejected'})
#: With these CUPS got no connection to the printer: the next badge waits a little before it is tried.
_NO_CONNECTION = frozenset({'printer_unreachable', 'printer_frozen'})
#: How long a print system may take to finish a job that the printer has completed, before it is cancelled, in seconds.
FINISH_TIMEOUT = 5.0
#: How long to try to find out about a job that an earlier run left behind, in seconds.
RECONCILE_TIMEOUT = 60.0
#: How long a print system that is down may hold up the outcome of a job that did not come out, in seconds.
GONE_TIMEOUT = 60.0


class Worker:
    """Prints the jobs of one printer.

    :param breakers: what is known about all printers
    :param layouts: the shape that each printer wants
    :param stalled_by: why a badge in a printer would make no progress, as the printer says
    """

    def __init__(self, printer: str, backend: Backend, jobs: Jobs, breakers: PrinterBreakers | None = None,
                 stalled_by: Callable[[str], str] = lambda _printer: '', layouts: Layouts | None = None):
        self.printer = printer
        self._backend = backend
        self._jobs = jobs
        self._handover = jobs.handover
        self._breakers = breakers or PrinterBreakers()
        self._stalled_by = stalled_by
        self._layouts = layouts or Layouts()
        #: The job that cannot be printed now, and since when.
        self._blocked: tuple[int, float] = (0, 0.0)
        #: Whether a job is between intent and outcome.
        self.busy = False

    async def run(self) -> None:
        """Work until cancelled. Starts with what an earlier run left at the printer."""
        for entry in self._handover.left_at_printer(self.printer):
            await self._guard(entry, self._reconcile)
        waker = self._jobs.waker(self.printer)
        while True:
            waker.clear()
            following = self._handover.next(self.printer)
            if following is None or self._jobs.stopping:
                await waker.wait()
            else:
                await self._guard(following, self._print)

    async def _guard(self, entry: Entry, work: Callable[[Entry], Awaitable[None]]) -> None:
        """No mistake in one job may stop the printer for the others."""
        self.busy = True
        try:
            await work(entry)
        except Exception:
            log.exception('job %s.%d on %s went wrong', entry.job, entry.dispatch, self.printer)
            if (crashed := self._handover.crashed(entry)) is not None:
                await self._ensure_gone(crashed)
            await asyncio.sleep(RETRY_INTERVAL)
        finally:
            self.busy = False

    async def _print(self, entry: Entry) -> None:
        document = self._handover.document(entry)
        if self._blocked[0] != entry.seq:
            self._blocked = (entry.seq, _now())
        try:
            if reason := self._breakers.blocked_by(self.printer):
                raise NotReady(reason, reasons.sentence(reason))
            sheets = await self._backend.check(self.printer)
        except NotReady as exc:
            await self._not_now(entry, exc.reason, exc.detail, may_pass=exc.wait)
            return
        if document is None:
            await asyncio.sleep(0.05)  # it is not to be printed any more
            return
        try:
            request = await pdf_check.lay_out(self._layout(entry), _request(entry, document), sheets)
        except LabelsTooSmall as exc:
            if self._breakers.failed(self.printer, entry.job, exc.reason):
                self._handover.release(entry, exc.reason, exc.detail, is_certain=True)
            else:
                self._handover.reject(entry, exc.reason, exc.detail)
            return
        except CannotLayOut as exc:
            self._handover.reject(entry, exc.reason, exc.detail)
            return
        except Overloaded:  # nothing is wrong with the badge
            await self._not_now(entry, 'overloaded', reasons.sentence('overloaded'))
            return
        submitting = self._handover.begin_submit(entry)
        if submitting is None:
            await asyncio.sleep(0.05)  # its time is up: `Jobs.tick` is about to return it
            return
        entry = submitting
        request = replace(request, tag=entry.tag, title=_title(entry))
        try:
            handle = await self._backend.submit(self.printer, request)
        except SubmitFailed as exc:
            if exc.certain:
                self._handover.undo_submit(entry)
                if exc.retry:
                    await self._not_now(entry, exc.reason, exc.detail)
                else:
                    self._handover.reject(entry, exc.reason, exc.detail)
                return
            log.warning('job %s.%d: %s; searching for it', entry.job, entry.dispatch, exc.reason)
            await self._reconcile(entry, exc)
            return
        entry = self._handover.submitted(entry, handle)
        await self._follow(entry, request)

    def _layout(self, entry: Entry) -> Layout:
        sent = msgspec.json.decode(entry.calibration, type=Calibration) if entry.calibration else None
        return self._layouts.of(self.printer, sent)

    async def _follow(self, entry: Entry, request: PrintRequest) -> None:
        watch = asyncio.create_task(self._watch(entry))
        try:
            outcome = await self._backend.follow(self.printer, request, entry.handle,
                                                 partial(self._handover.at_printer, entry),
                                                 partial(self._handover.canceling, entry))
        finally:
            watch.cancel()
            await asyncio.wait([watch])  # not `await watch`: its end would look like our own cancellation
            if not watch.cancelled() and (exc := watch.exception()) is not None:
                # The badge is followed all the same; only the next ones waited here for nothing.
                log.error('the watch over %s died', self.printer, exc_info=exc)
            self._breakers.stalled(self.printer, '')
        outcome = self._judge(entry, outcome)
        if outcome.state not in ('failed', 'returned'):
            self._handover.ended(entry, outcome)
            await self._ensure_gone(entry, FINISH_TIMEOUT if outcome.state in ('completed', 'sent') else 0)
            return
        # These say that nothing will come out, so CUPS must have let go of it before they are said.
        try:
            async with asyncio.timeout(GONE_TIMEOUT):
                await self._ensure_gone(entry)
        except TimeoutError:
            self._handover.ended(entry, Outcome('unknown', outcome.reason, f'{outcome.detail} CUPS still has it.'))
            await self._ensure_gone(entry)
        else:
            self._handover.ended(entry, outcome)

    def _judge(self, entry: Entry, outcome: Outcome) -> Outcome:
        """What the outcome says about the printer, and whether the badge may be tried again."""
        reason, breakers = outcome.reason, self._breakers
        if outcome.state in ('completed', 'sent'):
            breakers.succeeded(self.printer)
        elif outcome.state == 'failed':
            # no person cancels one badge after the other
            is_printers_fault = reason in _REPEATABLE or (reasons.is_cancellation(reason)
                                                          and breakers.canceled(self.printer))
            if is_printers_fault and breakers.failed(self.printer, entry.job, reason):
                return replace(outcome, state='returned')
        elif reason in _NO_CONNECTION:
            breakers.failed(self.printer, entry.job, reason)
            self._handover.release_others(entry, reason)
        return outcome

    async def _watch(self, entry: Entry) -> None:
        """Block the printer while the badge in it makes no progress, and let the next ones go elsewhere."""
        since: float | None = None
        while True:
            await asyncio.sleep(PRINTER_POLL_INTERVAL)
            reason = self._stalled_by(self.printer)
            since = None if not reason else _now() if since is None else since
            if since is None or _now() - since < RETURN_AFTER:
                self._breakers.stalled(self.printer, '')
                continue
            self._breakers.stalled(self.printer, reason)
            self._handover.release_others(entry, reason)

    async def _ensure_gone(self, entry: Entry, finish_within: float = 0) -> None:
        """Until the print system has let go of one job it does not get the next."""
        is_logged = False
        while True:
            try:
                await self._backend.ensure_gone(self.printer, entry.tag, entry.handle, finish_within=finish_within)
            except NotGone as exc:
                if not is_logged:
                    log.warning('job %s.%d is not out of the print system yet: %s', entry.job, entry.dispatch, exc)
                is_logged = True
                await asyncio.sleep(RETRY_INTERVAL)
            else:
                self._handover.gone(entry)
                return

    async def _reconcile(self, entry: Entry, failure: SubmitFailed | None = None) -> None:
        """Find out what became of a job that may have been handed over.

        :param failure: how handing it over went wrong just now; None after a restart
        """
        if entry.state not in (State.submitting, State.printing):
            await self._ensure_gone(entry)
            return
        deadline = _now() + RECONCILE_TIMEOUT
        while True:
            try:
                handle = await self._backend.find(self.printer, entry.tag, entry.handle)
                break
            except SubmitFailed as exc:
                if not exc.retry or _now() >= deadline:
                    cause = exc if failure is None or exc.retry else failure
                    self._handover.ended(entry, Outcome('unknown', cause.reason, cause.detail))
                    await self._ensure_gone(entry)
                    return
                await asyncio.sleep(RETRY_INTERVAL)
        if handle is None:
            self._handover.ended(entry, Outcome.of('returned', 'restarted' if failure is None else 'submit_failed'))
            self._handover.gone(entry)
            return
        if entry.state is State.submitting:
            entry = self._handover.submitted(entry, handle)
        await self._follow(entry, _request(entry, b''))

    async def _not_now(self, entry: Entry, reason: str, detail: str, *, may_pass: bool = True) -> None:
        self._handover.blocked(entry, reason, detail)
        if not may_pass or _now() - self._blocked[1] >= RETURN_AFTER:
            self._handover.release(entry, reason, detail, is_certain=not may_pass)
            self._handover.release_others(entry, reason)
        if may_pass:
            await asyncio.sleep(RETRY_INTERVAL)  # `Jobs.tick` returns the job when its time is up


def _now() -> float:
    return asyncio.get_running_loop().time()


def _title(entry: Entry) -> str:
    # Short and plain, as print systems cut it; by its beginning alone the job is known as well.
    title = entry.title[:40].encode('ascii', 'replace').decode()
    return f'{short_tag(entry.tag)} {title} [{entry.tag}]'


def _request(entry: Entry, document: bytes) -> PrintRequest:
    return PrintRequest(tag=entry.tag, title=_title(entry), document=document, copies=entry.copies,
                        width_mm=entry.width_mm, height_mm=entry.height_mm, expires=entry.expires,
                        two_sided=entry.two_sided,
                        canceled_for=entry.reason if entry.state is State.printing else '')
