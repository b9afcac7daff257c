"""The tab *Certificates*: its steps, its banners and its types."""

import pytest

from indico_checkin_print.models.certificate_types import CertificateType
from indico_checkin_print.models.states import CertificateState, SendState
from tests.fakes.keys import Authority, new_key, write_key


pytestmark = pytest.mark.usefixtures('no_kick')


def test_from_nothing(manager, here, event, people, configure):
    configure()
    text = manager.get(f'{here}/', xhr=False).get_data(as_text=True)
    assert {type_.name for type_ in CertificateType.query.filter_by(event_id=event.id)} == {
        'attendee', 'masterclass', 'speaker', 'volunteer'}
    assert 'PLUGIN_CHECKIN_PRINT_CERTIFICATE_KEY is not set' in text
    assert 'Choose who gets certificates, and switch the type on.' in text
    assert '0 of 6 done' in text
    # nobody needs a key yet
    assert 'cannot be made now' not in text


def test_a_type_that_is_on(db, manager, here, attendee, people, flashes):
    text = manager.get(f'{here}/live').get_data(as_text=True)
    assert 'Not signed: Attendees.' in text
    assert 'Attendees: 2 people' in text
    manager.post(f'{here}/types/{attendee.id}/switch')
    assert 'Attendees is off' in flashes()
    assert not attendee.enabled
    attendee.signed = attendee.enabled = True
    db.session.flush()
    assert 'Certificates of signed types cannot be made now.' in manager.get(f'{here}/live').get_data(as_text=True)


def test_a_key_that_ends_soon(db, manager, here, attendee, configure, tmp_path):
    authority, key = Authority(), new_key()
    key_file, password_file = write_key(tmp_path, key, authority.issue('Committee', key, days=30), authority)
    configure(CERTIFICATE_KEY=str(key_file), CERTIFICATE_PASSWORD_FILE=str(password_file))
    attendee.signed = True
    db.session.flush()
    text = manager.get(f'{here}/live').get_data(as_text=True)
    assert 'The certificate of the key that signs ends on' in text
    assert 'Committee' in text


def test_numbers(manager, here, people, create_certificate, attendee):
    create_certificate(people[0], pdf=b'%PDF', published_dt=attendee.event.start_dt, send_state=SendState.sent,
                       message_id='<a@b>')
    create_certificate(people[1], pdf=b'%PDF')
    create_certificate(state=CertificateState.queued)
    create_certificate(state=CertificateState.failed)
    text = manager.get(f'{here}/live').get_data(as_text=True)
    for words in ('2 of 4 made', 'Failed: 1', 'Not published: 1', '1 of 1 sent'):
        assert words in text
    assert 'Made: 2. Waiting: 1. Failed: 1.' in text


def test_hidden_people_are_not_counted(manager, here, people, create_certificate, attendee, hide):
    assert 'Attendees: 1 people' in manager.get(f'{here}/live').get_data(as_text=True)
    for registration in people:
        create_certificate(registration, pdf=b'%PDF')
    text = manager.get(f'{here}/live').get_data(as_text=True)
    assert '1 of 1 made' in text
    assert f'/types/{attendee.id}/generate' not in text
    assert manager.post(f'{here}/types/{attendee.id}/generate').status_code == 403
