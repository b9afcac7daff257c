"""Keeps the circuit breaker of each printer: what became of its badges, and what its agent reports.

The rules are those of `routing.printer_breaker`. The event's log says when a breaker opens and when it closes.
"""

from indico.core.db import db
from indico.modules.events import EventLogRealm
from indico.modules.logs import LogKind
from indico.util.date_time import now_utc

from indico_checkin_print.models.agents import PrinterBreaker
from indico_checkin_print.routing.printer_breaker import after_failure, recovered


def failed(agent, printer, reason):
    """Note that a printer could not print a badge. Return whether its breaker is open."""
    breaker = PrinterBreaker.query.filter_by(agent_id=agent.id, printer=printer).first()
    if breaker is None:
        breaker = PrinterBreaker(agent_id=agent.id, printer=printer, failures=0)
        db.session.add(breaker)
    was_open, now = breaker.probe_dt is not None, now_utc()
    breaker.failures, breaker.probe_dt = after_failure(breaker.failures, breaker.failed_dt, now)
    breaker.reason, breaker.failed_dt = reason, now
    if breaker.probe_dt is not None and not was_open:
        _log(agent, LogKind.negative, f'Printer "{printer}" of "{agent.name}" gets no badges for now', Reason=reason,
             Failures=breaker.failures)
    return breaker.probe_dt is not None


def works(agent, printer):
    """Note that a badge came out."""
    gone = db.session.execute(
        db.delete(PrinterBreaker.__table__)
        .where(PrinterBreaker.agent_id == agent.id, PrinterBreaker.printer == printer)
        .returning(PrinterBreaker.__table__.c.probe_dt)).scalars().all()
    if any(gone):
        _log(agent, LogKind.positive, f'Printer "{printer}" of "{agent.name}" back in service')


def reported(agent, before, after):
    """Put printers back in service of which their agent says that something was wrong and no longer is."""
    for name in recovered(before, after):
        works(agent, name)


def _log(agent, kind, summary, **data):
    agent.event.log(EventLogRealm.management, kind, 'Check-in printing', summary, data=data)
