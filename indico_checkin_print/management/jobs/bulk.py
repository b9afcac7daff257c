"""What a manager does about several jobs at once: those that were chosen on the jobs page."""

from flask import flash, redirect, request, session
from sqlalchemy.orm import selectinload
from wtforms.fields import HiddenField, IntegerField
from wtforms.validators import InputRequired, NumberRange
from wtforms.widgets import HiddenInput

from indico.core.db import db
from indico.core.errors import UserValueError
from indico.core.plugins import url_for_plugin
from indico.modules.events.registration.models.registrations import Registration
from indico.modules.logs.models.entries import LogKind
from indico.web.forms.fields import HiddenFieldList
from indico.web.util import jsonify_data

from indico_checkin_print import _, kick, ledger, sql
from indico_checkin_print.management.base import RHCheckinPrintBase, action_form, in_english
from indico_checkin_print.management.jobs.filter import MAX_ID, list_args
from indico_checkin_print.management.jobs.held import can_release, has_desk
from indico_checkin_print.management.jobs.reprint import REASONS, ReprintForm
from indico_checkin_print.management.jobs.rows import can_reprint, can_retry
from indico_checkin_print.management.setup.when import lock_setup
from indico_checkin_print.management.today.pause import wait_if_paused
from indico_checkin_print.management.visibility import visible
from indico_checkin_print.models.jobs import Job
from indico_checkin_print.reasons.codes import Reason


#: Most jobs of one request
MAX_CHOSEN = 200


class RHJobsBase(RHCheckinPrintBase):
    """Base class of what is done to the jobs that the form's field ``job_id`` names."""

    #: Of the entry in the event's log
    LOG_KIND = LogKind.change
    LOG_SUMMARY = None
    #: Whether those that it was done to are in the queue then
    PRINTS = False

    def _process_args(self):
        RHCheckinPrintBase._process_args(self)
        chosen = set(request.form.getlist('job_id'))
        if len(chosen) > MAX_CHOSEN:
            raise UserValueError(_('At most {} badges at once, please.').format(MAX_CHOSEN))
        if not all(id_.isascii() and id_.isdigit() and len(id_) < 20 and int(id_) <= MAX_ID for id_ in chosen):
            raise UserValueError(_('This is not the number of a badge.'))
        self.ids = {int(id_) for id_ in chosen}

    def _process(self):
        if not self.ids:
            flash(_('Choose some badges first.'), 'warning')
        else:
            self._report(self._act(self._lock_jobs()))
        return redirect(url_for_plugin('checkin_print.jobs', self.event, **list_args(request.args)))

    def _act(self, jobs):
        """Do it to those jobs that it is possible for, and return their ids, or those of the new ones."""
        raise NotImplementedError

    def _lock_jobs(self):
        """Return the jobs in the order of their check-ins; nobody else changes them until the transaction ends.

        A job that somebody is changing right now is left out: it changes in the meantime, and nobody waits.
        """
        if self.PRINTS:
            # nobody pauses or resumes until these are in the queue
            lock_setup(self.event)
        return (Job.query
                .filter(Job.event_id == self.event.id, Job.id.in_(self.ids), *visible(self.event))
                .options(selectinload(Job.registration))
                .order_by(Job.queue_dt, Job.id)
                .populate_existing()
                .with_for_update(key_share=True, skip_locked=True, of=Job)
                .all())

    def _report(self, done, **data):
        """Flash and log how many jobs it was done to."""
        left = len(self.ids) - len(done)
        waiting = set()
        if done and self.PRINTS:
            waiting = wait_if_paused(self.event, done)
            kick.after_commit()
        if len(done) > len(waiting):
            flash(self.DONE.format(len(done) - len(waiting)), 'success')
        if done:
            self._log(self.LOG_KIND, self.LOG_SUMMARY, badges=len(done), registrations=_numbers(done), **data)
        if left:
            flash(_('Skipped, because they have changed in the meantime or this is not possible for them: {}')
                  .format(left), 'warning')


class RHReleaseJobs(RHJobsBase):
    """Print badges that are held."""

    DONE = _('Badges that print now: {}')
    PRINTS = True
    LOG_KIND = LogKind.positive
    LOG_SUMMARY = 'Badges released that were held'

    def _act(self, jobs):
        event_has_desk = has_desk(self.event)
        wanted = [job for job in jobs if can_release(job) and (job.desk_id is not None or event_has_desk)]
        return ledger.release(wanted, f'user:{session.user.id}') if wanted else []


class RHRetryJobs(RHJobsBase):
    """Print badges after all that failed, expired or were canceled."""

    DONE = _('Badges that are retried: {}')
    PRINTS = True
    LOG_SUMMARY = 'Badges retried'

    def _act(self, jobs):
        wanted = [job for job in jobs if can_retry(job)]
        return ledger.release(wanted, f'user:{session.user.id}', Reason.retried) if wanted else []


class RHDiscardJobs(RHJobsBase):
    """End jobs that nobody wants any more."""

    DONE = _('Badges that were discarded: {}')
    LOG_KIND = LogKind.negative
    LOG_SUMMARY = 'Badges discarded'

    def _act(self, jobs):
        # the ledger forgets who holds them
        agent_ids = {job.id: job.agent_id for job in jobs if job.agent_id is not None}
        discarded = ledger.discard(jobs, session.user)
        sql.notify_agents({agent_ids[id_] for id_ in discarded if id_ in agent_ids})
        return discarded


class ReprintJobsForm(ReprintForm):
    """Why several people get another badge."""

    job_id = HiddenFieldList()
    #: The newest job when the dialog was opened
    newest = IntegerField(validators=[InputRequired(), NumberRange(min=0, max=MAX_ID)], widget=HiddenInput())
    submitted = HiddenField()

    def is_submitted(self):
        # the dialog itself is asked for with a POST, because the jobs are many
        return super().is_submitted() and 'submitted' in request.form


class RHReprintJobs(RHJobsBase):
    """Print other badges like those that came out."""

    DONE = _('Other badges that are on their way: {}')
    PRINTS = True
    LOG_SUMMARY = 'Badges printed again'

    def _process(self):
        if not self.ids:
            flash(_('Choose some badges first.'), 'warning')
            return jsonify_data(flash=False)
        form = ReprintJobsForm(event=self.event, job_id=sorted(self.ids), newest=self._newest())
        if form.validate_on_submit():
            jobs = [job for job in self._lock_jobs() if can_reprint(job)]
            done = self._act(jobs, Reason(form.reason.data), form.newest.data)
            self._report(done, reason=in_english(REASONS[Reason(form.reason.data)]))
            return jsonify_data(flash=False)
        return action_form(form, _('Print again'),
                           message=_('Badges that you have chosen: {}').format(len(self.ids)))

    def _act(self, jobs, reason, newest):
        # a second click on the same button finds that they were printed again since the dialog was opened
        since = {id_ for id_, in db.session.query(Job.reprint_of_id)
                 .filter(Job.reprint_of_id.in_([job.id for job in jobs]), Job.id > newest)}
        wanted = [job for job in jobs if job.id not in since]
        return [ledger.reprint(job, session.user, reason).id for job in wanted]

    def _newest(self):
        return db.session.query(db.func.max(Job.id)).filter(Job.event_id == self.event.id).scalar() or 0


def _numbers(ids):
    """Return the numbers of the registrations of some jobs, as a text."""
    numbers = (db.session.query(Registration.friendly_id.distinct())
               .join(Job, Job.registration_id == Registration.id)
               .filter(Job.id.in_(ids))
               .order_by(Registration.friendly_id))
    return ', '.join(f'#{number}' for number, in numbers)
