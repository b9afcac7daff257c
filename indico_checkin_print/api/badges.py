"""Badges for programs: one asks for a badge, and asks what became of it. With Indico's own tokens and permissions."""

import hashlib
from functools import cache
from typing import Annotated

import redis.exceptions
from flask import request, session
from msgspec import Meta, Struct
from msgspec.structs import astuple

from indico.core.limiter import make_rate_limiter
from indico.core.plugins import url_for_plugin
from indico.modules.events.management.controllers.base import RHManageEventBase
from indico.modules.events.registration.models.registrations import Registration, RegistrationState
from indico.util.date_time import now_utc
from indico.web.rh import cors, json_errors, oauth_scope

from indico_checkin_print import kick, ledger
from indico_checkin_print.api.base import JSONRequest, answer
from indico_checkin_print.badge.blocked import is_blocked
from indico_checkin_print.badge.persons import persons_of
from indico_checkin_print.badge.templates import usable_templates
from indico_checkin_print.errors import APIError
from indico_checkin_print.ledger.states import ENDED
from indico_checkin_print.logs import logger
from indico_checkin_print.messages.news import in_english
from indico_checkin_print.models.choices import BadgeKind, UnpaidPolicy
from indico_checkin_print.models.desks import Desk
from indico_checkin_print.models.jobs import Job, JobState
from indico_checkin_print.models.rules import EventSetup
from indico_checkin_print.reasons.codes import Reason


#: Copies of one request
MAX_COPIES = 5
#: Characters of an idempotency key
MAX_KEY = 100
#: Of one user in one event: requests for badges, and questions what became of them
REQUESTS_PER_MINUTE, QUESTIONS_PER_MINUTE = 60, 600

_requests = cache(lambda: make_rate_limiter('checkin-print-badges', f'{REQUESTS_PER_MINUTE} per minute', by_ip=False))
questions = cache(lambda: make_rate_limiter('checkin-print-badge', f'{QUESTIONS_PER_MINUTE} per minute', by_ip=False))


class BadgeRequest(Struct, forbid_unknown_fields=True):
    """Body of a request for a badge."""

    #: The id of the registration
    registration: Annotated[int, Meta(ge=1, lt=2**31)]
    #: The id of an accompanying person; empty for the registrant
    person: Annotated[str, Meta(max_length=100)] = ''
    #: The id of the desk; without one it is the own desk of the user, that of a rule, or that of the form
    desk: Annotated[int, Meta(ge=1, lt=2**31)] | None = None
    copies: Annotated[int, Meta(ge=1, le=MAX_COPIES)] = 1
    #: The id of a badge template; without one it is what the form prints
    template: Annotated[int, Meta(ge=1, lt=2**31)] | None = None


@json_errors
@cors
@oauth_scope('registrants')
class RHBadgesBase(JSONRequest, RHManageEventBase):
    """Base of the handlers: the scope and the permission are those of Indico's check-in API, as a test makes sure."""

    PERMISSION = ('registration', 'registration_checkin')
    MAX_BODY = 16 * 1024

    def _check_rate(self, limiter):
        try:
            if limiter.hit(self.event.id, session.user.id):
                return
        except redis.exceptions.RedisError as exc:
            # without the counter badges are more use than none
            logger.warning('Requests for badges are not counted: %s', exc)
            return
        raise APIError(429, 'too_often', 'Too many requests. Try again in a minute.', retry_after=60)

    def _may_see(self, registration):
        return any(registration.can_manage(session.user, permission) for permission in self.PERMISSION)


