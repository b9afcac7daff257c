"""One printer, one job at a time, in order of arrival.

Written so that at every line it is clear what is known: before the intent is committed nothing has been handed over;
after it, the job ends only by what the print system and the printer say.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import replace

from print_agent.errors import CannotLayOut, NotReady, Overloaded, SubmitFailed, NotGone
from print_agent.jobs.manager import Jobs
from print_agent.printing import pdf_check
from print_agent.printing.backend import Backend, Outcome, PrintRequest, short_tag
from print_agent.printing.breaker import PrinterBreakers
from print_agent.printing.layout import Layout
from print_agent.protocol import reasons
from print_agent.spool.job import Entry, State


log = logging.getLogger(__name__)

#: Pause before a printer that was not ready is tried again, in seconds.
RETRY = 0.5
#: A badge that cannot be printed for so long goes back, so that it comes out elsewhere, in seconds.
PATIENCE = 3.0
#: How often the printer is looked at while it has a badge, in seconds.
LOOK = 0.5
#: What a printer gave up without a trace on paper is tried again: there, or at another printer.
_AGAIN = frozenset({'engine_failed', 'rejected'})
#: With these CUPS got no connection to the printer: the next badge waits a little before it is tried.
_NO_CONNECTION = frozenset({'printer_unreachable', 'printer_frozen'})
#: How long a print system may take to finish by itself a job that the printer has completed, in seconds.
FINISH = 5.0
#: How long to try to find out about a job that an earlier run left behind, in seconds.
RECONCILE = 60.0
#: How long a print system that is down may hold up the verdict on a job that did not come out, in seconds.
SETTLE = 60.0


class Worker:
    """Prints the jobs of one printer.

    :param health: what is known about all printers
    :param layout: the tech's settings for this printer
    :param obstacle: tells why a badge in a printer would not get on, by the printer's own word
    """

    def __init__(self, printer: str, backend: Backend, jobs: Jobs, health: PrinterBreakers | None = None,
                 obstacle: Callable[[str], str] = lambda _printer: '', layout: Layout | None = None):
        self.printer = printer
        self._backend = backend
        self._jobs = jobs
        self._health = health or PrinterBreakers()
        self._obstacle = obstacle
        self._layout = layout or Layout()
        #: The job that cannot be printed now, and since when.
        self._hindered: tuple[int, float] = (0, 0.0)
        #: Whether a job is between intent and end.
        self.busy = False

    async def run(self) -> None:
        """Work until cancelled. Starts with what an earlier run left at the printer."""
        for entry in self._jobs.spool.left_at_printer(self.printer):
            await self._guard(entry, self._reconcile)
        waker = self._jobs.waker(self.printer)
        while True:
            waker.clear()
            following = self._jobs.spool.next(self.printer)
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
            current = self._jobs.spool.get(entry.seq)
            if current is not None and current.state in (State.submitting, State.printing):
                self._jobs.ended(current, Outcome.of('unknown', 'agent_error'))
                await self._ensure_gone(current, patience=0)
            await asyncio.sleep(RETRY)
        finally:
            self.busy = False

    async def _print(self, entry: Entry) -> None:
        document = self._jobs.spool.document(entry.seq)
        if self._hindered[0] != entry.seq:
            self._hindered = (entry.seq, _now())
        try:
            if trouble := self._health.trouble(self.printer):
                raise NotReady(trouble, reasons.sentence(trouble))
            await self._backend.check(self.printer)
        except NotReady as exc:
            await self._not_now(entry, exc.reason, exc.detail, wait=exc.wait)
            return
        if document is None:
            await asyncio.sleep(0.05)  # it was taken back
            return
        try:
            sheet = await pdf_check.lay_out(self._layout, _sheet(entry, document))
        except CannotLayOut as exc:
            self._fail(entry, exc.reason, exc.detail)
            return
        except Overloaded:  # nothing is wrong with the badge
            await self._not_now(entry, 'overloaded', reasons.sentence('overloaded'), wait=True)
            return
        submitting = self._jobs.begin_submit(entry)
        if submitting is None:
            await asyncio.sleep(0.05)  # its time is up; the clock is about to give it back
            return
        entry = submitting
        sheet = replace(sheet, tag=entry.tag, title=_title(entry))
        try:
            handle = await self._backend.submit(self.printer, sheet)
        except SubmitFailed as exc:
            if exc.certain:
                self._jobs.undo_submit(entry)
                if exc.retry:
                    await self._not_now(entry, exc.reason, exc.detail, wait=True)
                else:
                    self._fail(entry, exc.reason, exc.detail)
                return
            log.warning('job %s.%d: %s; looking for it', entry.job, entry.dispatch, exc.reason)
            await self._reconcile(entry, exc)
            return
        entry = self._jobs.submitted(entry, handle)
        await self._follow(entry, sheet)

    async def _follow(self, entry: Entry, sheet: PrintRequest) -> None:
        watch = asyncio.create_task(self._watch(entry))
        try:
            end = await self._backend.follow(self.printer, sheet, entry.handle, lambda: self._jobs.at_printer(entry))
        finally:
            watch.cancel()
            await asyncio.wait([watch])  # not `await watch`, which could not tell its end from our own cancellation
            if not watch.cancelled() and (exc := watch.exception()) is not None:
                # The badge is followed all the same; only the next ones waited here for nothing.
                log.error('the watch over %s died', self.printer, exc_info=exc)
            self._health.stalled(self.printer, '')
        if end.state in ('completed', 'sent'):
            self._health.works(self.printer)
        elif (end.state == 'failed' and end.reason in _AGAIN
              and self._health.failed(self.printer, entry.job, end.reason)):
            end = Outcome('returned', end.reason, end.detail)
        elif (end.state == 'failed' and reasons.is_cancellation(end.reason) and self._health.canceled(self.printer)
              and self._health.failed(self.printer, entry.job, end.reason)):
            end = Outcome('returned', end.reason, end.detail)  # no person cancels one badge after the other
        elif end.state in ('returned', 'unknown') and end.reason in _NO_CONNECTION:
            self._health.failed(self.printer, entry.job, end.reason)
            self._give_back_others(entry, end.reason)
        if end.state in ('failed', 'returned'):
            # These say that nothing will come out, so CUPS must have let go of it before they are said.
            try:
                async with asyncio.timeout(SETTLE):
                    await self._ensure_gone(entry, patience=0)
            except TimeoutError:
                self._jobs.ended(entry, Outcome('unknown', end.reason, f'{end.detail} CUPS still has it.'))
                await self._ensure_gone(entry, patience=0)
            else:
                self._jobs.ended(entry, end)
        else:
            self._jobs.ended(entry, end)
            await self._ensure_gone(entry, patience=FINISH if end.state in ('completed', 'sent') else 0)

    async def _watch(self, entry: Entry) -> None:
        """Set the printer aside while the badge in it does not get on, and let the next ones go elsewhere."""
        since: float | None = None
        while True:
            await asyncio.sleep(LOOK)
            reason = self._obstacle(self.printer)
            since = None if not reason else _now() if since is None else since
            if since is None or _now() - since < PATIENCE:
                self._health.stalled(self.printer, '')
                continue
            self._health.stalled(self.printer, reason)
            self._give_back_others(entry, reason)

    async def _ensure_gone(self, entry: Entry, *, patience: float) -> None:
        """Until the print system has let go of one job it does not get the next."""
        told = False
        while True:
            try:
                await self._backend.ensure_gone(self.printer, entry.tag, entry.handle, patience=patience)
            except NotGone as exc:
                if not told:
                    log.warning('job %s.%d is not out of the print system yet: %s', entry.job, entry.dispatch, exc)
                told = True
                await asyncio.sleep(RETRY)
            else:
                self._jobs.spool.note_gone(entry)
                return

    async def _reconcile(self, entry: Entry, failure: SubmitFailed | None = None) -> None:
        """Find out what became of a job that may have been handed over.

        :param failure: how handing it over went wrong just now; None after a restart
        """
        if entry.state not in (State.submitting, State.printing):
            await self._ensure_gone(entry, patience=0)
            return
        deadline = asyncio.get_running_loop().time() + RECONCILE
        while True:
            try:
                handle = await self._backend.find(self.printer, entry.tag, entry.handle)
                break
            except SubmitFailed as exc:
                if not exc.retry or asyncio.get_running_loop().time() >= deadline:
                    cause = exc if failure is None or exc.retry else failure
                    self._jobs.ended(entry, Outcome('unknown', cause.reason, cause.detail))
                    await self._ensure_gone(entry, patience=0)
                    return
                await asyncio.sleep(RETRY)
        if handle is None:
            reason = 'restarted' if failure is None else 'submit_failed'
            self._jobs.ended(entry, Outcome.of('returned', reason))
            self._jobs.spool.note_gone(entry)
            return
        if entry.state is State.submitting:
            entry = self._jobs.submitted(entry, handle)
        await self._follow(entry, _sheet(entry, b''))

    async def _not_now(self, entry: Entry, reason: str, detail: str, *, wait: bool) -> None:
        self._jobs.obstacle(entry, reason, detail)
        if not wait or _now() - self._hindered[1] >= PATIENCE:
            self._give_back(entry, reason, detail, certain=not wait)
            self._give_back_others(entry, reason)
        if wait:
            await asyncio.sleep(RETRY)  # the clock gives the job back when its time is up

    def _give_back(self, entry: Entry, reason: str, detail: str, *, certain: bool = False) -> None:
        """Return a job that was not handed over.

        Not one that came by webhook, unless it is certain that it cannot be printed here: its sender would only send
        it again, so the agent waits for the printer as long as it may.
        """
        current = self._jobs.spool.get(entry.seq)
        if current is not None and current.state is State.go and (certain or not current.source.startswith('door:')):
            self._jobs.ended(current, Outcome('returned', reason, detail))

    def _give_back_others(self, entry: Entry, reason: str) -> None:
        """Return what waits behind a badge that does not get on: for this reason, not because it came too late."""
        for other in self._jobs.spool.open():
            if other.printer == self.printer and other.state is State.go and other.seq != entry.seq:
                self._give_back(other, reason, reasons.sentence(reason))

    def _fail(self, entry: Entry, reason: str, detail: str) -> None:
        current = self._jobs.spool.get(entry.seq)
        if current is not None and current.state is State.go:
            self._jobs.ended(current, Outcome('failed', reason, detail))


def _now() -> float:
    return asyncio.get_running_loop().time()


def _title(entry: Entry) -> str:
    # Short and plain, as print systems cut it; by its beginning alone the job is known as well.
    title = entry.title[:40].encode('ascii', 'replace').decode()
    return f'{short_tag(entry.tag)} {title} [{entry.tag}]'


def _sheet(entry: Entry, document: bytes) -> PrintRequest:
    return PrintRequest(tag=entry.tag, title=_title(entry), document=document, copies=entry.copies,
                 width_mm=entry.width_mm, height_mm=entry.height_mm, expires=entry.expires,
                 # the pages of a ticket are one for each person
                 two_sided=entry.kind == 'badge' and entry.pages == 2)
