"""Guards and holds: which check-ins wait, which do not print at all, and who lets them go."""

from datetime import timedelta

import pytest

from indico.core import signals
from indico.modules.events.registration.models.registrations import RegistrationState

from indico_checkin_print import ledger
from indico_checkin_print.ledger.states import BADGE_DESK_EXPIRES_AFTER
from indico_checkin_print.models.choices import CheckinSource, ReprintPolicy, UnpaidPolicy
from indico_checkin_print.models.jobs import Job, JobState
from indico_checkin_print.models.rules import EventSetup
from indico_checkin_print.reasons.codes import Reason
from indico_checkin_print.routing.admission import CheckIn, Setup, judge
from indico_checkin_print.work.worker import render_waiting
from tests.plugin.conftest import announce


S = JobState
LIST = '/event/{0.event_id}/manage/registration/{0.registration_form_id}/registrations/{0.id}/check-in'
BULK = '/event/{0.event_id}/manage/registration/{0.registration_form_id}/registrations/check-in'


@pytest.fixture
def rules(db, dummy_event, form):
    """The rules of the event, with their defaults."""
    rules = EventSetup(event_id=dummy_event.id)
    db.session.add(rules)
    db.session.flush()
    return rules


def setup(**kwargs):
    return Setup(**{'kind': None, **kwargs})


@pytest.mark.parametrize(('rules', 'checkin', 'state', 'reason'), [
    ({}, {}, S.queued, Reason.checked_in),
    *[({}, {'state': state}, S.canceled, Reason.not_complete)
      for state in (RegistrationState.pending, RegistrationState.rejected, RegistrationState.withdrawn)],
    ({}, {'blocked': True}, S.canceled, Reason.not_allowed),
    ({}, {'source': CheckinSource.other}, S.canceled, Reason.source_off),
    ({}, {'source': CheckinSource.scan_only}, S.canceled, Reason.check_in_only),
    ({'badge_desk': True}, {'source': CheckinSource.scan_only}, S.held, Reason.badge_desk),
    ({'sources': frozenset({'other'})}, {'source': CheckinSource.other}, S.queued, Reason.checked_in),
    ({'sources': frozenset()}, {}, S.canceled, Reason.source_off),
    ({'sources': frozenset(), 'badge_desk': True}, {}, S.held, Reason.badge_desk),
    ({'badge_desk': True}, {}, S.queued, Reason.checked_in),
    # what else speaks against it is asked at the badge desk
    *[({'sources': frozenset(), 'badge_desk': True}, {key: value}, S.held, Reason.badge_desk) for key, value in (
        ('state', RegistrationState.unpaid), ('already_printed', {''}))],
    ({'sources': frozenset(), 'badge_desk': True}, {'blocked': True}, S.canceled, Reason.not_allowed),
    ({}, {'state': RegistrationState.unpaid}, S.held, Reason.unpaid),
    ({'unpaid': UnpaidPolicy.print}, {'state': RegistrationState.unpaid}, S.queued, Reason.checked_in),
    ({'unpaid': UnpaidPolicy.skip}, {'state': RegistrationState.unpaid}, S.canceled, Reason.not_paid),
    ({}, {'already_printed': {''}}, S.held, Reason.already_printed),
    ({'reprint': ReprintPolicy.print}, {'already_printed': {''}}, S.queued, Reason.checked_in),
    ({'reprint': ReprintPolicy.skip}, {'already_printed': {''}}, S.canceled, Reason.printed_before),
    ({'paused': True}, {}, S.held, Reason.paused),
    ({'paused_desks': frozenset({1})}, {}, S.held, Reason.paused),
    ({'paused_desks': frozenset({2})}, {}, S.queued, Reason.checked_in),
])
def test_judge(rules, checkin, state, reason):
    assert judge(setup(**rules), CheckIn(**checkin), 1) == (state, reason)


@pytest.mark.parametrize('policy', [ReprintPolicy.hold, ReprintPolicy.skip])
def test_a_companion_who_had_no_badge_gets_one(db, check_in, reg, rules, desk, webhook, mocker, policy):
    """The badge of one person was asked for before the check-in, as a program does."""
    mocker.patch('indico_checkin_print.signals.checkin.persons_of', return_value=['', 'companion'])
    rules.reprint = policy
    ledger.record([ledger.new_row(Job.PURPOSE_BADGE, desk_id=desk.id)], event_id=reg.event_id,
                  registration_id=reg.id, actor='test')
    __, registrant, companion, message = check_in(reg)
    assert registrant.state == (S.held if policy == ReprintPolicy.hold else S.canceled)
    assert (companion.person, companion.state) == ('companion', S.queued)
    assert (message.webhook, message.state) == (webhook, S.ready)


