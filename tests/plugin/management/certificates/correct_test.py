"""The name on a certificate is corrected, after the difference was shown."""

import pytest

from indico_checkin_print.models.states import CertificateState as C
from indico_checkin_print.models.states import SendState


pytestmark = pytest.mark.usefixtures('no_kick')


@pytest.fixture
def certificate(people, create_certificate):
    return create_certificate(people[0], pdf=b'%PDF', send_state=SendState.sent, message_id='<a@b>')


def test_correct(db, manager, here, certificate, log_of, flashes):
    url, numbers = f'{here}/{certificate.id}/name', (certificate.uuid, certificate.serial)
    assert 'value="Viktor Visible"' in manager.get(url).json['html']
    html = manager.post(url, full_name='Víktor  Visible', first_name='').json['html']
    assert 'On the certificate now: &#34;Viktor Visible&#34;. Then: &#34;Víktor Visible&#34;.' in html
    assert certificate.state == C.ready
    assert manager.save(url, full_name='Víktor  Visible', first_name='', shown='Víktor Visible') == {}
    db.session.expire_all()
    assert (certificate.state, certificate.name, certificate.given_name, certificate.send_state) == (
        C.queued, 'Víktor Visible', 'Víktor', None)
    assert (certificate.uuid, certificate.serial) == numbers
    assert 'made anew' in flashes()
    assert 'Víktor' not in log_of(certificate.event)


def test_another_name_than_was_shown(manager, here, certificate):
    url = f'{here}/{certificate.id}/name'
    html = manager.post(url, full_name='Other Name', first_name='', shown='Víktor Visible').json['html']
    assert 'Then: &#34;Other Name&#34;.' in html
    assert certificate.state == C.ready
    assert manager.save(url, full_name=' ', first_name='').keys() == {'full_name'}


def test_without_a_key_nothing_changes(db, manager, here, attendee, certificate, configure, flashes):
    configure()
    attendee.signed = True
    db.session.flush()
    manager.post(f'{here}/{certificate.id}/name', full_name='Víktor', first_name='', shown='Víktor')
    db.session.expire_all()
    assert certificate.correction is None
    assert 'PLUGIN_CHECKIN_PRINT_CERTIFICATE_KEY' in flashes()


def test_what_was_not_issued(db, manager, here, people, create_certificate, flashes):
    certificate = create_certificate(people[1])
    manager.post(f'{here}/{certificate.id}/name', full_name='Hilde', first_name='', shown='Hilde')
    db.session.expire_all()
    assert certificate.correction is None
    assert 'cannot be made anew' in flashes()
