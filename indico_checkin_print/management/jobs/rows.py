"""Jobs as lists show them: in words, and with what a manager can do about each."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import joinedload

from indico.core.db import db
from indico.modules.events.registration.models.form_fields import RegistrationFormFieldData
from indico.modules.events.registration.models.registrations import Registration, RegistrationData, RegistrationState
from indico.web.flask.util import url_for

import print_agent.protocol.reasons

from indico_checkin_print import _
from indico_checkin_print.badge.losses import losses_of
from indico_checkin_print.ledger.conditions import in_batch_queue
from indico_checkin_print.ledger.states import ENDED, OUT
from indico_checkin_print.management.status import elsewhere, printer_status
from indico_checkin_print.management.visibility import visible
from indico_checkin_print.models.jobs import Job, JobState, news_of
from indico_checkin_print.reasons.codes import Reason, describe
from indico_checkin_print.reasons.desk import PREFIX


#: How many jobs the page of the event shows
MAX_JOBS = 20
#: How many badges of one registration a page shows: accompanying persons have one each
MAX_BADGES = 20
CAN_RETRY = {JobState.failed, JobState.expired, JobState.canceled}
CAN_DISCARD = {JobState.held, JobState.queued, JobState.ready, JobState.failed}
CAN_REPRINT = {JobState.printing, JobState.completed, JobState.sent, JobState.unknown}

#: Nobody has what they wanted
PROBLEMS = {JobState.failed, JobState.expired, JobState.canceled, JobState.unknown}
#: What the states are called for messages to webhooks, where that is not what a badge's state is called
MESSAGE_STATES = {JobState.queued: _('Waiting'), JobState.rendering: _('Being made'),
                  JobState.ready: _('Waiting for the receiver'), JobState.dispatched: _('Being sent'),
                  JobState.sent: _('Delivered'), JobState.completed: _('Delivered'),
                  JobState.failed: _('Not delivered')}

#: The colours of the states, as classes of Indico's labels
COLOURS = {'accept': 'success', 'danger': 'error', 'warning': 'warning', 'highlight': 'highlight',
            'strong': 'strong'}


@dataclass(frozen=True)
class JobRow:
    """A job as the page shows it."""

    job: Job
    name: str
    #: Number of the registration
    number: int | None
    #: Page of the registration; empty if there is none any more
    url: str
    #: Name of the desk or webhook
    where: str
    colour: str
    reason: str
    #: What else there is to say, unless it only says the same again
    detail: str
    #: What keeps the printer that has the badge from printing it
    printer_problem: str
    #: When its person was checked in; ``None`` for a test
    checked_in_dt: datetime | None
    #: Seconds until it was out, see `seconds_of`
    seconds: float | None
    #: How many badges of this person are reprints
    reprints: int

    @property
    def is_message(self):
        """Whether it goes to a webhook that no desk uses, where nothing prints."""
        return self.job.webhook_id is not None

    @property
    def state(self):
        """Its state in words."""
        return state_of(self.job)

    @property
    def outcome(self):
        """What became of it, in one line."""
        where = f', {self.where}' if self.where else ''
        why = f' – {self.reason}' if self.reason and self.job.state in (PROBLEMS | {JobState.held}) else ''
        return f'{self.name}{where}: {self.state}{why}'

    @property
    def has_ended(self):
        """Whether nothing happens to it any more, unless somebody wants it."""
        return self.job.state in ENDED

    @property
    def elsewhere(self):
        """In words, why it came out at another printer of the desk."""
        return elsewhere(self.job)

    @property
    def can_release(self):
        """Whether a manager may print it although it is held; not without a desk, nor before its batch."""
        return self.job.state == JobState.held and self.job.reason not in {Reason.no_desk, Reason.in_batch}

    @property
    def can_retry(self):
        """Whether it can be queued once more: nothing came out, and somebody may want it."""
        return can_retry(self.job)

    @property
    def can_reprint(self):
        """Whether there can be another badge like it: it came out, or may have."""
        return can_reprint(self.job)

    @property
    def can_discard(self):
        """Whether it can be ended before it is on its way to paper."""
        return self.job.state in CAN_DISCARD


def state_of(job):
    """Return the state of a job in words: others for what goes to a webhook than for what a printer gets."""
    if job.webhook_id is not None:
        return MESSAGE_STATES.get(job.state, job.state.title)
    if job.state == JobState.ready and job.desk is not None and job.desk.webhook_id is not None:
        return MESSAGE_STATES[job.state]
    return job.state.title


def can_retry(job):
    """Return whether a job can be queued once more: nothing came out, and it is not that of an undone check-in."""
    if job.state not in CAN_RETRY or job.purpose != Job.PURPOSE_BADGE:
        return job.state in CAN_RETRY
    registration = job.registration
    # one that was changed for one print prints as another job
    return (job.reason != Reason.replaced and registration is not None and not registration.is_deleted
            and registration.state in {RegistrationState.complete, RegistrationState.unpaid}
            and job.checked_in_dt in {None, registration.checked_in_dt})


def can_reprint(job):
    """Return whether another badge like this one can be asked for."""
    return (job.state in CAN_REPRINT and job.purpose == Job.PURPOSE_BADGE
            and job.registration is not None and not job.registration.is_deleted
            and job.desk is not None and not job.desk.is_deleted)


def name_of(job):
    """Return the name on the badge of a job."""
    return _name(job, companions_of([job]))


def latest_jobs(event):
    """Return the `JobRow` of the latest badges, newest first; the number of queries does not depend on theirs."""
    # those of a batch that wait for their turn are not news
    return _latest(event, db.and_(Job.webhook_id.is_(None), ~in_batch_queue()))


def latest_messages(event, webhooks):
    """Return the `JobRow` of the latest messages to some webhooks of an event, newest first."""
    return _latest(event, Job.webhook_id.in_([webhook.id for webhook in webhooks])) if webhooks else []


def _latest(event, condition):
    ids = (db.select(Job.id).where(Job.event_id == event.id, condition, *visible(event))
           .order_by(Job.id.desc()).limit(MAX_JOBS))
    return rows_of(event, db.session.execute(ids).scalars().all())


def rows_of(event, ids):
    """Return the `JobRow` of some jobs of an event, newest first; the number of queries does not depend on theirs."""
    jobs = (Job.query
            .filter(Job.event_id == event.id, Job.id.in_(ids))
            .options(joinedload(Job.registration).joinedload(Registration.registration_form),
                     joinedload(Job.desk), joinedload(Job.webhook), joinedload(Job.reprint_of),
                     joinedload(Job.agent))
            .order_by(Job.id.desc())
            .all())
    companions, reprints = companions_of(jobs), count_reprints(event.id, jobs)
    return [_row(job, companions, reprints) for job in jobs]


def latest_badges(event, registration_id, *columns):
    """Return the query for the latest badge of each person of a registration, at most `MAX_BADGES`."""
    return (db.session.query(*columns).select_from(Job)
            .filter(Job.event_id == event.id, Job.registration_id == registration_id,
                    Job.purpose == Job.PURPOSE_BADGE)
            .distinct(Job.person).order_by(Job.person, Job.id.desc()).limit(MAX_BADGES))


def seconds_of(job):
    """Return how many seconds a badge or message took from the check-in, or from the wish for another badge.

    ``None`` if it is not out: nobody can say how long a badge took that never came. ``None`` as well for a badge of a
    batch, for which nobody stood at the desk.
    """
    if job.state not in OUT or job.batch_id is not None:
        return None
    return max(0, (job.changed_dt - waits_since(job)).total_seconds())


def waits_since(job):
    """Return since when somebody waits for a badge: the check-in, its scan at the badge desk, or the wish for another.
    """
    if since := (job.facts or {}).get('since'):
        return datetime.fromisoformat(since)
    # the person who asked for another one has waited since then only
    return job.created_dt if job.reprint_of_id is not None else job.checked_in_dt or job.created_dt


def _row(job, companions, reprints):
    registration = job.registration
    return JobRow(
        job=job,
        name=_name(job, companions),
        number=registration.friendly_id if registration is not None else None,
        url=(url_for('event_registration.registration_details', registration)
             if registration is not None and not registration.is_deleted else ''),
        where=job.webhook.name if job.webhook is not None else job.desk.name if job.desk is not None else '',
        colour=COLOURS.get(job.state.css_class, ''),
        # where a message waits is said by its state
        reason=(str(describe(job.reason))
                if job.reason and not (job.webhook_id is not None and job.reason in _OF_BADGES) else ''),
        detail=detail_of(job),
        printer_problem=_printer_problem(job),
        checked_in_dt=job.checked_in_dt,
        seconds=seconds_of(job),
        reprints=reprints.get((job.registration_id, job.person), 0) if job.purpose == Job.PURPOSE_BADGE else 0,
    )


#: Reasons that speak of a badge and its printer, and say nothing more about a message
_OF_BADGES = {Reason.claimed, Reason.rendered, Reason.granted}


def detail_of(job):
    """Return what is known about a job's state besides its reason; nothing if that says the same."""
    # what a held badge lacks is why it is held, or belongs to a document that is drawn anew
    losses = map(str, losses_of(job)) if job.state != JobState.held else ()
    known = (print_agent.protocol.reasons.SENTENCES.get(job.reason), job.printer)
    said = job.detail in known or job.detail.startswith(PREFIX)
    return ' '.join(filter(None, ('' if said else job.detail, *losses)))


