"""Runs that send the e-mails of a type: stored when they are asked for, continued by any process, by one at a time.

What each e-mail may become is said by `claims`; a run only says which are tried, and that none is forgotten.
"""

import time
from collections import Counter
from dataclasses import dataclass

from indico.core.db import db
from indico.util.string import validate_email

from indico_checkin_print import _, kick
from indico_checkin_print.certificates import claims
from indico_checkin_print.certificates.mail import new_message_id
from indico_checkin_print.certificates.mail_server import Server
from indico_checkin_print.certificates.reasons import CertificateReason as R
from indico_checkin_print.certificates.send import RATE, send_claimed
from indico_checkin_print.certificates.states import RETRY_INTERVAL, C, M
from indico_checkin_print.errors import CannotSend
from indico_checkin_print.models.certificate_records import CertificateHistory
from indico_checkin_print.models.certificate_types import CertificateType
from indico_checkin_print.models.certificates import Certificate
from indico_checkin_print.models.send_runs import SendRun
from indico_checkin_print.sql import alone, now


#: Who sends has this lock of the database
LOCK = 'checkin-print certificates: send'
#: The longest wait for a mail server that cannot be used, in seconds
MAX_PAUSE = 600
#: Over how long the speed is measured, in seconds
SPEED_WINDOW = 60


@dataclass(frozen=True)
class SendProgress:
    """How far the e-mails of a type are, of all its certificates that are published."""

    total: int
    sent: int
    waiting: int
    #: Of these the next run tries all but the uncertain ones
    failed: int
    uncertain: int
    #: Of the last minute
    sent_per_minute: float
    #: At this speed; nothing if no run is open, none was sent lately, or none waits
    seconds_left: float | None
    #: Whether a run is open, and why it stands still
    is_open: bool
    error: str


def queue_sending(type_, actor, *, only=None, limit=None, bcc=None):
    """Enter a run for the e-mails of a type; Celery does it when the caller has committed. Return the `SendRun`.

    One that is asked for twice, before it has begun, is the same run.

    :param only: The ids of the certificates that are sent although they were before; without it all that are due.
    :param limit: Most e-mails of this run.
    :param bcc: An address that gets a copy of each; what becomes of the copy changes nothing.
    :raises CannotSend: if nothing can come of it.
    """
    if only is not None and not only:
        raise CannotSend(_('No certificate was chosen.'))
    if bcc and not validate_email(bcc, check_dns=False):
        raise CannotSend(_('That is no e-mail address.'))
    # who clicks twice waits here
    CertificateType.query.filter_by(id=type_.id).with_for_update(key_share=True).one()
    wanted = {'only': None if only is None else sorted(set(only)), 'max_emails': limit, 'bcc': bcc or None}
    for run in open_runs(type_):
        has_begun = Certificate.query.filter_by(send_run_id=run.id).has_rows()
        if not has_begun and all(getattr(run, key) == value for key, value in wanted.items()):
            run.next_try_dt = now()
            break
    else:
        run = SendRun(type=type_, actor=actor, next_try_dt=now(), **wanted)
        db.session.add(run)
    db.session.flush()
    kick.send_after_response()
    return run


def open_runs(type_):
    """Return the runs of a type that have not ended, in order."""
    return SendRun.query.filter_by(type_id=type_.id, ended_dt=None).order_by(SendRun.id).all()


def stop_sending(type_, *where):
    """End the open runs of a type; the e-mail that is being sent is sent. The caller commits. Return how many."""
    return (SendRun.query.filter(SendRun.type_id == type_.id, SendRun.ended_dt.is_(None), *where)
            .update({'ended_dt': now(), 'error': str(_('It was stopped.'))}))


def anything_waits():
    """Return whether there is a run for which it is time."""
    return _due().has_rows()


def send_due(actor, *where, seconds, rate=RATE, meanwhile=lambda: None):
    """Continue the oldest run that is due, unless another process sends. Return whether it is worth to call it at once.

    :param where: Conditions for `SendRun`.
    :param seconds: For how long to begin e-mails.
    :param rate: E-mails in a second.
    :param meanwhile: Called between two of them: what others wait for.
    """
    with alone(LOCK) as is_alone:
        run = _due(*where).order_by(SendRun.id).first() if is_alone else None
        if run is None:
            db.session.commit()
            return False
        try:
            is_done = not _is_left(run) or _continue(run, actor, time.monotonic() + seconds, rate, meanwhile)
        except CannotSend as exc:
            # nothing was begun, and all is as it was
            run.error, run.failures = str(exc.detail), run.failures + 1
            run.next_try_dt = now(min(RETRY_INTERVAL * run.failures, MAX_PAUSE))
            db.session.commit()
            return False
        if is_done:
            _finish(run)
        return True


