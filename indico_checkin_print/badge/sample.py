"""The registration on a test badge: invented, and gone when the badge is drawn.

A test must go the way of a real badge, with the real template at its real size; a test page of another kind comes out
right on printers that rotate or crop the badge.
"""

from contextlib import contextmanager
from uuid import UUID

from indico.core.db import db
from indico.modules.events.registration.models.forms import RegistrationForm
from indico.modules.events.registration.models.registrations import Registration, RegistrationState

from indico_checkin_print.models.rules import FormSetup


@contextmanager
def sample_registration(regform, name=''):
    """Provide a registration of a form that exists only within the context, in a savepoint that is rolled back.

    :param name: Its first and last name, in two lines.
    """
    first_name, __, last_name = (name or 'Test\nBadge').partition('\n')
    savepoint = db.session.begin_nested()
    try:
        with db.session.no_autoflush:
            registration = Registration(
                registration_form=regform, friendly_id=0, first_name=first_name, last_name=last_name, email='',
                state=RegistrationState.complete, currency='EUR', base_price=0, price_adjustment=0,
                ticket_uuid=str(UUID(int=0)),
            )
        db.session.add(registration)
        db.session.flush()
        yield registration
    finally:
        savepoint.rollback()


def setup_for_test(event_id, desk_id):
    """Return the form whose badge a desk prints as a test: one that prints there, else any that prints."""
    setups = (FormSetup.query
              .join(RegistrationForm, RegistrationForm.id == FormSetup.registration_form_id)
              .filter(RegistrationForm.event_id == event_id, ~RegistrationForm.is_deleted, FormSetup.enabled)
              .order_by(db.func.coalesce(FormSetup.desk_id == desk_id, False).desc(), RegistrationForm.id))
    return setups.first()