class RHRequestBadge(RHBadgesBase):
    """Ask for a badge; repeated with the same key, the answer is what became of the first request."""

    def _process(self):
        self._check_rate(_requests())
        key, wanted = self._key(), self.read(BadgeRequest)
        asked = list(astuple(wanted))
        registration = self._registration(wanted)
        if (job := self._made_by(key, asked)) is not None:
            return answer(in_words(job))
        desk = self._desk(wanted, registration)
        facts = {'key': key, 'asked': asked, 'copies': wanted.copies}
        if wanted.template is not None:
            facts['template'] = wanted.template
        row = self._row(wanted, registration, desk, facts)
        made = ledger.record([row], event_id=self.event.id, registration_id=registration.id,
                             checked_in_dt=registration.checked_in_dt, user_id=session.user.id,
                             actor=f'user:{session.user.id}')
        if not made:
            # the same request, or the check-in, at the same moment
            if (job := self._made_by(key, asked)) is not None:
                return answer(in_words(job))
            raise _waiting(self._latest(registration, wanted.person))
        kick.after_commit()
        job = Job.get(made[0])
        url = url_for_plugin('checkin_print.api_badge', self.event, job_id=job.id, _external=True)
        return answer(in_words(job), 201, {'Location': url})

    def _key(self):
        key = request.headers.get('Idempotency-Key', '')
        if not 0 < len(key) <= MAX_KEY:
            raise APIError(400, 'no_key', f'Send a header Idempotency-Key with 1 to {MAX_KEY} characters, another one '
                                          'for each badge that you want.')
        # of this user's: nobody learns what others asked for
        return hashlib.sha256(f'{session.user.id}:{key}'.encode(errors='surrogatepass')).hexdigest()

    def _made_by(self, key, asked):
        job = Job.query.filter(Job.event_id == self.event.id, Job.facts['key'].astext == key).first()
        if job is not None and job.facts['asked'] != asked:
            raise APIError(422, 'key_used', 'This Idempotency-Key was used for another badge.')
        return job

    def _registration(self, wanted):
        # no second request, and no check-in, makes another badge meanwhile
        registration = (Registration.query
                        .filter_by(event_id=self.event.id, id=wanted.registration, is_deleted=False)
                        .with_for_update(key_share=True, of=Registration).first())
        if registration is None or registration.registration_form.is_deleted or not self._may_see(registration):
            raise APIError(404, 'no_registration', 'There is no such registration, or you may not see it.')
        setup = registration.registration_form.checkin_print_setup
        if setup is None or not setup.enabled:
            raise APIError(409, 'form_off', in_english(Reason.form_off))
        if wanted.template is not None and all(template.id != wanted.template for template
                                               in usable_templates(registration.registration_form)):
            raise APIError(404, 'no_template', 'The form has no such badge template to print.')
        is_badge = setup.kind == BadgeKind.badge or wanted.template is not None
        if wanted.person not in (persons_of(registration) if is_badge else ['']):
            raise APIError(404, 'no_person', 'The registration has no such person with a badge.')
        if registration.state not in {RegistrationState.complete, RegistrationState.unpaid}:
            raise APIError(409, 'not_complete', in_english(Reason.not_complete))
        if is_blocked(registration):
            raise APIError(409, 'not_allowed', in_english(Reason.not_allowed))
        return registration

    def _desk(self, wanted, registration):
        """Return the desk, or ``None``, and why it is that one, for the history."""
        if wanted.desk is None:
            choice = ledger.desk_for_form(registration.registration_form, session.user, registration, wanted.person)
            desk, detail = (Desk.get(choice.desk_id) if choice.desk_id else None), choice.detail
        else:
            desk, detail = Desk.query.filter_by(event_id=self.event.id, id=wanted.desk, is_deleted=False).first(), ''
            if desk is None:
                raise APIError(404, 'no_desk', 'The event has no such desk.')
        return desk, detail

    def _row(self, wanted, registration, desk, facts):
        desk, detail = desk
        latest = self._latest(registration, wanted.person)
        if latest is not None and latest.state not in ENDED:
            raise _waiting(latest)
        state, reason = self._begins_as(registration, desk)
        return ledger.new_row(Job.PURPOSE_BADGE, person=wanted.person, desk_id=desk.id if desk else None, state=state,
                              reason=reason if state == JobState.held else Reason.asked_for, detail=detail, facts=facts,
                              reprint_of_id=latest.id if latest is not None else None)

    def _begins_as(self, registration, desk):
        rules = EventSetup.query.get(self.event.id)
        unpaid = rules.unpaid if rules is not None else UnpaidPolicy.hold
        if registration.state == RegistrationState.unpaid and unpaid == UnpaidPolicy.skip:
            raise APIError(409, 'not_paid', in_english(Reason.not_paid))
        if registration.state == RegistrationState.unpaid and unpaid == UnpaidPolicy.hold:
            return JobState.held, Reason.unpaid
        if desk is None:
            return JobState.held, Reason.no_desk
        if desk.paused or (rules is not None and rules.paused):
            return JobState.held, Reason.paused
        return JobState.queued, Reason.asked_for

    def _latest(self, registration, person):
        return (Job.query.filter_by(registration_id=registration.id, person=person, purpose=Job.PURPOSE_BADGE)
                .order_by(Job.id.desc()).populate_existing().first())


class RHBadge(RHBadgesBase):
    """Say what became of a badge."""

    def _process(self):
        self._check_rate(questions())
        job = Job.query.filter_by(event_id=self.event.id, id=request.view_args['job_id'],
                                  purpose=Job.PURPOSE_BADGE).first()
        if job is None or job.registration is None or not self._may_see(job.registration):
            raise APIError(404, 'no_badge', 'There is no such badge, or you may not see it.')
        return answer(in_words(job))


def _waiting(job):
    number = f' It is badge {job.id}.' if job is not None else ''
    return APIError(409, 'badge_waiting', f'A badge of this person has not come out yet.{number}')


def in_words(job):
    """Return what a program gets about a badge. It names nobody."""
    return {
        'id': job.id,
        'registration': job.registration_id,
        'person': job.person,
        'copies': (job.facts or {}).get('copies', 1),
        'template': (job.facts or {}).get('template'),
        'desk': {'id': job.desk.id, 'name': job.desk.name} if job.desk else None,
        'printer': job.printer,
        'reprint_of': job.reprint_of_id,
        'state': job.state.name,
        'reason': job.reason,
        'message': in_english(job.reason),
        'ended': job.state in ENDED,
        'created': job.created_dt.isoformat(),
        'changed': job.changed_dt.isoformat(),
        'expires_in': max(0, round((job.expires_dt - now_utc()).total_seconds())),
        'history': [{'at': step.dt.isoformat(), 'state': step.state.name, 'reason': step.reason,
                     'message': in_english(step.reason)} for step in job.history],
    }
