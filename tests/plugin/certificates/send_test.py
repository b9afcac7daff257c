"""What becomes of an e-mail, by what a real mail server answers that refuses and goes away."""

import pytest

from indico.modules.logs.models.entries import EventLogEntry

from indico_checkin_print.certificates import runs, send
from indico_checkin_print.certificates.reasons import CertificateReason as R
from indico_checkin_print.certificates.states import M


@pytest.fixture
def run(db, attendee):
    """Return a function that sends without pauses, and returns what became of it."""
    def _run(**kwargs):
        run = runs.queue_sending(attendee, 'test', **kwargs)
        runs.send_due('test', seconds=60, rate=1e6)
        db.session.expire_all()
        return runs.outcome(run)
    return _run


def test_sent_once_with_all_parts(run, published, mail_server, attendee):
    certificate = published()
    attendee.subject, attendee.body = 'For ${full_name}', {'intro': 'No. **${serial}**'}
    assert run(bcc='copy@example.test') == {'sent': 1, 'later': 0, 'failed': 0}
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
    assert run()['sent'] == 0
    assert run(only=[certificate.id])['sent'] == 1
    assert len(mail_server.got) == 3


def test_what_the_server_answers(run, published, mail_server):
    later, never, text, gone, bad = (published(f'registration:{n}', email=address) for n, address in enumerate(
        ('later@example.test', 'never@example.test', 'text@example.test', 'gone@example.test', 'nonsense')))
    mail_server.at_rcpt = {'later@example.test': '451 Try later', 'never@example.test': '550 Nobody'}
    mail_server.at_data = {'text@example.test': '554 Spam', 'gone@example.test': 'hang up'}
    fine = published('registration:9')
    assert run() == {'sent': 1, 'later': 1, 'failed': 4}
    assert fine.send_state == M.sent
    assert (later.send_state, later.send_error) == (None, '451 Try later')
    assert [(one.send_state, one.send_reason) for one in (never, text, gone, bad)] == [
        (M.failed, R.refused), (M.failed, R.refused), (M.failed, R.uncertain), (M.failed, R.bad_address)]
    # the next run takes what certainly did not arrive; one that waits has its time
    mail_server.at_rcpt, mail_server.at_data = {}, {}
    assert run() == {'sent': 2, 'later': 0, 'failed': 1}
    assert [one.send_state for one in (later, never, text)] == [None, M.sent, M.sent]
    assert len({message['message-id'] for __, message in mail_server.got}) == len(mail_server.got) == 3


def test_nothing_is_noted(run, published, mail_server):
    certificate = published()
    assert send.smoke([certificate], 'me@example.test', rate=1e6) == 1
    assert [to for to, __ in mail_server.got] == ['me@example.test']
    assert certificate.send_state is None
    assert certificate.message_id is None
