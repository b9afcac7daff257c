"""What a process does that has claimed a certificate under a lease, to make it or to send its e-mail."""

from indico.core.db import db
from indico.modules.events.models.events import Event

from indico_checkin_print.certificates.reasons import CertificateReason as R
from indico_checkin_print.certificates.states import MAKE_LEASE, MAX_MAKES, MAX_SENDS, RETRY_INTERVAL, SEND_LEASE, C, M
from indico_checkin_print.certificates.transition import fresh, move, move_sending
from indico_checkin_print.models.certificate_records import ReplacedFile
from indico_checkin_print.models.certificate_types import CertificateType
from indico_checkin_print.models.certificates import Certificate
from indico_checkin_print.sql import now


def claim(actor, *where):
    """Take the next certificate that is to be made under a lease. Return it, or ``None``.

    The caller commits at once; nobody else then works on it until the lease ends.
    """
    next_id = (db.session.query(Certificate.id)
               .join(CertificateType, CertificateType.id == Certificate.type_id)
               .join(Event, Event.id == Certificate.event_id)
               .filter(Certificate.state == C.queued, Certificate.next_try_dt <= now(), CertificateType.enabled,
                       ~Event.is_deleted, *where)
               .order_by(Certificate.id).limit(1)
               .with_for_update(skip_locked=True, of=Certificate).scalar_subquery())
    ids = move([Certificate.id == next_id], C.making, R.claimed, actor, lease_dt=now(MAKE_LEASE),
               attempts=Certificate.attempts + 1)
    return fresh(ids[0]) if ids else None


def made(certificate, file, sha256, made_from, actor, *, signed_by=None):
    """Note that a claimed certificate was made; of an earlier PDF the hash is kept. Return if the claim still held.

    :param file: The stored `File`.
    :param made_from: The `Certificate.input_hash` that it shows.
    :param signed_by: The fingerprint of the certificate that signed it.
    """
    before, before_dt = certificate.sha256, certificate.made_dt
    if not move(_claimed(certificate), C.ready, R.made, actor, lease_dt=None, attempts=0, file_id=file.id,
                sha256=sha256, made_from=made_from, made_dt=now(), signed_by=signed_by,
                issued_dt=db.func.coalesce(Certificate.issued_dt, now())):
        return False
    if before is not None and before != sha256:
        db.session.add(ReplacedFile(certificate_id=certificate.id, sha256=before, made_dt=before_dt))
        db.session.flush()
    return True


def unchanged(certificate, actor):
    """Note that a claimed certificate has a PDF that shows what is true. Return whether the claim still held."""
    return bool(move(_claimed(certificate), C.ready, R.unchanged, actor, lease_dt=None, attempts=0))


def failed(certificate, reason, detail, actor, *, final):
    """Note that a claimed certificate could not be made: for good, or until the next try."""
    if final or certificate.attempts >= MAX_MAKES:
        return move(_claimed(certificate), C.failed, reason, actor, detail, lease_dt=None, attempts=0)
    return move(_claimed(certificate), C.queued, R.retry_later, actor, detail, lease_dt=None,
                next_try_dt=now(RETRY_INTERVAL * certificate.attempts))


def _claimed(certificate):
    """Return the condition that nobody else took a certificate meanwhile, because the lease had ended."""
    return [Certificate.id == certificate.id, Certificate.state == C.making,
            Certificate.attempts == certificate.attempts, Certificate.input_hash == certificate.input_hash]


def may_be_sent():
    """Return the condition for certificates whose e-mail the next run sends: not sent, and certainly not arrived."""
    return db.and_(Certificate.state == C.ready, Certificate.published_dt.isnot(None),
                   db.or_(Certificate.send_state.is_(None),
                          db.and_(Certificate.send_state == M.failed, Certificate.send_reason != R.uncertain)))


def to_send(*where):
    """Return the query for the ids of certificates that match and whose e-mail may be sent now, in order."""
    return (db.session.query(Certificate.id)
            .join(CertificateType, CertificateType.id == Certificate.type_id)
            .join(Event, Event.id == Certificate.event_id)
            .filter(CertificateType.enabled, ~Event.is_deleted,
                    db.or_(Certificate.send_next_dt.is_(None), Certificate.send_next_dt <= now()), *where)
            .order_by(Certificate.id))


def claim_sending(message_id, actor, *where, **values):
    """Take the next certificate that matches and whose e-mail is to be sent under a lease. Return it, or ``None``.

    The caller commits at once, so that the message-id is stored before a mail server hears of it.

    :param where: The conditions, `may_be_sent` among them unless somebody asked for it by its number.
    :param values: Other columns that change with it.
    """
    next_id = to_send(*where).limit(1).with_for_update(skip_locked=True, of=Certificate).scalar_subquery()
    ids = move_sending([Certificate.id == next_id], M.sending, R.sending, actor, send_lease_dt=now(SEND_LEASE),
                       message_id=message_id, handed_dt=None, send_attempts=Certificate.send_attempts + 1, **values)
    return fresh(ids[0]) if ids else None


def hand_over(certificate):
    """Note that the mail server gets the e-mail now: from here on it may have arrived. Return if the claim still held.

    The caller commits before the mail server gets it.
    """
    return db.session.execute(db.update(Certificate.__table__).where(*_sends(certificate))
                              .values(handed_dt=now())).rowcount == 1


def sent(certificate, actor):
    """Note that the mail server has the e-mail. Return whether the claim still held."""
    return bool(move_sending(_sends(certificate), M.sent, R.sent, actor, send_lease_dt=None, send_next_dt=None,
                             send_attempts=0, send_error='', sent_dt=now()))


def not_sent(certificate, reason, error, actor, *, final):
    """Note that the mail server did not take the e-mail: for good, or until the next try. Return if the claim held.

    :param error: What the mail server said; without the address.
    """
    values = {'send_lease_dt': None, 'handed_dt': None, 'send_error': error[:500]}
    if final or certificate.send_attempts >= MAX_SENDS:
        return bool(move_sending(_sends(certificate), M.failed, reason, actor, error, send_next_dt=None,
                                 send_attempts=0, send_failed_dt=now(), **values))
    return bool(move_sending(_sends(certificate), None, R.retry_later, actor, error,
                             send_next_dt=now(RETRY_INTERVAL * certificate.send_attempts), **values))


def _sends(certificate):
    return [Certificate.id == certificate.id, Certificate.send_state == M.sending,
            Certificate.message_id == certificate.message_id]
