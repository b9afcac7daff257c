"""What the pages for walk-ins show: forms, people who are registered already, and what became of one person."""

from indico.core.db import db
from indico.modules.events.registration.models.forms import RegistrationForm
from indico.modules.events.registration.models.registrations import Registration, RegistrationState
from indico.modules.users.util import get_user_by_email

from indico_checkin_print import _
from indico_checkin_print.ledger.states import OUT
from indico_checkin_print.management.jobs.rows import latest_badges, rows_of, waits_since
from indico_checkin_print.management.setup.when import setup_of
from indico_checkin_print.models.choices import UnpaidPolicy
from indico_checkin_print.models.jobs import Job


#: Whom Indico lets check in
MAY_CHECK_IN = {RegistrationState.complete, RegistrationState.unpaid}
#: How many registrations with one e-mail address are shown
MAX_KNOWN = 10
#: Why somebody cannot be checked in
_REFUSED = {
    RegistrationState.pending: _('The registration waits for approval. A manager of the event has to approve it.'),
    RegistrationState.rejected: _('The registration was rejected. Ask a manager of the event.'),
    RegistrationState.withdrawn: _('The registration was withdrawn. Ask a manager of the event.'),
}
#: What a check-in without payment means for the badge
_UNPAID = {
    UnpaidPolicy.skip: _('Without a payment there is no badge.'),
    UnpaidPolicy.hold: _('Without a payment the badge waits until it is entered.'),
    UnpaidPolicy.print: _('The badge is printed in either case.'),
}


def forms_of(event):
    """Return the registration forms of an event in which people can be registered, by title."""
    return (RegistrationForm.query.with_parent(event)
            .filter(~RegistrationForm.is_deleted, ~RegistrationForm.is_purged)
            .order_by(db.func.lower(RegistrationForm.title), RegistrationForm.id)
            .all())


def prints(regform):
    """Return whether a registration form prints badges."""
    setup = regform.checkin_print_setup
    return setup is not None and setup.enabled


def find_in_form(regform, email):
    """Return who is registered in a form with an e-mail address, or with the account that has it; else ``None``.

    It is whom Indico finds when it refuses a second registration.
    """
    email = email.strip().lower()
    user = get_user_by_email(email)
    return regform.get_registration(email=email) or (regform.get_registration(user=user) if user else None)


def find_in_event(event, email):
    """Return the registrations of an event with an e-mail address, or with the account that has it."""
    email = email.strip().lower()
    user = get_user_by_email(email)
    is_theirs = Registration.email == email
    if user is not None:
        is_theirs = db.or_(is_theirs, Registration.user_id == user.id)
    return (Registration.query.join(Registration.registration_form)
            .filter(Registration.event_id == event.id, ~Registration.is_deleted, ~RegistrationForm.is_deleted,
                    is_theirs)
            .order_by(Registration.id)
            .limit(MAX_KNOWN)
            .all())


def context(registration):
    """Return what the templates want to know about one person."""
    event = registration.event
    rows = rows_of(event, [id_ for id_, in latest_badges(event, registration.id, Job.id)])
    return {'event': event, 'registration': registration, 'rows': rows[::-1],
            'prints': prints(registration.registration_form), 'refused': _REFUSED.get(registration.state, ''),
            'must_pay': registration.state == RegistrationState.unpaid, 'waits_since': waits_since,
            'without_payment': _UNPAID[setup_of(event).unpaid], 'out': OUT}