def test_judge_without_a_desk():
    assert judge(setup(), CheckIn(), None) == (S.held, Reason.no_desk)


@pytest.mark.parametrize(('path', 'method', 'source'), [
    ('/api/checkin/event/{0.event_id}/forms/{0.registration_form_id}/registrations/{0.id}', 'PATCH', 'api'),
    ('/api/events/{0.event_id}/registrants/{0.id}', 'PATCH', 'app'),
    (LIST, 'PUT', 'list'),
    (BULK, 'POST', 'bulk'),
    ('/', 'GET', 'other'),
])
def test_ways_of_check_in(db, check_in, reg, rules, path, method, source):
    rules.sources = [s for s in CheckinSource if s != source]
    job, = check_in(reg, path=path, method=method)
    assert (job.state, job.reason) == (S.canceled, Reason.source_off)
    check_in(reg, value=False)
    rules.sources = [source]
    assert check_in(reg, path=path, method=method)[-1].state == S.queued


def test_checked_in_at_the_entrance(db, check_in, reg, rules, webhook):
    rules.sources, rules.badge_desk = ['scan'], True
    badge, message = check_in(reg)
    assert (badge.state, badge.reason, badge.desk) == (S.held, Reason.badge_desk, None)
    assert badge.history[0].detail == ''
    assert abs(badge.expires_dt - badge.created_dt - BADGE_DESK_EXPIRES_AFTER) < timedelta(minutes=1)
    # webhooks hear of the check-in when it happens
    assert (message.webhook, message.state) == (webhook, S.ready)
    check_in(reg, value=False)
    assert badge.state == S.canceled


@pytest.mark.parametrize('policy', UnpaidPolicy)
def test_a_payment_changes_nothing_that_waits_for_the_badge_desk(db, app, check_in, reg, rules, policy):
    rules.sources, rules.badge_desk, rules.unpaid = ['scan'], True, policy
    badge, = check_in(reg)
    for state in (RegistrationState.unpaid, RegistrationState.complete):
        with app.test_request_context():
            before, reg.state = reg.state, state
            signals.event.registration_state_updated.send(reg, previous_state=before)
        db.session.refresh(badge)
    assert (badge.state, badge.reason) == (S.held, Reason.badge_desk)


def test_unpaid_until_the_payment_arrives(db, app, check_in, create_reg):
    registration = create_reg(state=RegistrationState.unpaid)
    job, = check_in(registration)
    assert (job.state, job.reason) == (S.held, Reason.unpaid)
    with app.test_request_context():
        registration.state = RegistrationState.complete
        signals.event.registration_state_updated.send(registration, previous_state=RegistrationState.unpaid)
    db.session.refresh(job)
    assert (job.state, job.reason) == (S.queued, Reason.paid)


@pytest.mark.parametrize('policy', ReprintPolicy)
def test_asked_for_before_the_check_in_and_paid_after_it(db, app, check_in, create_reg, rules, desk, policy):
    """Somebody who has not paid asks for the badge and is then checked in: one badge prints."""
    rules.reprint = policy
    registration = create_reg(state=RegistrationState.unpaid)
    ledger.record([ledger.new_row(Job.PURPOSE_BADGE, desk_id=desk.id, state=S.held, reason=Reason.unpaid)],
                  event_id=registration.event_id, registration_id=registration.id, actor='test')
    check_in(registration)
    registration.state = RegistrationState.complete
    announce(app, signals.event.registration_state_updated, registration, previous_state=RegistrationState.unpaid)
    db.session.expire_all()
    assert {(job.state, job.reason) for job in Job.query} == {(S.queued, Reason.paid),
                                                              (S.canceled, Reason.printed_before)}


def test_a_payment_releases_nothing_else(db, app, check_in, create_reg):
    registration = create_reg(state=RegistrationState.pending)
    job, = check_in(registration)
    with app.test_request_context():
        registration.state = RegistrationState.complete
        signals.event.registration_state_updated.send(registration, previous_state=RegistrationState.pending)
    db.session.refresh(job)
    assert job.state == S.canceled


