"""The list of certificates, and the history of one."""

import re

import pytest

from indico_checkin_print.certificates.identity import written
from indico_checkin_print.certificates.reissue import revoke
from indico_checkin_print.management.certificates import filter as filters
from indico_checkin_print.models.states import CertificateState, SendState


pytestmark = pytest.mark.usefixtures('no_kick')


@pytest.fixture
def listed(manager, here):
    """Return a function that returns the ids that the list shows, and its text."""
    def _listed(query=''):
        text = manager.get(f'{here}/list/?{query}', xhr=False).get_data(as_text=True)
        return [int(id_) for id_ in re.findall(r'id="certificate-(\d+)"', text)], text
    return _listed


def test_filters(listed, types, people, create_certificate):
    assert 'There are no certificates yet.' in listed()[1]
    sent = create_certificate(people[0], pdf=b'%PDF', published_dt=types['attendee'].event.start_dt,
                              send_state=SendState.sent, message_id='<a@b>')
    failed = create_certificate(people[1], CertificateState.failed, reason='template', detail='Line 3 is wrong.')
    gone = create_certificate(state=CertificateState.canceled)
    talk = create_certificate(type=types['speaker'], full_name='Zoë Müller', facts={'topic': 'On Time'})
    ids, text = listed()
    assert ids == [sent.id, failed.id, talk.id]
    assert 'Line 3 is wrong.' in text
    for query, expected in (('state=failed', failed), ('email=sent', sent), ('published=yes', sent),
                            ('type=speaker', talk), ('name=muller+zoe', talk), ('name=on+time', talk),
                            (f'name={written(failed.serial).lower()}', failed), ('state=canceled', gone)):
        assert listed(query)[0] == [expected.id], query
    ids, text = listed('state=nonsense&type=nonsense&email=x')
    assert ids == [sent.id, failed.id, talk.id]
    assert 'There is no such state.' in text
    assert listed('name=nobody&email=none')[0] == []


def test_pages(listed, create_certificate, mocker):
    mocker.patch.object(filters, 'PAGE_SIZE', 2)
    ids = [create_certificate().id for __ in range(5)]
    assert listed()[0] == ids[:2]
    assert f'after={ids[1]}' in listed()[1]
    assert listed(f'after={ids[1]}')[0] == ids[2:4]
    assert listed(f'after={ids[3]}')[0] == ids[4:]
    assert listed(f'before={ids[4]}')[0] == ids[2:4]
    found, text = listed(f'before={ids[2]}')
    assert found == ids[:2]
    assert 'rel="prev"' not in text
    assert 'All 5 that match' in text


def test_hidden_people(listed, people, create_certificate, hide):
    mine, __ = create_certificate(people[0]), create_certificate(people[1])
    found, text = listed()
    assert found == [mine.id]
    assert 'All 1 that match' in text
    assert listed('name=hildegard')[0] == []


def test_history(db, manager, here, people, create_certificate, manager_user):
    certificate = create_certificate(people[0], pdf=b'%PDF')
    revoke(certificate, 'By mistake', f'user:{manager_user.id}')
    db.session.expire_all()
    html = manager.get(f'{here}/{certificate.id}/history').json['html']
    for words in ('Revoked', 'It was revoked.', 'Mona Manager', written(certificate.serial)):
        assert words in html
