"""To send e-mails of a type, or of chosen certificates: which of them, and that it can be stopped."""

import pytest

from indico_checkin_print.certificates.reasons import CertificateReason as R
from indico_checkin_print.models.send_runs import SendRun
from indico_checkin_print.models.states import SendState


pytestmark = pytest.mark.usefixtures('no_kick')


@pytest.fixture
def ones(people, attendee, create_certificate):
    """E-mails that were not sent, sent, refused, of which nobody knows; and a certificate that is not published."""
    states = ({}, {'send_state': SendState.sent}, {'send_state': SendState.failed, 'send_reason': R.refused},
              {'send_state': SendState.failed, 'send_reason': R.uncertain})
    return [*(create_certificate(people[0], pdf=b'%PDF', published_dt=attendee.event.start_dt, message_id='<a@b>',
                                 **state) for state in states), create_certificate(people[0], pdf=b'%PDF')]


def test_a_type(db, manager, here, attendee, ones, log_of):
    url = f'{here}/types/{attendee.id}'
    assert 'E-mails that are due: 2.' in manager.get(f'{url}/send').json['html']
    assert manager.save(f'{url}/send', limit='0', bcc='nobody').keys() == {'limit', 'bcc'}
    assert manager.save(f'{url}/send', limit='1', bcc='copy@example.org') == {}
    run = SendRun.query.one()
    assert (run.only, run.max_emails, run.bcc) == (None, 1, 'copy@example.org')
    assert 'copy@example.org' not in log_of(attendee.event)
    assert 'Stop sending' in manager.get(f'{here}/live').get_data(as_text=True)
    manager.post(f'{url}/stop')
    db.session.expire_all()
    assert run.ended_dt is not None
    assert 'Stop sending' not in manager.get(f'{here}/live').get_data(as_text=True)


def test_chosen_ones(manager, here, ones, flashes):
    chosen = {'certificate_id': [one.id for one in ones]}
    manager.post(f'{here}/list/act', act='send', **chosen)
    assert 'E-mails that are sent now: 2' in flashes()
    assert SendRun.query.one().only == [ones[0].id, ones[2].id]
    SendRun.query.delete()
    manager.post(f'{here}/list/act', act='resend', **chosen)
    assert SendRun.query.one().only == [one.id for one in ones[:4]]
    SendRun.query.delete()
    manager.post(f'{here}/list/act', act='resend', whole='1')
    manager.post(f'{here}/list/act', act='send', whole='1', **chosen)
    assert SendRun.query.one().only == [ones[0].id, ones[2].id]


def test_hidden_people(db, manager, here, people, ones, hide):
    for one in ones:
        one.registration = people[1]
    db.session.flush()
    manager.post(f'{here}/list/act', act='send', whole='1')
    manager.post(f'{here}/list/act', act='resend', certificate_id=[one.id for one in ones])
    assert not SendRun.query.has_rows()
