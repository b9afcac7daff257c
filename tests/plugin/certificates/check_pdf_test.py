"""A PDF is what was issued, or was replaced, or altered, or is not ours; whatever is in it, nothing parses it."""

from datetime import timedelta
from hashlib import sha256
from io import BytesIO

import pytest
from pyhanko.pdf_utils.generic import pdf_name
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pypdf import PdfReader, PdfWriter

from indico.util.date_time import now_utc

from indico_checkin_print.certificates.check_pdf import Verdict, check, uuids_in
from indico_checkin_print.certificates.generate import make_waiting
from indico_checkin_print.certificates.plan import plan
from indico_checkin_print.models.certificate_records import ReplacedFile
from indico_checkin_print.models.certificates import Certificate


@pytest.fixture
def issued(db, configure, key_files, create_type, create_reg):
    """Return a certificate that was signed and published, and its PDF."""
    configure(CERTIFICATE_KEY=key_files[0], CERTIFICATE_PASSWORD_FILE=key_files[1])
    type_ = create_type(signed=True, validated=True)
    create_reg(checked_in=True)
    db.session.flush()
    plan(type_, 'test')
    # the clock of the database stands still in a transaction
    db.session.execute(db.update(Certificate.__table__).values(next_try_dt=now_utc() - timedelta(hours=1)))
    assert make_waiting('test', seconds=60) == (1, False)
    db.session.expire_all()
    certificate = Certificate.query.one()
    certificate.published_dt = now_utc()
    db.session.flush()
    with certificate.file.open() as file:
        return certificate, file.read()


def with_another_byte(pdf):
    middle = pdf.index(b'stream\n') + 40
    return pdf[:middle] + bytes([pdf[middle] ^ 1]) + pdf[middle + 1:]


def with_something_added(pdf):
    writer, out = IncrementalPdfFileWriter(BytesIO(pdf)), BytesIO()
    writer.root['/PageLayout'] = pdf_name('/SinglePage')
    writer.update_root()
    writer.write(out)
    return out.getvalue()


def written_anew(pdf):
    writer, out = PdfWriter(clone_from=PdfReader(BytesIO(pdf))), BytesIO()
    writer.write(out)
    return out.getvalue()


def test_genuine_and_altered(db, issued):
    certificate, pdf = issued
    assert check(pdf).verdict == Verdict.genuine
    for change in (with_another_byte, with_something_added, written_anew):
        checked = check(change(pdf))
        assert (checked.verdict, checked.certificate) == (Verdict.altered, certificate), change.__name__
    # what was not published nobody knows
    certificate.published_dt = None
    db.session.flush()
    assert {check(pdf).verdict, check(with_another_byte(pdf)).verdict} == {Verdict.foreign}


def test_replaced(db, issued):
    certificate, pdf = issued
    db.session.add(ReplacedFile(certificate_id=certificate.id, sha256=sha256(pdf).hexdigest(), made_dt=now_utc()))
    certificate.sha256 = '0' * 64
    db.session.flush()
    checked = check(pdf)
    assert (checked.verdict, checked.certificate) == (Verdict.replaced, certificate)


@pytest.mark.parametrize('content', [b'', b'%PDF-1.7', b'\0' * 1000, b'/ID [<' + b'0' * 64 + b'>' * 3,
                                     b'/ID[<' + b'ff' * 32 + b'>]', b'/ID [(' + b'g' * 32 + b')'],
                         ids=['empty', 'nothing', 'zeros', 'not hexadecimal', 'no letters', 'no number'])
def test_foreign(db, content):
    checked = check(content)
    assert (checked.verdict, checked.certificate) == (Verdict.foreign, None)


def test_number_of_identifiers_is_limited():
    assert len(uuids_in(b''.join(b'/ID [(%032x) ' % n for n in range(500)))) == 50
