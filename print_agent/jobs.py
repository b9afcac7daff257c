"""The middle of the agent: what comes in from any link, what the workers do and what is reported meet here.

Carries out what :mod:`print_agent.rules` decides, always in the order: commit to the spool, then speak, then act.
Deadlines run on a clock that counts sleep, from the moment a permission was received; they live in memory only, because
a restart gives such jobs back anyway.
"""

import asyncio
import hashlib
import logging
import re
import time
from collections.abc import Callable, Collection
from dataclasses import replace

from print_agent import clock, documents, reasons, rules
from print_agent import protocol as p
from print_agent.printing.base import End
from print_agent.rules import Entry, OnJob, OnRestart, OnWord, State
from print_agent.spool import Spool, SpoolFull
from print_agent.trace import Trace


log = logging.getLogger(__name__)

#: Most jobs that the spool holds, and most bytes of their documents, before it takes no more.
MAX_HELD, MAX_BYTES = 500, 256 * 1024 * 1024
#: How often the spool is asked again to take what it could not, in seconds.
SAVE_AGAIN = 1.0
#: How long a PDF check may take, in seconds.
CHECK_TIMEOUT = 10.0

Reporter = Callable[[p.FromAgent], None]


class NoRoom(Exception):
    """A job was not kept, for want of room; its sender has been told. ``reason`` says which room."""

    def __init__(self, reason: str):
        super().__init__(reasons.sentence(reason))
        self.reason = reason