def _due(*where):
    return SendRun.query.filter(SendRun.ended_dt.is_(None), SendRun.next_try_dt <= now(), *where)


def _is_left(run):
    """Return whether there is something that a run may send now."""
    return claims.to_send(*_wanted(run)).has_rows()


def _continue(run, actor, until, rate, meanwhile):
    """Return whether it has sent all that it may send now."""
    with Server() as server:
        while time.monotonic() < until:
            began = time.monotonic()
            server.connect()
            if run.error:
                run.error, run.failures = '', 0
            certificate = claims.claim_sending(new_message_id(), actor, *_wanted(run), send_run_id=run.id)
            db.session.commit()
            if certificate is None:
                return True
            send_claimed(server, certificate, actor, run.bcc)
            meanwhile()
            time.sleep(max(0, 1 / rate - (time.monotonic() - began)))
    return False


def _wanted(run):
    """Return the conditions for what a run tries: once, and what the mail server put off as long as it does."""
    tried = db.session.query(CertificateHistory.id).filter(CertificateHistory.certificate_id == Certificate.id,
                                                           CertificateHistory.send_state == M.sending,
                                                           CertificateHistory.dt > run.created_dt).exists()
    if run.only is None:
        new = db.and_(claims.may_be_sent(), ~tried)
    else:
        is_free = db.or_(Certificate.send_state.is_(None), Certificate.send_state != M.sending)
        new = db.and_(Certificate.id.in_(run.only), is_free, ~tried)
    mine = Certificate.send_run_id == run.id
    if run.max_emails is not None and Certificate.query.filter(mine).count() >= run.max_emails:
        new = db.false()
    is_open = SendRun.query.filter(SendRun.id == run.id, SendRun.ended_dt.is_(None)).exists()
    return [is_open, Certificate.type_id == run.type_id, Certificate.state == C.ready,
            Certificate.published_dt.isnot(None), db.or_(new, db.and_(mine, Certificate.send_state.is_(None)))]


def _finish(run):
    """End a run, or let it wait for what was put off and for what a dead process was busy with."""
    if run.ended_dt is not None:
        # somebody stopped it
        return
    put_off = db.and_(Certificate.send_state.is_(None), Certificate.state == C.ready)
    is_busy = Certificate.send_state == M.sending
    next_dt = (db.session.query(db.func.min(db.func.coalesce(Certificate.send_next_dt, Certificate.send_lease_dt)))
               .filter(Certificate.send_run_id == run.id, db.or_(put_off, is_busy)).scalar())
    if next_dt is None:
        run.ended_dt = now()
    else:
        run.next_try_dt = db.func.greatest(next_dt, now(1))
    db.session.commit()


def outcome(run):
    """Return how many e-mails of a run were sent, are tried once more later, and failed."""
    counts = Counter(dict(db.session.query(Certificate.send_state, db.func.count())
                          .filter(Certificate.send_run_id == run.id).group_by(Certificate.send_state)))
    return {'sent': counts[M.sent], 'later': counts[None] + counts[M.sending], 'failed': counts[M.failed]}


def progress(type_):
    """Return the `SendProgress` of a type."""
    mine = [Certificate.type_id == type_.id, Certificate.state == C.ready, Certificate.published_dt.isnot(None)]
    counts = Counter(dict(db.session.query(Certificate.send_state, db.func.count()).filter(*mine)
                          .group_by(Certificate.send_state)))
    uncertain = Certificate.query.filter(*mine, Certificate.send_state == M.failed,
                                         Certificate.send_reason == R.uncertain).count()
    sent, since = (db.session.query(db.func.count(), db.func.extract('epoch', now() - db.func.min(Certificate.sent_dt)))
                   .filter(*mine, Certificate.send_state == M.sent, Certificate.sent_dt > now(-SPEED_WINDOW)).one())
    speed = sent / float(since) if sent > 1 and since else 0
    waiting, runs = counts[None] + counts[M.sending], open_runs(type_)
    return SendProgress(sum(counts.values()), counts[M.sent], waiting, counts[M.failed], uncertain,
                        round(speed * 60, 1), round(waiting / speed) if speed and waiting and runs else None,
                        bool(runs), next((run.error for run in runs if run.error), ''))