def test_many_at_once_wait_for_a_click(db, check_in, create_reg, rules, dummy_user):
    rules.bulk_limit = 3
    registrations = [create_reg(first_name=f'P{i}') for i in range(5)]
    jobs = check_in(*registrations, path=BULK, method='POST')
    assert {(j.state, j.reason) for j in jobs} == {(S.held, Reason.bulk)}
    assert [h.state for h in jobs[0].history] == [S.queued, S.held]
    # in the order somebody chose
    chosen = [jobs[i] for i in (4, 0, 3, 1, 2)]
    assert ledger.release(chosen, f'user:{dummy_user.id}') == [j.id for j in chosen]
    rendered = []
    while job := ledger.claim_render('test'):
        rendered.append(job)
    assert rendered == chosen


def test_as_many_as_allowed_print(check_in, create_reg, rules):
    rules.bulk_limit = 3
    jobs = check_in(*[create_reg(first_name=f'P{i}') for i in range(3)], path=BULK, method='POST')
    assert {j.state for j in jobs} == {S.queued}


def test_a_bulk_hold_does_not_touch_webhooks(check_in, create_reg, rules, webhook):
    rules.bulk_limit = 0
    jobs = check_in(*[create_reg(first_name=f'P{i}') for i in range(2)], path=BULK, method='POST')
    assert {(j.purpose == Job.PURPOSE_BADGE, j.state) for j in jobs} == {(True, S.held), (False, S.ready)}


def test_undone_and_scanned_again_after_printing(db, check_in, reg, agent, dummy_user):
    first, = check_in(reg)
    render_waiting('test')
    db.session.refresh(first)
    ledger.assign(first, agent, 'p1', 'test', go=True)
    ledger.report(first, S.completed, Reason.printed, '', 'test')
    check_in(reg, value=False)
    second = check_in(reg)[-1]
    assert (second.state, second.reason) == (S.held, Reason.already_printed)
    assert ledger.retry(second, dummy_user) == [second.id]


def test_undone_before_printing_is_no_second_badge(check_in, reg):
    check_in(reg)
    check_in(reg, value=False)
    assert [j.state for j in check_in(reg)] == [S.canceled, S.queued]


def test_pause(db, check_in, create_reg, rules, desk, dummy_event):
    rules.paused = True
    first, = check_in(create_reg(first_name='A'))
    rules.paused, desk.paused = False, True
    second, = check_in(create_reg(first_name='B'))
    assert first.reason == second.reason == Reason.paused
    desk.paused = False
    assert ledger.release_paused(dummy_event.id, 'user:1', desk_id=desk.id) == [first.id, second.id]


def test_reprint(db, check_in, reg, dummy_user, webhook_desk):
    job, = check_in(reg)
    reprint = ledger.reprint(job, dummy_user, Reason.lost)
    assert (reprint.state, reprint.reason) == (S.queued, Reason.lost)
    assert (reprint.reprint_of, reprint.desk_id) == (job, job.desk_id)
    assert ledger.reprint(reprint, dummy_user, Reason.misprint).reprint_of == reprint
    assert Job.query.count() == 3


@pytest.mark.parametrize(('came_out', 'state', 'reason'), [(True, S.completed, Reason.person_saw_it),
                                                           (False, S.failed, Reason.person_missed_it)])
def test_a_person_settles_what_nobody_knew(db, ready_job, agent, dummy_user, came_out, state, reason):
    ledger.assign(ready_job, agent, 'p1', 'test', go=True)
    assert not ledger.resolve(ready_job, dummy_user, came_out=came_out)
    ledger.report(ready_job, S.unknown, Reason.go_timeout, '', 'test')
    uuid = ready_job.uuid
    assert ledger.resolve(ready_job, dummy_user, came_out=came_out)
    # an agent never prints again what it may have printed, so that a second try is another job for it
    assert (db.session.query(Job.uuid).filter_by(id=ready_job.id).scalar() == uuid) is came_out
    db.session.refresh(ready_job)
    assert (ready_job.state, ready_job.reason) == (state, reason)
    assert bool(ledger.retry(ready_job, dummy_user)) == (not came_out)
