"""A POST from the ledger's side: what is sent, and what each answer makes of the job."""

import json

import pytest
from standardwebhooks.webhooks import Webhook as Oracle
from werkzeug.formparser import parse_form_data
from werkzeug.test import EnvironBuilder

from indico_checkin_print.credentials import seal
from indico_checkin_print.delivery import deliver as deliver_module
from indico_checkin_print.delivery.post import Answer, PostError
from indico_checkin_print.models.jobs import Job, JobState
from indico_checkin_print.models.records import Attempt
from indico_checkin_print.reasons.codes import Reason
from indico_checkin_print.work.worker import post_waiting
from tests.plugin.conftest import SECRET


@pytest.fixture
def receiver(mocker):
    """Replaces the network: gives the answers that a test wants, and keeps the requests."""
    return mocker.patch.object(deliver_module, 'post', return_value=Answer(202, 0.01))


def parse(request):
    environ = EnvironBuilder(method='POST', data=request['body'],
                             content_type=request['headers']['Content-Type']).get_environ()
    __, form, files = parse_form_data(environ)
    return json.loads(form['payload']), files['document'].read()


@pytest.fixture
def desk_job(webhook_desk, ready_job):
    """A rendered badge of a desk that is a webhook."""
    return ready_job


@pytest.fixture
def data_job(check_in, reg, webhook):
    """A check-in that a webhook hears of."""
    return next(j for j in check_in(reg) if j.webhook_id == webhook.id)


def test_a_badge_for_a_desk(db, desk_job, receiver, webhook):
    assert post_waiting('test') == (1, None)
    request = receiver.call_args.kwargs
    payload, pdf = parse(request)
    assert request['url'] == webhook.url
    assert pdf == desk_job.document.content
    assert payload['type'] == 'badge.print'
    assert payload['data']['job']['go'] is True
    assert payload['data']['job']['job'] == desk_job.uuid == request['headers']['webhook-id']
    assert payload['data']['callback'].endswith(f'/outcome/{desk_job.uuid}')
    assert payload['data']['registration'].keys() == {'id', 'form', 'checked_in_dt'}
    assert str(desk_job.registration.ticket_uuid) not in json.dumps(payload)
    db.session.refresh(desk_job)
    assert (desk_job.state, desk_job.reason) == (JobState.sent, Reason.delivered)


def test_data_only_is_json_that_the_library_verifies(db, data_job, receiver, reg):
    assert post_waiting('test') == (1, None)
    request = receiver.call_args.kwargs
    assert request['headers']['Content-Type'] == 'application/json'
    payload = Oracle(SECRET).verify(request['body'].decode(), request['headers'])
    assert payload['type'] == 'registration.checked_in'
    data = payload['data']['registration']
    assert (data['full_name'], data['email']) == (reg.full_name, reg.email)
    assert data['checked_in_dt'] == reg.checked_in_dt.isoformat()
    assert 'job' not in payload['data']
    assert str(reg.ticket_uuid) not in request['body'].decode()


@pytest.mark.parametrize(('answer', 'state', 'reason', 'retried'), [
    (Answer(200, 0.1), JobState.sent, Reason.delivered, False),
    (Answer(500, 0.1, 'oops'), JobState.ready, Reason.retry_later, True),
    (Answer(302, 0.1), JobState.ready, Reason.retry_later, True),
    (Answer(429, 0.1, retry_after=4), JobState.ready, Reason.retry_later, True),
    (Answer(None, 3, error=PostError.connect, message='No connection.'), JobState.ready, Reason.retry_later, True),
    (Answer(410, 0.1), JobState.failed, Reason.gone, False),
    (Answer(400, 0.1), JobState.failed, Reason.webhook_failed, False),
    (Answer(None, 0, error=PostError.refused_url, message='Private.'), JobState.failed, Reason.webhook_refused, False),
])
def test_answers(db, desk_job, receiver, smtp, answer, state, reason, retried):
    receiver.return_value = answer
    done, next_try = post_waiting('test')
    db.session.refresh(desk_job)
    assert (desk_job.state, desk_job.reason, done) == (state, reason, 1)
    assert (next_try is not None) == retried
    assert str(answer.status or answer.message) in desk_job.detail
    if answer.retry_after:
        assert next_try >= answer.retry_after


def test_one_that_is_not_due_waits(db, desk_job, receiver):
    receiver.return_value = Answer(500, 0.1)
    post_waiting('test')
    assert post_waiting('test') == (0, None)
    assert receiver.call_count == 1


