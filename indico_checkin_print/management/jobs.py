"""The latest jobs of an event, in words, and what a manager can do about them."""

from dataclasses import dataclass
from datetime import datetime

from flask import flash, session
from sqlalchemy.orm import joinedload

from indico.core.db import db
from indico.modules.events.registration.models.form_fields import RegistrationFormFieldData
from indico.modules.events.registration.models.registrations import Registration, RegistrationData
from indico.web.flask.util import url_for

from indico_checkin_print import _, ledger, sql, wakeup
from indico_checkin_print.management.base import RHJobBase
from indico_checkin_print.models.jobs import Job, JobState
from indico_checkin_print.reasons import describe


#: How many jobs the page shows
MAX_JOBS = 50
CAN_RETRY = {JobState.failed, JobState.expired}
CAN_DISCARD = {JobState.held, JobState.queued, JobState.ready, JobState.failed}
#: Nothing more happens by itself
ENDED = {JobState.completed, JobState.sent, JobState.failed, JobState.expired, JobState.canceled, JobState.unknown}

#: The colours of the states, as classes of Indico's labels
_COLOURS = {'accept': 'success', 'danger': 'error', 'warning': 'warning', 'highlight': 'highlight',
            'strong': 'strong'}


class RHRetryJob(RHJobBase):
    """Print a badge after all that failed or expired."""

    def _process(self):
        if self.job.state in CAN_RETRY and ledger.retry(self.job, session.user):
            wakeup.after_commit()
            flash(_('The badge is printed again.'), 'success')
        else:
            flash(_('The badge has changed in the meantime.'), 'warning')
        return self._back_to_page()


class RHDiscardJob(RHJobBase):
    """End a job that nobody wants any more."""

    def _process(self):
        agent_id = self.job.agent_id
        if ledger.discard(self.job, session.user):
            if agent_id is not None:
                # it must not keep the badge
                sql.notify_agents([agent_id])
            flash(_('The badge has been discarded.'), 'success')
        else:
            flash(_('It is too late: the badge has changed in the meantime.'), 'warning')
        return self._back_to_page()


@dataclass(frozen=True)
class JobRow:
    """A job as the page shows it."""

    job: Job
    name: str
    #: Page of the registration; empty if there is none any more
    url: str
    #: Name of the desk or webhook
    where: str
    colour: str
    reason: str
    started: datetime
    #: Seconds from the check-in to the last change of a job that has ended
    seconds: float | None

    @property
    def can_retry(self):
        return self.job.state in CAN_RETRY

    @property
    def can_discard(self):
        return self.job.state in CAN_DISCARD


def latest_jobs(event):
    """Return the `JobRow` of the latest jobs, newest first; the number of queries does not depend on theirs."""
    jobs = (Job.query
            .filter(Job.event_id == event.id)
            .options(joinedload(Job.registration).joinedload(Registration.registration_form),
                     joinedload(Job.desk), joinedload(Job.webhook))
            .order_by(Job.id.desc())
            .limit(MAX_JOBS)
            .all())
    companions = _companions(jobs)
    return [_row(job, companions) for job in jobs]


def _row(job, companions):
    registration = job.registration
    if job.purpose == Job.PURPOSE_TEST:
        name = _('Test badge')
    elif registration is None:
        name = _('Deleted registration')
    else:
        name = companions.get(job.person) or registration.full_name
    started = job.checked_in_dt or job.created_dt
    return JobRow(
        job=job,
        name=name,
        url=(url_for('event_registration.registration_details', registration)
             if registration is not None and not registration.is_deleted else ''),
        where=job.webhook.name if job.webhook is not None else job.desk.name if job.desk is not None else '',
        colour=_COLOURS.get(job.state.css_class, ''),
        reason=str(describe(job.reason)) if job.reason else '',
        started=started,
        seconds=max(0, (job.changed_dt - started).total_seconds()) if job.state in ENDED else None,
    )


def _companions(jobs):
    """Return the names of the accompanying persons that the jobs are for, by their id."""
    ids = {job.registration_id for job in jobs if job.person and job.registration_id is not None}
    if not ids:
        return {}
    values = (db.session.query(RegistrationData.data)
              .filter(RegistrationData.registration_id.in_(ids))
              .join(RegistrationFormFieldData, RegistrationFormFieldData.id == RegistrationData.field_data_id)
              .filter(RegistrationFormFieldData.field.has(input_type='accompanying_persons')))
    return {person['id']: '{firstName} {lastName}'.format(**person).strip()
            for value, in values if isinstance(value, list) for person in value}
