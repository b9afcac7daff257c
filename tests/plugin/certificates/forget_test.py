"""Of a person whose registration is purged no name stays, and the number of the certificate does."""

from indico.util.date_time import now_utc

from indico_checkin_print.certificates.reasons import CertificateReason as R
from indico_checkin_print.models.certificate_records import CertificateHistory
from indico_checkin_print.models.certificates import Certificate
from indico_checkin_print.models.name_requests import NameRequest
from indico_checkin_print.models.states import CertificateState as C
from indico_checkin_print.signals.checkin import on_deleted


def test_only_the_number_stays(app, db, create_reg, create_certificate, create_file):
    zoe, max_ = create_reg(), create_reg('Max', 'Berg')
    file, other = create_file(), create_file()
    issued = create_certificate('registration:1', registration_id=zoe.id, state=C.ready, sha256='a' * 64,
                                file_id=file.id, correction={'full_name': 'Zoë Meyer'}, facts={'topic': 'Welding'},
                                send_error='550 zoe@example.test is unknown')
    db.session.add(CertificateHistory(certificate_id=issued.id, state=C.ready, reason='x', detail='zoe@example.test',
                                      actor='test'))
    db.session.add(NameRequest(certificate_id=issued.id, full_name='Zoë Schmidt'))
    create_certificate('registration:1:session:2', registration_id=zoe.id)
    kept = create_certificate('registration:2', registration_id=max_.id, state=C.ready, sha256='b' * 64,
                              file_id=other.id)
    serial = issued.serial
    db.session.flush()
    with app.test_request_context():
        on_deleted(zoe, permanent=True)
    db.session.expire_all()
    assert [one.id for one in Certificate.query.order_by(Certificate.id)] == [issued.id, kept.id]
    assert (issued.state, issued.reason, issued.serial, issued.sha256) == (C.revoked, R.purged, serial, 'a' * 64)
    assert not NameRequest.query.has_rows()
    row = str([*db.session.execute('SELECT c.*, h.* FROM plugin_checkin_print.certificates c JOIN '
                                   'plugin_checkin_print.certificate_history h ON h.certificate_id = c.id '
                                   f'WHERE c.id = {issued.id}')])
    assert not any(word in row.lower() for word in ('zoë', 'zoe', 'müller', 'welding'))
    assert (file.claimed, other.claimed) == (False, True)
    assert (kept.full_name, kept.state) == ('Zoë Müller', C.ready)


def test_without_a_purge_it_stays(app, db, reg, create_certificate):
    certificate = create_certificate(registration_id=reg.id, state=C.ready, sha256='a' * 64, published_dt=now_utc())
    with app.test_request_context():
        on_deleted(reg)
    db.session.expire_all()
    assert (certificate.state, certificate.full_name) == (C.ready, 'Zoë Müller')
