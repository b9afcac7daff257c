"""Another name on a certificate: its person asks on the page of their registration, a manager answers there.

That the PDF can be downloaded there is in the scenario ``certificates``: the storage of these tests sends no file.
"""

import pytest

from indico.modules.logs.models.entries import EventLogEntry
from indico.util.date_time import now_utc

from indico_checkin_print.certificates import name_requests
from indico_checkin_print.certificates.states import C
from indico_checkin_print.models.name_requests import NameRequest
from indico_checkin_print.models.states import RequestState


pytestmark = pytest.mark.usefixtures('no_kick')


@pytest.fixture
def zoe(create_user, create_reg, db):
    """Somebody with an account and a registration."""
    user = create_user(400, 'Zoë', 'Müller')
    registration = create_reg(checked_in=True)
    registration.user = user
    db.session.flush()
    return registration


@pytest.fixture
def certificate(published, zoe, attendee):
    attendee.validated = True
    return published(registration_id=zoe.id, issued_dt=now_utc())


@pytest.fixture
def here(event, dummy_regform):
    return f'/event/{event.id}/registrations/{dummy_regform.id}'


@pytest.fixture
def name_url(here, certificate):
    return f'{here}/certificates/{certificate.uuid}/name'


def test_asked_and_accepted(db, browse, manager, here, page, name_url, zoe, certificate, smtp):
    person = browse(zoe.user)
    html = person.get(f'{here}/', xhr=False).get_data(as_text=True)
    assert f'{here}/certificates/{certificate.uuid}.pdf' in html
    assert f'certId={certificate.serial}' in html
    assert 'data-href="' + name_url in html
    assert person.save(name_url, full_name='Zoë Müller', note='') == {'full_name': 'This is the name that is on it.'}
    assert 'full_name' in person.save(name_url, full_name='Zo\x07', note='')
    assert person.save(name_url, full_name=' Zoë  Meyer ', note='<b>We</b> married') == {}
    asked = NameRequest.query.one()
    assert (asked.full_name, asked.note, asked.state) == ('Zoë Meyer', '<b>We</b> married', RequestState.open)
    assert EventLogEntry.query.filter_by(module='Certificates').has_rows()
    assert 'Zoë Meyer' in smtp.outbox[-1].get_payload(decode=True).decode()
    # a second one is the first one
    assert person.save(name_url, full_name='Zoë Maier', note='') == {}
    assert NameRequest.query.count() == 1
    assert name_url not in person.get(f'{here}/', xhr=False).get_data(as_text=True)
    # the manager sees it there as well
    details = f'{here.replace("registrations", "manage/registration")}/registrations/{zoe.id}/'
    html = manager.get(details, xhr=False).get_data(as_text=True)
    assert '&lt;b&gt;We&lt;/b&gt; married' in html
    answer = f'{page}/forms/{zoe.registration_form_id}/registrations/{zoe.id}/name-requests/{asked.id}'
    assert answer in html
    uuid, serial = certificate.uuid, certificate.serial
    assert manager.save(answer, answer='accept', full_name='Zoë Meyer') == {}
    db.session.expire_all()
    assert (certificate.state, certificate.name, certificate.uuid, certificate.serial) == (C.queued, 'Zoë Meyer', uuid,
                                                                                           serial)
    assert (asked.state, asked.answered_by.partition(':')[0]) == (RequestState.accepted, 'user')
    # it was answered
    assert manager.post(answer, answer='accept', full_name='Zoë Meyer').status_code == 404


def test_refused(db, browse, manager, here, page, name_url, zoe, certificate):
    asked = name_requests.ask(certificate, 'Dr Who')
    answer = f'{page}/forms/{zoe.registration_form_id}/registrations/{zoe.id}/name-requests/{asked.id}'
    assert 'why' in manager.save(answer, answer='refuse', why='')
    assert manager.save(answer, answer='refuse', why='Your passport says Zoë') == {}
    db.session.expire_all()
    assert (certificate.state, certificate.name, asked.state) == (C.ready, 'Zoë Müller', RequestState.refused)
    html = browse(zoe.user).get(f'{here}/', xhr=False).get_data(as_text=True)
    assert 'Your passport says Zoë' in html
    # one more may be asked for, and not for ever
    assert name_url in html
    for name in 'ABCD':
        name_requests.refuse(name_requests.ask(certificate, name), '', 'test')
    with pytest.raises(ValueError, match='several times'):
        name_requests.ask(certificate, 'E')


def test_who_may(browse, create_user, create_reg, here, name_url, zoe, certificate, manager, db):
    pdf = f'{here}/certificates/{certificate.uuid}.pdf'
    other = create_reg('Max', 'Berg')
    other.user = create_user(401)
    db.session.flush()
    for somebody, status in ((browse(), 403), (browse(create_user(402)), 403), (manager, 403),
                             # has a registration, but not this certificate
                             (browse(other.user), 404)):
        assert [somebody.get(name_url).status_code, somebody.get(pdf).status_code,
                somebody.post(name_url, full_name='X', note='').status_code] == [status] * 3
    # with the secret of the link, without an account
    token = f'?token={zoe.uuid}'
    assert browse().get(name_url + token).status_code == 200
    assert browse().get(f'{name_url}?token={other.uuid}').status_code == 404
    assert f'{pdf}{token}' in browse().get(f'{here}/{token}', xhr=False).get_data(as_text=True)
    assert not NameRequest.query.has_rows()
    # before it is published, and after it was revoked
    certificate.published_dt = None
    db.session.flush()
    assert browse(zoe.user).get(pdf).status_code == browse(zoe.user).get(name_url).status_code == 404
    assert 'Certificates' not in browse(zoe.user).get(f'{here}/', xhr=False).get_data(as_text=True)


def test_not_while_it_is_made(db, manager, page, zoe, certificate):
    asked = name_requests.ask(certificate, 'Zoë Meyer')
    certificate.state = C.queued
    db.session.flush()
    answer = f'{page}/forms/{zoe.registration_form_id}/registrations/{zoe.id}/name-requests/{asked.id}'
    assert manager.save(answer, answer='accept', full_name='Zoë Meyer') == {}
    db.session.expire_all()
    assert (asked.state, certificate.name) == (RequestState.open, 'Zoë Müller')
