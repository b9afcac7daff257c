"""Check-ins that were not entered into the ledger when they happened, because something of ours failed: once more.

`checkin.py` notes them in the check-in's own transaction, and the sweep comes here. Each is judged by the way in which
it was made, so nothing prints that was not to print. Its badge is good no longer than that of any other check-in: what
is found too late is in the ledger as expired.
"""

from datetime import timedelta

from indico.core.db import db

from indico_checkin_print.ledger.states import EXPIRES_AFTER
from indico_checkin_print.logs import log_failure, logger
from indico_checkin_print.models.choices import CheckinSource
from indico_checkin_print.models.missed import MissedCheckin
from indico_checkin_print.signals import checkin
from indico_checkin_print.sql import now


#: How many one sweep tries to record
MAX_CHECKINS_PER_SWEEP = 50
#: Two scans of one person at the same moment put two times on one check-in
SAME_MOMENT = timedelta(seconds=10)


def recover(actor):
    """Record what could not be recorded before. Return how many check-ins are in the ledger now."""
    rows = (MissedCheckin.query
            .filter(MissedCheckin.checked_in_dt > now(-2 * EXPIRES_AFTER.total_seconds()))
            .order_by(MissedCheckin.attempts, MissedCheckin.checked_in_dt)
            .limit(MAX_CHECKINS_PER_SWEEP).with_for_update(skip_locked=True).all())
    return sum(_recover(row, actor) for row in rows)


def _recover(row, actor):
    registration = row.registration
    try:
        with db.session.begin_nested():
            if row.source != CheckinSource.bulk:
                checkin.begin_request()  # the one before was another one
            recorded = _still_holds(row) and bool(checkin.record(
                registration, CheckinSource(row.source), row.user_id, row.token, actor,
                late=_age(row).total_seconds()))
            db.session.delete(row)
    except Exception as exc:
        # tried again with the next sweep; `doctor` warns the administrator about those that never work
        row.attempts += 1
        log_failure(logger, exc, 'Check-in of registration %d could not be recorded (again)',
                    row.registration_id)
        return False
    if recorded:
        logger.info('Check-in of registration %d is recorded now', registration.id)
    return recorded


def _still_holds(row):
    registration = row.registration
    return (not registration.is_deleted and registration.checked_in
            and abs(registration.checked_in_dt - row.checked_in_dt) < SAME_MOMENT)


def _age(row):
    return db.session.query(db.func.now()).scalar() - row.checked_in_dt
