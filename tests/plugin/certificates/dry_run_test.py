"""E-mails with certificates that are written instead of sent."""

from zipfile import ZipFile

from indico_checkin_print.certificates import dry_run
from indico_checkin_print.certificates.states import C


def test_written(create_certificate, create_file, tmp_path):
    certificate = create_certificate(state=C.ready, sha256='00', file_id=create_file().id, full_name='=1+1')
    waiting = create_certificate('registration:2')
    index, count = dry_run.write([certificate, waiting], tmp_path / 'new')
    assert count == 1
    assert {path.name for path in (tmp_path / 'new').iterdir()} == {index, f'{certificate.uuid}.html',
                                                                    f'{certificate.uuid}.txt'}
    assert 'Dear =1+1,' in (tmp_path / 'new' / f'{certificate.uuid}.html').read_text()
    with ZipFile(tmp_path / 'new' / index) as book:
        sheets = [book.read(f'xl/worksheets/sheet{n}.xml') for n in (1, 2)]
        words = book.read('xl/sharedStrings.xml').decode()
    assert not any(b'<f>' in sheet for sheet in sheets)
    assert all(word in words for word in ('=1+1', 'not published', 'queued', waiting.uuid))
    assert certificate.send_state is None
    assert certificate.message_id is None
