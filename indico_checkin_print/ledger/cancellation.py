"""Cancels jobs of which nothing is wanted any more: a check-in is undone; a registration, form or event is deleted."""

from indico.core.db import db
from indico.modules.events.registration.models.registrations import Registration

from indico_checkin_print.ledger.create import announce_undone
from indico_checkin_print.ledger.states import JobState as S
from indico_checkin_print.ledger.transition import move, recall
from indico_checkin_print.models.batches import Batch
from indico_checkin_print.models.jobs import Job
from indico_checkin_print.reasons.codes import Reason


def cancel(job, reason, actor):
    """Cancel a job that turned out to be pointless."""
    return move([Job.id == job.id], S.canceled, reason, actor, lease_dt=None)


def cancel_check_in(registration, actor):
    """Cancel what was not yet on its way when a check-in is undone, and announce it to who may have heard of it.

    Return the ids of all jobs that this touched or made.
    """
    return [*recall([Job.registration_id == registration.id, Job.checked_in_dt.isnot(None),
                     db.or_(Job.purpose == Job.PURPOSE_BADGE, Job.purpose.startswith(Job.PURPOSE_CHECKIN))],
                    S.canceled, Reason.check_in_undone, actor),
            *announce_undone(registration, actor)]


def cancel_registration(registration, actor):
    """Cancel all that was not yet on its way when a registration is deleted: badges, and data for webhooks."""
    return recall([Job.registration_id == registration.id], S.canceled, Reason.registration_gone, actor)


def cancel_form(registration_form, actor):
    """Cancel all that was not yet on its way when a registration form is deleted."""
    of_form = db.session.query(Registration.id).filter_by(registration_form_id=registration_form.id)
    # the sheets between the badges belong to no registration
    batches = db.session.query(Batch.id).filter_by(registration_form_id=registration_form.id)
    return recall([db.or_(Job.registration_id.in_(of_form.scalar_subquery()),
                          Job.batch_id.in_(batches.scalar_subquery()))], S.canceled, Reason.form_gone, actor)


def cancel_event(event, actor):
    """Cancel all that was not yet on its way when an event is deleted."""
    return recall([Job.event_id == event.id], S.canceled, Reason.event_gone, actor)
