"""Which badges and messages a user may see and act on: those of the registrations that Indico lets them manage.

Plugins can limit a manager to some registrations of an event (signal ``filter_registration_list``). Handlers of one job
ask Indico (`RHJobBase`); everything that lists, counts or changes several jobs filters by `visible`. A job without a
registration (a test badge, or one whose registration was purged) names nobody and is everybody's.
"""

from flask import g, session

from indico.core import signals
from indico.core.db import db
from indico.modules.events.registration.models.forms import RegistrationForm
from indico.modules.events.registration.models.registrations import Registration
from indico.util.signals import values_from_signal

from indico_checkin_print.models.certificates import Certificate
from indico_checkin_print.models.jobs import Job


def visible(event):
    """Return the SQL conditions for the jobs of an event that the user may see: an empty list for all of them."""
    allowed = visible_registrations(event)
    if allowed is None:
        return []
    # asked of each job that is read, and not of all registrations; no part of a query around it that reads them, too
    theirs = allowed.where(Registration.id == Job.registration_id).correlate(Job).exists()
    return [db.or_(Job.registration_id.is_(None), theirs)]


def visible_certificates(event):
    """Return the SQL conditions for the certificates of an event that the user may see: an empty list for all of them.

    Speakers have no registration that could be hidden; neither has a person whose registration was purged, who has no
    name any more.
    """
    allowed = visible_registrations(event)
    return [] if allowed is None else [db.or_(Certificate.registration_id.is_(None),
                                              Certificate.registration_id.in_(allowed))]


def count_visible(event, job_ids):
    """Return how many of some jobs the user may see."""
    conditions = visible(event)
    return Job.query.filter(Job.id.in_(job_ids), *conditions).count() if conditions else len(job_ids)


def visible_registrations(event):
    """Return a query for the ids of the registrations of an event that the user may manage; ``None`` for all."""
    if not signals.event.filter_registration_list.receivers:
        return None
    known = g.setdefault('checkin_print_visible', {})
    key = (event.id, session.user.id if session.user else None)
    if key not in known:
        known[key] = _ask_plugins(event, session.user)
    return known[key]


def may_manage(registration, permission):
    """Return whether Indico lets the user manage a registration.

    :param permission: A permission of events, or several of which one is enough.
    """
    permissions = (permission,) if isinstance(permission, str) else permission
    return any(registration.can_manage(session.user, x) for x in permissions)


def sees_all(event):
    """Return whether the user may manage all registrations of an event."""
    return visible_registrations(event) is None


def _ask_plugins(event, user):
    # forms that were deleted have badges as well
    criteria = {form.id: values_from_signal(signals.event.filter_registration_list.send(form, user=user), as_list=True)
                for form in RegistrationForm.query.filter_by(event_id=event.id)}
    if not any(criteria.values()):
        return None
    allowed = [db.and_(Registration.registration_form_id == form_id, *limits) for form_id, limits in criteria.items()]
    return db.select(Registration.id).where(Registration.event_id == event.id, db.or_(*allowed))
