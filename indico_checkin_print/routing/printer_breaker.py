"""The circuit breaker of a printer: one that keeps failing gets no badge, so that it does not spoil a whole queue.

It closes when a badge comes out, or when its agent reports that what was wrong is gone. The agent has a breaker of its
own, for seconds; this one is for faults that last minutes, for agents without one, and for people who read the log.
"""

from datetime import timedelta

from indico.core.db import db
from indico.modules.events import EventLogRealm
from indico.modules.logs import LogKind
from indico.util.date_time import now_utc

from print_agent.protocol import messages
from print_agent.protocol.circuit_breaker import Breaker, Policy
from print_agent.protocol.reasons import is_cancellation

from indico_checkin_print.models.agents import PrinterBreaker
from indico_checkin_print.routing.admission import obstacle


POLICY = Policy(threshold=3, first=30, longest=300, window=600)
#: Reasons of agents that say nothing against the printer.
NOT_THE_PRINTER = frozenset({
    'too_late', 'expired', 'restarted', 'stopping', 'not_here', 'returned', 'person_missed_it', 'restart_unclear',
    'cups_lost_job', 'submit_unclear', 'agent_error', 'document_unavailable', 'spool_full', 'paused', 'queue_paused'})
#: What an agent that lets a printer rest reports: that the rest is over proves nothing.
_RESTS = frozenset({'engine_failed', 'rejected', 'job-canceled', 'job-canceled-by-user', 'job-canceled-by-operator',
                    'job-canceled-at-device', 'job-aborted'})


def blames_printer(reason):
    """Tell whether a reason for not printing is one against the printer."""
    return reason not in NOT_THE_PRINTER


def is_out_of_order(message, reason, *, is_open):
    """Tell whether a printer cancels badges, and no person does: its agent returns one, or its breaker is open."""
    return is_cancellation(reason) and (is_open or isinstance(message, messages.Returned))


def after_failure(failures, failed_dt, now):
    """Return how many failures in a row there are after one more, and when the next probe
    is due, or ``None`` while the breaker is closed.

    :param failures: Those before.
    :param failed_dt: When the last of them was, or ``None``.
    """
    # the clock of the breaker begins now
    before = Breaker(failures, None if failed_dt is None else (failed_dt - now).total_seconds())
    breaker = before.failed(0, POLICY)
    return breaker.failures, None if breaker.probe_at is None else now + timedelta(seconds=breaker.probe_at)


def failed(agent, printer, reason):
    """Note that a printer could not print a badge. Return whether the breaker is open."""
    breaker = PrinterBreaker.query.filter_by(agent_id=agent.id, printer=printer).first()
    if breaker is None:
        breaker = PrinterBreaker(agent_id=agent.id, printer=printer, failures=0)
        db.session.add(breaker)
    was_open, now = breaker.probe_dt is not None, now_utc()
    breaker.failures, breaker.probe_dt = after_failure(breaker.failures, breaker.failed_dt, now)
    breaker.reason, breaker.failed_dt = reason, now
    if breaker.probe_dt is not None and not was_open:
        _tell(agent, LogKind.negative, f'Printer "{printer}" of "{agent.name}" set aside', Reason=reason,
              Failures=breaker.failures)
    return breaker.probe_dt is not None


def works(agent, printer):
    """Note that a badge came out."""
    gone = db.session.execute(
        db.delete(PrinterBreaker.__table__)
        .where(PrinterBreaker.agent_id == agent.id, PrinterBreaker.printer == printer)
        .returning(PrinterBreaker.__table__.c.probe_dt)).scalars().all()
    if any(gone):
        _tell(agent, LogKind.positive, f'Printer "{printer}" of "{agent.name}" back in service')


def reported(agent, before, after):
    """Put printers back in service of which their agent says that something was wrong and no longer is."""
    for name in recovered(before, after):
        works(agent, name)


def recovered(before, after):
    """Return the names of printers of which something was wrong and no longer is, or which were not there."""
    earlier = {printer['name']: obstacle(printer) for printer in before}
    for printer in after:
        was = earlier.get(printer['name'], 'not_found')
        if was and was not in _RESTS and not obstacle(printer):
            yield printer['name']


def _tell(agent, kind, summary, **data):
    agent.event.log(EventLogRealm.management, kind, 'Check-in printing', summary, data=data)
