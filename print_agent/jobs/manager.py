"""The middle of the agent: what comes in from any link, what the workers do and what is reported meet here.

Carries out what :mod:`.decisions` decides, always in the order: commit to the spool, then speak, then act.
Deadlines run on a clock that counts sleep, from the moment a permission was received.
"""

import logging
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace

from print_agent.errors import BadDocument, NoRoom, Overloaded, SpoolFull
from print_agent.jobs import decisions
from print_agent.jobs.decisions import OnJob, OnRestart, OnWord
from print_agent.jobs.registry import Book
from print_agent.printing import pdf_check
from print_agent.printing.backend import Outcome
from print_agent.protocol import messages as p
from print_agent.protocol import reasons
from print_agent.runtime import clock
from print_agent.runtime.trace import Trace
from print_agent.spool.job import ENDED, LOCAL, UNTOUCHED, Entry, State
from print_agent.spool.store import Spool


log = logging.getLogger(__name__)


class Jobs(Book):
    """All jobs of the agent. Everything here runs in the event loop's thread.

    :param known: tells whether a printer of this name exists; None when the list is not known yet
    """

    def __init__(self, spool: Spool, *, trace: Trace | None = None,
                 known: Callable[[str], bool | None] = lambda _name: None):
        super().__init__(spool, trace)
        self._known = known
        self.stopping = False

    # -- the life of the whole ----------------------------------------------------------------------------------------

    def restart(self) -> None:
        """Deal with what an earlier run left in the spool. Jobs at a printer are left to its worker."""
        now, mono = time.time(), clock.now()
        for entry in self.spool.open():
            match decisions.on_restart(entry, now):
                case OnRestart.give_back:
                    self._end(entry, State.returned, 'restarted')
                case OnRestart.expire:
                    self._end(entry, State.returned, 'expired')
                case OnRestart.keep:
                    self._deadlines.expires(entry.seq, mono + entry.expires - now)

    def tick(self) -> None:
        """Give back what cannot be printed in time. Call it several times a second."""
        now = clock.now()
        self._unsaved.tick(now)
        for seq, reason, detail in self._deadlines.over(now):
            self._give_back(seq, reason, detail)

    def drain(self) -> None:
        """Take no more work and give back everything that is not at a printer."""
        self.stopping = True
        for entry in self.spool.open():
            if entry.state in UNTOUCHED:
                self._end(entry, State.returned, 'stopping')

    # -- what servers say ---------------------------------------------------------------------------------------------

    async def receive(self, source: str, job: p.Job, document: bytes, *, received: float | None = None,
                      printer: str = '', callback: str = '') -> Entry:
        """Take a job in, or recognise it. Returns after the commit; everything is reported by then.

        :param received: when the header with its permission came in, on the clock of :mod:`.runtime.clock`; now, if
            not given
        :raises NoRoom: the job is not kept
        """
        try:
            return await self._receive(source, job, document, clock.now() if received is None else received, printer,
                                       callback)
        except SpoolFull as exc:
            self._no_room(source, job.job, job.dispatch, 'disk_full')
            raise NoRoom('disk_full') from exc

    async def _receive(self, source: str, job: p.Job, document: bytes, received: float, printer: str,
                       callback: str) -> Entry:
        self.trace(job.job, job.dispatch, 'received')
        try:
            problem = await self._problem(job, document, printer or job.printer)
        except Overloaded as exc:
            self._no_room(source, job.job, job.dispatch, 'overloaded')
            raise NoRoom('overloaded') from exc
        # No await below: the decision and its commit are one.
        entry = self._find(source, job.job)
        decision = decisions.on_job(entry, job)
        if decision in (OnJob.store, OnJob.update) and (why := self.full):
            self._no_room(source, job.job, job.dispatch, why)
            raise NoRoom(why)
        if decision in (OnJob.store, OnJob.update) and problem is not None:
            # A newer dispatch of a job that is held but cannot be taken: the old one must not print either.
            entry = self._store(source, job, None, received, State.refused, printer, callback, problem)
        elif decision in (OnJob.store, OnJob.update) and self.stopping:
            entry = self._store(source, job, None, received, State.returned, printer, callback,
                                BadDocument('stopping', reasons.sentence('stopping')))
        elif decision is OnJob.store:
            entry = self._store(source, job, document, received, State.go if job.go else State.waiting, printer,
                                callback)
        else:
            assert entry is not None
            if decision is OnJob.update:
                self._deadlines.forget(entry.seq)
                entry = self.spool.update(entry, job, document, printer=printer, callback=callback)
                self._clock(entry, job.print_within, job.expires_in, received)
            elif decision is OnJob.grant:
                entry = self._grant(entry, job.print_within, received)
            elif decision is OnJob.renumber:
                entry = self.spool.renumber(entry, job.dispatch)
        self.trace(job.job, job.dispatch, 'spooled')
        self._say(source, *decisions.state_messages(entry))
        if entry.state is State.go:
            self.trace(job.job, job.dispatch, 'go')
            self._wake(entry.printer)
        return entry

    def go(self, source: str, go: p.Go, *, received: float | None = None) -> None:
        """A permission to print came in."""
        entry = self._find(source, go.job)
        match decisions.on_go(entry, go):
            case OnWord.act:
                assert entry is not None
                if self.stopping:
                    self._end(entry, State.returned, 'stopping')
                    return
                try:
                    self._grant(entry, go.print_within, clock.now() if received is None else received)
                except SpoolFull:
                    self._no_room(source, go.job, go.dispatch, 'disk_full')
                    return
                self.trace(go.job, go.dispatch, 'go')
                self._wake(entry.printer)
            case OnWord.report:
                assert entry is not None
                self._say(source, *decisions.state_messages(entry))
            case OnWord.missing:
                self._say(source, p.Returned(job=go.job, dispatch=go.dispatch, reason='not_here',
                                             detail=reasons.sentence('not_here')))

    def cancel(self, source: str, cancel: p.Cancel) -> None:
        """A job is not wanted any more."""
        entry = self._find(source, cancel.job)
        match decisions.on_cancel(entry, cancel):
            case OnWord.act:
                assert entry is not None
                if cancel.dispatch > entry.dispatch:
                    entry = self.spool.renumber(entry, cancel.dispatch)
                self._end(entry, State.canceled)
            case OnWord.report:
                assert entry is not None
                if cancel.dispatch > entry.dispatch:
                    entry = self.spool.renumber(entry, cancel.dispatch)
                self._say(source, *decisions.state_messages(entry))
            case OnWord.missing:
                self._say(source, p.Canceled(job=cancel.job, dispatch=cancel.dispatch))

    def ack(self, source: str, ack: p.Ack) -> None:
        """The server knows how a job ended."""
        entry = self.spool.find(source, ack.job)
        if decisions.is_acked(entry, ack):
            assert entry is not None
            self.spool.ack(entry)
        elif (end := decisions.settled_by(entry, ack)) is not None:
            assert entry is not None
            state, reason = end
            self.spool.end(entry, state, reason, reasons.sentence(reason), acked=True)
            log.info('job %s.%d: answered in Indico (%s)', entry.job, entry.dispatch, reason)

    # -- pairings that come and go ------------------------------------------------------------------------------------

    def return_all(self, source: str) -> None:
        """A pairing was removed: return what it sent that is not at a printer, while its server still listens."""
        for entry in self.spool.open():
            if entry.source == source and entry.state in UNTOUCHED:
                self._end(entry, State.returned, 'stopping')

    def orphan(self, source: str) -> None:
        """No server is there any more that could hear how the jobs of a removed pairing ended."""
        self._orphaned.add(source)
        for entry in self.spool.unacked(source):
            if entry.state in ENDED:
                with suppress(SpoolFull):  # then it is kept a little longer than it had to be
                    self.spool.ack(entry)

    def adopt(self, source: str) -> None:
        """There is a pairing (again) whose server hears how its jobs end."""
        self._orphaned.discard(source)

    # -- what a person at this computer does --------------------------------------------------------------------------

    def print_here(self, job: p.Job, document: bytes, origin: str = '') -> Entry:
        """Print what no server asked for. No server hears of it, whatever becomes of it."""
        entry = self.spool.store(LOCAL, job, document, state=State.go, origin=origin)
        self._clock(entry, job.print_within, job.expires_in, clock.now())
        self._wake(entry.printer)
        return entry

    def answered(self, entry: Entry, *, came_out: bool) -> None:
        """A person looked for a badge of which nobody knew whether it came out."""
        self._end(entry, *((State.completed, 'person_saw_it') if came_out else (State.returned, 'person_missed_it')))

    # -- what workers do ----------------------------------------------------------------------------------------------

    def obstacle(self, entry: Entry, reason: str, detail: str) -> None:
        """Remember why a job cannot be printed now; it is told if the job's time runs out."""
        self._deadlines.obstacles[entry.seq] = (reason, detail)

    def begin_submit(self, entry: Entry) -> Entry | None:
        """Commit the intent to hand over; None if the job is not to be printed any more."""
        if not self._deadlines.may_begin(entry.seq, clock.now()):
            return None
        if self.paused(entry.printer) and decisions.has_listener(entry):
            return None
        try:
            if not self.spool.begin_submit(entry, self._tag(entry)):
                return None
        except SpoolFull:
            # Without the intent on disk nothing is handed over; perhaps there is room again before its time is up.
            self.obstacle(entry, 'disk_full', reasons.sentence('disk_full'))
            return None
        self.trace(entry.job, entry.dispatch, 'submit')
        return self.spool.get(entry.seq)

    def undo_submit(self, entry: Entry) -> None:
        """The print system certainly did not take it. The deadline runs on."""
        try:
            self.spool.undo_submit(entry)
        except SpoolFull:
            self._end(entry, State.returned, 'disk_full')

    def submitted(self, entry: Entry, handle: str) -> Entry:
        """The print system has it, under the name ``handle``."""
        self._deadlines.begun(entry.seq)
        try:
            entry = self.spool.printing(entry, handle)
        except SpoolFull:  # the intent is on disk, so a restart looks for it by its tag
            entry = replace(entry, state=State.printing, handle=handle)
        self.trace(entry.job, entry.dispatch, 'submitted')
        return entry

    def at_printer(self, entry: Entry) -> None:
        """The printer has it."""
        self.trace(entry.job, entry.dispatch, 'at_printer')
        current = self.spool.get(entry.seq)
        if current is not None and current.state is State.printing:
            self._say(current.source, p.Printing(job=current.job, dispatch=current.dispatch))

    def ended(self, entry: Entry, end: Outcome) -> None:
        """It is over."""
        # The server may have given the job a newer number since.
        current = self.spool.get(entry.seq)
        if current is not None:
            self._end(current, State(end.state), end.reason, end.detail)

    # -- helpers ------------------------------------------------------------------------------------------------------

    async def _problem(self, job: p.Job, document: bytes, printer: str) -> BadDocument | None:
        if self._known(printer) is False:
            return BadDocument('unknown_printer', f'The print agent has no printer "{printer}".')
        return await pdf_check.problem(job, document)

    def _store(self, source: str, job: p.Job, document: bytes | None, received: float, state: State, printer: str,
               callback: str, problem: BadDocument | None = None) -> Entry:
        if (old := self.spool.find(source, job.job)) is not None:
            self._deadlines.forget(old.seq)
        entry = self.spool.store(source, job, document, state=state, printer=printer, callback=callback,
                                 reason=problem.reason if problem else '', detail=problem.detail if problem else '',
                                 # a sender of webhooks reads it in the answer to its POST
                                 acked=problem is not None and source.startswith('door:'))
        if problem is not None:
            log.warning('job %s.%d %s: %s', job.job, job.dispatch, state.value, problem.reason)
        else:
            self._clock(entry, job.print_within, job.expires_in, received)
        return entry

    def _grant(self, entry: Entry, print_within: float, received: float) -> Entry:
        self._deadlines.grant(entry.seq, received + print_within)
        return self.spool.grant(entry)

    def _give_back(self, seq: int, reason: str, detail: str) -> None:
        entry = self.spool.get(seq)
        if entry is not None and entry.state in UNTOUCHED:
            self._end(entry, State.returned, reason, detail)
        elif entry is None or entry.state is not State.submitting:
            self._deadlines.forget(seq)
