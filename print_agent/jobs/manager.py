"""All jobs of the agent: takes in what connections bring and people ask for, and keeps it in the spool.

Carries out what :mod:`.decisions` decides, always in the order: commit to the spool, then notify, then act.
What workers do is in :mod:`.handover`. Deadlines run on a clock that counts sleep, from the moment a permission was
received.
"""

import asyncio
import logging
import time
from collections.abc import Callable, Collection
from contextlib import suppress

from print_agent.errors import BadDocument, NoRoom, Overloaded, SpoolFull
from print_agent.jobs import capacity, decisions
from print_agent.jobs.decisions import OnJob, OnMessage, OnRestart
from print_agent.jobs.handover import Handover
from print_agent.jobs.registry import Registry
from print_agent.jobs.subscribers import Subscriber, Subscribers
from print_agent.printing import pdf_check
from print_agent.protocol import messages as p
from print_agent.protocol import offer, reasons
from print_agent.runtime import clock
from print_agent.runtime.trace import Trace
from print_agent.spool.job import ENDED, LOCAL, UNTOUCHED, Entry, State
from print_agent.spool.store import Spool


log = logging.getLogger(__name__)


class Jobs:
    """All jobs of the agent. Everything here runs in the event loop's thread.

    :param known: whether a printer of this name exists; None when the list is not known yet
    """

    def __init__(self, spool: Spool, *, trace: Trace | None = None,
                 known: Callable[[str], bool | None] = lambda _name: None):
        self._spool = spool
        self._trace = trace or Trace('')
        self._known = known
        self._subscribers = Subscribers()
        self._registry = Registry(spool, self._subscribers, self._trace)
        self._wakers: dict[str, asyncio.Event] = {}
        self.handover = Handover(self._registry, self._subscribers, lambda printer: self.paused(printer))
        self.stopping = False
        #: Called with the name of a printer that has got work.
        self.on_work: Callable[[str], None] = lambda _printer: None
        #: Whether a person at this computer paused a printer.
        self.paused: Callable[[str], bool] = lambda _printer: False
        #: How many print queues are left out of what Indico is sent.
        self.left_out: Callable[[], int] = lambda: 0

    # -- from start to stop -------------------------------------------------------------------------------------------

    def restart(self) -> None:
        """Deal with what an earlier run left in the spool. Jobs at a printer are left to its worker."""
        now, mono = time.time(), clock.now()
        for entry in self._spool.open():
            match decisions.on_restart(entry, now):
                case OnRestart.return_job:
                    self._registry.end(entry, State.returned, 'restarted')
                case OnRestart.expire:
                    self._registry.end(entry, State.returned, 'expired')
                case OnRestart.keep:
                    self._registry.deadlines.expires(entry.seq, mono + entry.expires - now)

    def tick(self) -> None:
        """Return what cannot be printed in time. Call it several times a second."""
        self._registry.return_late()

    def drain(self) -> None:
        """Take no more work and return everything that is not at a printer."""
        self.stopping = True
        self._return(lambda _entry: True, 'stopping')

    @property
    def full(self) -> str:
        """Why the spool takes no more jobs: a reason, or empty if it does."""
        return capacity.shortage(self._spool)

    @property
    def depth(self) -> int:
        """How many jobs have not ended."""
        return sum(self._spool.depths().values())

    # -- what servers hear --------------------------------------------------------------------------------------------

    def listen(self, source: str, subscriber: Subscriber | None) -> None:
        """Send messages about jobs of ``source`` to this function from now on; None: nobody is there."""
        self._subscribers.listen(source, subscriber)

    def hello(self, source: str, software: str, printers: Collection[p.Printer]) -> p.Hello:
        """The hello for one server: only its own jobs are in it."""
        # What has not ended counts most: how the others ended is said besides.
        entries = sorted(self._registry.unacked(source), key=lambda entry: (entry.state in ENDED, -entry.seq))
        held = [line for entry in entries if (line := decisions.held(entry)) is not None]
        # Acknowledged, but a person may have answered them in Indico by now: the server says so then.
        held += [p.Held(job=entry.job, dispatch=entry.dispatch, state=p.HeldState.unknown)
                 for entry in self._spool.unknown(decisions.QUESTION_TTL) if entry.source == source and entry.acked]
        return p.Hello(software=software, spool=self._spool.id, printers=tuple(printers), left_out=self.left_out(),
                       holding=tuple(offer.fitting(held[:2000], offer.HOLDING_BYTES)), features=(p.FEATURE_CALLS,))

    def owed(self, source: str) -> list[p.FromAgent]:
        """What a server must hear although it was said before: every outcome it has not acknowledged, every job that
        prints."""
        messages: list[p.FromAgent] = []
        for entry in self._registry.unacked(source):
            if (end := decisions.outcome_message(entry)) is not None:
                messages.append(end)
            elif entry.state is State.printing:
                messages.append(p.Printing(job=entry.job, dispatch=entry.dispatch))
        return messages

    # -- what servers say ---------------------------------------------------------------------------------------------

    async def receive(self, source: str, job: p.Job, document: bytes, *, received: float | None = None,
                      printer: str = '', callback: str = '') -> Entry:
        """Take a job in, or recognise it. Returns after the commit; everything is reported by then.

        :param received: when the header with its permission came in, on the clock of :mod:`.runtime.clock`; now, if
            not given
        :raises NoRoom: the job is not kept
        """
        received = clock.now() if received is None else received
        self._trace(job.job, job.dispatch, 'received')
        try:
            problem = await self._problem(job, document, printer or job.printer)
            # No await below: the decision and its commit are one.
            entry = self._take(source, job, document, received, printer, callback, problem)
        except (Overloaded, SpoolFull) as exc:
            reason = 'overloaded' if isinstance(exc, Overloaded) else 'disk_full'
            self._registry.return_untaken(source, job.job, job.dispatch, reason)
            raise NoRoom(reason) from exc
        self._trace(job.job, job.dispatch, 'spooled')
        self._subscribers.notify(source, *decisions.state_messages(entry))
        if entry.state is State.go:
            self._trace(job.job, job.dispatch, 'go')
            self._wake(entry.printer)
        return entry

    def _take(self, source: str, job: p.Job, document: bytes, received: float, printer: str, callback: str,
              problem: BadDocument | None) -> Entry:
        entry = self._registry.find(source, job.job)
        decision = decisions.on_job(entry, job)
        if decision in (OnJob.store, OnJob.update):
            if why := self.full:
                self._registry.return_untaken(source, job.job, job.dispatch, why)
                raise NoRoom(why)
            if problem is not None:
                # A newer dispatch of a job that is held but cannot be taken: the old one must not print either.
                return self._registry.store(source, job, None, received, State.refused, printer, callback, problem)
            if self.stopping:
                return self._registry.store(source, job, None, received, State.returned, printer, callback,
                                            BadDocument('stopping', reasons.sentence('stopping')))
        if decision is OnJob.store:
            return self._registry.store(source, job, document, received, State.go if job.go else State.waiting,
                                        printer, callback)
        assert entry is not None
        if decision is OnJob.update:
            self._registry.deadlines.forget(entry.seq)
            entry = self._spool.update(entry, job, document, printer=printer, callback=callback)
            self._registry.start_clock(entry, job, received)
        elif decision is OnJob.grant:
            entry = self._registry.grant(entry, job.print_within, received)
        elif decision is OnJob.renumber:
            entry = self._spool.renumber(entry, job.dispatch)
        return entry

    async def _problem(self, job: p.Job, document: bytes, printer: str) -> BadDocument | None:
        if self._known(printer) is False:
            return BadDocument('unknown_printer', f'The print agent has no printer "{printer}".')
        return await pdf_check.problem(job, document)

    def go(self, source: str, go: p.Go, *, received: float | None = None) -> None:
        """A permission to print came in."""
        entry = self._registry.find(source, go.job)
        match decisions.on_go(entry, go):
            case OnMessage.act:
                assert entry is not None
                if self.stopping:
                    self._registry.end(entry, State.returned, 'stopping')
                    return
                try:
                    self._registry.grant(entry, go.print_within, clock.now() if received is None else received)
                except SpoolFull:
                    self._registry.return_untaken(source, go.job, go.dispatch, 'disk_full')
                    return
                self._trace(go.job, go.dispatch, 'go')
                self._wake(entry.printer)
            case OnMessage.report:
                assert entry is not None
                self._subscribers.notify(source, *decisions.state_messages(entry))
            case OnMessage.missing:
                self._subscribers.notify(source, p.Returned(job=go.job, dispatch=go.dispatch, reason='not_here',
                                                            detail=reasons.sentence('not_here')))

    def cancel(self, source: str, cancel: p.Cancel) -> None:
        """A job is not wanted any more."""
        entry = self._registry.find(source, cancel.job)
        decision = decisions.on_cancel(entry, cancel)
        if decision is OnMessage.missing:
            self._subscribers.notify(source, p.Canceled(job=cancel.job, dispatch=cancel.dispatch))
        if entry is None or decision not in (OnMessage.act, OnMessage.report):
            return
        if cancel.dispatch > entry.dispatch:
            entry = self._spool.renumber(entry, cancel.dispatch)
        if decision is OnMessage.act:
            self._registry.end(entry, State.canceled)
        else:
            self._subscribers.notify(source, *decisions.state_messages(entry))

    def ack(self, source: str, ack: p.Ack) -> None:
        """The server knows how a job ended."""
        entry = self._spool.find(source, ack.job)
        if decisions.is_acked(entry, ack):
            assert entry is not None
            self._spool.ack(entry)
        elif (answer := decisions.answered_by(entry, ack)) is not None:
            assert entry is not None
            state, reason = answer
            self._spool.end(entry, state, reason, reasons.sentence(reason), acked=True)
            log.info('job %s.%d: answered in Indico (%s)', entry.job, entry.dispatch, reason)

    # -- senders of webhooks ------------------------------------------------------------------------------------------

    def find(self, source: str, job: str) -> Entry | None:
        """The job of this source, or None."""
        return self._spool.find(source, job)

    def callbacks(self) -> list[Entry]:
        """All jobs whose outcome has to be reported to a callback."""
        return self._spool.callbacks()

    def delivered(self, entry: Entry) -> None:
        """The callback of a job needs no further report. Raises :class:`SpoolFull`."""
        self._spool.ack(entry)

    @property
    def spool_id(self) -> str:
        """Identity of the spool, which makes the ids of reports unique."""
        return self._spool.id

    # -- pairings that come and go ------------------------------------------------------------------------------------

    def return_all(self, source: str) -> None:
        """A pairing was removed: return what it sent that is not at a printer, while its server still listens."""
        self._return(lambda entry: entry.source == source, 'stopping')

    def orphan(self, source: str) -> None:
        """No server is there any more that could hear how the jobs of a removed pairing ended."""
        self._subscribers.orphan(source)
        for entry in self._spool.unacked(source):
            if entry.state in ENDED:
                with suppress(SpoolFull):  # then it is kept a little longer than it had to be
                    self._spool.ack(entry)

    def adopt(self, source: str) -> None:
        """There is a pairing (again) whose server hears how its jobs end."""
        self._subscribers.adopt(source)

    # -- what a person at this computer does --------------------------------------------------------------------------

    def print_here(self, job: p.Job, document: bytes, origin: str = '') -> Entry:
        """Print what no server asked for. No server hears of it, whatever becomes of it."""
        entry = self._spool.store(LOCAL, job, document, state=State.go, origin=origin)
        self._registry.start_clock(entry, job, clock.now())
        self._wake(entry.printer)
        return entry

    def answered(self, entry: Entry, *, came_out: bool) -> None:
        """A person looked for a badge of which nobody knew whether it came out."""
        if came_out:
            self._registry.end(entry, State.completed, 'person_saw_it')
        else:
            self._registry.end(entry, State.returned, 'person_missed_it')

    def return_granted(self, printer: str) -> None:
        """Return what may be printed on a printer and was not handed over, if somebody waits for it."""
        self._return(lambda entry: (entry.printer == printer and entry.state is State.go
                                    and decisions.has_listener(entry)), 'paused')

    # -- printers -----------------------------------------------------------------------------------------------------

    def waker(self, printer: str) -> asyncio.Event:
        """Set whenever a printer gets something to do."""
        return self._wakers.setdefault(printer, asyncio.Event())

    def _wake(self, printer: str) -> None:
        if self.paused(printer):
            self.return_granted(printer)
        self.on_work(printer)
        self.waker(printer).set()

    def _return(self, which: Callable[[Entry], bool], reason: str) -> None:
        for entry in self._spool.open():
            if entry.state in UNTOUCHED and which(entry):
                self._registry.end(entry, State.returned, reason)
