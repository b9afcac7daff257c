"""Makes what is queued: draws it, signs it, stores it. Any number of processes may, and any of them may be killed."""

import hashlib
import time
from dataclasses import dataclass
from io import BytesIO

from indico.core.db import db
from indico.core.storage import StorageError
from indico.modules.events.models.events import Event
from indico.modules.files.models.files import File

from indico_checkin_print.badge.context import in_event
from indico_checkin_print.certificates import claims
from indico_checkin_print.certificates.context import shown_of
from indico_checkin_print.certificates.draw import draw
from indico_checkin_print.certificates.identity import written
from indico_checkin_print.certificates.inputs import inputs_of
from indico_checkin_print.certificates.reasons import CertificateReason as R
from indico_checkin_print.certificates.sign import load_signature
from indico_checkin_print.certificates.states import C
from indico_checkin_print.certificates.template import template_of
from indico_checkin_print.errors import CannotMake, CannotSign
from indico_checkin_print.logs import log_failure, logger
from indico_checkin_print.models.certificate_types import CertificateType
from indico_checkin_print.models.certificates import Certificate
from indico_checkin_print.sql import now


#: Over how long the speed of a run is measured, in seconds
SPEED_WINDOW = 60


@dataclass(frozen=True)
class Progress:
    """How far the certificates of a type are."""

    total: int
    ready: int
    waiting: int
    failed: int
    revoked: int
    #: Of the last minute
    made_per_minute: float
    #: At this speed; nothing if none was made lately, or none waits
    seconds_left: float | None


def make_waiting(actor, *where, seconds, meanwhile=None):
    """Make what is queued until nothing is or the time is up. Return how many were made and whether more may be.

    Of types that are signed nothing is begun without a valid key.

    :param where: Conditions for `Certificate`, to make these only.
    :param meanwhile: Called between two of them: what others wait for.
    :raises CannotSign: after all that needs no signature, if something waits that cannot be signed.
    """
    signature, cannot_sign = None, None
    try:
        signature = load_signature()
    except CannotSign as exc:
        cannot_sign = exc
    may = where if signature is not None else (*where, ~CertificateType.signed)
    done, until = 0, time.monotonic() + seconds
    while time.monotonic() < until:
        certificate = claims.claim(actor, *may)
        db.session.commit()
        if certificate is None:
            break
        done += _make(certificate, signature, actor)
        if meanwhile is not None:
            meanwhile()
    else:
        return done, True
    if cannot_sign is not None and _waits(*where):
        raise cannot_sign
    return done, False


def _waits(*where):
    """Return whether something is queued for which it is time."""
    return (db.session.query(Certificate.id).join(CertificateType, CertificateType.id == Certificate.type_id)
            .join(Event, Event.id == Certificate.event_id)
            .filter(Certificate.state == C.queued, Certificate.next_try_dt <= now(), CertificateType.enabled,
                    ~Event.is_deleted, *where)
            .has_rows())


def _make(certificate, signature, actor):
    """Make a claimed certificate and commit what became of it. Return whether it was made."""
    try:
        return _store(certificate, *_drawn(certificate, signature), actor)
    except CannotMake as exc:
        _failed(certificate, exc.reason, exc.detail, actor, final=True)
    except CannotSign as exc:
        _failed(certificate, R.signature, exc.detail, actor, final=False)
    except (OSError, StorageError) as exc:
        _failed(certificate, R.storage, str(exc), actor, final=False)
    except Exception as exc:  # a bug, or a template that breaks WeasyPrint, stops no other certificate
        db.session.rollback()
        log_failure(logger, exc, 'Certificate %d could not be made', certificate.id)
        _failed(certificate, R.error, type(exc).__name__, actor, final=False)
    return False


def _failed(certificate, reason, detail, actor, *, final):
    db.session.rollback()
    claims.failed(certificate, reason, detail, actor, final=final)
    db.session.commit()


def _drawn(certificate, signature):
    """Return the PDF, the hash of what it shows, and who signed it; nothing if there is one that shows that."""
    type_ = certificate.type
    template = template_of(type_)
    with in_event(type_.event, lambda: certificate.locale):
        context, made_from = inputs_of(shown_of(certificate), type_, template, certificate.registration,
                                       certificate.issued_dt)
        if certificate.file_id is not None and certificate.made_from == made_from:
            return None, made_from, None
        title = f'{context["certificate"]["words"]["title"]} · {type_.event.title}'
        pdf = draw(template, context, type_.event, title=title, identifier=certificate.uuid, pdf_a=type_.pdf_a)
    if not type_.signed:
        return pdf, made_from, None
    return signature.sign(pdf), made_from, signature.fingerprint


def _store(certificate, pdf, made_from, signed_by, actor):
    if pdf is None:
        claims.unchanged(certificate, actor)
        db.session.commit()
        return True
    before = certificate.file
    file = File.create_from_stream(BytesIO(pdf), f'certificate-{written(certificate.serial)}.pdf', 'application/pdf',
                                   ('event', str(certificate.event_id), 'certificates'))
    # what nothing claims Indico deletes: this file if the next lines are not reached, or the one that it replaces
    db.session.commit()
    held = claims.made(certificate, file, hashlib.sha256(pdf).hexdigest(), made_from, actor, signed_by=signed_by)
    if held:
        file.claim()
        if before is not None:
            before.claimed = False
    db.session.commit()
    return held


def progress(type_, *where):
    """Return the `Progress` of a type.

    :param where: Conditions for `Certificate`, to count these only.
    """
    mine = [Certificate.type_id == type_.id, *where]
    counts = dict(db.session.query(Certificate.state, db.func.count()).filter(*mine)
                  .group_by(Certificate.state).all())
    made, since = (db.session.query(db.func.count(), db.func.extract('epoch', now() - db.func.min(Certificate.made_dt)))
                   .filter(*mine, Certificate.made_dt > now(-SPEED_WINDOW)).one())
    waiting = counts.get(C.queued, 0) + counts.get(C.making, 0)
    speed = made / float(since) if made > 1 and since else 0
    return Progress(sum(count for state, count in counts.items() if state != C.canceled), counts.get(C.ready, 0),
                    waiting, counts.get(C.failed, 0), counts.get(C.revoked, 0), round(speed * 60, 1),
                    round(waiting / speed) if speed and waiting else None)


def failed_of(type_, limit=100):
    """Return certificates of a type that could not be made, the first ones."""
    return (Certificate.query.filter(Certificate.type_id == type_.id, Certificate.state == C.failed)
            .order_by(Certificate.id).limit(limit).all())


def anything_waits():
    """Return whether anything is queued for which it is time."""
    return _waits()
