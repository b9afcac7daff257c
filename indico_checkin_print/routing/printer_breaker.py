"""A printer that keeps failing is set aside, so that it does not spoil one badge after the other.

It comes back by itself: after a while it gets one badge to try it with, or its agent reports that what was wrong is
gone. The agent lets a printer rest as well, for seconds; this here is for what goes on for minutes, for agents that do
not, and for people who want to read it.
"""

from datetime import timedelta

from indico.core.db import db
from indico.modules.events import EventLogRealm
from indico.modules.logs import LogKind
from indico.util.date_time import now_utc

from print_agent.protocol import messages
from print_agent.protocol.reasons import is_cancellation

from indico_checkin_print.models.agents import PrinterTrouble
from indico_checkin_print.routing.admission import obstacle


#: So many badges in a row that a printer could not print, and it is set aside.
FAILURES = 3
#: They are in a row if each comes so soon after the one before.
IN_A_ROW = timedelta(minutes=10)
#: How long it is set aside at first, and at most; each failed try doubles it.
FIRST, LONGEST = timedelta(seconds=30), timedelta(minutes=5)
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


def is_out_of_order(message, reason, *, is_aside):
    """Tell whether a printer cancels badges, and no person does: its agent returns one, or it was set aside for it."""
    return is_cancellation(reason) and (is_aside or isinstance(message, messages.Returned))


def after_failure(failures, failed_dt, now):
    """Return how many failures in a row there are after one more, and until when the printer is set aside or ``None``.

    :param failures: Those before.
    :param failed_dt: When the last of them was, or ``None``.
    """
    failures = failures + 1 if failed_dt is not None and now - failed_dt <= IN_A_ROW else 1
    if failures < FAILURES:
        return failures, None
    return failures, now + min(FIRST * 2 ** min(failures - FAILURES, 10), LONGEST)


def failed(agent, printer, reason):
    """Note that a printer could not print a badge. Return whether it is set aside."""
    trouble = PrinterTrouble.query.filter_by(agent_id=agent.id, printer=printer).first()
    if trouble is None:
        trouble = PrinterTrouble(agent_id=agent.id, printer=printer, failures=0)
        db.session.add(trouble)
    was_aside, now = trouble.probe_dt is not None, now_utc()
    trouble.failures, trouble.probe_dt = after_failure(trouble.failures, trouble.failed_dt, now)
    trouble.reason, trouble.failed_dt = reason, now
    if trouble.probe_dt is not None and not was_aside:
        _tell(agent, LogKind.negative, f'Printer "{printer}" of "{agent.name}" set aside', Reason=reason,
              Failures=trouble.failures)
    return trouble.probe_dt is not None


def works(agent, printer):
    """Note that a badge came out."""
    gone = db.session.execute(
        db.delete(PrinterTrouble.__table__)
        .where(PrinterTrouble.agent_id == agent.id, PrinterTrouble.printer == printer)
        .returning(PrinterTrouble.__table__.c.probe_dt)).scalars().all()
    if any(gone):
        _tell(agent, LogKind.positive, f'Printer "{printer}" of "{agent.name}" back in service')


def reported(agent, before, after):
    """Put printers back in service of which their agent says that something was wrong and no longer is."""
    for name in back_again(before, after):
        works(agent, name)


def back_again(before, after):
    """Return the names of printers of which something was wrong and no longer is, or which were not there."""
    earlier = {printer['name']: obstacle(printer) for printer in before}
    for printer in after:
        was = earlier.get(printer['name'], 'not_found')
        if was and was not in _RESTS and not obstacle(printer):
            yield printer['name']


def _tell(agent, kind, summary, **data):
    agent.event.log(EventLogRealm.management, kind, 'Check-in printing', summary, data=data)
