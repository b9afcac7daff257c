"""The circuit breaker with the ledger, the webhook's row, the e-mails and the log of attempts."""

from datetime import timedelta
from email.header import decode_header, make_header

import pytest

from print_agent.protocol.circuit_breaker import State

from indico_checkin_print import ledger
from indico_checkin_print.delivery import breaker
from indico_checkin_print.delivery import deliver as deliver_module
from indico_checkin_print.delivery import notify
from indico_checkin_print.delivery.breaker import POLICIES
from indico_checkin_print.delivery.post import Answer, PostError
from indico_checkin_print.models.jobs import Job, JobState
from indico_checkin_print.models.records import Attempt
from indico_checkin_print.reasons.codes import Reason
from indico_checkin_print.sql import now
from indico_checkin_print.work.worker import post_waiting


THRESHOLD = POLICIES['data'].threshold


DOWN = Answer(None, 0.01, error=PostError.connect, message='No connection.')


@pytest.fixture
def receiver(mocker):
    """Replaces the network: gives the answers that a test wants."""
    return mocker.patch.object(deliver_module, 'post', return_value=DOWN)


@pytest.fixture
def jobs(check_in, create_reg, webhook):
    """Eight check-ins that a webhook hears of."""
    return [next(j for j in check_in(create_reg(first_name=f'P{i}')) if j.webhook_id) for i in range(8)]


@pytest.fixture
def probe_now(db, webhook):
    """Return a function that lets the time for the next probe come.

    A test is one transaction, in which the database's clock stands still.
    """
    def _probe_now():
        db.session.execute(db.update(Job.__table__).values(next_try_dt=Job.next_try_dt - timedelta(seconds=1)))
        db.session.execute(db.update(type(webhook).__table__).values(probe_dt=now(-1)))
        db.session.expire_all()
    return _probe_now


def test_a_receiver_that_is_down(db, jobs, receiver, webhook, probe_now, smtp):
    done, __ = post_waiting('test')
    assert done == THRESHOLD
    assert breaker.state(webhook) == State.open
    assert webhook.opened_dt is not None
    assert timedelta(seconds=15) <= webhook.probe_dt - webhook.opened_dt <= timedelta(seconds=18)
    # nothing else is sent, whatever is due
    assert post_waiting('test') == (0, None)
    for n in range(1, 4):
        probe_now()
        assert breaker.state(webhook) == State.half_open
        done, wait = post_waiting('test')
        assert done == 1
        assert wait >= POLICIES['data'].first * 2 ** n
        assert webhook.failures == THRESHOLD + n
    # the tries went round, and none of them cost an attempt
    order = [job_id for job_id, in db.session.query(Attempt.job_id).order_by(Attempt.id)]
    assert order[THRESHOLD:] == [job.id for job in jobs[:3]]
    db.session.expire_all()
    assert [job.attempts for job in jobs] == [1] * THRESHOLD + [0] * 3
    assert {job.state for job in jobs} == {JobState.ready}
    receiver.return_value = Answer(204, 0.01)
    probe_now()
    # it works: everything goes out at once
    assert post_waiting('test')[0] == 8
    db.session.expire_all()
    assert {job.state for job in jobs} == {JobState.sent}
    assert (webhook.failures, webhook.opened_dt, webhook.probe_dt) == (0, None, None)
    assert breaker.state(webhook) == State.closed


def test_a_message_that_no_receiver_can_bear(db, jobs, receiver, webhook, probe_now, smtp):
    post_waiting('test')
    unbearable = jobs[0].uuid
    receiver.side_effect = lambda **kwargs: Answer(500 if unbearable in str(kwargs['headers']) else 200, 0.01)
    for __ in jobs:
        probe_now()
        post_waiting('test')
    db.session.expire_all()
    assert [job.state for job in jobs] == [JobState.ready] + [JobState.sent] * 7
    assert breaker.state(webhook) == State.closed


def test_silence_that_the_receiver_asked_for(db, jobs, receiver, webhook):
    receiver.return_value = Answer(429, 0.01, retry_after=30)
    assert post_waiting('test')[0] == 1
    assert webhook.opened_dt is None
    db.session.expire_all()
    assert webhook.probe_dt - jobs[0].dispatched_dt == timedelta(seconds=30)


def test_other_webhooks_are_served(db, jobs, receiver, webhook, create_webhook, check_in, create_reg, smtp):
    post_waiting('test')
    create_webhook('Gate')
    check_in(create_reg())
    receiver.return_value = Answer(200, 0.01)
    assert post_waiting('test')[0] == 1
    assert Job.query.filter_by(state=JobState.sent).one().webhook.name == 'Gate'


@pytest.fixture
def create_webhook(db, dummy_event):
    from indico_checkin_print.credentials import seal
    from indico_checkin_print.models.webhooks import Webhook
    from tests.plugin.conftest import SECRET

    def _create(name):
        webhook = Webhook(event_id=dummy_event.id, name=name, url='https://198.51.100.8/', secrets=[seal(SECRET)],
                          send_badge=False)
        db.session.add(webhook)
        db.session.flush()
        return webhook
    return _create


