"""The PDFs of certificates: one, or many in a ZIP file, byte for byte as they were issued."""

import zipfile
from io import BytesIO

import pytest

from indico_checkin_print.management.certificates.files import zipped


pytestmark = pytest.mark.usefixtures('no_kick')


def test_one(manager, here, people, create_certificate):
    made, queued = create_certificate(people[0], pdf=b'%PDF of Viktor'), create_certificate(people[1])
    response = manager.get(f'{here}/{made.id}/pdf', xhr=False)
    assert (response.data, response.mimetype) == (b'%PDF of Viktor', 'application/pdf')
    assert manager.get(f'{here}/{queued.id}/pdf').status_code == 404


def test_many(manager, here, people, create_certificate, flashes):
    made = create_certificate(people[0], pdf=b'%PDF of Viktor')
    create_certificate(people[1], pdf=b'%PDF of Hildegard', correction={'full_name': '../Zoë', 'first_name': 'Zoë'})
    create_certificate(people[2])
    archive = zipfile.ZipFile(BytesIO(manager.post(f'{here}/list/zip', whole='1').data))
    assert archive.testzip() is None
    assert {name: archive.read(name) for name in archive.namelist()} == {
        'Viktor_Visible-AAAA-AA01.pdf': b'%PDF of Viktor', 'Zoe-AAAA-AA02.pdf': b'%PDF of Hildegard'}
    archive = zipfile.ZipFile(BytesIO(manager.post(f'{here}/list/zip', certificate_id=[made.id]).data))
    assert archive.namelist() == ['Viktor_Visible-AAAA-AA01.pdf']
    assert manager.post(f'{here}/list/zip').status_code == 302
    assert 'Choose some certificates first.' in flashes()


def test_hidden_people(manager, here, people, create_certificate, hide):
    for registration in people:
        create_certificate(registration, pdf=b'%PDF')
    archive = zipfile.ZipFile(BytesIO(manager.post(f'{here}/list/zip', whole='1').data))
    assert [name.partition('-')[0] for name in archive.namelist()] == ['Viktor_Visible']


def test_parts_come_one_by_one(app, create_certificate):
    file = create_certificate(pdf=b'%PDF' * 1000).file
    parts = [*zipped([(f'{n}.pdf', file.storage_backend, file.storage_file_id) for n in range(3)])]
    assert len(parts) == 4
    # of each the file and its header
    assert all(4000 < len(part) < 4200 for part in parts[:3])
    assert len(zipfile.ZipFile(BytesIO(b''.join(parts))).namelist()) == 3
