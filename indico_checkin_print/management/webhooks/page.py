"""The page of one webhook: whether it works, what was sent, and what can be sent again."""

from dataclasses import dataclass
from datetime import datetime

from flask import flash, request, session
from sqlalchemy.orm import contains_eager
from wtforms.validators import DataRequired, ValidationError

from indico.core.plugins import url_for_plugin
from indico.modules.events.registration.models.registrations import Registration
from indico.modules.logs.models.entries import LogKind
from indico.util.date_time import now_utc
from indico.web.flask.util import url_for
from indico.web.forms.fields import IndicoDateTimeField

from indico_checkin_print import _, kick, ledger
from indico_checkin_print.delivery import attempts, breaker
from indico_checkin_print.delivery.post import PostError
from indico_checkin_print.ledger.conditions import not_delivered_since, waits_for
from indico_checkin_print.ledger.states import DATA_EXPIRES_AFTER
from indico_checkin_print.management.base import (DialogForm, RHJobBase, RHWebhookBase, WPCheckinPrint, action_form,
                                                  back, dialog_done)
from indico_checkin_print.management.jobs.rows import name_for, state_of
from indico_checkin_print.management.status import webhook_status
from indico_checkin_print.management.visibility import sees_all, visible
from indico_checkin_print.messages.payload import FIELDS, own_fields
from indico_checkin_print.models.choices import DEFAULT_EVENTS, WebhookEvent
from indico_checkin_print.models.desks import Desk
from indico_checkin_print.models.jobs import Job, JobState
from indico_checkin_print.models.records import Attempt
from indico_checkin_print.reasons.codes import Reason


#: How many attempts the page shows
MAX_ATTEMPTS = 100
#: What can be sent once more
CAN_RESEND = {JobState.sent, JobState.completed, JobState.failed, JobState.expired}
#: Most messages that are recovered with one click
MAX_RECOVER = 10_000


class RHWebhookPageBase(RHWebhookBase):
    """Base class of what happens on the page of one webhook."""

    def _back_to_webhook(self):
        return back(url_for_plugin('checkin_print.webhook', self.webhook))


class RHWebhook(RHWebhookPageBase):
    """Show the page of a webhook."""

    def _process(self):
        webhook = self.webhook
        desks = Desk.query.filter_by(webhook_id=webhook.id, is_deleted=False).order_by(Desk.id).all()
        return WPCheckinPrint.render_template(
            'webhook.html', self.event, webhook=webhook, desks=desks,
            sees_all=sees_all(self.event), status=webhook_status(webhook, self.event.tzinfo),
            sends=_sends(webhook), events=_events(webhook, desks), forms=_forms(webhook),
            attempts=_attempts(webhook), MAX_ATTEMPTS=MAX_ATTEMPTS,
            waiting=waits_for(webhook).filter(*visible(self.event)).count(),
            recoverable=not_delivered_since(webhook, _data_ago()).filter(*visible(self.event)).count())


class RHSwitchWebhook(RHWebhookPageBase):
    """Switch a webhook on or off."""

    def _process(self):
        # what the button said, because another manager may have pressed it a moment ago
        wanted = request.form.get('enabled') == '1'
        if self.webhook.enabled != wanted:
            self.webhook.enabled = wanted
            name = self.webhook.name
            if wanted:
                breaker.reset(self.webhook)
                kick.after_commit()
                self._log(LogKind.positive, f'Webhook "{name}" switched on')
                flash(_('The webhook "{}" is on again. What waited for it is sent now.').format(name), 'success')
            else:
                self._log(LogKind.negative, f'Webhook "{name}" switched off')
                flash(_('The webhook "{}" is off. It gets nothing until you switch it on again.').format(name),
                      'success')
        return self._back_to_webhook()


class RHTestWebhook(RHWebhookPageBase):
    """Send a test event."""

    def _process(self):
        if not self.webhook.enabled:
            flash(_('Switch the webhook on first.'), 'warning')
            return self._back_to_webhook()
        ledger.request_event_test(self.webhook, session.user)
        if self.webhook.opened_dt is not None or self.webhook.probe_dt is not None:
            # the user who presses this wants to know now
            breaker.reset(self.webhook)
        kick.after_commit()
        flash(_('A test event is on its way. The list "Latest attempts" shows what the receiver answers.'), 'success')
        return self._back_to_webhook()


