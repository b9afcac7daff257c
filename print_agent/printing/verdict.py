"""Judges from what CUPS and the printer say whether a badge came out. Pure: observations in, a verdict out.

Measured on CUPS 2.4: it reports "completed" for a job that the printer rejected and for one that was lost when the
printer was switched off. So where the printer can be asked, only its word counts, and its silence means ``unknown``.
"""

from dataclasses import dataclass
from typing import Literal

from print_agent.printing.backend import Outcome
from print_agent.printing.ipp import ABORTED, CANCELED, COMPLETED, HELD, STOPPED, JobView
from print_agent.protocol import reasons


#: A job that CUPS has ended must show up at the printer, or be certain to be absent, within this many seconds.
GRACE_PERIOD = 3.0
#: A printer that is too busy to show whether it hides the names of jobs gets this many seconds.
LEARN_TIMEOUT = 60.0
#: A job that the printer had and now denies, for this many seconds, is lost.
ABSENCE_TIMEOUT = 2.0
#: A printer that does not answer for this many seconds while it may have the job: a person must look.
SILENCE_TIMEOUT = 60.0
#: A job that CUPS cannot get to the printer for this many seconds is cancelled there.
DELIVERY_TIMEOUT = 60.0
#: A connection that CUPS cannot make within this many seconds is not made.
CONNECT_TIMEOUT = 4.0
#: A job that CUPS holds for no reason is cancelled after so many seconds. A CUPS that was killed within a second or so
#: of taking a job comes back with the job as it was while its document arrived: on hold. It never prints that.
ORPHAN_TIMEOUT = 3.0
#: CUPS itself may be away for this many seconds before a job that only it knows about is given up.
CUPS_TIMEOUT = 120.0

#: What printers say of a job that the agent had cancelled, through CUPS.
_MAY_BE_OURS = {'job-canceled', 'job-canceled-by-user', 'job-canceled-by-operator'}
_NO_DATA = {'job-data-insufficient', 'job-incoming'}


@dataclass(frozen=True, slots=True)
class CupsView:
    """A job as CUPS sees it.

    ``started``: CUPS has begun to send it to the printer. ``connecting``: it has no connection to it. ``busy``: the
    queue is at work, be it to end what was cancelled. ``unreadable``: it cannot read what the printer says of itself,
    and sends nothing before it can.
    """

    state: int
    reasons: tuple[str, ...] = ()
    message: str = ''
    started: bool = False
    connecting: bool = False
    busy: bool = False
    unreadable: bool = False


#: What could be learned instead of a job: it is not there, nobody can be reached, somebody is there but says nothing.
Missing = Literal['absent', 'unreachable', 'frozen']


