"""Jobs as lists show them: in words, and with what a manager can do about each."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import joinedload

from indico.core.db import db
from indico.modules.events.registration.models.form_fields import RegistrationFormFieldData
from indico.modules.events.registration.models.registrations import Registration, RegistrationData
from indico.web.flask.util import url_for

import print_agent.reasons

from indico_checkin_print import _
from indico_checkin_print.management.status import printer_status
from indico_checkin_print.models.jobs import Job, JobState
from indico_checkin_print.reasons import Reason, describe


#: How many jobs the page shows
MAX_JOBS = 50
CAN_RETRY = {JobState.failed, JobState.expired, JobState.canceled}
CAN_DISCARD = {JobState.held, JobState.queued, JobState.ready, JobState.failed}
CAN_PRINT_AGAIN = {JobState.printing, JobState.completed, JobState.sent, JobState.unknown}
#: Nothing more happens by itself
ENDED = {JobState.completed, JobState.sent, JobState.failed, JobState.expired, JobState.canceled, JobState.unknown}

#: The colours of the states, as classes of Indico's labels
COLOURS = {'accept': 'success', 'danger': 'error', 'warning': 'warning', 'highlight': 'highlight',
            'strong': 'strong'}


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
    #: What else there is to say, unless it only says the same again
    detail: str
    #: What keeps the printer that has the badge from printing it
    trouble: str
    started: datetime
    #: Seconds from the check-in, or from the wish for another badge, to the last change of a job that has ended
    seconds: float | None
    #: How many badges of this person are repetitions
    repeated: int

    @property
    def can_release(self):
        return self.job.state == JobState.held and self.job.reason != Reason.no_desk

    @property
    def can_retry(self):
        return self.job.state in CAN_RETRY

    @property
    def can_print_again(self):
        return can_print_again(self.job)

    @property
    def can_discard(self):
        return self.job.state in CAN_DISCARD


def can_print_again(job):
    """Tell whether another badge like this one can be asked for."""
    return (job.state in CAN_PRINT_AGAIN and job.purpose == Job.PURPOSE_BADGE
            and job.registration is not None and not job.registration.is_deleted
            and job.desk is not None and not job.desk.is_deleted)


def name_of(job):
    """Return the name on the badge of a job."""
    return _name(job, _companions([job]))


def latest_jobs(event):
    """Return the `JobRow` of the latest jobs, newest first; the number of queries does not depend on theirs."""
    jobs = (Job.query
            .filter(Job.event_id == event.id)
            .options(joinedload(Job.registration).joinedload(Registration.registration_form),
                     joinedload(Job.desk), joinedload(Job.webhook), joinedload(Job.reprint_of),
                     joinedload(Job.agent))
            .order_by(Job.id.desc())
            .limit(MAX_JOBS)
            .all())
    companions, repeated = _companions(jobs), _repeated(event, jobs)
    return [_row(job, companions, repeated) for job in jobs]


def _row(job, companions, repeated):
    registration = job.registration
    started = job.checked_in_dt or job.created_dt
    # whoever asked for another one has waited since then only
    since = job.created_dt if job.reprint_of_id is not None else started
    return JobRow(
        job=job,
        name=_name(job, companions),
        url=(url_for('event_registration.registration_details', registration)
             if registration is not None and not registration.is_deleted else ''),
        where=job.webhook.name if job.webhook is not None else job.desk.name if job.desk is not None else '',
        colour=COLOURS.get(job.state.css_class, ''),
        reason=str(describe(job.reason)) if job.reason else '',
        detail='' if job.detail == print_agent.reasons.SENTENCES.get(job.reason) else job.detail,
        trouble=_trouble(job),
        started=started,
        seconds=max(0, (job.changed_dt - since).total_seconds()) if job.state in ENDED else None,
        repeated=repeated.get((job.registration_id, job.person), 0) if job.purpose == Job.PURPOSE_BADGE else 0,
    )


def _trouble(job):
    if job.state not in {JobState.dispatched, JobState.printing} or job.agent is None:
        return ''
    printer = next((x for x in job.agent.printers if x['name'] == job.printer), None)
    return printer_status(printer).detail if printer else ''


def _name(job, companions):
    if job.purpose == Job.PURPOSE_TEST:
        return _('Test badge')
    if job.registration is None:
        return _('Deleted registration')
    return companions.get(job.person) or job.registration.full_name


def _repeated(event, jobs):
    """Return how many badges were printed again, by registration and person."""
    ids = {job.registration_id for job in jobs if job.registration_id is not None}
    rows = (db.session.query(Job.registration_id, Job.person, db.func.count())
            .filter(Job.event_id == event.id, Job.registration_id.in_(ids), Job.reprint_of_id.isnot(None),
                    Job.purpose == Job.PURPOSE_BADGE)
            .group_by(Job.registration_id, Job.person))
    return {(registration_id, person): count for registration_id, person, count in rows}


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
