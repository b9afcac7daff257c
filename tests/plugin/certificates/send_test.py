"""E-mails with certificates, to a real mail server that refuses, delays and goes away."""

import email
from email.policy import default as policy

import pytest
from aiosmtpd.controller import Controller
from tests.stack.process import free_port

from indico.modules.logs.models.entries import EventLogEntry

from indico_checkin_print.certificates import send
from indico_checkin_print.certificates.reasons import CertificateReason as R
from indico_checkin_print.certificates.states import C, M
from indico_checkin_print.errors import CannotSend
from indico_checkin_print.sql import now


class MailServer:
    """Answers some addresses with an error, and keeps what it takes."""

    def __init__(self):
        self.port = free_port()
        #: (address, e-mail)
        self.got = []
        #: address -> what it is answered, to RCPT or to the text
        self.at_rcpt, self.at_data = {}, {}

    async def handle_RCPT(self, server, session, envelope, address, options):
        envelope.rcpt_tos.append(address)
        return self.at_rcpt.get(address, '250 OK')

    async def handle_DATA(self, server, session, envelope):
        to, = envelope.rcpt_tos
        if self.at_data.get(to) == 'hang up':
            session.peer = None
            server.transport.close()
            return '250 OK'
        if to in self.at_data:
            return self.at_data[to]
        self.got.append((to, email.message_from_bytes(envelope.content, policy=policy)))
        return '250 OK'


@pytest.fixture
def mail_server(app, disallow_emails):
    """A real mail server, which Indico uses."""
    server = MailServer()
    controller = Controller(server, hostname='127.0.0.1', port=server.port)
    controller.start()
    disallow_emails.add(('127.0.0.1', server.port))
    names = {'EMAIL_BACKEND': 'indico.vendor.django_mail.backends.smtp.EmailBackend', 'EMAIL_HOST': '127.0.0.1',
             'EMAIL_PORT': server.port, 'EMAIL_USE_TLS': False, 'EMAIL_USE_SSL': False}
    before = {name: app.config[name] for name in names}
    app.config.update(names)
    yield server
    app.config.update(before)
    controller.stop()


@pytest.fixture
def published(create_certificate, create_file, db):
    """Return a function that makes a certificate with a PDF that everybody may see."""
    def _create(key='registration:1', **kwargs):
        certificate = create_certificate(key, state=C.ready, sha256='00', file_id=create_file().id, **kwargs)
        certificate.published_dt = now()
        db.session.flush()
        return certificate
    return _create


@pytest.fixture
def run(db, attendee):
    """Return a function that sends, without pauses."""
    def _run(**kwargs):
        outcome = send.send(attendee, 'test', rate=1e6, **kwargs)
        db.session.expire_all()
        return outcome
    return _run


def test_sent_once_with_all_parts(run, published, mail_server, attendee):
    certificate = published()
    attendee.subject, attendee.body = 'For ${full_name}', {'intro': 'No. **${serial}**'}
    assert run(bcc='copy@example.test').sent == [certificate.serial]
    assert [to for to, __ in mail_server.got] == ['zoe@example.test', 'copy@example.test']
    message = mail_server.got[0][1]
    assert (message['subject'], message['message-id']) == ('For Zoë Müller', certificate.message_id)
    assert [part.get_content_type() for part in message.walk()] == [
        'multipart/mixed', 'multipart/alternative', 'text/plain', 'text/html', 'application/pdf']
    assert message.get_body(('plain',)).get_content().splitlines()[2].startswith('No. ')
    assert [part.get_content() for part in message.iter_attachments()] == [b'%PDF-1.7']
    assert (certificate.send_state, certificate.send_error) == (M.sent, '')
    assert EventLogEntry.query.filter_by(module='Certificates').one().data['state'] == 'sent'
    # nothing is left, but a person may ask for it
    assert run().sent == []
    assert run(only=[certificate.id]).sent == [certificate.serial]
    assert len(mail_server.got) == 3


def test_what_the_server_answers(run, published, mail_server):
    later, never, text, gone, bad = (published(f'registration:{n}', email=address) for n, address in enumerate(
        ('later@example.test', 'never@example.test', 'text@example.test', 'gone@example.test', 'nonsense')))
    mail_server.at_rcpt = {'later@example.test': '451 Try later', 'never@example.test': '550 Nobody'}
    mail_server.at_data = {'text@example.test': '554 Spam', 'gone@example.test': 'hang up'}
    fine = published('registration:9')
    outcome = run()
    assert (outcome.sent, outcome.later) == ([fine.serial], [later.serial])
    assert (later.send_state, later.send_error) == (None, '451 Try later')
    assert [(one.send_state, one.send_reason) for one in (never, text, gone, bad)] == [
        (M.failed, R.refused), (M.failed, R.refused), (M.failed, R.uncertain), (M.failed, R.bad_address)]
    # the next run takes what certainly did not arrive; one that waits has its time
    mail_server.at_rcpt, mail_server.at_data = {}, {}
    assert run(limit=1).sent == []
    assert run().sent == [never.serial, text.serial]
    assert len({message['message-id'] for __, message in mail_server.got}) == len(mail_server.got) == 3


def test_no_server(run, published, mail_server, app, disallow_emails):
    certificate = published()
    app.config['EMAIL_PORT'] = free_port()
    disallow_emails.add(('127.0.0.1', app.config['EMAIL_PORT']))
    with pytest.raises(CannotSend, match='cannot be used'):
        run()
    assert (certificate.send_state, certificate.message_id, certificate.send_attempts) == (None, None, 0)


def test_nothing_is_noted(run, published, mail_server):
    certificate = published()
    assert send.smoke([certificate], 'me@example.test', rate=1e6) == 1
    assert [to for to, __ in mail_server.got] == ['me@example.test']
    assert certificate.send_state is None
    assert certificate.message_id is None
