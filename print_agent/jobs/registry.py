"""The jobs that the agent holds: which they are, how they end, who hears of it.

Nothing in here decides: that is :mod:`.decisions`. Everything runs in the event loop's thread.
"""

import asyncio
import hashlib
import logging
import re
from collections.abc import Callable, Collection
from dataclasses import replace

from print_agent.errors import SpoolFull
from print_agent.jobs import capacity, decisions
from print_agent.jobs.deadlines import Deadlines
from print_agent.jobs.pending_ends import PendingEnds
from print_agent.protocol import messages as p
from print_agent.protocol import offer, reasons
from print_agent.runtime import clock
from print_agent.runtime.trace import Trace
from print_agent.spool.job import ENDED, NOT_PRINTED, UNTOUCHED, Entry, State
from print_agent.spool.store import Spool


log = logging.getLogger(__name__)

Reporter = Callable[[p.FromAgent], None]


class Book:
    """What is known about each job, on disk and in memory."""

    def __init__(self, spool: Spool, trace: Trace | None = None):
        self.spool = spool
        self.trace = trace or Trace('')
        self._deadlines = Deadlines()
        self._unsaved = PendingEnds(spool)
        self._reporters: dict[str, Reporter] = {}
        self._wakers: dict[str, asyncio.Event] = {}
        self._orphaned: set[str] = set()
        #: Called with the name of a printer that has got work.
        self.on_work: Callable[[str], None] = lambda _printer: None
        #: Tells whether a person at this computer paused a printer.
        self.paused: Callable[[str], bool] = lambda _printer: False
        #: Tells how many print queues Indico is not told of.
        self.left_out: Callable[[], int] = lambda: 0

    @property
    def full(self) -> str:
        """Why the spool takes no more jobs: a reason, or empty if it does."""
        return capacity.lack(self.spool)

    # -- who hears about it -------------------------------------------------------------------------------------------

    def listen(self, source: str, reporter: Reporter | None) -> None:
        """Send what is to be told to ``source`` to this function from now on; None: nobody is there."""
        if reporter is None:
            self._reporters.pop(source, None)
        else:
            self._reporters[source] = reporter

    def hello(self, source: str, software: str, printers: Collection[p.Printer]) -> p.Hello:
        """The hello for one server: only its own jobs are in it."""
        # What has not ended counts most: how the others ended is said besides.
        entries = sorted(self._unacked(source), key=lambda entry: (entry.state in ENDED, -entry.seq))
        held = [line for entry in entries if (line := decisions.held(entry)) is not None]
        # Acknowledged, but a person may have answered them in Indico by now: the server says so then.
        held += [p.Held(job=entry.job, dispatch=entry.dispatch, state='unknown')
                 for entry in self.spool.unknown(decisions.ASKED) if entry.source == source and entry.acked]
        return p.Hello(software=software, spool=self.spool.id, printers=tuple(printers), left_out=self.left_out(),
                       holding=tuple(offer.fitting(held[:2000], offer.HOLDING_BYTES)))

    def owed(self, source: str) -> list[p.FromAgent]:
        """What a server must hear although it was said before: every end it has not acknowledged, every job that
        prints."""
        messages: list[p.FromAgent] = []
        for entry in self._unacked(source):
            if (end := decisions.end_message(entry)) is not None:
                messages.append(end)
            elif entry.state is State.printing:
                messages.append(p.Printing(job=entry.job, dispatch=entry.dispatch))
        return messages

    def waker(self, printer: str) -> asyncio.Event:
        """Set whenever a printer gets something to do."""
        return self._wakers.setdefault(printer, asyncio.Event())

    def return_granted(self, printer: str) -> None:
        """Give back what may be printed on a printer but is not in its hands yet, if there is somebody who takes it."""
        for entry in self.spool.open():
            if entry.printer == printer and entry.state is State.go and decisions.has_listener(entry):
                self._end(entry, State.returned, 'paused')

    def _say(self, source: str, *messages: p.FromAgent) -> None:
        if (reporter := self._reporters.get(source)) is not None:
            for message in messages:
                reporter(message)

    def _wake(self, printer: str) -> None:
        if self.paused(printer):
            self.return_granted(printer)
        self.on_work(printer)
        self.waker(printer).set()

    # -- one job ------------------------------------------------------------------------------------------------------

    def _find(self, source: str, job: str) -> Entry | None:
        self._unsaved.save()
        entry = self.spool.find(source, job)
        return None if entry is None else self._unsaved.latest(entry)

    def _unacked(self, source: str) -> list[Entry]:
        return [self._unsaved.latest(entry) for entry in self.spool.unacked(source)]

    def _clock(self, entry: Entry, print_within: float, expires_in: float, received: float) -> None:
        self._deadlines.came(entry.seq, received, expires_in)
        if entry.state is State.go:
            self._deadlines.grant(entry.seq, received + print_within)

    def _end(self, entry: Entry, state: State, reason: str = '', detail: str = '') -> None:
        if entry.seq in self._unsaved:
            return
        started = self._deadlines.since(entry.seq)
        detail = detail or (reasons.sentence(reason) if reason else '')
        acked = not decisions.has_listener(entry) or entry.source in self._orphaned
        try:
            ended = self.spool.end(entry, state, reason[:80], detail[:2000], acked=acked)
        except SpoolFull:
            ended = self._unsaved.keep(replace(entry, state=state, reason=reason[:80], detail=detail[:2000],
                                               acked=acked))
        if ended is None:
            return
        self._deadlines.forget(entry.seq)
        self.trace(entry.job, entry.dispatch, 'end')
        log.info('job %s.%d %s: %s%s%s', ended.job, ended.dispatch, ended.printer, state.value,
                 f' ({reason})' if reason else '',
                 '' if started is None else f' after {(clock.now() - started) * 1000:.0f} ms')
        message = decisions.end_message(ended)
        assert message is not None
        self._say(ended.source, message)

    def _no_room(self, source: str, job: str, dispatch: int, reason: str) -> None:
        """Not kept, so not owed: if this word is lost, the next hello shows that the job is not here."""
        log.warning('job %s.%d not taken: %s', job, dispatch, reason)
        entry = self._find(source, job)
        if entry is not None and entry.state not in UNTOUCHED | NOT_PRINTED:
            return  # it may come out here: only its new number is not noted, and the server comes again with that
        if entry is not None:
            self._deadlines.forget(entry.seq)  # an older dispatch of it must not print either
        self._say(source, p.Returned(job=job, dispatch=dispatch, reason=reason, detail=reasons.sentence(reason)))

    def _tag(self, entry: Entry) -> str:
        unique = f'{self.spool.id}|{entry.source}|{entry.job}|{entry.dispatch}|{entry.seq}'
        plain = re.sub(r'[^A-Za-z0-9._-]', '_', entry.job)
        return f'{plain}.{entry.dispatch}-{hashlib.sha256(unique.encode()).hexdigest()[:8]}'