def _printer_problem(job):
    if job.state not in {JobState.dispatched, JobState.printing} or job.agent is None:
        return ''
    printer = next((x for x in job.agent.printers if x['name'] == job.printer), None)
    return printer_status(printer).detail if printer else ''


def _name(job, companions):
    full_name = job.registration.full_name if job.registration is not None else None
    return name_for(job, full_name, companions)


def name_for(job, full_name, companions):
    """Return the name that a list shows for a job.

    :param full_name: That of the registration, or ``None`` if there is none
    :param companions: What `companions_of` returned
    """
    if (job.facts or {}).get('sheet'):
        return _('Calibration sheet')
    if job.purpose == Job.PURPOSE_TEST:
        return _('Test badge') if job.webhook_id is None else _('Test event')
    if job.purpose == Job.PURPOSE_SEPARATOR:
        return _('Separator sheet')
    news = news_of(job.purpose)
    if news is not None and not news.is_about_person:
        # one that is sent again has no facts of its own
        name = (job.facts or {}).get('printer') or (job.facts or {}).get('name')
        return _('{name} ({event})').format(name=name, event=news.label) if name else news.title
    if full_name is None:
        return _('Deleted registration')
    name = companions.get(job.person) or full_name
    if news:
        return _('{name} ({event})').format(name=name, event=news.label)
    return _('{} (check-in undone)').format(name) if job.purpose.startswith(Job.PURPOSE_UNDO) else name


def count_reprints(event_id, jobs):
    """Return how many badges were printed again, by registration and person."""
    ids = {job.registration_id for job in jobs if job.registration_id is not None}
    # counted, not filtered by: a filter would let PostgreSQL read the index of all reprints, not of these people
    rows = (db.session.query(Job.registration_id, Job.person, db.func.count(Job.reprint_of_id))
            .filter(Job.event_id == event_id, Job.registration_id.in_(ids), Job.purpose == Job.PURPOSE_BADGE)
            .group_by(Job.registration_id, Job.person))
    return {(registration_id, person): count for registration_id, person, count in rows}


def companions_of(jobs):
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