class Follower:
    """The judgement on one job. Feed :meth:`step` until it returns an end.

    :param asks: whether the printer itself can be asked; if not, CUPS is all there is
    :param expires: seconds on the clock of ``now`` after which the badge must not come out any more
    :param canceled_for: why an earlier run of the agent was about to cancel the job; empty if it was not
    """

    def __init__(self, *, asks: bool, now: float, expires: float, canceled_for: str = ''):
        self.asks = asks
        self.expires = expires
        #: Whether the printer (or CUPS, where the printer cannot be asked) has been seen to have the job.
        self.at_printer = not asks
        #: Whether the printer was switched off and on since it had the job. Set by the caller, who can ask.
        self.restarted = False
        #: Whether the printer is a print server, which calls completed what it has handed on. Set by the caller.
        self.hands_on = False
        #: Whether the printer hides the names of jobs, so that a job may be there and not be seen; None: that is not
        #: known. Set by the caller.
        self.nameless: bool | None = False
        #: Whether the printer's address took no connection just before the job was cancelled, nor, once CUPS has let
        #: go of it, afterwards: so it cannot have come out. Set by the caller.
        self.unreached = False
        #: Set when the job has to be cancelled in CUPS; the caller does it and calls :meth:`canceled`.
        self.cancel: Outcome | None = None if not canceled_for else _canceled_before(canceled_for)
        self._canceled: Outcome | None = None
        #: What was to be cancelled when the printer was seen to have it: then it is not, unless CUPS does so already.
        self._overtaken: Outcome | None = None
        self._start = now
        #: Since when each thing has been observed without a break.
        self._since: dict[str, float] = {}

    def step(self, now: float, cups: CupsView | Missing, printer: JobView | Missing | None) -> Outcome | None:
        """Judge what both say now: the outcome of the job, or None to ask again."""
        if not self.asks or printer is None:
            return self._judge_by_cups(now, cups)
        if isinstance(printer, JobView):
            self.at_printer = True
            if self.cancel is not None:
                self._overtaken, self.cancel = self.cancel, None
            self._since = {what: since for what, since in self._since.items() if what == 'no data'}
            return self._judge_by_printer(now, cups, printer)
        if printer != 'absent':
            return self._judge_silence(now, cups, 'printer_frozen' if printer == 'frozen' else 'printer_unreachable')
        self._since.pop('silent', None)
        return self._judge_absence(now, cups)

    def canceled(self) -> None:
        """The caller has cancelled the job in CUPS as :attr:`cancel` asked."""
        self._canceled, self.cancel = self.cancel, None
        self._since.clear()

    @property
    def cancel_outcome(self) -> Outcome | None:
        """The outcome once CUPS has cancelled the job, if the agent asked for that; None if it did not."""
        return self._canceled or self.cancel or self._overtaken

    def _wish_in(self, cups: CupsView) -> Outcome | None:
        """The wish, if CUPS may have ended the job for it. What CUPS aborted before it was asked, it did not cancel."""
        return self._canceled or (self.cancel_outcome if cups.state == CANCELED else None)

    # -- the printer has it -------------------------------------------------------------------------------------------

    def _judge_by_printer(self, now: float, cups: CupsView | Missing, job: JobView) -> Outcome | None:
        if job.state == COMPLETED:
            return Outcome('sent', detail=reasons.sentence('sent')) if self.hands_on else Outcome('completed')
        if job.state in (CANCELED, ABORTED):
            reason = reasons.first(job.reasons, 'job-canceled' if job.state == CANCELED else 'engine_failed')
            if job.pages:
                return Outcome('unknown', reason, f'{reasons.sentence(reason)} {reasons.sentence("stopped_midway")}')
            if job.state == CANCELED and reason in _MAY_BE_OURS and (ours := self.cancel_outcome) is not None:
                if job.pages is None:  # nobody counted, so it may be out, and must not be printed elsewhere as well
                    return Outcome('unknown', ours.reason, reasons.sentence('stopped_midway'))
                return Outcome.of('returned', ours.reason)
            return Outcome.of('failed', reason)
        if job.state == HELD and _NO_DATA & set(job.reasons):
            # A moment between the job and its document, unless CUPS has nothing more to send.
            over = not isinstance(cups, CupsView) or cups.state >= CANCELED
            if self._for('no data', now) >= (GRACE_PERIOD if over else SILENCE_TIMEOUT):
                return Outcome.of('failed', 'rejected')
        else:
            self._since.pop('no data', None)
        return None

    # -- the printer answers and does not have it ---------------------------------------------------------------------

    def _judge_absence(self, now: float, cups: CupsView | Missing) -> Outcome | None:
        if self.at_printer:
            reason = 'power_cycled' if self.restarted else 'printer_lost_job'
            return self._after('absent', now, ABSENCE_TIMEOUT, Outcome.of('unknown', reason))
        if self.nameless:
            return self._judge_unseen(now, cups)
        if cups == 'unreachable':
            # CUPS may still hand it over when it is back; the printer is watched on.
            return self._after('no cups', now, CUPS_TIMEOUT, Outcome.of('unknown', 'cups_down'))
        self._since.pop('no cups', None)
        if cups == 'absent':
            return self._after('forgotten', now, GRACE_PERIOD, Outcome.of('unknown', 'cups_lost_job'))
        assert isinstance(cups, CupsView)
        if cups.state == COMPLETED:
            return self._after('handed over', now, LEARN_TIMEOUT if self.nameless is None else GRACE_PERIOD,
                               Outcome.of('unknown', 'not_seen_at_printer'))
        if cups.state in (CANCELED, ABORTED) and (ours := self._wish_in(cups)) is not None:
            return None if self._is_ending(now, cups) else self._after('ended', now, ABSENCE_TIMEOUT, ours)
        if cups.state in (STOPPED, CANCELED, ABORTED):
            return self._after('ended', now, ABSENCE_TIMEOUT, _cups_failure(cups))
        if now >= self.expires:
            self._ask_cancel(Outcome.of('returned', 'expired'))
        elif now - self._start >= DELIVERY_TIMEOUT or self._is_orphaned(now, cups):
            self._ask_cancel(Outcome.of('returned', 'stuck'))
        elif self._is_unconnected(now, cups):
            self._ask_cancel(Outcome.of('returned', 'printer_unreachable'))
        return None

    # -- the printer answers and does not say which of its jobs it is ------------------------------------------------

    def _judge_unseen(self, now: float, cups: CupsView | Missing) -> Outcome | None:
        if isinstance(cups, CupsView) and cups.state == COMPLETED and self._for('handed over', now) < GRACE_PERIOD:
            return None  # it may yet be seen
        return self._judge_by_cups(now, cups)

    # -- the printer does not answer ----------------------------------------------------------------------------------

    def _judge_silence(self, now: float, cups: CupsView | Missing, reason: str) -> Outcome | None:
        end = Outcome.of('unknown', reason)
        if self._canceled is not None:
            return self._after('silent', now, GRACE_PERIOD, end)
        if self._for('silent', now) < SILENCE_TIMEOUT and now < self.expires + SILENCE_TIMEOUT:
            return None
        if isinstance(cups, CupsView) and cups.state < CANCELED:
            # Cancel first: it must not come out hours later.
            self._ask_cancel(Outcome.of('returned', reason))
            return None
        return end

    # -- only CUPS can be asked ---------------------------------------------------------------------------------------

    def _judge_by_cups(self, now: float, cups: CupsView | Missing) -> Outcome | None:
        if cups == 'unreachable':
            return self._after('no cups', now, CUPS_TIMEOUT, Outcome.of('unknown', 'cups_down'))
        if cups == 'absent':
            return Outcome.of('unknown', 'cups_lost_job')
        assert isinstance(cups, CupsView)
        self._since.pop('no cups', None)
        if cups.state == COMPLETED:
            return Outcome('sent', detail=reasons.sentence('sent'))
        if cups.state in (STOPPED, CANCELED, ABORTED):
            ours = self._wish_in(cups)
            if ours is not None and cups.started:
                if self._is_ending(now, cups):
                    return None
                if self.unreached and not cups.busy:
                    return ours
                return Outcome('unknown', ours.reason, reasons.sentence('stopped_midway'))
            return ours or _cups_failure(cups)
        if self._is_orphaned(now, cups):
            # It may have been on its way to the printer when CUPS died: this CUPS cannot know.
            self._ask_cancel(Outcome('unknown', 'stuck', reasons.sentence('stopped_midway')))
        elif now >= self.expires and self._canceled is None:
            self._ask_cancel(Outcome.of('returned', 'expired'))
        elif self._is_unreadable(now, cups):
            self._ask_cancel(Outcome('unknown', 'stuck', reasons.sentence('stopped_midway')))
        elif self._is_unconnected(now, cups):
            self._ask_cancel(Outcome.of('returned', 'printer_unreachable'))
        return None

    # -- helpers ------------------------------------------------------------------------------------------------------

    def _is_orphaned(self, now: float, cups: CupsView) -> bool:
        if cups.state != HELD or cups.reasons or cups.started:
            self._since.pop('orphaned', None)
            return False
        return self._for('orphaned', now) >= ORPHAN_TIMEOUT

    def _is_unconnected(self, now: float, cups: CupsView) -> bool:
        """Whether CUPS has tried to connect for so long that it will not succeed soon."""
        if not cups.connecting:
            self._since.pop('connecting', None)
            return False
        return self._for('connecting', now) >= CONNECT_TIMEOUT

    def _is_unreadable(self, now: float, cups: CupsView) -> bool:
        """Whether CUPS has waited in vain for an answer of the printer that it can read, and would do so for ever."""
        if not cups.unreadable:
            self._since.pop('unreadable', None)
            return False
        return self._for('unreadable', now) >= DELIVERY_TIMEOUT

    def _is_ending(self, now: float, cups: CupsView) -> bool:
        """Whether CUPS may still be sending what was cancelled. A queue at work for longer has other jobs."""
        return cups.busy and self._for('ending', now) < GRACE_PERIOD

    def _ask_cancel(self, end: Outcome) -> None:
        # a doubt stays one, whatever else happens before it is cancelled
        if self._canceled is None and (self.cancel is None or self.cancel.state != 'unknown'):
            self.cancel = end

    def _for(self, what: str, now: float) -> float:
        return now - self._since.setdefault(what, now)

    def _after(self, what: str, now: float, seconds: float, end: Outcome) -> Outcome | None:
        return end if self._for(what, now) >= seconds else None


