"""What a person changes about one certificate: its numbers stay, and what is known of it."""

from datetime import timedelta

import pytest

from indico.util.date_time import now_utc

from indico_checkin_print.certificates.generate import make_waiting
from indico_checkin_print.certificates.plan import plan
from indico_checkin_print.certificates.reasons import CertificateReason as R
from indico_checkin_print.certificates.reissue import correction_of, find
from indico_checkin_print.models.certificates import Certificate
from indico_checkin_print.models.states import CertificateState as C
from indico_checkin_print.models.states import SendState


@pytest.fixture
def run(run, mocker):
    # the clock of the database stands still in a transaction, and is behind ours
    mocker.patch('indico_checkin_print.certificates.reissue.now', return_value=now_utc() - timedelta(hours=1))
    return run


@pytest.fixture
def issued(db, attendee, create_reg, configure):
    configure()
    create_reg(checked_in=True)
    db.session.expire_all()
    plan(attendee, 'test')
    db.session.execute(db.update(Certificate.__table__).values(next_try_dt=now_utc() - timedelta(hours=1)))
    make_waiting('test', seconds=30)
    db.session.expire_all()
    return Certificate.query.one()


def test_reissue(db, issued, run, attendee):
    before = issued.uuid, issued.serial
    sha256 = issued.sha256
    issued.send_state, issued.message_id, issued.sent_dt = SendState.sent, '<1@example.test>', now_utc()
    db.session.flush()
    code, output = run('reissue', '--uuid', issued.uuid, '--full-name', 'Zoë  Meyer', '--dry-run')
    assert (code, output) == (0, '- Zoë Müller\n+ Zoë Meyer\n')
    assert issued.correction is None
    code, output = run('reissue', '--uuid', issued.uuid.upper(), '--full-name', 'Zoë Meyer', '--type', 'attendee')
    assert code == 0, output
    assert (issued.uuid, issued.serial) == before
    assert (issued.name, issued.given_name, issued.full_name) == ('Zoë Meyer', 'Zoë', 'Zoë Müller')
    assert [one.sha256 for one in issued.replaced_files] == [sha256]
    # the e-mail is to be sent once more, and what is known of the one before stays
    assert (issued.send_state, issued.message_id) == (None, '<1@example.test>')
    assert issued.sent_dt is not None
    assert [step.reason for step in issued.history][-4:] == [R.corrected, R.reissued, R.claimed, R.made]
    # a later run finds that it shows what is true
    assert plan(attendee, 'test').unchanged == 1


def test_revoke_and_restore(db, issued, run):
    sha256 = issued.sha256
    assert run('restore', '--uuid', issued.uuid)[0] == 1
    assert run('revoke', '--uuid', issued.uuid, '--why', 'Issued by mistake')[0] == 0
    assert (issued.state, issued.revoked_why, issued.revoked_dt is not None) == (C.revoked, 'Issued by mistake', True)
    assert run('revoke', '--uuid', issued.uuid, '--why', 'x')[0] == 1
    # nothing of it is made
    code, output = run('reissue', '--uuid', issued.uuid, '--full-name', 'Zoë Meyer')
    assert (code, 'Not possible, it is revoked.' in output) == (1, True)
    assert run('restore', '--uuid', issued.uuid)[0] == 0
    assert (issued.state, issued.revoked_dt, issued.revoked_why) == (C.queued, None, '')
    make_waiting('test', seconds=5)
    db.session.expire_all()
    assert (issued.state, issued.reason, issued.sha256) == (C.ready, R.unchanged, sha256)


def test_a_key_that_cannot_sign_changes_nothing(db, issued, run, attendee):
    attendee.signed = True
    db.session.flush()
    code, output = run('reissue', '--uuid', issued.uuid, '--full-name', 'Zoë Meyer')
    assert (code, 'CERTIFICATE_KEY is not set' in output) == (1, True)
    assert (issued.correction, issued.state) == (None, C.ready)


def test_what_does_not_exist(issued, run):
    assert run('reissue', '--uuid', '6f1c', '--full-name', 'x')[0] == 2
    assert run('reissue', '--uuid', issued.uuid, '--type', 'speaker', '--full-name', 'x')[0] == 2
    assert run('reissue', '--uuid', issued.uuid, '--full-name', ' ')[0] == 1
    assert find('') is None


@pytest.mark.parametrize(('names', 'correction'), [
    (('Zoë Maria Meyer',), ('Zoë Maria Meyer', 'Zoë')), ((' Zoë\tMeyer ', 'Z. '), ('Zoë Meyer', 'Z.'))])
def test_names(names, correction):
    assert tuple(correction_of(*names).values()) == correction
