"""Claims under a lease: one at a time, lost when the lease ends, and nobody gets an e-mail twice."""

from datetime import timedelta

import pytest

from indico.util.date_time import now_utc

from indico_checkin_print.certificates import claims, states
from indico_checkin_print.certificates.reasons import CertificateReason as R
from indico_checkin_print.certificates.sweep import sweep
from indico_checkin_print.models.certificates import Certificate
from indico_checkin_print.models.states import CertificateState as C
from indico_checkin_print.models.states import SendState as M


LONG_AGO = now_utc() - timedelta(hours=1)


@pytest.fixture
def published(create_certificate, create_file):
    """Return a function that enters a certificate whose e-mail can be sent."""
    def _create(key='registration:1', **kwargs):
        return create_certificate(key, state=C.ready, sha256='a' * 64, published_dt=now_utc(), **kwargs)
    return _create


def steps(certificate):
    return [(step.state or step.send_state, step.reason) for step in certificate.history]


def test_made_once(db, create_certificate, create_file, attendee):
    first, second = create_certificate('registration:1'), create_certificate('registration:2')
    assert [claims.claim('a'), claims.claim('b'), claims.claim('c')] == [first, second, None]
    assert first.lease_dt > now_utc()
    assert claims.made(first, create_file(), 'a' * 64, first.input_hash, 'a', signed_by='f' * 64)
    assert not claims.made(first, create_file(), 'b' * 64, first.input_hash, 'a')
    db.session.expire_all()
    assert (first.state, first.sha256, first.made_from, first.attempts) == (C.ready, 'a' * 64, 'one', 0)
    assert first.issued_dt == first.made_dt
    assert steps(first) == [(C.making, R.claimed), (C.ready, R.made)]
    attendee.enabled = False
    db.session.flush()
    assert claims.failed(second, R.template, 'no such field', 'b', final=False)
    second.next_try_dt = LONG_AGO
    db.session.flush()
    # nothing of a type that is off is made, nor of an event that is deleted
    assert claims.claim('a') is None
    attendee.enabled = attendee.event.is_deleted = True
    db.session.flush()
    assert claims.claim('a') is None


def test_a_new_pdf_keeps_the_hash_of_the_old_one(db, create_certificate, create_file):
    certificate = create_certificate(sha256='a' * 64, made_dt=LONG_AGO, issued_dt=LONG_AGO)
    claims.made(claims.claim('a'), create_file(), 'b' * 64, 'one', 'a')
    db.session.expire_all()
    assert [(old.sha256, old.made_dt) for old in certificate.replaced_files] == [('a' * 64, LONG_AGO)]
    assert (certificate.sha256, certificate.issued_dt) == ('b' * 64, LONG_AGO)
    assert certificate.made_dt > LONG_AGO


def test_a_change_meanwhile_is_not_lost(db, create_certificate, create_file):
    certificate = create_certificate()
    claimed = claims.claim('a')
    db.session.expunge(claimed)
    db.session.execute(db.update(Certificate.__table__).values(input_hash='two', state=C.queued))
    assert not claims.made(claimed, create_file(), 'a' * 64, 'one', 'a')
    db.session.expire_all()
    certificate = Certificate.query.one()
    assert (certificate.state, certificate.sha256) == (C.queued, None)


def test_after_some_tries_it_has_failed(db, create_certificate):
    certificate = create_certificate()
    for __ in range(states.MAX_MAKES):
        claims.failed(claims.claim('a'), R.storage, 'No space left', 'a', final=False)
        db.session.expire_all()
        certificate.next_try_dt = LONG_AGO
        db.session.flush()
    assert (certificate.state, certificate.reason, certificate.detail) == (C.failed, R.storage, 'No space left')


def test_dead_processes_that_make(db, create_certificate):
    certificate = create_certificate()
    for attempt in range(1, states.MAX_MAKES + 1):
        assert claims.claim('a') == certificate
        assert sweep() == 0
        certificate.lease_dt = LONG_AGO
        db.session.flush()
        assert sweep() == 1
        db.session.expire_all()
        assert certificate.state == (C.queued if attempt < states.MAX_MAKES else C.failed)
    assert certificate.reason == R.workers_died


def test_sent_once(db, published):
    certificate = published()
    assert claims.claim_sending('<1@example.test>', 'a', claims.may_be_sent()) == certificate
    assert certificate.message_id == '<1@example.test>'
    assert claims.claim_sending('<2@example.test>', 'b', claims.may_be_sent()) is None
    assert claims.hand_over(certificate)
    assert claims.sent(certificate, 'a')
    assert not claims.sent(certificate, 'a')
    db.session.expire_all()
    assert (certificate.send_state, certificate.state) == (M.sent, C.ready)
    assert certificate.sent_dt is not None
    assert claims.claim_sending('<3@example.test>', 'a', claims.may_be_sent()) is None
    # somebody asked for it
    assert claims.claim_sending('<4@example.test>', 'a', Certificate.id == certificate.id) == certificate
    # the first sender has lost its claim
    certificate.message_id = '<1@example.test>'
    db.session.expunge(certificate)
    assert not claims.hand_over(certificate)


def test_what_the_server_does_not_take(db, published):
    certificate = published()
    for attempt in range(states.MAX_SENDS):
        claimed = claims.claim_sending(f'<{attempt}@example.test>', 'a', claims.may_be_sent())
        assert claims.not_sent(claimed, R.refused, '451 try later', 'a', final=False)
        db.session.expire_all()
        assert claims.claim_sending('<x@example.test>', 'a', claims.may_be_sent()) is None or attempt == 4
        certificate.send_next_dt = LONG_AGO
        db.session.flush()
    assert steps(certificate)[9] == (M.failed, R.refused)
    assert certificate.send_error == '451 try later'


def test_dead_processes_that_send(db, published):
    before, after = published('registration:1'), published('registration:2')
    claims.claim_sending('<1@example.test>', 'a', claims.may_be_sent())
    claims.claim_sending('<2@example.test>', 'a', claims.may_be_sent())
    claims.hand_over(after)
    db.session.execute(db.update(Certificate.__table__).values(send_lease_dt=LONG_AGO))
    assert sweep() == 2
    db.session.expire_all()
    assert (before.send_state, before.send_reason) == (None, R.worker_died)
    # it may have arrived: no run sends it once more, but a person may
    assert (after.send_state, after.send_reason) == (M.failed, R.uncertain)
    assert claims.claim_sending('<3@example.test>', 'a', claims.may_be_sent()) == before
    assert claims.claim_sending('<4@example.test>', 'a', claims.may_be_sent()) is None
    assert claims.claim_sending('<5@example.test>', 'a', Certificate.id == after.id) == after
