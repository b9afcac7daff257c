"""From a check-in to a signed PDF: nothing twice, nothing without its signature, nothing lost when a process dies."""

from datetime import timedelta
from io import BytesIO

import pytest
from pypdf import PdfReader
from sqlalchemy.exc import OperationalError

from indico.core.storage import StorageError
from indico.modules.files.models.files import File
from indico.modules.receipts.models.templates import ReceiptTemplate
from indico.util.date_time import now_utc

from indico_checkin_print import tasks
from indico_checkin_print.certificates import generate
from indico_checkin_print.certificates.generate import make_waiting, progress
from indico_checkin_print.certificates.plan import plan
from indico_checkin_print.certificates.reasons import CertificateReason as R
from indico_checkin_print.errors import CannotMake, CannotSign
from indico_checkin_print.models.certificates import Certificate
from indico_checkin_print.models.states import CertificateState as C


@pytest.fixture
def zoe(create_reg):
    return create_reg(checked_in=True)


@pytest.fixture
def run(db):
    """Return a function that plans a type and makes what waits; it returns what was planned and how many were made."""
    def _run(type_):
        db.session.flush()
        db.session.expire_all()
        planned = plan(type_, 'test')
        # the clock of the database stands still in a transaction
        db.session.execute(db.update(Certificate.__table__).values(next_try_dt=now_utc() - timedelta(hours=1)))
        made = make_waiting('test', Certificate.type_id == type_.id, seconds=60)
        db.session.expire_all()
        return planned, made
    return _run


def pdf_of(certificate):
    with certificate.file.open() as file:
        return file.read()


def counts(planned):
    return planned.new, planned.changed, planned.unchanged, planned.canceled, planned.no_recipient


def test_made_once(db, attendee, zoe, create_reg, run):
    create_reg('Not', 'There')
    planned, made = run(attendee)
    assert (planned.recipients, planned.skipped, counts(planned), made) == (1, 1, (1, 0, 0, 0, 0), (1, False))
    certificate = Certificate.query.one()
    assert (certificate.state, certificate.signed_by) == (C.ready, None)
    assert [step.reason for step in certificate.history] == [R.planned, R.claimed, R.made]
    assert 'Zoë Müller' in PdfReader(BytesIO(pdf_of(certificate))).pages[0].extract_text()
    uuid, sha256, file_id = certificate.uuid, certificate.sha256, certificate.file_id
    # once more: nothing is new, and nothing is drawn
    planned, made = run(attendee)
    assert (counts(planned), made) == ((0, 0, 1, 0, 0), (0, False))
    certificate = Certificate.query.one()
    assert (certificate.uuid, certificate.sha256, certificate.file_id) == (uuid, sha256, file_id)
    found = progress(attendee)
    assert (found.total, found.ready, found.waiting, found.failed) == (1, 1, 0, 0)


def test_what_has_to_show_something_else_is_made_anew(db, attendee, zoe, run):
    run(attendee)
    certificate = Certificate.query.one()
    uuid, serial, sha256, old = certificate.uuid, certificate.serial, certificate.sha256, certificate.file_id
    zoe.last_name = 'Meyer'
    db.session.flush()
    planned, made = run(attendee)
    assert (counts(planned), made) == ((0, 1, 0, 0, 0), (1, False))
    certificate = Certificate.query.one()
    assert (certificate.uuid, certificate.serial) == (uuid, serial)
    assert 'Zoë Meyer' in PdfReader(BytesIO(pdf_of(certificate))).pages[0].extract_text()
    assert [one.sha256 for one in certificate.replaced_files] == [sha256]
    # Indico deletes it
    assert [File.get(old).claimed, certificate.file.claimed] == [False, True]
    # a corrected name stays, whatever the registration says
    certificate.correction = {'full_name': 'Zoë Schmidt', 'first_name': 'Zoë'}
    zoe.last_name = 'Huber'
    db.session.flush()
    run(attendee)
    certificate = Certificate.query.one()
    assert 'Zoë Schmidt' in PdfReader(BytesIO(pdf_of(certificate))).pages[0].extract_text()
    assert (certificate.full_name, certificate.name) == ('Zoë Huber', 'Zoë Schmidt')


