"""What anybody learns about a certificate: that it is genuine, never whose it is, nor that one exists."""

from hashlib import sha256
from io import BytesIO

import pytest

from indico.core.storage import StorageError
from indico.modules.files.models.files import File
from indico.util.date_time import now_utc

from indico_checkin_print.certificates.check_pdf import MAX_UPLOAD
from indico_checkin_print.models.certificate_records import ReplacedFile
from indico_checkin_print.models.certificate_types import CertificateType
from indico_checkin_print.models.certificates import Certificate
from indico_checkin_print.models.states import CertificateState


PDF = b'%PDF-1.7 of Zo\xc3\xab'
UUID = '3c1d6a0e-8c1b-8f5a-9a51-0d7a2f6f1b11'
SERIAL = '7Q2MXRVT'


@pytest.fixture(autouse=True)
def limiter(app):
    """Forget what other tests have asked."""
    app.extensions['indico_limiter'].limiter.storage.reset()


@pytest.fixture
def certificate(db, dummy_event):
    """A certificate that is published."""
    dummy_event.title = 'Conference <b>1</b>'
    type_ = CertificateType(event=dummy_event, name='attendee', title='Attendees', enabled=True, signed=True,
                            validated=True)
    file = File.create_from_stream(PDF, 'certificate-7Q2M-XRVT.pdf', 'application/pdf', ('test',))
    file.claim()
    certificate = Certificate(uuid=UUID, serial=SERIAL, event=dummy_event, type=type_, subject_key='registration:1',
                              first_name='Zoë', full_name='Zoë Müller', locale='en_GB', email='zoe@example.test',
                              input_hash='one', state=CertificateState.ready, file=file,
                              sha256=sha256(PDF).hexdigest(), signed_by='ab' * 32, issued_dt=now_utc(),
                              published_dt=now_utc(), facts={'topic': 'Beams'})
    db.session.add_all([type_, certificate])
    db.session.flush()
    return certificate


@pytest.fixture
def client(test_client):
    return test_client


def text_of(response, status=200):
    assert response.status_code == status, response.location
    assert response.headers['X-Robots-Tag'] == 'noindex, nofollow'
    assert 'no-store' in response.headers['Cache-Control']
    assert 'Set-Cookie' not in response.headers
    return response.get_data(as_text=True).partition('<main')[2].partition('</main>')[0]


def revoke(db, certificate):
    certificate.state, certificate.revoked_dt = CertificateState.revoked, now_utc()
    certificate.revoked_why = 'Issued by <i>mistake</i>'
    db.session.flush()


def test_valid(client, certificate):
    text = text_of(client.get(f'/c/{SERIAL}'))
    for words in ('Valid', 'Z*ë M****r', 'Conference &lt;b&gt;1', '7Q2M-XRVT', 'Beams', 'abab abab'):
        assert words in text
    for secret in ('Müller', 'zoe@', UUID):
        assert secret not in text


@pytest.mark.parametrize('number', ['7q2m-xrvt', ' 7Q2M XRVT ', '7Q2M–XRVT'])
def test_as_people_type_it(client, certificate, number):
    for response in (client.get(f'/c/{number}'), client.get('/c/', query_string={'number': number})):
        assert response.location.endswith(f'/c/{SERIAL}')


def test_revoked(db, client, certificate):
    revoke(db, certificate)
    text = text_of(client.get(f'/c/{SERIAL}'))
    assert 'Revoked' in text
    assert 'Issued by &lt;i&gt;mistake' in text
    assert 'Valid' not in text
    response = client.get(f'/c/{UUID}.pdf')
    assert (response.status_code, response.headers['X-Robots-Tag']) == (410, 'noindex, nofollow')
    assert PDF not in response.data
    assert '<i>' not in response.get_data(as_text=True).partition('<body')[2].partition('Issued by')[2][:20]
    assert 'Revoked' in text_of(client.post('/c/check', data={'file': (BytesIO(PDF), 'x.pdf')}))


def test_replaced(db, client, certificate):
    db.session.add(ReplacedFile(certificate_id=certificate.id, sha256='00', made_dt=now_utc()))
    db.session.flush()
    db.session.expire_all()
    text = text_of(client.get(f'/c/{SERIAL}'))
    assert ('Valid' in text, 'An earlier PDF of it was replaced on' in text) == (True, True)


@pytest.mark.parametrize('hide', [lambda certificate: setattr(certificate, 'published_dt', None),
                                  lambda certificate: setattr(certificate.type, 'validated', False),
                                  lambda certificate: setattr(certificate.event, 'is_deleted', True)],
                         ids=['not published', 'not validated', 'event deleted'])
def test_as_if_there_were_none(db, client, certificate, hide):
    hide(certificate)
    db.session.flush()
    text = text_of(client.get(f'/c/{SERIAL}'), 404)
    assert text == text_of(client.get('/c/A0000000'), 404).replace('A0000000', SERIAL)
    assert 'Z*ë' not in text


def test_numbers_cannot_be_tried(client, certificate):
    for n in range(30):
        assert client.get(f'/c/A{n:07}').status_code == 404
    # a good one says nothing either
    assert client.get(f'/c/{SERIAL}').status_code == 429


@pytest.mark.parametrize('path', ['/c/', '/c/%00', '/c/%E2%80%AE', f'/c/{"A" * 3000}', '/c/<script>alert(1)</script>',
                                  '/c/?number=', '/c/?number=12345678'],
                         ids=range(7))
def test_hostile_numbers(client, path):
    response = client.get(path)
    assert response.status_code in {200, 404}
    assert '<script>alert(1)' not in response.get_data(as_text=True)


def test_files(client, certificate):
    assert 'exactly as it was issued' in text_of(client.post('/c/check', data={'file': (BytesIO(PDF), 'x.pdf')}))
    assert 'Not ours' in text_of(client.post('/c/check', data={'file': (BytesIO(PDF + b' '), 'x.pdf')}))
    assert 'No PDF' in text_of(client.post('/c/check', data={'file': (BytesIO(), 'x.pdf')}), 400)
    assert 'No PDF' in text_of(client.post('/c/check'), 400)
    for size in (MAX_UPLOAD + 1, MAX_UPLOAD + 100_000):
        large = {'file': (BytesIO(b'0' * size), 'x.pdf')}
        assert 'Too large' in text_of(client.post('/c/check', data=large), 413)


def test_download(client, certificate, mocker):
    response = client.get(f'/c/{UUID}.pdf')
    assert (response.status_code, response.data) == (200, PDF)
    assert response.headers['Content-Disposition'].startswith('attachment; filename=certificate-7Q2M-XRVT.pdf')
    assert (response.headers['X-Content-Type-Options'], response.headers['X-Robots-Tag']) == (
        'nosniff', 'noindex, nofollow')
    assert client.get(f'/c/{UUID[:-1]}2.pdf').status_code == 404
    mocker.patch.object(File, 'open', side_effect=StorageError('disk'))
    assert client.get(f'/c/{UUID}.pdf').status_code == 503