class Jobs:
    """All jobs of the agent. Everything here runs in the event loop's thread.

    :param known: tells whether a printer of this name exists; None when the list is not known yet
    """

    def __init__(self, spool: Spool, *, trace: Trace | None = None,
                 known: Callable[[str], bool | None] = lambda _name: None):
        self.spool = spool
        self.trace = trace or Trace('')
        self._known = known
        self._reporters: dict[str, Reporter] = {}
        self._deadlines: dict[int, float] = {}
        self._expiries: dict[int, float] = {}
        self._obstacles: dict[int, tuple[str, str]] = {}
        self._wakers: dict[str, asyncio.Event] = {}
        self._started: dict[int, float] = {}
        #: Ends that the disk had no room for; they were said all the same.
        self._unsaved: dict[int, Entry] = {}
        self._save_at = 0.0
        self.stopping = False
        #: Called with the name of a printer that has got work.
        self.on_work: Callable[[str], None] = lambda _printer: None
        #: Tells whether a person at this computer paused a printer.
        self.paused: Callable[[str], bool] = lambda _printer: False

    @property
    def full(self) -> str:
        """Why the spool takes no more jobs: a reason, or empty if it does."""
        if self.spool.file.full:
            return 'disk_full'
        many = sum(self.spool.depths().values()) >= MAX_HELD or self.spool.waiting_bytes() >= MAX_BYTES
        return 'spool_full' if many else ''

    # -- the life of the whole ----------------------------------------------------------------------------------------

    def restart(self) -> None:
        """Deal with what an earlier run left in the spool. Jobs at a printer are left to its worker."""
        now, mono = time.time(), clock.now()
        for entry in self.spool.open():
            match rules.on_restart(entry, now):
                case OnRestart.give_back:
                    self._end(entry, State.returned, 'restarted')
                case OnRestart.expire:
                    self._end(entry, State.returned, 'expired')
                case OnRestart.keep:
                    self._expiries[entry.seq] = mono + entry.expires - now

    def tick(self) -> None:
        """Give back what cannot be printed in time. Call it several times a second."""
        now = clock.now()
        if self._unsaved and now >= self._save_at:
            self._save_again()
        for seq in [seq for seq, deadline in self._deadlines.items() if now >= deadline]:
            self._give_back(seq, *self._obstacles.get(seq, ('too_late', reasons.sentence('too_late'))))
        for seq in [seq for seq, expiry in self._expiries.items() if now >= expiry]:
            self._give_back(seq, 'expired', reasons.sentence('expired'))

    def drain(self) -> None:
        """Take no more work and give back everything that is not at a printer."""
        self.stopping = True
        for entry in self.spool.open():
            if entry.state in rules.UNTOUCHED:
                self._end(entry, State.returned, 'stopping')

    # -- who hears about it -------------------------------------------------------------------------------------------

    def listen(self, source: str, reporter: Reporter | None) -> None:
        """Send what is to be told to ``source`` to this function from now on; None: nobody is there."""
        if reporter is None:
            self._reporters.pop(source, None)
        else:
            self._reporters[source] = reporter

    def hello(self, source: str, software: str, printers: Collection[p.Printer]) -> p.Hello:
        """The hello for one server: only its own jobs are in it."""
        held = [line for entry in self._unacked(source) if (line := rules.held(entry)) is not None]
        return p.Hello(software=software, spool=self.spool.id, printers=tuple(printers)[:100],
                       holding=tuple(held[-2000:]))

    def owed(self, source: str) -> list[p.FromAgent]:
        """What a server must hear although it was said before: every end it has not acknowledged, every job that
        prints."""
        messages: list[p.FromAgent] = []
        for entry in self._unacked(source):
            if (end := rules.end_message(entry)) is not None:
                messages.append(end)
            elif entry.state is State.printing:
                messages.append(p.Printing(job=entry.job, dispatch=entry.dispatch))
        return messages

    def waker(self, printer: str) -> asyncio.Event:
        """Set whenever a printer gets something to do."""
        return self._wakers.setdefault(printer, asyncio.Event())

    # -- what servers say ---------------------------------------------------------------------------------------------

    async def receive(self, source: str, job: p.Job, document: bytes, *, received: float | None = None,
                      printer: str = '', callback: str = '') -> Entry:
        """Take a job in, or recognise it. Returns after the commit; everything is reported by then.

        :param received: when the header with its permission came in, on the clock of :mod:`print_agent.clock`; now, if
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
        problem = await self._problem(job, document, printer or job.printer)
        # No await below: the decision and its commit are one.
        entry = self._find(source, job.job)
        decision = rules.on_job(entry, job)
        if decision in (OnJob.store, OnJob.update) and (why := self.full):
            self._no_room(source, job.job, job.dispatch, why)
            raise NoRoom(why)
        if decision in (OnJob.store, OnJob.update) and problem is not None:
            # A newer dispatch of a job that is held but cannot be taken: the old one must not print either.
            entry = self._store(source, job, None, received, State.refused, printer, callback, problem)
        elif decision in (OnJob.store, OnJob.update) and self.stopping:
            entry = self._store(source, job, None, received, State.returned, printer, callback,
                                documents.BadDocument('stopping', reasons.sentence('stopping')))
        elif decision is OnJob.store:
            entry = self._store(source, job, document, received, State.go if job.go else State.waiting, printer,
                                callback)
        else:
            assert entry is not None
            if decision is OnJob.update:
                self._forget(entry.seq)
                entry = self.spool.update(entry, job, document, printer=printer, callback=callback)
                self._clock(entry, job.print_within, job.expires_in, received)
            elif decision is OnJob.grant:
                entry = self._grant(entry, job.print_within, received)
            elif decision is OnJob.renumber:
                entry = self.spool.renumber(entry, job.dispatch)
        self.trace(job.job, job.dispatch, 'spooled')
        self._say(source, *rules.state_messages(entry))
        if entry.state is State.go:
            self.trace(job.job, job.dispatch, 'go')
            self._wake(entry.printer)
        return entry

    def go(self, source: str, go: p.Go, *, received: float | None = None) -> None:
        """A permission to print came in."""
        entry = self._find(source, go.job)
        match rules.on_go(entry, go):
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
                self._say(source, *rules.state_messages(entry))
            case OnWord.missing:
                self._say(source, p.Returned(job=go.job, dispatch=go.dispatch, reason='not_here',
                                             detail=reasons.sentence('not_here')))

    def cancel(self, source: str, cancel: p.Cancel) -> None:
        """A job is not wanted any more."""
        entry = self._find(source, cancel.job)
        match rules.on_cancel(entry, cancel):
            case OnWord.act:
                assert entry is not None
                if cancel.dispatch > entry.dispatch:
                    entry = self.spool.renumber(entry, cancel.dispatch)
                self._end(entry, State.canceled)
            case OnWord.report:
                assert entry is not None
                if cancel.dispatch > entry.dispatch:
                    entry = self.spool.renumber(entry, cancel.dispatch)
                self._say(source, *rules.state_messages(entry))
            case OnWord.missing:
                self._say(source, p.Canceled(job=cancel.job, dispatch=cancel.dispatch))

    def ack(self, source: str, ack: p.Ack) -> None:
        """The server knows how a job ended."""
        entry = self.spool.find(source, ack.job)
        if rules.is_acked(entry, ack):
            assert entry is not None
            self.spool.ack(entry)

    # -- what a person at this computer does --------------------------------------------------------------------------

    def print_here(self, job: p.Job, document: bytes, origin: str = '') -> Entry:
        """Print what no server asked for. No server hears of it, whatever becomes of it."""
        entry = self.spool.store(rules.LOCAL, job, document, state=State.go, origin=origin)
        self._clock(entry, job.print_within, job.expires_in, clock.now())
        self._wake(entry.printer)
        return entry

    def hand_back(self, printer: str) -> None:
        """Give back what may be printed on a printer but is not in its hands yet, if there is somebody who takes it."""
        for entry in self.spool.open():
            if entry.printer == printer and entry.state is State.go and rules.has_listener(entry):
                self._end(entry, State.returned, 'paused')

    def answered(self, entry: Entry, *, came_out: bool) -> None:
        """A person looked for a badge of which nobody knew whether it came out."""
        self._end(entry, *((State.completed, 'person_saw_it') if came_out else (State.returned, 'person_missed_it')))

    # -- what workers do ----------------------------------------------------------------------------------------------

    def obstacle(self, entry: Entry, reason: str, detail: str) -> None:
        """Remember why a job cannot be printed now; it is told if the job's time runs out."""
        self._obstacles[entry.seq] = (reason, detail)

    def begin_submit(self, entry: Entry) -> Entry | None:
        """Commit the intent to hand over; None if the job is not to be printed any more."""
        deadline = self._deadlines.get(entry.seq)
        if deadline is None or clock.now() >= deadline:
            return None
        if self.paused(entry.printer) and rules.has_listener(entry):
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
        self._deadlines.pop(entry.seq, None)
        self._expiries.pop(entry.seq, None)
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

    def ended(self, entry: Entry, end: End) -> None:
        """It is over."""
        # The server may have given the job a newer number since.
        current = self.spool.get(entry.seq)
        if current is not None:
            self._end(current, State(end.state), end.reason, end.detail)

    # -- helpers ------------------------------------------------------------------------------------------------------

    async def _problem(self, job: p.Job, document: bytes, printer: str) -> documents.BadDocument | None:
        if self._known(printer) is False:
            return documents.BadDocument('unknown_printer', f'The print agent has no printer "{printer}".')
        try:
            async with asyncio.timeout(CHECK_TIMEOUT):
                await asyncio.to_thread(documents.check, job, document)
        except documents.BadDocument as exc:
            return exc
        except TimeoutError:
            return documents.BadDocument('bad_pdf', 'The PDF takes too long to read.')
        return None

    def _store(self, source: str, job: p.Job, document: bytes | None, received: float, state: State, printer: str,
               callback: str, problem: documents.BadDocument | None = None) -> Entry:
        if (old := self.spool.find(source, job.job)) is not None:
            self._forget(old.seq)
        entry = self.spool.store(source, job, document, state=state, printer=printer, callback=callback,
                                 reason=problem.reason if problem else '', detail=problem.detail if problem else '',
                                 # a sender of webhooks reads it in the answer to its POST
                                 acked=problem is not None and source.startswith('door:'))
        if problem is not None:
            log.warning('job %s.%d %s: %s', job.job, job.dispatch, state.value, problem.reason)
        else:
            self._clock(entry, job.print_within, job.expires_in, received)
        return entry

    def _clock(self, entry: Entry, print_within: float, expires_in: float, received: float) -> None:
        self._started[entry.seq] = received
        self._expiries[entry.seq] = received + expires_in
        if entry.state is State.go:
            self._deadlines[entry.seq] = received + print_within

    def _grant(self, entry: Entry, print_within: float, received: float) -> Entry:
        self._deadlines[entry.seq] = received + print_within
        return self.spool.grant(entry)

    def _give_back(self, seq: int, reason: str, detail: str) -> None:
        entry = self.spool.get(seq)
        if entry is not None and entry.state in rules.UNTOUCHED:
            self._end(entry, State.returned, reason, detail)
        elif entry is None or entry.state is not State.submitting:
            self._forget(seq)

    def _end(self, entry: Entry, state: State, reason: str = '', detail: str = '') -> None:
        if entry.seq in self._unsaved:
            return
        started = self._started.get(entry.seq)
        detail = detail or (reasons.sentence(reason) if reason else '')
        acked = not rules.has_listener(entry)
        try:
            ended = self.spool.end(entry, state, reason[:80], detail[:2000], acked=acked)
        except SpoolFull:
            # It is over whether the disk has room for it or not. A crash now only means that it is found out again.
            ended = self._unsaved[entry.seq] = replace(entry, state=state, reason=reason[:80], detail=detail[:2000],
                                                       acked=acked)
        if ended is None:
            return
        self._forget(entry.seq)
        self.trace(entry.job, entry.dispatch, 'end')
        log.info('job %s.%d %s: %s%s%s', ended.job, ended.dispatch, ended.printer, state.value,
                 f' ({reason})' if reason else '',
                 '' if started is None else f' after {(clock.now() - started) * 1000:.0f} ms')
        message = rules.end_message(ended)
        assert message is not None
        self._say(ended.source, message)

    def _no_room(self, source: str, job: str, dispatch: int, reason: str) -> None:
        """Not kept, so not owed: if this word is lost, the next hello shows that the job is not here."""
        log.warning('job %s.%d not taken: %s', job, dispatch, reason)
        entry = self._find(source, job)
        if entry is not None and entry.state not in rules.UNTOUCHED | rules.NOT_PRINTED:
            return  # it may come out here: only its new number is not noted, and the server comes again with that
        if entry is not None:
            self._forget(entry.seq)  # an older dispatch of it must not print either
        self._say(source, p.Returned(job=job, dispatch=dispatch, reason=reason, detail=reasons.sentence(reason)))

    def _find(self, source: str, job: str) -> Entry | None:
        if self._unsaved:
            self._save_again()
        entry = self.spool.find(source, job)
        return None if entry is None else self._unsaved.get(entry.seq, entry)

    def _unacked(self, source: str) -> list[Entry]:
        return [self._unsaved.get(entry.seq, entry) for entry in self.spool.unacked(source)]

    def _save_again(self) -> None:
        """Write the ends that the disk had no room for."""
        self._save_at = clock.now() + SAVE_AGAIN
        for seq, ended in list(self._unsaved.items()):
            current = self.spool.get(seq)
            if current is not None and current.state not in rules.ENDED and current.dispatch == ended.dispatch:
                try:
                    self.spool.end(current, ended.state, ended.reason, ended.detail, acked=ended.acked)
                except SpoolFull:
                    return
            del self._unsaved[seq]

    def _forget(self, seq: int) -> None:
        for memory in (self._deadlines, self._expiries, self._obstacles, self._started):
            memory.pop(seq, None)

    def _say(self, source: str, *messages: p.FromAgent) -> None:
        if (reporter := self._reporters.get(source)) is not None:
            for message in messages:
                reporter(message)

    def _wake(self, printer: str) -> None:
        if self.paused(printer):
            self.hand_back(printer)
        self.on_work(printer)
        self.waker(printer).set()

    def _tag(self, entry: Entry) -> str:
        unique = f'{self.spool.id}|{entry.source}|{entry.job}|{entry.dispatch}|{entry.seq}'
        plain = re.sub(r'[^A-Za-z0-9._-]', '_', entry.job)
        return f'{plain}.{entry.dispatch}-{hashlib.sha256(unique.encode()).hexdigest()[:8]}'
