"""What an administrator asks about certificates: counts, whether all is right, files to host elsewhere."""

import json
from datetime import timedelta

import pytest

from indico.util.date_time import now_utc

from indico_checkin_print.certificates.generate import make_waiting
from indico_checkin_print.certificates.plan import plan
from indico_checkin_print.certificates.reissue import revoke
from indico_checkin_print.certificates.urls import validation_url
from indico_checkin_print.models.certificates import Certificate


@pytest.fixture
def issued(db, configure, key_files, create_type, create_reg):
    """Two signed certificates of attendees, and two of volunteers that have no public page; all are published."""
    configure(CERTIFICATE_KEY=key_files[0], CERTIFICATE_PASSWORD_FILE=key_files[1])
    create_reg(checked_in=True)
    create_reg('Ada', 'Attendee', checked_in=True)
    db.session.flush()
    for type_ in (create_type(signed=True, validated=True), create_type('volunteer')):
        plan(type_, 'test')
    # the clock of the database stands still in a transaction
    db.session.execute(db.update(Certificate.__table__).values(next_try_dt=now_utc() - timedelta(hours=1),
                                                               published_dt=now_utc()))
    assert make_waiting('test', seconds=60) == (4, False)
    db.session.expire_all()
    return Certificate.query.order_by(Certificate.id).all()


def test_counts_and_faults(db, dummy_event, issued, run):
    code, output = run('stats', '--event', dummy_event.id, '--json')
    assert (code, json.loads(output)['types']['attendee']) == (0, {
        'on': True, 'certificates': {'ready': 2}, 'published': 2, 'emails': {'null': 2}})
    assert run('stats', '--event', dummy_event.id)[1].splitlines()[0] == (
        'attendee: 2 ready; 2 published; e-mails: 2 null')
    assert run('verify', '--event', dummy_event.id) == (0, '4 certificates, 4 PDFs, 0 wrong.\n')
    first, second, third, fourth = Certificate.query.order_by(Certificate.id).all()
    first.sha256 = '0' * 64
    second.signed_by = '0' * 64
    third.uuid = '3c1d6a0e-8c1b-8f5a-9a51-0d7a2f6f1b11'
    fourth.file = None
    db.session.flush()
    code, output = run('verify', '--event', dummy_event.id, '--json')
    assert (code, sorted(json.loads(output)['faults'].values())) == (1, [
        'its PDF has another identifier', 'its PDF is missing', 'its PDF is not the one that was issued',
        'somebody else signed its PDF'])
    assert run('verify', '--uuid', '3c1d6a0e-8c1b-8f5a-9a51-0d7a2f6f1b11')[0] == 1
    assert run('verify', '--uuid', 'x')[0] == 2


def test_no_half_of_a_file_stays(dummy_event, issued, run, tmp_path, mocker):
    mocker.patch('pathlib.Path.replace', side_effect=OSError('No space left on device'))
    code, output = run('export', '--event', dummy_event.id, tmp_path / 'out')
    assert (code, 'No space left' in output, list((tmp_path / 'out').iterdir())) == (1, True, [])


def test_export(db, dummy_event, issued, run, tmp_path):
    folder = tmp_path / 'out'
    arguments = ('export', '--event', dummy_event.id, folder, '--json')
    assert json.loads(run(*arguments)[1]) == {'pdfs': 4, 'pages': 4, 'removed': 0}
    first = Certificate.query.order_by(Certificate.id).first()
    pdf = folder / 'attendee' / first.uuid / f'{first.uuid}.pdf'
    page = folder / 'attendee' / 'website-validate' / first.serial
    uuid, url = first.uuid, validation_url(first.serial)
    assert pdf.read_bytes().startswith(b'%PDF')
    assert 'name: Z*ë M****r\n---\n' in (page / 'contents.lr').read_text()
    assert 'Z*ë M****r' in (page / 'index.html').read_text()
    for text in (path.read_text() for path in page.iterdir()):
        # a page does not lead to the PDF
        assert (uuid in text, url in text) == (False, True)
    assert not (folder / 'volunteer' / 'website-validate').exists()
    # once more: only what has changed
    assert json.loads(run(*arguments)[1]) == {'pdfs': 0, 'pages': 0, 'removed': 0}
    assert revoke(Certificate.query.order_by(Certificate.id).first(), 'A --- mistake\n---\nstate: valid', 'test')
    db.session.expire_all()
    assert json.loads(run(*arguments)[1]) == {'pdfs': 0, 'pages': 2, 'removed': 1}
    assert not pdf.exists()
    contents = (page / 'contents.lr').read_text()
    assert contents.count('\n---\n') == 13
    assert 'state: revoked' in contents.split('\n---\n')
    second = Certificate.query.order_by(Certificate.id).all()[1]
    second.type.validated, second.sha256 = False, '0' * 64
    db.session.flush()
    code, output = run(*arguments[:-1])
    assert (code, 'is not the one that was issued' in output) == (1, True)
    # it came as far as the first one
    assert not page.exists()
    (tmp_path / 'other').mkdir()
    (tmp_path / 'other' / 'file').touch()
    assert run('export', '--event', dummy_event.id, tmp_path / 'other')[0] == 1
    (folder / '.checkin-print-certificates.json').write_text('{"event": -1}')
    assert run(*arguments)[0] == 1