class RHResend(RHWebhookPageBase, RHJobBase):
    """Send one message once more, under its old id."""

    def _process_args(self):
        RHWebhookPageBase._process_args(self)
        RHJobBase._process_args(self)

    def _process(self):
        if self.job.webhook_id != self.webhook.id or not can_resend(self.job):
            flash(_('This cannot be sent again now: it is still on its way, or its registration was deleted.'),
                  'warning')
        elif self.job.purpose.startswith(Job.PURPOSE_CHECKIN) and not self.job.registration.checked_in:
            flash(_('This is not sent again: the check-in that it is about was undone.'), 'warning')
        else:
            job = ledger.resend(self.job, session.user)
            kick.after_commit()
            self._log(LogKind.other, f'Message to the webhook "{self.webhook.name}" sent again', job=job.id)
            flash(_('It is sent again. By its id the receiver knows that it is the same message.'), 'success')
        return self._back_to_webhook()


class RecoverForm(DialogForm):
    """Since when everything is sent that was not."""

    since = IndicoDateTimeField(
        _('Since'), [DataRequired()], allow_clear=False,
        description=_('Everything since then that the receiver did not take, or that got too old, is sent once more. '
                      'By the ids the receiver knows which ones it already has.'))

    @property
    def timezone(self):
        return self.event.timezone

    def validate_since(self, field):
        if field.data > now_utc():
            raise ValidationError(_('This is in the future.'))


class RHRecover(RHWebhookPageBase):
    """Send all that failed or expired since a time."""

    def _process(self):
        form = RecoverForm(event=self.event, since=_data_ago())
        if form.validate_on_submit():
            jobs = (not_delivered_since(self.webhook, form.since.data)
                    .filter(*visible(self.event))
                    .order_by(Job.queue_dt, Job.id).limit(MAX_RECOVER).with_entities(Job.id, Job.state).all())
            count = len(ledger.release(jobs, f'user:{session.user.id}', Reason.retried)) if jobs else 0
            if count:
                kick.after_commit()
                self._log(LogKind.other, f'Messages to the webhook "{self.webhook.name}" recovered', messages=count,
                          since=form.since.data.isoformat())
            flash(_('Messages that are sent again: {}').format(count), 'success' if count else 'info')
            return dialog_done()
        return action_form(form, _('Send again'))


def can_resend(job):
    """Return whether a message can be sent once more: it was sent or has failed, and what it is about still exists."""
    return (job.webhook_id is not None and job.state in CAN_RESEND
            and (not job.is_about_person
                 or (job.registration is not None and not job.registration.is_deleted)))


@dataclass(frozen=True)
class AttemptRow:
    """An attempt as the page shows it."""

    id: int
    dt: datetime
    job: Job
    #: Whom it is about
    name: str
    #: Page of the registration; empty if there is none any more
    url: str
    #: The state of its message by now
    state: str
    answer: str
    css: str
    #: In milliseconds
    duration: int
    snippet: str
    can_resend: bool


def _attempts(webhook):
    """Return the `AttemptRow` of the latest attempts, newest first. Only the newest of a job offers to resend it."""
    found = (Attempt.query
             .filter_by(webhook_id=webhook.id)
             .join(Attempt.job)
             .filter(*visible(webhook.event))
             .options(contains_eager(Attempt.job).joinedload(Job.registration).joinedload(Registration.registration_form))
             .order_by(Attempt.id.desc())
             .limit(MAX_ATTEMPTS))
    rows, seen = [], set()
    for attempt in found:
        job = attempt.job
        rows.append(AttemptRow(
            id=attempt.id, dt=attempt.dt, job=job, name=_name(job), url=_url(job.registration), state=state_of(job),
            answer=attempts.in_words(attempt), css=_css(attempt), duration=attempt.duration, snippet=attempt.snippet,
            can_resend=job.id not in seen and can_resend(job)))
        seen.add(job.id)
    return rows


def _css(attempt):
    if attempt.status is not None and 200 <= attempt.status <= 299:
        return 'success'
    under_way = attempt.job.state == JobState.dispatched and attempt.error == PostError.interrupted
    return 'highlight' if under_way else 'error'


def _name(job):
    if job.purpose == Job.PURPOSE_TEST:
        return _('Test event')
    return name_for(job, job.registration.full_name if job.registration is not None else None, {})


def _url(registration):
    if registration is None or registration.is_deleted:
        return ''
    return url_for('event_registration.registration_details', registration)


def _sends(webhook):
    """Return what a webhook sends, as a list of words."""
    titles = {key: field.title for key, field in FIELDS.items()} | own_fields(webhook.event)
    return [str(titles[key]) for key in webhook.fields if key in titles]


def _events(webhook, desks):
    """Return what a webhook is notified of, as a list of words."""
    of_no_desk = set(DEFAULT_EVENTS) if desks else set()
    return [event.title for event in WebhookEvent if event in webhook.events and event not in of_no_desk]


def _forms(webhook):
    return [form.title for form in webhook.event.registration_forms
            if webhook.form_ids and form.id in webhook.form_ids and not form.is_deleted]


def _data_ago():
    return now_utc() - DATA_EXPIRES_AFTER