def test_who_is_no_recipient_any_more(db, attendee, zoe, create_reg, run):
    run(attendee)
    late = create_reg('Late', 'Comer', checked_in=True)
    db.session.expire_all()
    plan(attendee, 'test')
    zoe.checked_in = late.checked_in = False
    db.session.flush()
    # one was issued, and a person must revoke it; the other was not
    assert counts(plan(attendee, 'test')) == (0, 0, 0, 1, 1)
    states = {one.registration_id: one.state for one in Certificate.query.populate_existing()}
    assert states == {zoe.id: C.ready, late.id: C.canceled}
    late.checked_in = True
    db.session.flush()
    planned, made = run(attendee)
    assert (planned.changed, made) == (1, (1, False))


def test_signed_or_not_at_all(db, attendee, zoe, run, configure, key_files, authority):
    configure()
    attendee.signed = True
    plan(attendee, 'test')
    db.session.execute(db.update(Certificate.__table__).values(next_try_dt=now_utc() - timedelta(hours=1)))
    with pytest.raises(CannotSign, match='CERTIFICATE_KEY is not set'):
        make_waiting('test', seconds=60)
    db.session.expire_all()
    # nothing was begun
    assert [step.reason for step in Certificate.query.one().history] == [R.planned]
    configure(CERTIFICATE_KEY=key_files[0], CERTIFICATE_PASSWORD_FILE=key_files[1])
    assert run(attendee)[1] == (1, False)
    certificate = Certificate.query.one()
    assert len(certificate.signed_by) == 64
    assert b'/ETSI.CAdES.detached' in pdf_of(certificate)
    # what is made without a signature is another certificate
    attendee.signed = False
    db.session.flush()
    assert run(attendee)[0].changed == 1


def test_a_template_that_asks_for_too_much(db, dummy_event, attendee, zoe, run):
    template = ReceiptTemplate(title='Wrong', event=dummy_event, html='{{ certificate.nmae }}', css='', yaml='')
    attendee.template = template
    db.session.flush()
    with pytest.raises(CannotMake, match=r'certificate\.nmae'):
        plan(attendee, 'test')
    assert not Certificate.query.has_rows()
    # one that fails only when it is drawn
    template.html = '{{ 1 / (certificate.name | length - 10) }}'
    db.session.flush()
    assert run(attendee)[1] == (0, False)
    certificate = Certificate.query.one()
    assert (certificate.state, certificate.reason) == (C.failed, R.template)
    template.html = '{{ certificate.name }}'
    db.session.flush()
    # who is asked once more gets another try
    assert run(attendee)[1] == (1, False)


@pytest.mark.parametrize(('error', 'reason'), [
    (OSError(28, 'No space left on device'), R.storage), (StorageError('Could not store'), R.storage),
    (OperationalError('x', {}, Exception('the database is gone')), R.error)])
def test_what_cannot_be_stored_is_tried_later(db, attendee, zoe, run, mocker, error, reason):
    mocker.patch.object(generate.claims, 'MAX_MAKES', 1)
    mocker.patch.object(generate.File, 'create_from_stream', side_effect=error)
    assert run(attendee)[1] == (0, False)
    certificate = Certificate.query.one()
    assert (certificate.state, certificate.reason) == (C.failed, reason)
    mocker.stopall()
    assert run(attendee)[1] == (1, False)


def test_a_lost_claim_leaves_no_file(db, attendee, zoe, mocker):
    db.session.expire_all()
    plan(attendee, 'test')
    db.session.execute(db.update(Certificate.__table__).values(next_try_dt=now_utc() - timedelta(hours=1)))
    mocker.patch.object(generate.claims, 'made', return_value=False)
    assert make_waiting('test', seconds=1) == (0, False)
    # Indico deletes what nothing claims
    assert [file.claimed for file in File.query] == [False]
    assert Certificate.query.one().file_id is None


def test_in_celery(db, attendee, zoe, configure, caplog):
    configure()
    attendee.signed = True
    db.session.flush()
    db.session.expire_all()
    plan(attendee, 'test')
    db.session.execute(db.update(Certificate.__table__).values(next_try_dt=now_utc() - timedelta(hours=1)))
    tasks.make_certificates()
    tasks.make_certificates()
    # each sweep finds it, and says so once
    assert caplog.text.count('Certificates wait') == 1
    attendee.signed = False
    db.session.flush()
    tasks.make_certificates()
    db.session.expire_all()
    assert Certificate.query.one().state == C.ready