def test_a_claim_is_for_a_free_webhook(db, jobs, receiver, webhook, smtp):
    """A probe that is under way is the only one."""
    post_waiting('test')
    webhook.probe_dt = None
    db.session.flush()
    assert ledger.claim_post('a') is not None
    assert ledger.claim_post('b') is None


# -- e-mails ----------------------------------------------------------------------------------------------------------

@pytest.fixture
def managers(db, dummy_event, create_user):
    for id_, permission in ((201, 'registration'), (202, 'registration_checkin')):
        dummy_event.update_principal(create_user(id_, email=f'{permission}@example.test'), add_permissions={permission})
    dummy_event.update_principal(create_user(203, email='full@example.test'), full_access=True)
    db.session.flush()


def emails(smtp):
    found = [(str(make_header(decode_header(mail['Subject']))), mail['To'], mail.get_payload(decode=True).decode())
             for mail in smtp.outbox]
    del smtp.outbox[:]
    return found


def test_managers_are_notified_once(db, jobs, receiver, webhook, managers, probe_now, smtp):
    post_waiting('test')
    for __ in range(3):
        probe_now()
        post_waiting('test')
    (subject, to, body), = emails(smtp)
    assert 'The webhook "CRM" does not work' in subject
    assert set(to.replace(',', ' ').split()) == {'registration@example.test', 'full@example.test'}
    assert 'No connection: the receiver is off' in body
    # how many that are is not said: some recipients may not see all of these people
    assert 'Waiting' not in body
    assert f'/event/{webhook.event_id}/manage/checkin-print/webhooks/{webhook.id}/log' in body
    assert webhook.url not in body
    assert jobs[0].registration.last_name not in body
    receiver.return_value = Answer(200, 0.01)
    probe_now()
    post_waiting('test')
    (subject, __, body), = emails(smtp)
    assert 'works again' in subject
    # one that works and fails in turn does not fill mailboxes
    webhook.notified_dt -= timedelta(minutes=1)
    for job in jobs:
        ledger.resend(job, job.event.creator)
    db.session.execute(db.update(Job.__table__).where(Job.state == JobState.queued).values(state=JobState.ready))
    receiver.return_value = DOWN
    post_waiting('test')
    receiver.return_value = Answer(200, 0.01)
    probe_now()
    post_waiting('test')
    assert emails(smtp) == []


def test_somebody_is_always_notified(dummy_event, dummy_user):
    assert notify.recipients(dummy_event) == {dummy_event.creator.email}
    dummy_event.contact_emails = ['desk@example.test']
    assert notify.recipients(dummy_event) == {'desk@example.test'}


def test_410_switches_it_off(db, jobs, receiver, webhook, smtp):
    receiver.return_value = Answer(410, 0.01)
    assert post_waiting('test') == (1, None)
    assert not webhook.enabled
    db.session.expire_all()
    assert (jobs[0].state, jobs[0].reason) == (JobState.failed, Reason.gone)
    assert {job.state for job in jobs[1:]} == {JobState.ready}
    (subject, __, body), = emails(smtp)
    assert 'was switched off' in subject
    assert 'HTTP 410' in body
    # a manager switches it on again: what waited is sent
    receiver.return_value = Answer(200, 0.01)
    webhook.enabled = True
    breaker.reset(webhook)
    assert post_waiting('test')[0] == 7


def test_email_that_cannot_be_sent_stops_nothing(db, jobs, receiver, mocker):
    """Indico stores it; the answers are in the ledger all the same."""
    mocker.patch('indico.core.notifications.time.sleep')
    stored = mocker.patch('indico.core.emails.store_failed_email')
    mocker.patch('indico.core.emails.do_send_email', side_effect=OSError('no mail server'))
    assert post_waiting('test')[0] == THRESHOLD
    assert stored.called
    assert Attempt.query.count() == THRESHOLD


# -- the log of attempts ----------------------------------------------------------------------------------------------

def test_each_post_is_in_the_log(db, jobs, receiver, webhook, smtp):
    answers = [DOWN, Answer(500, 1.5, 'oops'), Answer(429, 0.02), Answer(400, 0.02, 'no'), Answer(200, 0.25, 'thanks'),
               Answer(None, 10, error=PostError.timeout), Answer(204, 0.1), Answer(201, 0.1)]
    receiver.side_effect = answers
    post_waiting('test')
    found = [(a.status, a.error, a.duration, a.snippet, a.may_have_arrived) for a in Attempt.query.order_by(Attempt.id)]
    assert found == [
        (None, 'connect', 10, '', False), (500, '', 1500, 'oops', True), (429, '', 20, '', False),
        (400, '', 20, 'no', False), (200, '', 250, 'thanks', False), (None, 'timeout', 10000, '', True),
        (204, '', 100, '', False), (201, '', 100, '', False)]
    assert {a.webhook_id for a in Attempt.query} == {webhook.id}
    assert [a.job for a in Attempt.query.order_by(Attempt.id)] == jobs


def test_a_post_whose_process_died_is_in_the_log(db, jobs, receiver):
    receiver.side_effect = KeyboardInterrupt
    with pytest.raises(KeyboardInterrupt):
        post_waiting('test')
    attempt = Attempt.query.one()
    assert (attempt.job, attempt.status, attempt.error, attempt.may_have_arrived) == (
        jobs[0], None, 'interrupted', True)
