"""The trigger: a check-in becomes rows in the ledger, in the transaction of the check-in itself.

The signal comes from within the request of a volunteer's scan and before its commit. So whatever happens here happens
in a savepoint, is over in a few milliseconds, and never raises. Nothing is rendered and nothing is sent from here.
"""

from flask import has_request_context, session
from sqlalchemy import inspect

from indico.core.db import db
from indico.modules.events.registration.models.registrations import RegistrationState

from indico_checkin_print import ledger, wakeup
from indico_checkin_print.models.setup import BadgeKind
from indico_checkin_print.routing import Hook, Setup, rows_for


#: Registrations in these states get a badge. The check-in API of Indico lets all states pass.
ALLOWED_STATES = {RegistrationState.complete}

_FLIP = 'checkin_print_flip'

_SETUP = """
    SELECT f.kind, f.desk_id,
           (SELECT min(d.id) FROM plugin_checkin_print.desks d
            WHERE d.event_id = %(event_id)s AND NOT d.is_deleted) AS default_desk_id,
           (SELECT array_agg(ARRAY[w.id, w.send_badge::int] ORDER BY w.id) FROM plugin_checkin_print.webhooks w
            WHERE w.event_id = %(event_id)s AND NOT w.is_deleted AND NOT EXISTS (
                SELECT 1 FROM plugin_checkin_print.desks d WHERE d.webhook_id = w.id AND NOT d.is_deleted)) AS hooks
    FROM plugin_checkin_print.forms f
    WHERE f.registration_form_id = %(form_id)s AND f.enabled
"""


def note_flip(registration, checked_in_dt, *args):
    """Remember that a registration was really checked in just now (SQLAlchemy's ``set`` event of ``checked_in_dt``).

    Indico sends its signal for every request, also when nothing changed, and by then the change may be flushed.
    """
    inspect(registration).info[_FLIP] = checked_in_dt


def on_checkin_updated(registration, plugin):
    """Receive ``registration-checkin-updated``. Never raises, because the volunteer's check-in would fail with it."""
    flipped = inspect(registration).info.pop(_FLIP, False)
    if flipped is False:
        return
    # A savepoint of the connection: one of the session would flush all of Indico's changes a second time. And plain
    # statements on its cursor: SQLAlchemy's way there and back takes longer than PostgreSQL's work. Together that is
    # 1 ms instead of 7.
    with db.session.no_autoflush, ledger.cursor() as cursor:
        try:
            cursor.execute('SAVEPOINT checkin_print')
            if registration.checked_in:
                _record(registration)
            else:
                ledger.cancel_check_in(registration, _actor())
            cursor.execute('RELEASE SAVEPOINT checkin_print')
        except Exception:
            # promise 1: a check-in never fails because of printing
            cursor.execute('ROLLBACK TO SAVEPOINT checkin_print')
            plugin.logger.exception('Check-in of registration %d could not be recorded', registration.id)


def _record(registration):
    if registration.state not in ALLOWED_STATES or registration.is_ticket_blocked:
        return
    setup = load_setup(registration.registration_form_id, registration.event_id)
    if setup is None:
        return
    rows = rows_for(setup, persons_of(registration) if setup.kind == BadgeKind.badge else [''])
    born = ledger.record(rows, event_id=registration.event_id, registration_id=registration.id,
                         checked_in_dt=registration.checked_in_dt, user_id=_user_id(), actor=_actor())
    if born:
        wakeup.after_commit()


def load_setup(form_id, event_id):
    """Return the `Setup` of a registration form, or ``None`` if it prints nothing."""
    with ledger.cursor() as cursor:
        cursor.execute(_SETUP, {'form_id': form_id, 'event_id': event_id})
        row = cursor.fetchone()
    if row is None:
        return None
    kind, form_desk_id, default_desk_id, hooks = row
    return Setup(kind=BadgeKind(kind), form_desk_id=form_desk_id, default_desk_id=default_desk_id,
                 hooks=tuple(Hook(id=id_, send_badge=bool(send_badge)) for id_, send_badge in hooks or ()))


def persons_of(registration):
    """Return the ids of all persons of a registration who get a badge: the registrant is ``''``."""
    if not registration.registration_form.tickets_for_accompanying_persons:
        return ['']
    return ['', *(person['id'] for person in registration.accompanying_persons)]


def _user_id():
    return session.user.id if has_request_context() and session.user else None


def _actor():
    user_id = _user_id()
    return f'user:{user_id}' if user_id else 'system'
