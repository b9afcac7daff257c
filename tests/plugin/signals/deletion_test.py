"""What remains of printing when Indico deletes an event, a registration form or a registration, by its own pages."""

import pytest
from flask import session

from indico.modules.events.operations import clone_event

from indico_checkin_print import ledger
from indico_checkin_print.models.agents import Agent
from indico_checkin_print.models.desks import Desk
from indico_checkin_print.models.jobs import JobState
from indico_checkin_print.models.records import JobHistory
from indico_checkin_print.models.webhooks import Webhook
from indico_checkin_print.reasons.codes import Reason
from indico_checkin_print.work.worker import render_waiting


pytestmark = pytest.mark.usefixtures('no_kick')


@pytest.fixture
def owner(browse, create_user, event):
    """Manages the whole event, as deleting things needs it."""
    user = create_user(105, 'Olga', 'Owner')
    event.update_principal(user, full_access=True)
    return browse(user)


@pytest.fixture
def news(db):
    """Return a function that returns what the database knows about objects by now."""
    def _news(*objects):
        db.session.expire_all()
        return objects
    return _news


def test_a_registration_is_deleted(owner, event, check_in, create_reg, news):
    reg, other = create_reg('Ada'), create_reg('Bob')
    job, other_job = check_in(reg), check_in(other)
    response = owner.post(f'/event/{event.id}/manage/registration/{reg.registration_form_id}/registrations/delete',
                          registration_id=reg.id)
    assert response.status_code == 200
    news()
    assert reg.is_deleted
    assert (job[0].state, job[0].reason) == (JobState.canceled, Reason.registration_gone)
    assert other_job[0].state == JobState.queued
    assert JobHistory.query.filter_by(job_id=job[0].id).count() == 2
    assert job[0].history[-1].actor == 'user:105'


def test_a_form_is_deleted(owner, event, check_in, create_reg, ready_job, reg, news):
    queued, = check_in(create_reg('Ada'))
    response = owner.post(f'/event/{event.id}/manage/registration/{reg.registration_form_id}/delete')
    assert response.status_code in {200, 302}
    news()
    assert reg.registration_form.is_deleted
    for job in (queued, ready_job):
        assert (job.state, job.reason) == (JobState.canceled, Reason.form_gone)


def test_a_job_of_a_deleted_form_that_nobody_canceled(check_in, reg, news):
    job, = check_in(reg)
    reg.registration_form.is_deleted = True
    render_waiting('test')
    news()
    assert (job.state, job.reason) == (JobState.canceled, Reason.form_gone)


def test_an_event_is_deleted(owner, event, check_in, create_reg, ready_job, agent, webhook, news):
    queued, = [job for job in check_in(create_reg('Ada')) if job.webhook_id is None]
    assert owner.post(f'/event/{event.id}/manage/delete').status_code == 200
    news()
    assert event.is_deleted
    for job in (queued, ready_job):
        assert (job.state, job.reason) == (JobState.canceled, Reason.event_gone)
        assert job.history[-1].actor == 'user:105'
    assert agent.revoked_dt is not None
    assert agent.token_hash is None
    assert not webhook.enabled


@pytest.mark.parametrize('purpose', ['badge', 'test'])
def test_a_job_of_a_deleted_event_that_nobody_canceled(event, check_in, reg, desk, dummy_user, news, purpose):
    job = check_in(reg)[0] if purpose == 'badge' else ledger.request_test(desk, dummy_user)
    event.is_deleted = True
    render_waiting('test')
    news()
    assert (job.state, job.reason) == (JobState.canceled, Reason.event_gone)


def test_an_event_is_deleted_although_ours_fails(mocker, event, dummy_user, agent, caplog):
    mocker.patch('indico_checkin_print.ledger.cancel_event', side_effect=ValueError('a name'))
    event.delete('Test', dummy_user)
    assert event.is_deleted
    assert f'The printing of event {event.id} could not be ended' in caplog.text
    assert 'a name' not in caplog.text


def test_a_clone_prints_nothing(app, db, event, form, agent, webhook, desk, dummy_user):
    with app.test_request_context():
        session.set_session_user(dummy_user)
        new = clone_event(event, 1, event.start_dt, {'registration_forms'}, category=event.category)
    db.session.flush()
    assert [regform.checkin_print_setup for regform in new.registration_forms] == [None]
    assert not [x for model in (Agent, Desk, Webhook) for x in model.query.filter_by(event_id=new.id)]