def _canceled_before(reason: str) -> Outcome:
    """What an earlier run wanted to say once the job was cancelled."""
    if reason == 'stuck':
        # Perhaps only CUPS could be asked then, and did not know whether the job was on its way when it died.
        return Outcome('unknown', reason, reasons.sentence('stopped_midway'))
    return Outcome.of('returned', reason)


def _cups_failure(cups: CupsView) -> Outcome:
    # Nobody cancelled it: its backend gave it up because the printer would not have it ("Printer cannot print with
    # supplied options."). CUPS has no reason code for that, or a wrong one: 2.4.10 says "at the device", which is what
    # somebody does who is seen to do it, as the printer has the job then.
    given = tuple(reason for reason in cups.reasons if reason != 'canceled-at-device' or not cups.message)
    default = {STOPPED: 'job-stopped', CANCELED: 'rejected' if cups.message else 'job-canceled'}
    reason = reasons.first(given, default.get(cups.state, 'job-aborted'))
    detail = reasons.sentence(reason)
    return Outcome('failed', reason, f'{detail} CUPS: {cups.message[:300]}' if cups.message else detail)


def pause(elapsed: float) -> float:
    """How long to wait before asking again, in seconds: a badge is quick, a jam is not."""
    if elapsed < 0.3:
        return 0.02
    if elapsed < 2:
        return 0.05
    if elapsed < 10:
        return 0.15
    return 0.5 if elapsed < 60 else 1.0
