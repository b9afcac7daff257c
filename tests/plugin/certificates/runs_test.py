"""Runs: stored when they are asked for, one at a time, and none forgets an e-mail when its process dies."""

from datetime import timedelta

import pytest

from indico.util.date_time import now_utc

from indico_checkin_print import heartbeat, kick, sql, tasks
from indico_checkin_print.certificates import runs
from indico_checkin_print.certificates.mail_server import Server
from indico_checkin_print.certificates.states import M
from indico_checkin_print.certificates.sweep import sweep
from indico_checkin_print.errors import CannotSend
from indico_checkin_print.models.certificates import Certificate
from indico_checkin_print.models.send_runs import SendRun
from tests.stack.process import free_port


@pytest.fixture
def send(db):
    """Return a function that sends what is due without pauses, as Celery does."""
    def _send(**kwargs):
        more = runs.send_due('test', seconds=60, rate=1e6, **kwargs)
        db.session.expire_all()
        return more
    return _send


@pytest.fixture
def wait(db):
    """Return a function that lets what was put off, and the lease of a dead process, be over."""
    def _wait():
        long_ago = now_utc() - timedelta(hours=1)
        for column in (Certificate.send_next_dt, Certificate.send_lease_dt, SendRun.next_try_dt):
            table = column.class_.__table__
            db.session.execute(db.update(table).where(column.isnot(None)).values({column.key: long_ago}))
        db.session.expire_all()
    return _wait


def sent_to(mail_server):
    return [to for to, __ in mail_server.got]


def test_asked_for(attendee, published, mail_server, send):
    ones = [published(f'registration:{n}', email=f'{n}@example.test') for n in range(3)]
    for wrong in ({'only': []}, {'bcc': 'nobody'}):
        with pytest.raises(CannotSend):
            runs.queue_sending(attendee, 'user:1', **wrong)
    run = runs.queue_sending(attendee, 'user:1', limit=2)
    # a second click
    assert runs.queue_sending(attendee, 'user:1', limit=2) is run
    found = runs.progress(attendee)
    assert (found.total, found.sent, found.waiting, found.is_open) == (3, 0, 3, True)
    assert send()
    assert not send()
    assert sent_to(mail_server) == ['0@example.test', '1@example.test']
    assert run.ended_dt is not None
    assert runs.outcome(run) == {'sent': 2, 'later': 0, 'failed': 0}
    assert not runs.anything_waits()
    # who is named is sent once more, once for each time that somebody asks
    for __ in range(2):
        runs.queue_sending(attendee, 'user:1', only=[ones[0].id])
        send()
    assert sent_to(mail_server)[2:] == ['0@example.test'] * 2


def test_the_server_puts_off(attendee, published, mail_server, send, wait):
    published('registration:1', email='later@example.test')
    published('registration:2', email='never@example.test')
    mail_server.at_rcpt = {'later@example.test': '451 Greylisted', 'never@example.test': '550 Nobody'}
    run = runs.queue_sending(attendee, 'user:1')
    send()
    assert (run.ended_dt, runs.outcome(run)) == (None, {'sent': 0, 'later': 1, 'failed': 1})
    assert not send()
    mail_server.at_rcpt = {}
    wait()
    send()
    # what failed is not tried twice in one run
    assert sent_to(mail_server) == ['later@example.test']
    assert run.ended_dt is not None


def test_a_process_dies(db, attendee, published, mail_server, send, wait, mocker):
    ones = [published(f'registration:{n}', email=f'{n}@example.test') for n in range(3)]
    run = runs.queue_sending(attendee, 'user:1', only=[one.id for one in ones])
    before, after = ones[:2]

    class Killed(BaseException):
        pass

    # the first one dies before the mail server can have the e-mail, the second one after
    mocker.patch.object(Server, 'send', side_effect=Killed)
    with pytest.raises(Killed):
        send()
    mocker.patch.object(Server, 'send', lambda self, message, to, before_data: (before_data(), 1 / 0)[0])
    mocker.patch('indico_checkin_print.certificates.send.logger.exception', side_effect=Killed)
    with pytest.raises(Killed):
        send()
    mocker.stopall()
    db.session.expire_all()
    assert [one.send_state for one in ones] == [M.sending, M.sending, None]
    send()
    # it waits for what the dead ones were busy with
    assert (run.ended_dt, sent_to(mail_server)) == (None, ['2@example.test'])
    wait()
    sweep()
    send()
    assert sent_to(mail_server) == ['2@example.test', '0@example.test']
    assert (before.send_state, after.send_state, after.send_reason) == (M.sent, M.failed, 'uncertain')
    assert run.ended_dt is not None


def test_the_mail_server_is_away(db, attendee, published, mail_server, send, wait, app, disallow_emails):
    certificate = published()
    port, app.config['EMAIL_PORT'] = app.config['EMAIL_PORT'], free_port()
    disallow_emails.add(('127.0.0.1', app.config['EMAIL_PORT']))
    run = runs.queue_sending(attendee, 'user:1')
    assert not send()
    assert 'cannot be used' in runs.progress(attendee).error
    assert (certificate.send_state, certificate.message_id, run.ended_dt) == (None, None, None)
    app.config['EMAIL_PORT'] = port
    wait()
    send()
    assert (certificate.send_state, run.error, run.failures) == (M.sent, '', 0)


def test_one_at_a_time(attendee, published, mail_server, send):
    certificate = published()
    run = runs.queue_sending(attendee, 'user:1')
    with sql.alone(runs.LOCK) as is_alone:
        assert is_alone
        assert not send()
    assert runs.stop_sending(attendee) == 1
    assert not send()
    assert (certificate.send_state, run.error) == (None, 'It was stopped.')


def test_in_celery(db, attendee, published, mail_server, mocker):
    mocker.patch.object(tasks.send_certificates, 'apply_async')
    certificate = published()
    runs.queue_sending(attendee, 'user:1')
    heartbeat.take(heartbeat.CERTIFICATES, 'another')
    tasks.send_certificates()
    # first they are made
    assert certificate.send_state is None
    heartbeat.forget(heartbeat.CERTIFICATES)
    tasks.send_certificates()
    db.session.expire_all()
    assert certificate.send_state == M.sent
    assert tasks.send_certificates.apply_async.called


def test_a_page_asks_at_once(app, attendee, mocker):
    want = mocker.patch.object(kick.send_kicker, 'want')
    with app.test_request_context():
        runs.queue_sending(attendee, 'user:1')
        app.process_response(app.make_response('')).close()
    assert want.called
