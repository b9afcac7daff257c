"""What workers do with jobs, from the intent to hand one over until its outcome.

Each method commits to the spool before it returns, so whatever dies, the next run knows which badges may have come out.
"""

import hashlib
import re
from collections.abc import Callable
from dataclasses import replace

from print_agent.errors import SpoolFull
from print_agent.jobs import decisions
from print_agent.jobs.registry import Registry
from print_agent.jobs.subscribers import Subscribers
from print_agent.printing.backend import Outcome
from print_agent.protocol import messages as p
from print_agent.protocol import reasons
from print_agent.runtime import clock
from print_agent.spool.job import AT_PRINTER, Entry, State


class Handover:
    """The jobs of all printers, as their workers see them.

    :param is_paused: whether a person at this computer paused a printer
    """

    def __init__(self, registry: Registry, subscribers: Subscribers, is_paused: Callable[[str], bool]):
        self._registry = registry
        self._spool = registry.spool
        self._subscribers = subscribers
        self._is_paused = is_paused

    # -- what there is to do ------------------------------------------------------------------------------------------

    def left_at_printer(self, printer: str) -> list[Entry]:
        """What an earlier run left in the print system, or left for it to forget."""
        return self._spool.left_at_printer(printer)

    def next(self, printer: str) -> Entry | None:
        """The first job of a printer that may be printed, or None."""
        return self._spool.next(printer)

    def document(self, entry: Entry) -> bytes | None:
        """The PDF of a job; None if it is not to be printed any more."""
        return self._spool.document(entry.seq)

    # -- before the print system has it -------------------------------------------------------------------------------

    def blocked(self, entry: Entry, reason: str, detail: str) -> None:
        """Remember why a job cannot be printed now: it is the reason if the job's time runs out."""
        self._registry.deadlines.blocked[entry.seq] = (reason, detail)

    def release(self, entry: Entry, reason: str, detail: str, *, is_certain: bool = False) -> None:
        """Return a job that was not handed over. See :func:`.decisions.may_be_returned`."""
        current = self._spool.get(entry.seq)
        if current is not None and decisions.may_be_returned(current, is_certain=is_certain):
            self._registry.end(current, State.returned, reason, detail)

    def release_others(self, entry: Entry, reason: str) -> None:
        """Return what waits behind a job that makes no progress: for this reason, not because it came too late."""
        for other in self._spool.open():
            if other.printer == entry.printer and other.seq != entry.seq:
                self.release(other, reason, reasons.sentence(reason))

    def reject(self, entry: Entry, reason: str, detail: str) -> None:
        """Fail a job that was not handed over and never can be."""
        current = self._spool.get(entry.seq)
        if current is not None and current.state is State.go:
            self._registry.end(current, State.failed, reason, detail)

    # -- while the print system has it --------------------------------------------------------------------------------

    def begin_submit(self, entry: Entry) -> Entry | None:
        """Commit the intent to hand over; None if the job is not to be printed any more."""
        if not self._registry.deadlines.may_begin(entry.seq, clock.now()):
            return None
        if self._is_paused(entry.printer) and decisions.has_listener(entry):
            return None
        try:
            if not self._spool.begin_submit(entry, _tag(self._spool.id, entry)):
                return None
        except SpoolFull:
            # Without the intent on disk nothing is handed over; perhaps there is room again before its time is up.
            self.blocked(entry, 'disk_full', reasons.sentence('disk_full'))
            return None
        self._registry.trace(entry.job, entry.dispatch, 'submit')
        return self._spool.get(entry.seq)

    def undo_submit(self, entry: Entry) -> None:
        """The print system certainly did not take it. The deadline runs on."""
        try:
            self._spool.undo_submit(entry)
        except SpoolFull:
            self._registry.end(entry, State.returned, 'disk_full')

    def submitted(self, entry: Entry, handle: str) -> Entry:
        """The print system has it, under the name ``handle``."""
        self._registry.deadlines.begun(entry.seq)
        try:
            entry = self._spool.printing(entry, handle)
        except SpoolFull:  # the intent is on disk, so a restart looks for it by its tag
            entry = replace(entry, state=State.printing, handle=handle)
        self._registry.trace(entry.job, entry.dispatch, 'submitted')
        return entry

    def at_printer(self, entry: Entry) -> None:
        """The printer has it."""
        self._registry.trace(entry.job, entry.dispatch, 'at_printer')
        current = self._spool.get(entry.seq)
        if current is not None and current.state is State.printing:
            self._subscribers.notify(current.source, p.Printing(job=current.job, dispatch=current.dispatch))

    def canceling(self, entry: Entry, reason: str) -> None:
        """The agent is about to have it cancelled; a restart must not take that for the doing of others."""
        self._spool.note_cancel(entry, reason)

    # -- its outcome --------------------------------------------------------------------------------------------------

    def ended(self, entry: Entry, outcome: Outcome) -> None:
        """Enter the outcome of a job that was handed over, in the spool and for its sender."""
        # The server may have given the job a newer number since.
        current = self._spool.get(entry.seq)
        if current is not None:
            self._registry.end(current, State(outcome.state), outcome.reason, outcome.detail)

    def crashed(self, entry: Entry) -> Entry | None:
        """A mistake of ours ended the work on it. Return it if the print system may have it: then it is unknown."""
        current = self._spool.get(entry.seq)
        if current is None or current.state not in AT_PRINTER:
            return None
        self.ended(current, Outcome.of('unknown', 'agent_error'))
        return current

    def gone(self, entry: Entry) -> None:
        """The print system will certainly not print it any more."""
        self._spool.note_gone(entry)


def _tag(spool: str, entry: Entry) -> str:
    unique = f'{spool}|{entry.source}|{entry.job}|{entry.dispatch}|{entry.seq}'
    plain = re.sub(r'[^A-Za-z0-9._-]', '_', entry.job)
    return f'{plain}.{entry.dispatch}-{hashlib.sha256(unique.encode()).hexdigest()[:8]}'
