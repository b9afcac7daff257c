"""One printer, one job at a time, in order of arrival.

Written so that at every line it is clear what is known: before the intent is committed nothing has been handed over;
after it, the job ends only by what the print system and the printer say.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable

from print_agent import reasons
from print_agent.jobs import Jobs
from print_agent.printing.base import Backend, End, NotReady, Sheet, SubmitFailed, Unsettled
from print_agent.rules import Entry, State


log = logging.getLogger(__name__)

#: Pause before a printer that was not ready is tried again, in seconds.
RETRY = 0.5
#: How long a print system may take to finish by itself a job that the printer has completed, in seconds.
FINISH = 5.0
#: How long to try to find out about a job that an earlier run left behind, in seconds.
RECONCILE = 60.0
#: How long a print system that is down may hold up the verdict on a job that did not come out, in seconds.
SETTLE = 60.0


class Worker:
    """Prints the jobs of one printer."""

    def __init__(self, printer: str, backend: Backend, jobs: Jobs):
        self.printer = printer
        self._backend = backend
        self._jobs = jobs
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
                self._jobs.ended(current, End('unknown', 'agent_error', reasons.sentence('agent_error')))
                await self._settle(current, patience=0)
            await asyncio.sleep(RETRY)
        finally:
            self.busy = False

    async def _print(self, entry: Entry) -> None:
        document = self._jobs.spool.document(entry.seq)
        try:
            await self._backend.check(self.printer)
        except NotReady as exc:
            await self._not_now(entry, exc.reason, exc.detail, wait=exc.wait)
            return
        submitting = self._jobs.begin_submit(entry)
        if submitting is None or document is None:
            await asyncio.sleep(0.05)  # its time is up; the clock is about to give it back
            return
        entry = submitting
        sheet = _sheet(entry, document)
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
            await self._reconcile(entry, reason='submit_failed')
            return
        entry = self._jobs.submitted(entry, handle)
        await self._follow(entry, sheet)

    async def _follow(self, entry: Entry, sheet: Sheet) -> None:
        end = await self._backend.follow(self.printer, sheet, entry.handle, lambda: self._jobs.at_printer(entry))
        if end.state in ('failed', 'returned'):
            # These say that nothing will come out, so CUPS must have let go of it before they are said.
            try:
                async with asyncio.timeout(SETTLE):
                    await self._settle(entry, patience=0)
            except TimeoutError:
                end = End('unknown', end.reason, f'{end.detail} CUPS still has it.')
            self._jobs.ended(entry, end)
        else:
            self._jobs.ended(entry, end)
            await self._settle(entry, patience=FINISH if end.state in ('completed', 'sent') else 0)

    async def _settle(self, entry: Entry, *, patience: float) -> None:
        """Until the print system has let go of one job it does not get the next."""
        told = False
        while True:
            try:
                await self._backend.settle(self.printer, entry.tag, entry.handle, patience=patience)
            except Unsettled as exc:
                if not told:
                    log.warning('job %s.%d is not out of the print system yet: %s', entry.job, entry.dispatch, exc)
                told = True
                await asyncio.sleep(RETRY)
            else:
                self._jobs.spool.settled(entry)
                return

    async def _reconcile(self, entry: Entry, reason: str = 'restarted') -> None:
        """Find out what became of a job that may have been handed over."""
        if entry.state not in (State.submitting, State.printing):
            await self._settle(entry, patience=0)
            return
        deadline = asyncio.get_running_loop().time() + RECONCILE
        while True:
            try:
                handle = await self._backend.find(self.printer, entry.tag, entry.handle)
                break
            except SubmitFailed as exc:
                if not exc.retry or asyncio.get_running_loop().time() >= deadline:
                    self._jobs.ended(entry, End('unknown', exc.reason, exc.detail))
                    await self._settle(entry, patience=0)
                    return
                await asyncio.sleep(RETRY)
        if handle is None:
            self._jobs.ended(entry, End('returned', reason, reasons.sentence(reason)))
            self._jobs.spool.settled(entry)
            return
        if entry.state is State.submitting:
            entry = self._jobs.submitted(entry, handle)
        await self._follow(entry, _sheet(entry, b''))

    async def _not_now(self, entry: Entry, reason: str, detail: str, *, wait: bool) -> None:
        self._jobs.obstacle(entry, reason, detail)
        if wait:
            await asyncio.sleep(RETRY)  # the clock gives the job back when its time is up
        elif (current := self._jobs.spool.get(entry.seq)) is not None and current.state is State.go:
            self._jobs.ended(current, End('returned', reason, detail))

    def _fail(self, entry: Entry, reason: str, detail: str) -> None:
        current = self._jobs.spool.get(entry.seq)
        if current is not None and current.state is State.go:
            self._jobs.ended(current, End('failed', reason, detail))


def _sheet(entry: Entry, document: bytes) -> Sheet:
    # Short and plain, so that no print system cuts the tag off at the end.
    title = entry.title[:40].encode('ascii', 'replace').decode()
    return Sheet(tag=entry.tag, title=f'{title} [{entry.tag}]', document=document, copies=entry.copies,
                 width_mm=entry.width_mm, height_mm=entry.height_mm, expires=entry.expires)
