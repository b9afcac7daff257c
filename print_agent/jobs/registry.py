"""The jobs that the agent holds, on disk and in memory: how they are kept, and how they end.

Nothing in here decides: that is :mod:`.decisions`. Everything runs in the event loop's thread.
"""

import logging
from dataclasses import replace

from print_agent.errors import BadDocument, SpoolFull
from print_agent.jobs import decisions
from print_agent.jobs.deadlines import Deadlines
from print_agent.jobs.pending_outcomes import PendingOutcomes
from print_agent.jobs.subscribers import Subscribers
from print_agent.protocol import messages as p
from print_agent.protocol import reasons
from print_agent.runtime import clock
from print_agent.runtime.trace import Trace
from print_agent.spool.job import NOT_PRINTED, UNTOUCHED, Entry, Source, SourceKind, State
from print_agent.spool.store import Spool


log = logging.getLogger(__name__)


class Registry:
    """What is known about each job. Always commits to the spool first, and then notifies who waits for it.

    :param subscribers: who hears of outcomes
    """

    def __init__(self, spool: Spool, subscribers: Subscribers, trace: Trace):
        self.spool = spool
        self.deadlines = Deadlines()
        self.trace = trace
        self._subscribers = subscribers
        self._pending = PendingOutcomes(spool)

    def find(self, source: str, job: str) -> Entry | None:
        """The job of a source as it is now, also if the disk had no room for its end."""
        self._pending.save()
        entry = self.spool.find(source, job)
        return None if entry is None else self._pending.latest(entry)

    def unacked(self, source: str) -> list[Entry]:
        """The jobs that a source may ask about, as they are now."""
        return [self._pending.latest(entry) for entry in self.spool.unacked(source)]

    def store(self, source: str, job: p.Job, document: bytes | None, received: float, state: State, printer: str = '',
              callback: str = '', problem: BadDocument | None = None) -> Entry:
        """Keep a job, or only that it was not taken and why.

        :param received: when its permission came in, on the clock of :mod:`.runtime.clock`
        :param problem: why it is not printed
        :raises SpoolFull: nothing was kept
        """
        if (old := self.spool.find(source, job.job)) is not None:
            self.deadlines.forget(old.seq)
        kind = Source.parse(source).kind
        entry = self.spool.store(source, job, document, state=state, printer=printer, callback=callback,
                                 reason=problem.reason if problem else '', detail=problem.detail if problem else '',
                                 # a sender of webhooks reads it in the answer to its POST
                                 acked=problem is not None and kind is SourceKind.webhook)
        if problem is not None:
            log.warning('job %s.%d %s: %s', job.job, job.dispatch, state.value, problem.reason)
        else:
            self.start_clock(entry, job, received)
        return entry

    def start_clock(self, entry: Entry, job: p.Job, received: float) -> None:
        """Note until when a job may be printed. ``received``: see :meth:`store`."""
        self.deadlines.came(entry.seq, received, job.expires_in)
        if entry.state is State.go:
            self.deadlines.grant(entry.seq, received + job.print_within)

    def grant(self, entry: Entry, print_within: float, received: float) -> Entry:
        """Note a permission to print. Raises :class:`SpoolFull`."""
        self.deadlines.grant(entry.seq, received + print_within)
        return self.spool.grant(entry)

    def end(self, entry: Entry, state: State, reason: str = '', detail: str = '') -> None:
        """End a job and notify its source; also if the disk has no room for that."""
        if entry.seq in self._pending:
            return
        started = self.deadlines.since(entry.seq)
        detail = detail or (reasons.sentence(reason) if reason else '')
        acked = not self._subscribers.wait_for(entry)
        try:
            ended = self.spool.end(entry, state, reason[:80], detail[:2000], acked=acked)
        except SpoolFull:
            ended = self._pending.keep(replace(entry, state=state, reason=reason[:80], detail=detail[:2000],
                                               acked=acked))
        if ended is None:
            return
        self.deadlines.forget(entry.seq)
        self.trace(entry.job, entry.dispatch, 'end')
        log.info('job %s.%d %s: %s%s%s', ended.job, ended.dispatch, ended.printer, state.value,
                 f' ({reason})' if reason else '',
                 '' if started is None else f' after {(clock.now() - started) * 1000:.0f} ms')
        message = decisions.outcome_message(ended)
        assert message is not None
        self._subscribers.notify(ended.source, message)

    def return_late(self) -> None:
        """Return jobs whose time has run out, and write outcomes that the disk had no room for."""
        now = clock.now()
        self._pending.tick(now)
        for seq, reason, detail in self.deadlines.over(now):
            entry = self.spool.get(seq)
            if entry is not None and entry.state in UNTOUCHED:
                self.end(entry, State.returned, reason, detail)
            elif entry is None or entry.state is not State.submitting:
                self.deadlines.forget(seq)

    def return_untaken(self, source: str, job: str, dispatch: int, reason: str) -> None:
        """Return what is not kept, for want of room.

        If this message is lost, the next hello shows that the job is not here.
        """
        log.warning('job %s.%d not taken: %s', job, dispatch, reason)
        entry = self.find(source, job)
        if entry is not None and entry.state not in UNTOUCHED | NOT_PRINTED:
            return  # it may come out here: only its new number is not noted, and the server comes again with that
        if entry is not None:
            self.deadlines.forget(entry.seq)  # an older dispatch of it must not print either
        self._subscribers.notify(source, p.Returned(job=job, dispatch=dispatch, reason=reason,
                                                    detail=reasons.sentence(reason)))