def test_one_post_at_a_time_for_each_webhook(db, check_in, create_reg, webhook):
    from indico_checkin_print import ledger
    for i in range(3):
        check_in(create_reg(first_name=f'P{i}'))
    first = ledger.claim_post('a')
    assert first is not None
    assert ledger.claim_post('b') is None
    ledger.delivered(first, '', 'a')
    assert ledger.claim_post('b') is not None


def test_a_webhook_that_was_deleted(db, desk_job, receiver, webhook):
    webhook.is_deleted = True
    db.session.flush()
    post_waiting('test')
    db.session.refresh(desk_job)
    assert (desk_job.state, desk_job.reason) == (JobState.failed, Reason.webhook_missing)
    assert not receiver.called


def test_a_secret_that_cannot_be_read(db, desk_job, receiver, webhook):
    webhook.secrets = ['not sealed with this key']
    db.session.flush()
    post_waiting('test')
    db.session.refresh(desk_job)
    assert (desk_job.state, desk_job.reason) == (JobState.failed, Reason.webhook_failed)
    assert 'SECRET_KEY' in desk_job.detail
    assert not receiver.called


def test_a_new_secret_beside_one_that_cannot_be_read(db, data_job, receiver, webhook):
    """What the reason of a secret that cannot be read asks the manager to do must help."""
    webhook.secrets = [seal(SECRET), 'not sealed with this key']
    db.session.flush()
    assert post_waiting('test') == (1, None)
    request = receiver.call_args.kwargs
    assert Oracle(SECRET).verify(request['body'].decode(), request['headers'])


def test_a_badge_for_another_system(db, check_in, reg, webhook, receiver):
    """A webhook that no desk uses may get the badge as well: then it is rendered for it."""
    from indico_checkin_print.work.worker import render_waiting
    webhook.send_badge = True
    db.session.flush()
    job = next(j for j in check_in(reg) if j.webhook_id == webhook.id)
    assert job.state == JobState.queued
    render_waiting('test')
    assert post_waiting('test')[0] == 1
    payload, pdf = parse(receiver.call_args.kwargs)
    assert pdf.startswith(b'%PDF-')
    assert payload['data']['registration']['id'] == reg.id
    assert Job.query.filter_by(state=JobState.sent).one() == job


def test_data_that_waits_when_the_badge_is_chosen_too(db, data_job, webhook, receiver):
    """A check-in that waited as data has no badge; it must not stop all other messages either."""
    webhook.send_badge = True
    db.session.flush()
    assert post_waiting('test') == (1, None)
    assert json.loads(receiver.call_args.kwargs['body'])['type'] == 'registration.checked_in'
    db.session.refresh(data_job)
    assert data_job.state == JobState.sent


def test_a_badge_whose_document_is_gone(db, desk_job, receiver):
    db.session.delete(desk_job.document)
    db.session.flush()
    post_waiting('test')
    db.session.refresh(desk_job)
    assert (desk_job.state, desk_job.reason) == (JobState.failed, Reason.webhook_failed)
    assert not receiver.called


def test_a_message_that_cannot_be_made_stops_no_other(db, check_in, create_reg, webhook, receiver, mocker,
                                                                   caplog):
    """One message that cannot be made does not stop the others."""
    first, second = (next(j for j in check_in(create_reg(first_name=name)) if j.webhook_id == webhook.id)
                     for name in ('Ada', 'Bob'))
    real = deliver_module.build

    def _build(job, webhook):
        if job.id == first.id:
            raise KeyError(job.registration.first_name)
        return real(job, webhook)

    mocker.patch.object(deliver_module, 'build', _build)
    post_waiting('test')
    db.session.refresh(first)
    db.session.refresh(second)
    assert (first.state, first.reason, first.detail) == (JobState.failed, Reason.webhook_failed, 'KeyError')
    assert second.state == JobState.sent
    # with its stack, and without names
    assert f'Job {first.id}' in caplog.text
    assert 'Ada' not in caplog.text


@pytest.mark.parametrize('setting', [['10.20.0.0/16', 'nonsense'], 7])
def test_networks_that_cannot_be_read_are_waited_for(db, desk_job, receiver, configure, setting):
    """Nothing is sent, nothing counts as if it might have been, and sending resumes when they can be read."""
    configure(ALLOWED_NETWORKS=setting)
    assert post_waiting('test') == (1, 60)
    db.session.refresh(desk_job)
    assert (desk_job.state, desk_job.reason) == (JobState.ready, Reason.retry_later)
    assert 'PLUGIN_CHECKIN_PRINT_ALLOWED_NETWORKS' in desk_job.detail
    assert not receiver.called
    assert not Attempt.query.has_rows()
